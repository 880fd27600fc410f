from django.conf import settings
from django.db import migrations, models
import django.db.models.deletion


class Migration(migrations.Migration):
    """Apart from 0006: PostgreSQL changes no table in the transaction that has just filled it."""

    dependencies = [
        ("generations", "0006_line"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            "attempt",
            "person",
            models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.RemoveIndex("attempt", "attempt_due"),
        migrations.AddIndex(
            "attempt", models.Index(fields=["state", "next_action_at", "account"], name="attempt_due")
        ),
        migrations.AddIndex(
            "attempt",
            models.Index(
                condition=models.Q(("next_action_at__isnull", False), ("state", "queued")),
                fields=["account", "person", "priority", "turn", "id"],
                name="attempt_in_line",
            ),
        ),
    ]
