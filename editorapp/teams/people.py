"""Who is in a team, and as what: invitations accepted, roles changed, people removed."""

from datetime import datetime

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from editorapp.teams.models import Invite, Member, Team, User, hash_token
from editorapp.teams.roles import Role


class LastAdmin(Exception):
    """The change would leave a team that nobody can manage."""

    def __init__(self, member: Member) -> None:
        super().__init__(f"{member.user} is the only admin. Make somebody else an admin first.")


class InviteNotUsable(Exception):
    """An invitation that is unknown, accepted, revoked or expired."""


def open_invite(token: str, *, now: datetime) -> Invite:
    """Return the invitation that a link stands for.

    Raises: InviteNotUsable.
    """
    invite = Invite.objects.select_related("team", "invited_by").filter(token_sha256=hash_token(token)).first()
    if invite is None or not invite.is_open(now):
        raise InviteNotUsable
    return invite


def accept(token: str, *, username: str, display_name: str, password: str, now: datetime) -> Member:
    """Make the account and the membership that an invitation promises, once.

    Raises: InviteNotUsable; ValidationError by field ("username", "password"), and then the invitation stays open.
    """
    with transaction.atomic():
        invite = open_invite(token, now=now)
        user = User(username=username.strip(), display_name=display_name.strip())
        if "@" in user.username:
            user.email = user.username
        _check(user, password)
        user.set_password(password)
        user.save()
        if not Invite.objects.filter(pk=invite.pk, used_at=None).update(used_at=now, accepted_by=user):
            raise InviteNotUsable
        return Member.objects.create(team=invite.team, user=user, role=invite.role)


def revoke(invite: Invite, *, now: datetime) -> None:
    """Close an invitation; one that was accepted stays as it is."""
    Invite.objects.filter(pk=invite.pk, used_at=None).update(used_at=now)


def change_role(member: Member, role: str) -> None:
    """Give a member another role.

    Raises: ValueError, for a role that does not exist; LastAdmin.
    """
    with transaction.atomic():
        if Role(role) != Role.ADMIN:
            _keep_an_admin(member)
        Member.objects.filter(pk=member.pk).update(role=Role(role))
    member.role = role


def remove(member: Member) -> None:
    """Take somebody out of the team and sign them out everywhere. Their takes and their costs stay.

    Raises: LastAdmin.
    """
    with transaction.atomic():
        _keep_an_admin(member)
        member.delete()
        if not Member.objects.filter(user_id=member.user_id).exists():
            User.objects.filter(pk=member.user_id).update(is_active=False)


def _keep_an_admin(member: Member) -> None:
    Team.objects.select_for_update().get(pk=member.team_id)  # two admins who demote each other: one is refused
    others = Member.objects.filter(team_id=member.team_id, role=Role.ADMIN).exclude(pk=member.pk)
    if not others.exists():
        raise LastAdmin(member)


def _check(user: User, password: str) -> None:
    errors: dict[str, list[str]] = {}
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        errors = {field: list(messages) for field, messages in error.message_dict.items()}
    if User.objects.filter(username__iexact=user.username).exists():
        errors["username"] = ["Somebody here already has this name: choose another."]
    try:
        validate_password(password, user)
    except ValidationError as error:
        errors["password"] = list(error.messages)
    if errors:
        raise ValidationError(errors)
