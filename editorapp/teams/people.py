"""Membership: roles changed, people disabled and brought back, the team's limit set.

What becomes of the takes of who leaves is asked and done in generations/queue/offboarding.py.
"""

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, Q, QuerySet

from editorapp.core import notes
from editorapp.teams import audit
from editorapp.teams.models import (
    Invite,
    LimitChange,
    Member,
    Team,
    User,
)
from editorapp.teams.roles import Act, Role, allows_less, assignable_by, may


class LastAdmin(Exception):
    """The change would leave a team that nobody can manage, or one that had an owner without any."""

    def __init__(self, member: Member, act: Act) -> None:
        what = "owner" if act is Act.OWN else "admin"
        super().__init__(f"{member.user} is the only {what}. Make somebody else an {what} first.")


def change_role(
    member: Member,
    role: str,
    *,
    now: datetime,
    by: Member | None = None,
) -> None:
    """Give a member another role. `by` None: whoever has the machine, who may give any.

    What waits of theirs is asked about in generations/queue/offboarding.py.

    Where it allows less than the one before, every way in under that one ends: sessions, sign-in
    links, and what they invited to roles that they cannot give any more, which could let them in
    again.
    Raises: ValueError, for a role that does not exist; PermissionDenied; LastAdmin.
    """
    with transaction.atomic():
        _keep_one_who_may(member, role)
        before = Member.objects.values_list("role", flat=True).get(pk=member.pk)
        may_assign(by, before, role)
        Member.objects.filter(pk=member.pk).update(role=Role(role))
        if allows_less(role, before):
            sign_out_everywhere(member.user)
            _close_invites_of(member, now=now, but_to=assignable_by(role))
        if role != before:
            _record("member.role_changed", member, by, role=[before, role])
    member.role = role


def sign_out_everywhere(user: User) -> None:
    """End every session of a person, their open sign-in links, and what browsers are known by.

    All of them carry a mark that this changes: see User.mark.
    """
    User.objects.filter(pk=user.pk).update(sign_outs=F("sign_outs") + 1)
    user.refresh_from_db(fields=["sign_outs"])


def end_other_sessions(user: User) -> None:
    """End every session of a person because they ask for it themselves."""
    with transaction.atomic():
        sign_out_everywhere(user)
        audit.record_of_person("person.signed_out_everywhere", user)


def disable(member: Member, *, by: User | None, now: datetime) -> None:
    """End somebody's membership and, at once, every way in: sessions, sign-in links, invitations
    that they made.

    The row stays, with their role, so that they keep their name and history and can be brought
    back.
    Raises: LastAdmin.
    """
    with transaction.atomic():
        _keep_one_who_may(member)
        found = Member.objects.filter(pk=member.pk, disabled_at=None)
        if found.update(disabled_at=now, disabled_by=by):
            _record("member.disabled", member, by, role=member.role)
        _end_all_access(member, now=now)
    member.refresh_from_db()


def bring_back(member: Member, role: str, *, by: Member | None = None) -> None:
    """Let somebody in again who was disabled: the same name, password and history, in this role.

    `by` None: whoever has the machine, who may give any role.
    Raises: ValueError, for a role that does not exist; PermissionDenied.
    """
    may_assign(by, member.role, role)
    with transaction.atomic():
        Member.objects.filter(pk=member.pk).update(
            role=Role(role), disabled_at=None, disabled_by=None
        )
        User.objects.filter(pk=member.user_id).update(is_active=True)
        _record("member.brought_back", member, by, role=[member.role, role])
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
    if by.team_id != team.pk or not by.may(Act.SET_BUDGET):
        raise PermissionDenied("Only who keeps the budget may set the team's limit.")
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
            limits = [_amount(before), _amount(limit_usd)]
            audit.record(
                "team.limit_changed",
                f"team:{team.pk}",
                by=by,
                about=team,
                why=note,
                limit_usd=limits,
            )
    team.monthly_limit_usd = limit_usd


def rename_team(team: Team, name: str, *, by: Member) -> None:
    """Give a team another name. Raises: PermissionDenied."""
    if by.team_id != team.pk or not by.may(Act.MANAGE):
        raise PermissionDenied("Only an admin may rename the team.")
    with transaction.atomic():
        before = Team.objects.select_for_update(no_key=True).get(pk=team.pk).name
        if before != name:
            Team.objects.filter(pk=team.pk).update(name=name)
            audit.record("team.renamed", f"team:{team.pk}", by=by, about=name, name=[before, name])
    team.name = name


def _amount(limit_usd: Decimal | None) -> str | None:
    return None if limit_usd is None else str(limit_usd)


def _record(act: str, member: Member, by: Member | User | None, **facts: Any) -> None:
    """Write down what was done to somebody's place in a team."""
    subject = f"person:{member.user_id}"
    audit.record(act, subject, by=by, team=member.team_id, about=member.user, **facts)


def may_assign(by: Member | None, *roles: str) -> None:
    """See that somebody may give these roles, and take them away. Raises: PermissionDenied."""
    if by is None:
        return
    if refused := next((one for one in roles if not by.may_assign(one)), None):
        label = Role(refused).label.lower()
        raise PermissionDenied(f"Your role may not give or take away the role {label}.")


def _keep_one_who_may(member: Member, role: str | None = None) -> None:
    """See that the team keeps somebody who can manage it, and an owner where it has one, when a
    member gets a role (None: leaves); and let nobody change that until this transaction ends.

    Two admins who demote each other: one is refused. Whoever queues for the team, or takes of it
    what is sent, has the same lock, so that nothing of a person is sent after this. It lets rows be
    made that name the team.
    """
    Team.objects.select_for_update(no_key=True).get(pk=member.team_id)
    found = Member.objects.active().filter(pk=member.pk)
    before = found.values_list("role", flat=True).first()
    for act in (Act.OWN, Act.MANAGE):
        is_lost = before is not None and may(before, act) and not (role and may(role, act))
        if is_lost and not _others_who_may(member, act).exists():
            raise LastAdmin(member, act)


def _others_who_may(member: Member, act: Act) -> QuerySet[Member]:
    able = Member.objects.who_may(act).filter(team_id=member.team_id)
    return able.exclude(pk=member.pk)


def _end_all_access(member: Member, *, now: datetime) -> None:
    """Sign somebody out everywhere, and close what would let them, or whom they chose, in again."""
    User.objects.filter(pk=member.user_id).update(is_active=_is_in_another_team(member))
    sign_out_everywhere(member.user)
    _close_invites_of(member, now=now)


def _is_in_another_team(member: Member) -> bool:
    theirs = Member.objects.active().filter(user_id=member.user_id)
    return theirs.exclude(pk=member.pk).exists()


def _close_invites_of(
    member: Member,
    *,
    now: datetime,
    but_to: Collection[str] = (),
) -> None:
    """Close what somebody invited to, but for these roles."""
    theirs = Invite.objects.filter(
        team_id=member.team_id, invited_by_id=member.user_id, used_at=None
    )
    theirs.exclude(role__in=but_to).update(used_at=now)
