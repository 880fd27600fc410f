"""Parking: what is paused is taken out of the engine's sight, and the rules of what pauses it.

A parked attempt waits to be sent and is never due, so it costs the engine nothing. To park gives
the row another lease token, so that a sweep which has taken it a moment ago can no longer write
that it sends it.

Whether it is paused is decided under locks: on the account, then on the team (the order of
core/locks.py). Whoever changes a pause takes them, whoever queues a job (`locked_flags`), and
whoever takes one to send it (engine/account_snapshot.py). So no row is parked that nothing pauses,
and none is due that something does; `pause.release_forgotten` sees to it all the same, because
what is parked by mistake would wait for ever, with its money held.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q, QuerySet

from editorapp.core.locks import locked
from editorapp.generations.coordination import wake
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.queue import senders
from editorapp.generations.states import CANCELABLE, State
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Team


@dataclass(frozen=True)
class Flags:
    """What the pauses of an account and of a team say, locked until the transaction that read them
    ends.
    """

    account_id: int
    team_id: int
    is_paused: bool


def paused() -> Q:
    """Return the condition on generations that must not be sent now."""
    return _stopped() | senders.nobody()


def _stopped() -> Q:
    """Return the condition on generations that somebody has paused, as every page says."""
    return ~Q(held_at=None, team__queue_paused_at=None, account__paused_at=None)


def locked_flags(account_id: int, team_id: int) -> Flags:
    """Lock what pauses all of an account and all of a team, and say whether anything does.

    Call it at the beginning of a transaction that queues a job or lets one go.
    Raises: PermissionDenied, when the account is another team's: it may have been given away since
            it was chosen, and is locked here against that.
    """
    accounts = ProviderAccount.objects.filter(pk=account_id).select_for_update(no_key=True)
    teams = Team.objects.filter(pk=team_id).select_for_update(no_key=True)
    found = list(accounts.values_list("paused_at", "team_id"))
    if any(owner not in (None, team_id) for _paused, owner in found):
        raise PermissionDenied("This account belongs to another team.")
    flags = [
        *(paused for paused, _owner in found),
        *teams.values_list("queue_paused_at", flat=True),
    ]
    return Flags(account_id, team_id, any(flags))


def park(rows: QuerySet[Generation], *, now: datetime) -> None:
    """Take what waits to be sent out of the engine's sight. Call it inside a transaction.

    What is being uploaded for it waits too; what has arrived by then lies there for when it goes
    on.
    """
    # The state stands in the statement itself, not in a subquery: so a row that is sent meanwhile
    # is not touched. What is parked already is written too: so it waits for this pause, whoever is
    # about to lift another one of it.
    waiting = Attempt.objects.filter(
        state__in=CANCELABLE, generation_id__in=rows.order_by().values("pk")
    )
    locked(waiting).update(
        state=State.QUEUED,
        next_action_at=None,
        lease_token=uuid.uuid4(),
        submit_started_at=None,
    )
    locked(rows.filter(state=State.STAGING)).order_by().update(state=State.QUEUED, state_since=now)


def unpark(rows: QuerySet[Generation], *, now: datetime) -> int:
    """Let what was parked be sent again, unless something else still pauses it.

    Return how many jobs that are.

    Call it inside a transaction. Whoever lifts one of several pauses has locked the others: see
    `resume_queue`.
    """
    free = rows.order_by().filter(state=State.QUEUED).exclude(paused())
    providers = set(free.values_list("provider", flat=True))
    parked = Attempt.objects.filter(
        state=State.QUEUED,
        next_action_at=None,
        generation_id__in=free.values("pk"),
    )
    # What failed before the pause was not tried during it.
    released = locked(parked).update(
        next_action_at=now,
        lease_token=None,
        error_count=0,
        failing_since=None,
    )
    if released:
        for provider in sorted(providers):
            wake.soon(provider)
    return released


def forgotten() -> QuerySet[Attempt]:
    """Return what is parked although nothing pauses it.

    There should be none; the index attempt_due finds them.
    """
    free = Generation.objects.filter(pk=OuterRef("generation")).exclude(_stopped())
    return Attempt.objects.filter(
        Exists(free),
        state=State.QUEUED,
        next_action_at=None,
    )
