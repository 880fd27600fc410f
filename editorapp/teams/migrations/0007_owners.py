"""Each team gets an owner: its oldest admin who can sign in."""

from typing import Any

from django.db import migrations


def make_owners(apps: Any, schema_editor: Any) -> None:
    members = apps.get_model("teams", "Member").objects.filter(disabled_at=None)
    owned = members.filter(role="owner").values("team_id")
    admins = members.filter(role="admin", user__is_active=True).exclude(team_id__in=owned)
    first: dict[int, int] = {}
    for pk, team in admins.order_by("pk").values_list("pk", "team_id"):
        first.setdefault(team, pk)
    members.filter(pk__in=first.values()).update(role="owner")


def make_admins(apps: Any, schema_editor: Any) -> None:
    apps.get_model("teams", "Member").objects.filter(role="owner").update(role="admin")


class Migration(migrations.Migration):
    dependencies = [("teams", "0006_audit_entry")]

    operations = [migrations.RunPython(make_owners, make_admins)]
