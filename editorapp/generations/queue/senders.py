"""Senders: who answers for what waits to be sent, and whether they may still send it.

A take is sent only while whoever answers for it is an active member whose role may create. So
nothing of a person who was disabled leaves, however its row came to wait: queued in that moment,
refused by a provider and due again, retried.
"""

from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from editorapp.generations.models import Generation
from editorapp.teams.models import Member
from editorapp.teams.roles import Act


def nobody() -> Q:
    """Return the condition on generations that nobody may send any more: disabled, removed, or of a
    lesser role.
    """
    return Q(~_answered_by(Member.objects.who_may(Act.CREATE)))


def _answered_by(members: QuerySet[Member]) -> Exists:
    """Return the condition on generations that one of these members answers for it."""
    person = Coalesce(OuterRef("assignee_id"), OuterRef("created_by_id"))
    return Exists(members.filter(team_id=OuterRef("team_id"), user_id=person))


def guard(member: Member) -> None:
    """See in the database that a member may still create: a request that began before they were
    disabled makes nothing after it. Call it under the lock of the team, which whoever disables or
    demotes somebody takes first.

    Raises: PermissionDenied.
    """
    if not Member.objects.who_may(Act.CREATE).filter(pk=member.pk).exists():
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
    until these end. Read anew: while the locks were waited for, it may have been handed over.
    """
    rows = Generation.objects.filter(nobody(), pk__in=[take.pk for take in takes])
    found = rows.annotate(is_demoted=_answered_by(Member.objects.active()))
    hold = Generation.Hold
    return {
        pk: hold.DEMOTED if is_demoted else hold.DISABLED
        for pk, is_demoted in found.values_list("pk", "is_demoted")
    }
