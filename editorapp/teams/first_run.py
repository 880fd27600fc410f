"""First run: what a new installation starts with. One team and its owner, who has no password."""

from django.db import transaction

from editorapp.teams.models import Member, Team, User
from editorapp.teams.roles import Act, Role


@transaction.atomic
def ensure_owner() -> Member:
    """Return the first owner (or admin, where a team has none), made together with the first team
    when there is nobody yet.
    """
    for act in (Act.OWN, Act.MANAGE):
        able = Member.objects.who_may(act).filter(user__is_active=True)
        if found := able.select_related("team", "user").order_by("pk").first():
            return found
    team = Team.objects.order_by("pk").first() or Team.objects.create(name="My team")
    there = {"role": Role.OWNER, "disabled_at": None, "disabled_by": None}
    return Member.objects.update_or_create(team=team, user=_owner(), defaults=there)[0]


def _owner() -> User:
    user, made = User.objects.get_or_create(username="owner", defaults={"display_name": "Owner"})
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    User.objects.filter(pk=user.pk).update(is_active=True)
    return user
