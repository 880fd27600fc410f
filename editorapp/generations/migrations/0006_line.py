from django.conf import settings
from django.db import migrations, models
from django.db.models import F, OuterRef, Subquery
import django.db.models.deletion


def stand_in_line(apps, schema_editor):
    """Whoever asked for a generation waits for its attempts; those before this migration wait as they were made."""
    Attempt = apps.get_model("generations", "Attempt")
    Generation = apps.get_model("generations", "Generation")
    person = Generation.objects.filter(pk=OuterRef("generation_id")).values("created_by_id")[:1]
    Attempt.objects.update(person_id=Subquery(person), turn=F("id"))


class Migration(migrations.Migration):

    dependencies = [
        ("generations", "0005_books_check"),
        ("providers", "0004_pause_account"),
        ("teams", "0002_pause_queue"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField("generation", "batch", models.UUIDField(blank=True, null=True)),
        migrations.AddField("generation", "held_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "generation",
            "held_by",
            models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddIndex(
            "generation",
            models.Index(
                condition=models.Q(("batch__isnull", False)), fields=["batch"], name="generation_by_batch"
            ),
        ),
        migrations.AddField(
            "attempt",
            "person",
            models.ForeignKey(
                db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            "attempt",
            "priority",
            models.PositiveSmallIntegerField(
                choices=[(0, "Ahead of all"), (1, "Single"), (2, "Batch")], default=1
            ),
        ),
        migrations.AddField("attempt", "turn", models.BigIntegerField(default=0)),
        migrations.RunPython(stand_in_line, migrations.RunPython.noop),
    ]
