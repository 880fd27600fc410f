"""Membership: invitations accepted, roles changed, people disabled and brought back, the team's
limit set.

What becomes of the takes of who leaves is asked and done in generations/queue/offboarding.py.
"""

from datetime import datetime
from decimal import Decimal

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import F, Q, QuerySet

from editorapp.core import notes
from editorapp.teams.models import Invite, LimitChange, Member, Team, User, hash_token
from editorapp.teams.roles import Act, Role, allows_less, may

Errors = dict[str, list[str]]  # what is wrong, by field


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
    invite = (
        Invite.objects.select_related("team", "invited_by")
        .filter(token_sha256=hash_token(token))
        .first()
    )
    if invite is None or not invite.is_open(now):
        raise InviteNotUsable
    return invite


def accept(
    token: str,
    *,
    username: str,
    display_name: str,
    password: str,
    now: datetime,
) -> Member:
    """Make the account and the membership that an invitation promises, once.

    Raises: InviteNotUsable; ValidationError by field ("username", "password"), and then the
    invitation stays open.
    """
    with transaction.atomic():
        invite = open_invite(token, now=now)
        user = User(username=username.strip(), display_name=display_name.strip())
        if "@" in user.username:
            user.email = user.username
        _check(user, password, invite.team)
        user.set_password(password)
        user.save()
        if not Invite.objects.filter(pk=invite.pk, used_at=None).update(
            used_at=now, accepted_by=user
        ):
            raise InviteNotUsable
        return Member.objects.create(team=invite.team, user=user, role=invite.role)


def revoke(invite: Invite, *, now: datetime) -> None:
    """Close an invitation; one that was accepted stays as it is."""
    Invite.objects.filter(pk=invite.pk, used_at=None).update(used_at=now)


def change_role(member: Member, role: str, *, now: datetime) -> None:
    """Give a member another role.

    What waits of theirs is asked about in generations/queue/offboarding.py.

    Where it allows less than the one before, every way in under that one ends: sessions, sign-in
    links, and what they invited as an admin, which could let them in again as one.
    Raises: ValueError, for a role that does not exist; LastAdmin.
    """
    with transaction.atomic():
        if Role(role) != Role.ADMIN:
            _keep_an_admin(member)
        before = Member.objects.values_list("role", flat=True).get(pk=member.pk)
        Member.objects.filter(pk=member.pk).update(role=Role(role))
        if allows_less(role, before):
            sign_out_everywhere(member.user)
        if not may(role, Act.MANAGE):
            _close_invites_of(member, now=now)
    member.role = role


def sign_out_everywhere(user: User) -> None:
    """End every session of a person, their open sign-in links, and what browsers are known by.

    All of them carry a mark that this changes: see User.mark.
    """
    User.objects.filter(pk=user.pk).update(sign_outs=F("sign_outs") + 1)
    user.refresh_from_db(fields=["sign_outs"])


def disable(member: Member, *, by: User | None, now: datetime) -> None:
    """End somebody's membership and, at once, every way in: sessions, sign-in links, invitations
    that they made.

    The row stays, with their role, so that they keep their name and history and can be brought
    back.
    Raises: LastAdmin.
    """
    with transaction.atomic():
        _keep_an_admin(member)
        Member.objects.filter(pk=member.pk, disabled_at=None).update(
            disabled_at=now, disabled_by=by
        )
        _end_all_access(member, now=now)
    member.refresh_from_db()


def bring_back(member: Member, role: str) -> None:
    """Let somebody in again who was disabled: the same name, password and history, in this role.

    Raises: ValueError, for a role that does not exist.
    """
    with transaction.atomic():
        Member.objects.filter(pk=member.pk).update(
            role=Role(role), disabled_at=None, disabled_by=None
        )
        User.objects.filter(pk=member.user_id).update(is_active=True)
    member.refresh_from_db()


def disabled_named(team: Team, name: str) -> Member | None:
    """Return who bears this name, or signs in with it, and was disabled in the team."""
    name = name.strip()
    same = Q(user__username__iexact=name) | Q(user__display_name__iexact=name)
    gone = team.members.exclude(disabled_at=None).select_related("user")
    return gone.filter(same).order_by("pk").first() if name else None


def change_limit(
    team: Team,
    limit_usd: Decimal | None,
    *,
    by: Member,
    note: str,
    now: datetime,
) -> None:
    """Set what a team may spend in a month; None: no limit. The same as before changes nothing.

    Raises: PermissionDenied; NoteNeeded.
    """
    if by.team_id != team.pk or not by.may(Act.MANAGE):
        raise PermissionDenied("Only an admin may set the team's limit.")
    with transaction.atomic():
        before = Team.objects.select_for_update(no_key=True).get(pk=team.pk).monthly_limit_usd
        if before != limit_usd:
            note = notes.required(
                note, why="Say why the limit changes: the note is kept with the change."
            )
            Team.objects.filter(pk=team.pk).update(monthly_limit_usd=limit_usd)
            LimitChange.objects.create(
                team=team,
                at=now,
                person=by.user,
                before_usd=before,
                after_usd=limit_usd,
                note=note,
            )
    team.monthly_limit_usd = limit_usd


def _keep_an_admin(member: Member) -> None:
    """See that somebody else can manage the team, and let nobody change that until this transaction
    ends.

    Two admins who demote each other: one is refused. Whoever queues for the team, or takes of it
    what is sent, has the same lock, so that nothing of a person is sent after this. It lets rows be
    made that name the team.
    """
    Team.objects.select_for_update(no_key=True).get(pk=member.team_id)
    if not _other_admins(member).exists():
        raise LastAdmin(member)


def _other_admins(member: Member) -> QuerySet[Member]:
    admins = Member.objects.active().filter(team_id=member.team_id, role=Role.ADMIN)
    return admins.exclude(pk=member.pk)


def _end_all_access(member: Member, *, now: datetime) -> None:
    """Sign somebody out everywhere, and close what would let them, or whom they chose, in again."""
    User.objects.filter(pk=member.user_id).update(is_active=_is_in_another_team(member))
    sign_out_everywhere(member.user)
    _close_invites_of(member, now=now)


def _is_in_another_team(member: Member) -> bool:
    theirs = Member.objects.active().filter(user_id=member.user_id)
    return theirs.exclude(pk=member.pk).exists()


def _close_invites_of(member: Member, *, now: datetime) -> None:
    Invite.objects.filter(
        team_id=member.team_id, invited_by_id=member.user_id, used_at=None
    ).update(used_at=now)


def _check(user: User, password: str, team: Team) -> None:
    errors = _field_errors(user) | _name_errors(user, team) | _password_errors(user, password)
    if errors:
        raise ValidationError(errors)


def _field_errors(user: User) -> Errors:
    try:
        user.clean_fields(exclude=["password"])
    except ValidationError as error:
        return {field: list(messages) for field, messages in error.message_dict.items()}
    return {}


def _name_errors(user: User, team: Team) -> Errors:
    taken = _taken_name(user.username, team)
    return {"username": [taken]} if taken else {}


def _password_errors(user: User, password: str) -> Errors:
    try:
        validate_password(password, user)
    except ValidationError as error:
        return {"password": list(error.messages)}
    return {}


def _taken_name(name: str, team: Team) -> str:
    """Say whose a name is already; "" where it is free."""
    if left := _who_left(name, team):
        return (
            f"{left.user} was in this team and is disabled. Ask an admin to bring you back, under People: "
            "with this name and all that was made under it. Or choose another name."
        )
    if User.objects.filter(username__iexact=name).exists():
        return "Somebody here already has this name: choose another."
    return ""


def _who_left(name: str, team: Team) -> Member | None:
    """Return who signed in with this name until they were disabled."""
    gone = team.members.exclude(disabled_at=None)
    return gone.filter(user__username__iexact=name).first()
