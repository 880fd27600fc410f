"""Senders: who answers for what waits to be sent, and whether they may still send it.

A take is sent only while whoever answers for it is an active member whose role may create. So
nothing of a person who was disabled leaves, however its row came to wait: queued in that moment,
refused by a provider and due again, retried.
"""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce

from editorapp.generations.models import Generation
from editorapp.teams.models import Member
from editorapp.teams.roles import Act


def nobody() -> Q:
    """Return the condition on generations that nobody may send any more: disabled, removed, or of a
    lesser role.
    """
    person = Coalesce(OuterRef("assignee_id"), OuterRef("created_by_id"))
    able = Member.objects.who_may(Act.CREATE).filter(team_id=OuterRef("team_id"), user_id=person)
    return Q(~Exists(able))


def guard(member: Member) -> None:
    """See in the database that a member may still create: a request that began before they were
    disabled makes nothing after it. Call it under the lock of the team, which whoever disables or
    demotes somebody takes first.

    Raises: PermissionDenied.
    """
    now = Member.objects.filter(pk=member.pk).first()
    if now is None or not now.may(Act.CREATE):
        raise PermissionDenied("This role may not create generations.")


def may_arrange(generation: Generation, member: Member, act: Act = Act.ANSWER) -> None:
    """Guard what changes whether and when a job is sent: the affair of who answers for it, and an
    admin's.

    Raises: PermissionDenied.
    """
    if not generation.is_answered_by(member, act):
        raise PermissionDenied("Only the person who answers for it or an admin may do this.")


def without(takes: Iterable[Generation]) -> dict[int, Generation.Hold]:
    """Return which of these takes nobody may send any more, and why, by their ids.

    Called under the locks of their teams, as `guard`: what is not among them stays theirs to send
    until these end.
    """
    found = {take.pk: (take.team_id, take.responsible_id) for take in takes}
    users, teams = (
        {user for _team, user in found.values()},
        {team for team, _user in found.values()},
    )
    rows = Member.objects.filter(team_id__in=teams, user_id__in=users)
    members = {(member.team_id, member.user_id): member for member in rows}
    doubtful = [
        pk
        for pk, person in found.items()
        if not (person in members and members[person].may(Act.CREATE))
    ]
    if not doubtful:
        return {}
    # Read anew: while the locks were waited for, it may have been handed over.
    takes = Generation.objects.filter(nobody(), pk__in=doubtful)
    return {take.pk: _why(members.get((take.team_id, take.responsible_id))) for take in takes}


def _why(member: Member | None) -> Generation.Hold:
    is_demoted = member is not None and member.is_active
    return Generation.Hold.DEMOTED if is_demoted else Generation.Hold.DISABLED
