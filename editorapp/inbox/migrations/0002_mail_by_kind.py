from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

KINDS = ("comment", "reply", "mention", "asked", "verdict", "answer", "trouble")


def choose_for_each(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """Say for each kind what was said for all of them."""
    wishes = apps.get_model("inbox", "MailPreference")
    for wish in wishes.objects.using(editor.connection.alias):
        chosen = dict.fromkeys(KINDS, wish.when)
        wish.by_kind = chosen | dict.fromkeys(wish.quiet_kinds, "never")
        wish.save(update_fields=["by_kind"])


class Migration(migrations.Migration):
    dependencies = [("inbox", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="mailpreference",
            name="by_kind",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.RunPython(choose_for_each, migrations.RunPython.noop),
        migrations.RemoveField(model_name="mailpreference", name="when"),
        migrations.RemoveField(model_name="mailpreference", name="quiet_kinds"),
    ]
