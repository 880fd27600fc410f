"""Invitations: made, opened, revoked, and accepted with a new account; several_teams has how somebody
who has one joins.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from editorapp.teams import audit
from editorapp.teams.models import Invite, Member, Project, ProjectMember, Team, User, hash_token
from editorapp.teams.people import may_assign

Errors = dict[str, list[str]]  # what is wrong, by field


class InviteNotUsable(Exception):
    """An invitation that is unknown, accepted, revoked or expired."""


def invite(
    by: Member,
    role: str,
    *,
    now: datetime,
    note: str = "",
    days: int = 7,
    projects: Collection[Project] = (),
) -> tuple[Invite, str]:
    """Make an invitation to the team of who invites, and to these of its projects; return it with
    its token, which is kept nowhere.

    Raises: PermissionDenied, also for a role that they may not give.
    """
    may_assign(by, role)
    with transaction.atomic():
        made, token = Invite.make(by.team, role, invited_by=by.user, now=now, note=note, days=days)
        made.projects.set(projects)
        names = [str(one) for one in projects]
        facts: dict[str, Any] = {"role": role, "days": days} | (
            {"projects": names} if names else {}
        )
        audit.record("invite.made", f"invite:{made.pk}", by=by, about=note, **facts)
    return made, token


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
    user = _newcomer(username, display_name)
    with transaction.atomic():
        invite = open_invite(token, now=now)
        _check(user, invite.team, password)
        user.set_password(password)
        user.save()
        return use_up(invite, user, now=now)


def join_without_password(token: str, username: str, display_name: str, *, now: datetime) -> Member:
    """Do the same for somebody who signs in another way; raises as it does."""
    user = _newcomer(username, display_name)
    with transaction.atomic():
        invite = open_invite(token, now=now)
        _check(user, invite.team)
        user.set_unusable_password()
        user.save()
        return use_up(invite, user, now=now)


def use_up(invite: Invite, user: User, *, now: datetime) -> Member:
    """Make the membership that an invitation promises, in the caller's transaction.

    Raises: InviteNotUsable, when somebody was faster.
    """
    opened = Invite.objects.filter(pk=invite.pk, used_at=None)
    if not opened.update(used_at=now, accepted_by=user):
        raise InviteNotUsable
    member = Member.objects.create(team=invite.team, user=user, role=invite.role)
    subject = f"invite:{invite.pk}"
    audit.record("invite.accepted", subject, by=member, about=invite.note, role=member.role)
    _let_into_projects(invite, member)
    return member


def _newcomer(username: str, display_name: str) -> User:
    user = User(username=username.strip(), display_name=display_name.strip())
    if "@" in user.username:
        user.email = user.username
    return user


def _let_into_projects(invite: Invite, member: Member) -> None:
    """Let who accepted an invitation into the projects that it names."""
    for project in invite.projects.all():
        ProjectMember.objects.get_or_create(project=project, user=member.user)


def revoke(invite: Invite, *, now: datetime, by: Member | None = None) -> None:
    """Close an invitation; one that was accepted stays as it is."""
    with transaction.atomic():
        if Invite.objects.filter(pk=invite.pk, used_at=None).update(used_at=now):
            subject, team = f"invite:{invite.pk}", invite.team_id
            audit.record("invite.revoked", subject, by=by, team=team, about=invite.note)


def _check(user: User, team: Team, password: str | None = None) -> None:
    errors = _field_errors(user) | _name_errors(user, team)
    if password is not None:
        errors |= _password_errors(user, password)
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
