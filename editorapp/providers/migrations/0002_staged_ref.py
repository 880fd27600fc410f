"""A stored file lies with a provider under whatever `stage` returned, not always under a file's id."""

from django.db import migrations, models
from django.db.models import F
from django.db.models.functions import JSONObject


def name_by_ref(apps, schema_editor):
    apps.get_model("providers", "StagedFile").objects.update(ref=JSONObject(file_id=F("file_id")))


class Migration(migrations.Migration):
    dependencies = [("providers", "0001_initial")]

    operations = [
        migrations.AddField("StagedFile", "ref", models.JSONField(default=dict), preserve_default=False),
        migrations.RunPython(name_by_ref, migrations.RunPython.noop),
        migrations.RemoveField("StagedFile", "file_id"),
    ]
