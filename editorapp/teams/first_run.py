"""First run: what a new installation starts with. One team and its owner, who has no password."""

from django.db import transaction

from editorapp.teams.models import Member, Team, User
from editorapp.teams.roles import Role


@transaction.atomic
def ensure_owner() -> Member:
    """Return the first admin, made together with the first team when there is nobody yet."""
    admins = Member.objects.admins().select_related("team", "user")
    if owner := admins.order_by("pk").first():
        return owner
    team = Team.objects.order_by("pk").first() or Team.objects.create(name="My team")
    there = {"role": Role.ADMIN, "disabled_at": None, "disabled_by": None}
    return Member.objects.update_or_create(team=team, user=_owner(), defaults=there)[0]


def _owner() -> User:
    user, made = User.objects.get_or_create(username="owner", defaults={"display_name": "Owner"})
    if made:
        user.set_unusable_password()
        user.save(update_fields=["password"])
    User.objects.filter(pk=user.pk).update(is_active=True)
    return user
