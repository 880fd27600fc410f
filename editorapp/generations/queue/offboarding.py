"""Offboarding: what becomes of the takes of who is disabled, or gets a role that may not create.

It is asked before, with their number and money. Whatever is chosen happens together with the
change, in one
transaction: nothing of theirs is sent in between. What is at a provider already is followed to its
             end.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import models, transaction

from editorapp.core.locks import locked
from editorapp.core.money import ZERO
from editorapp.costs import ledger
from editorapp.generations.coordination import wake
from editorapp.generations.models import Attempt, Generation, newest
from editorapp.generations.queue import parking, pause
from editorapp.generations.queue.cancel import cancel
from editorapp.generations.states import ACTIVE, CANCELABLE, SETTLEABLE
from editorapp.providers.models import ProviderAccount
from editorapp.teams import audit, people
from editorapp.teams.models import Member, Team
from editorapp.teams.roles import Act, Role, may


class HandOver(models.TextChoices):
    """What becomes of what waits. The label is what the page offers."""

    HOLD = (
        "hold",
        "Hold them: paused, their money stays held, until an admin lets each go or cancels it",
    )
    CANCEL = "cancel", "Cancel them: nothing of them is sent, their money is free again"
    HAND_OVER = "hand_over", "Hand them over to somebody, who answers for them from now on"
    KEEP = "keep", "Keep them: they are sent when their turn comes, and you answer for them"


Hold = Generation.Hold


class NotChosen(Exception):
    """What was chosen cannot be: nobody to hand over to, or one who could not answer for it either."""


@dataclass(frozen=True)
class Money:
    """So many takes, and what they hold: real and simulated dollars are never added up."""

    count: int = 0
    real_usd: Decimal = ZERO
    simulated_usd: Decimal = ZERO


@dataclass(frozen=True)
class Affairs:
    """What a person answers for that is not over."""

    waiting: Money  # not sent yet: what is asked about
    unknown: Money  # sent, outcome unknown: whoever answers for it may settle it, and admins
    at_provider: Money  # sent: followed to its end


@dataclass(frozen=True)
class Offboarding:
    """Who decides what becomes of somebody's takes: the choice, and whom they are handed over to."""

    by: Member
    choice: HandOver = HandOver.HOLD
    to: Member | None = None


def affairs(member: Member) -> Affairs:
    """Return what a member answers for and is not over: two queries."""
    states = ACTIVE | SETTLEABLE
    takes = list(_takes(member).filter(state__in=states).values_list("pk", "state", "is_simulated"))
    held = ledger.held_of([pk for pk, _state, _simulated in takes])

    def money(states: Collection[str]) -> Money:
        kinds = {pk: is_simulated for pk, state, is_simulated in takes if state in states}
        sums = {False: ZERO, True: ZERO}
        for pk, is_simulated in kinds.items():
            sums[is_simulated] += held.get(pk, ZERO)
        return Money(len(kinds), sums[False], sums[True])

    return Affairs(money(CANCELABLE), money(SETTLEABLE), money(ACTIVE - CANCELABLE))


def heirs(member: Member) -> models.QuerySet[Member]:
    """Return who a member's takes may be handed over to."""
    return (
        Member.objects.who_may(Act.CREATE)
        .filter(team_id=member.team_id)
        .exclude(pk=member.pk)
        .select_related("user")
        .order_by("user__display_name", "user__username")
    )


def disable(member: Member, change: Offboarding, *, now: datetime) -> int:
    """Disable a member, and do with what waits of theirs as chosen.

    Return how many takes that were.

    Raises: PermissionDenied; LastAdmin; NotChosen.
    """
    with _guarded(member, change):
        people.disable(member, by=change.by.user, now=now)
        return _settle(member, change, Hold.DISABLED, now=now)


def change_role(member: Member, role: str, change: Offboarding, *, now: datetime) -> int:
    """Give a member another role; where it may not create, do with what waits of theirs as chosen.

    Return how many.

    Raises: PermissionDenied; ValueError, for a role that does not exist; LastAdmin; NotChosen.
    """
    with _guarded(member, change):
        people.change_role(member, role, by=change.by, now=now)
        is_able = may(role, Act.CREATE)
        return 0 if is_able else _settle(member, change, Hold.DEMOTED, now=now)


def decide(member: Member, change: Offboarding, *, now: datetime) -> int:
    """Do with what still waits of somebody who may not send it as chosen now.

    Return how many takes that were.

    Raises: PermissionDenied, also when they may send it themselves; NotChosen.
    """
    with _guarded(member, change):
        locked(Team.objects.filter(pk=member.team_id))  # nobody is disabled or demoted meanwhile
        row = Member.objects.get(pk=member.pk)
        if row.may(Act.CREATE):
            raise PermissionDenied(f"{member.user} answers for their own takes.")
        why = Hold.DEMOTED if row.is_active else Hold.DISABLED
        return _settle(member, change, why, now=now)


def would_ask(member: Member, role: str) -> bool:
    """Must it be asked what becomes of a member's takes, before they get this role?"""
    if Role(role) == member.role or may(role, Act.CREATE):
        return False
    found = affairs(member)
    return bool(found.waiting.count or found.unknown.count)


def _takes(member: Member) -> models.QuerySet[Generation]:
    return Generation.objects.of_team(member.team_id).of_person(member.user_id)


@contextmanager
def _guarded(member: Member, change: Offboarding) -> Iterator[None]:
    """See that this may be chosen, then lock what comes first in the order of all locks, so that no
    pause changes meanwhile.
    """
    if change.by.team_id != member.team_id or not change.by.may(Act.MANAGE):
        raise PermissionDenied("Only an admin may do this.")
    if not change.by.may_assign(member.role):
        raise PermissionDenied("Only an owner may end an owner.")
    if change.choice == HandOver.HAND_OVER and change.to is None:
        raise NotChosen("Choose who answers for the takes from now on.")
    if change.choice == HandOver.KEEP and change.by.user_id == member.user_id:
        raise NotChosen("You cannot answer for them any more then: hold, cancel or hand them over.")
    with transaction.atomic():
        locked(ProviderAccount.objects.all())
        yield


def _settle(member: Member, change: Offboarding, why: Hold, *, now: datetime) -> int:
    """Do as chosen with all that waits."""
    to = change.to if change.choice == HandOver.HAND_OVER else None
    # Under the team's lock they stay able to answer for them.
    if to and not heirs(member).filter(pk=to.pk).exists():
        raise NotChosen(f"{to.user} may not create, so nothing can be handed over to them.")
    takes = _locked_waiting(member)
    ids = [take.pk for take in takes]
    if change.choice == HandOver.CANCEL:
        note = f"canceled when {member.user} {Generation.WHY_LEFT[why]}"
        for take in takes:
            cancel(take, now=now, by=change.by.user, note=note)
    elif to:
        _hand_over(takes, to, change, now=now)
        _takes(member).filter(state__in=SETTLEABLE).update(assignee=to.user)
    elif change.choice == HandOver.KEEP:
        pause.release(ids, member=change.by, now=now)
    else:
        pause.hold_for_nobody(ids, why, by=change.by.user, now=now)
    if takes:
        _record(member, change, to, ids)
    return len(takes)


def _record(member: Member, change: Offboarding, to: Member | None, ids: list[int]) -> None:
    """Write down what was decided about the takes of somebody."""
    audit.record(
        "member.takes_decided",
        f"person:{member.user_id}",
        by=change.by,
        about=member.user,
        choice=str(change.choice),
        to=str(to.user) if to else "",
        takes=ids,
    )


def _locked_waiting(member: Member) -> list[Generation]:
    """Lock all that waits of a member before the first is changed (core/locks.py); return it."""
    own = _takes(member).values("pk")
    rows = locked(Attempt.objects.filter(state__in=CANCELABLE, generation__in=own))
    attempts = dict(rows.order_by("pk").values_list("pk", "generation_id"))
    takes = Generation.objects.filter(pk__in=list(attempts.values()))
    locked(takes)
    ledger.lock(attempts)
    return list(takes.select_related("created_by", "assignee").order_by("pk"))


def _hand_over(
    takes: list[Generation],
    to: Member,
    change: Offboarding,
    *,
    now: datetime,
) -> None:
    """Put takes into another person's line, in the order that they have, and say so in the ledger.

    What was reserved stays under the name of who agreed to the price; what is paid anew is under
    the new one's.
    """
    by = change.by.user
    for take in takes:
        says = f"{by}: handed over from {take.responsible} to {to.user}."
        ledger.remark(newest(take).pk, says, now=now)
        wake.soon(take.provider)
    rows = Generation.objects.filter(pk__in=[take.pk for take in takes])
    waiting = Attempt.objects.filter(generation__in=rows.values("pk"), state__in=CANCELABLE)
    waiting.update(person=to.user)
    rows.update(assignee=to.user)
    # What they had paused themselves stays so; what was paused because nobody could send it goes
    # on.
    rows.exclude(held_because=Hold.NONE).update(**Generation.NOT_HELD)
    parking.unpark(rows, now=now)
