"""Who answers for a take, why it is held; and who made takes and was removed since is a disabled member again."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone


def find_the_removed(apps, schema_editor):
    """Make a disabled membership for everybody who made takes in a team and is in it no more."""
    Generation, Member = apps.get_model("generations", "Generation"), apps.get_model("teams", "Member")
    makers = set(Generation.objects.order_by().values_list("team_id", "created_by_id").distinct())
    missing = makers - set(Member.objects.values_list("team_id", "user_id"))
    Member.objects.bulk_create(
        Member(team_id=team, user_id=user, role="creator", joined_at=timezone.now(), disabled_at=timezone.now())
        for team, user in sorted(missing)
    )


def keep_what_works(apps, schema_editor):
    """Count every real account that ever took a job, or passed its last test, as proven."""
    Account, Attempt = apps.get_model("providers", "ProviderAccount"), apps.get_model("generations", "Attempt")
    used = Attempt.objects.filter(account=models.OuterRef("pk"), submitted_at__isnull=False)
    real = Account.objects.filter(is_simulated=False, proven_at=None)
    real.filter(models.Q(test_ok=True) | models.Exists(used)).update(proven_at=timezone.now())


class Migration(migrations.Migration):

    dependencies = [
        ("generations", "0012_odd_answers"),
        ("providers", "0005_proven_accounts"),
        ("teams", "0003_disable_members"),
    ]

    operations = [
        migrations.AddField(
            "generation",
            "assignee",
            models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            "generation",
            "held_because",
            models.CharField(
                blank=True, default="", max_length=16,
                choices=[
                    ("", "Somebody paused it"), ("disabled", "Who answers for it was disabled"),
                    ("demoted", "Who answers for it may not create any more"),
                ],
            ),
        ),
        migrations.RunPython(find_the_removed, migrations.RunPython.noop),
        migrations.RunPython(keep_what_works, migrations.RunPython.noop),
    ]
