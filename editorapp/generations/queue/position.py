"""Queue position: where what waits stands, how many go before it at its account, and why nothing of it is sent now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from editorapp.core.compiled_query import CompiledQuery
from editorapp.generations.models import Attempt, Generation, Pause
from editorapp.generations.queue import fair_order
from editorapp.generations.queue.slots import RATE_WINDOW, in_flight, room
from editorapp.generations.states import CANCELABLE, State
from editorapp.providers import registry
from editorapp.providers.models import ProviderAccount

LOOKED_AHEAD = 200
# What says where an attempt stands.
IN_LINE = (
    *("generation_id", "state", "priority", "turn", "next_action_at"),
    *("lease_token", "error_count", "last_error"),
)


@dataclass(frozen=True)
class QueuePosition:
    """Of one that waits.

    `ahead` None: not in line, or far back; `why` is a sentence, "" where it is merely its turn that
    it waits for; `is_paused`: it, its account or the queue is; `is_own`: this very one is. `turn`
    sorts those that are in no line now: as they would be sent if they were alone.
    """

    ahead: int | None
    why: str
    is_paused: bool = False
    is_own: bool = False
    turn: tuple[int, int, int] = (0, 0, 0)  # priority, turn, attempt

    @property
    def place(self) -> str:
        """Say its place in line: "Next in line", "3 ahead of it"."""
        if self.is_own:
            return ""
        if self.ahead is None:
            return f"More than {LOOKED_AHEAD} ahead of it" if not self.why else ""
        return "Next in line" if self.ahead == 0 else f"{self.ahead} ahead of it"


@dataclass(frozen=True)
class AccountStanding:
    """How much of an account's limits is in use, by all teams together, and why it sends nothing;
    "" where it does.

    `is_full`: it is only its limits, which let the next one pass by and by.
    """

    account: ProviderAccount
    in_flight: int
    line: tuple[int, ...]  # the attempts that are sent next, in order
    why: str
    is_full: bool = False


def of_account(account: ProviderAccount, *, now: datetime) -> AccountStanding:
    """Return how an account stands: a handful of small queries."""
    busy = in_flight(account)
    line = tuple(fair_order.next_in_line(account.pk, now=now, most=LOOKED_AHEAD))
    closed = _closed(account, now=now)
    full = "" if closed else _full(account, busy, now=now)
    return AccountStanding(account, busy, line, closed or full, is_full=bool(full))


def of_takes(
    takes: Sequence[Generation],
    accounts: dict[int, AccountStanding],
    newest: dict[int, Attempt],
) -> dict[int, QueuePosition]:
    """Return where each of these takes stands, by take; they are not sent yet, and `accounts` are
    theirs. `newest` are their attempts, by take, read with IN_LINE at least.
    """
    waiting = {pk: row for pk, row in newest.items() if row.state in CANCELABLE}
    found = {}
    for take in takes:
        row = waiting.get(take.pk)
        one = _standing(take, accounts[take.account_id], row)
        found[take.pk] = replace(one, turn=(row.priority, row.turn, row.pk)) if row else one
    return found


def _standing(take: Generation, account: AccountStanding, row: Attempt | None) -> QueuePosition:
    if take.held_at:
        return QueuePosition(None, take.why_held, is_paused=True, is_own=True)
    if take.team.queue_paused_at:
        return QueuePosition(None, "The queue is paused.", is_paused=True)
    is_paused = account.account.paused_at is not None
    aside = None if row is None or is_paused else _beside_the_line(row, account)
    if aside:
        return aside
    ahead = account.line.index(row.pk) if row and row.pk in account.line else None
    why = "" if account.is_full and ahead else account.why  # those behind wait for those ahead
    return QueuePosition(ahead, why, is_paused=is_paused)


def _beside_the_line(row: Attempt, account: AccountStanding) -> QueuePosition | None:
    """Say where something stands that is not in line now; None for what is."""
    if row.state == State.STAGING:
        trouble = f" {row.last_error}" if row.error_count and row.last_error else ""
        return QueuePosition(None, f"Its files are on their way to {account.account}.{trouble}")
    if row.next_action_at is None:  # see pausing.release_forgotten
        return QueuePosition(None, "Nothing pauses it any more: it goes on within a minute.")
    if row.lease_token is not None and not account.why:
        return QueuePosition(0, "")  # a sweep has taken it, and is about to send it
    return None


def _closed(account: ProviderAccount, *, now: datetime) -> str:
    """Say why an account sends nothing at all, "" where it does."""
    if account.paused_at:
        return f"{account.paused_by or 'Somebody'} paused the account {account}."
    if account.provider not in registry.slugs():
        return f"Rushes does not know the provider of {account} any more. Cancel what waits for it."
    if account.problem:
        return account.problem
    for until, reason in _pauses(account.pk, now):
        return f"{account} is left alone until {until:%H:%M:%S} UTC. {reason}"
    return ""


@CompiledQuery
def _pauses(account: int, now: datetime) -> "QuerySet[Pause, Any]":
    rows = Pause.objects.filter(account_id=account, until__gt=now)
    return rows.values_list("until", "reason")


def _full(account: ProviderAccount, busy: int, *, now: datetime) -> str:
    """Say which of its limits holds the next one up, "" where none does."""
    if busy >= account.max_concurrent:
        return f"{account} runs {account.max_concurrent} at a time, and all of them are taken."
    if room(account, busy, now=now) == 0:
        return (
            f"{account} takes {account.requests_per_minute} requests in {RATE_WINDOW.seconds} s, "
            "and so many were sent."
        )
    return ""
