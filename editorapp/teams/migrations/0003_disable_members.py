"""Members are disabled instead of deleted. Who was deleted before comes back as disabled, as far as invitations tell."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

import editorapp.core.money


def find_the_removed(apps, schema_editor):
    """Make a disabled membership for everybody who once accepted an invitation and is in that team no more."""
    Invite, Member = apps.get_model("teams", "Invite"), apps.get_model("teams", "Member")
    for invite in Invite.objects.exclude(accepted_by=None).order_by("pk"):
        Member.objects.get_or_create(
            team_id=invite.team_id,
            user_id=invite.accepted_by_id,
            defaults={"role": invite.role, "disabled_at": timezone.now()},
        )


class Migration(migrations.Migration):

    dependencies = [
        ("teams", "0002_pause_queue"),
    ]

    operations = [
        migrations.AddField("user", "sign_outs", models.PositiveIntegerField(default=0)),
        migrations.AddField("member", "disabled_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField(
            "member",
            "disabled_by",
            models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.CreateModel(
            "LimitChange",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("before_usd", editorapp.core.money.UsdField(blank=True, null=True)),
                ("after_usd", editorapp.core.money.UsdField(blank=True, null=True)),
                ("note", models.CharField(max_length=300)),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="limit_changes", to="teams.team",
                    ),
                ),
            ],
        ),
        migrations.RunPython(find_the_removed, migrations.RunPython.noop),
    ]
