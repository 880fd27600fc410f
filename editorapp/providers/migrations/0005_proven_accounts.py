"""When an account first passed its test or took a job: only then are simulated ones left aside for it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("providers", "0004_pause_account"),
    ]

    operations = [
        migrations.AddField("provideraccount", "proven_at", models.DateTimeField(blank=True, null=True)),
    ]
