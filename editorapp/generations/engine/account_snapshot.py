"""Account snapshot: the accounts of one provider as a sweep sees them: who they are now, how they are reached, how
much each may send.
"""

import logging
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from editorapp.core import retry
from editorapp.core.locks import locked, unlocked
from editorapp.generations import exchange_log
from editorapp.generations.engine import claims, requeue
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.queue import fair_order, parking, pause, senders, slots
from editorapp.generations.states import State
from editorapp.providers.contract import Access
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Team

log = logging.getLogger(__name__)

# So soon a sweep sees another key, another limit, an account that is switched off.
FRESH_SECONDS = 2.0
HELD_SECONDS = 1.0  # what the limits hold back is looked at again after
# So many of them are looked at so often, and all of them after.
WATCHING = 8
FAR_SECONDS = 15.0
SOON = timedelta(seconds=HELD_SECONDS)


class Accounts:
    """One provider's accounts. What is wrong with one of them is its own affair."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self.by_id: dict[int, ProviderAccount] = {}
        self.access: dict[int, Access] = {}
        # Somebody verifies these, so that their answers are heard.
        self.listened: frozenset[int] = frozenset()
        self._read_at = 0.0
        self.refresh()

    @property
    def ids(self) -> list[int]:
        return list(self.by_id)

    def refresh(self) -> None:
        """Read the accounts again, unless they were read a moment ago."""
        if self.by_id and time.monotonic() - self._read_at < FRESH_SECONDS:
            return
        rows = ProviderAccount.objects.filter(provider=self._provider)
        self.by_id = {account.pk: account for account in rows}
        # the same object as long as it is reached the same way
        for found in map(_access, self.by_id.values()):
            if self.access.get(found.account_id) != found:
                self.access[found.account_id] = found
        self.listened = exchange_log.listened_accounts(self._provider)
        self._read_at = time.monotonic()

    def took(self, account_ids: Iterable[int], *, now: datetime) -> None:
        """Note that accounts took a job: a real one that was never tested is proven by that."""
        known = filter(None, map(self.by_id.get, account_ids))
        unproven = [one for one in known if one.proven_at is None and not one.is_simulated]
        ids = [one.pk for one in unproven]
        ProviderAccount.objects.filter(pk__in=ids, proven_at=None).update(proven_at=now)
        for one in unproven:
            one.proven_at = now

    def turns(self, *, now: datetime, room: int) -> Iterator[Attempt]:
        """Yield what is sent next, out of `room` for all accounts; each row is taken, and counts as
        sent from then on.

        No account takes the room of the others; what one may not send now is put off.
        """
        waiting = [account for account in self.by_id.values() if _due(account.pk, now).exists()]
        for place, account in enumerate(waiting):
            share = -(-room // (len(waiting) - place))
            taken = _turn(account, share, now=now)
            room -= len(taken)
            yield from taken


def _turn(account: ProviderAccount, share: int, *, now: datetime) -> list[Attempt]:
    """Take what one account sends next, and put off what it may not send now: so that it is not
    due all the time.
    """
    if problem := account.problem:
        # nothing can be sent with it: what waits for it waits on, or is given up after long enough
        row = retry.policy("post.closed")
        paused = requeue.pause_account(
            account.pk,
            now=now,
            seconds=row.pause_seconds(1),
            reason=problem,
        )
        requeue.end_line(paused, row, now=now)
        wait = row.pause_seconds(paused.tries)
        _put_off(account.pk, now=now, seconds=wait, reason=problem)
        return []
    if share <= 0:
        return []
    taken = _take(account.pk, now=now, most=share)
    if not taken:
        _put_off(account.pk, now=now, seconds=HELD_SECONDS)
    return taken


def _due(account_id: int, now: datetime) -> QuerySet[Attempt]:
    return claims.due([account_id], State.QUEUED, now=now).order_by()


def _take(account_id: int, *, now: datetime, most: int) -> list[Attempt]:
    """Take the next ones in line, within the limits and outside every pause.

    Under the account's lock the slots are counted and taken in one transaction, so two sweeps never
    take one slot; under the teams', so that nothing is taken of a queue that is just being paused,
    or of a person who is just being disabled. What is found paused came back from a post that was
    not accepted, and is parked. A taken row is written down as sent by its lease token only; if its
    sweep dies before that, nothing was sent and it is due again when the claim lapses.
    """
    with transaction.atomic():
        account = ProviderAccount.objects.select_for_update(no_key=True).get(pk=account_id)
        if account.paused_at:
            parking.park(Generation.objects.filter(attempts__in=_due(account_id, now)), now=now)
            return []
        if (room := min(slots.free_slots(account, now=now), most)) <= 0:
            return []
        in_line = fair_order.next_in_line(account_id, now=now, most=room + 1)
        taken = _claimed(_sendable(in_line, room, now=now), now=now)
        # More wait than could be taken: the next of them keeps the sweep awake.
        Attempt.objects.filter(
            pk__in=in_line[room:],
            state=State.QUEUED,
            next_action_at__gt=now + SOON,
        ).update(next_action_at=now + SOON)
    return taken


def _sendable(in_line: list[int], room: int, *, now: datetime) -> list[Attempt]:
    """Lock what is next in line and return, in its order, what may be sent: neither paused nor of
    somebody who may not send it any more, which is parked or held.
    """
    first = in_line[:room]
    takes = Generation.objects.filter(attempts__in=first)
    stopped = _stopped_teams(takes)
    left = senders.without(takes)
    locked(Attempt.objects.filter(pk__in=in_line))
    rows = Attempt.objects.filter(pk__in=first).select_related("generation", "account")
    found = sorted(rows, key=lambda one: in_line.index(one.pk))
    takes_of = [one.generation for one in found]
    paused = [take.pk for take in takes_of if take.held_at or take.team_id in stopped]
    if paused:
        parking.park(Generation.objects.filter(pk__in=paused), now=now)
    for pk, why in left.items():
        pause.hold_for_nobody([pk], why, by=None, now=now)
    return [one for one in found if one.generation_id not in {*paused, *left}]


def _stopped_teams(takes: QuerySet[Generation]) -> set[int]:
    """Lock the teams of these takes, and return those whose queue is paused."""
    teams = Team.objects.filter(pk__in=takes.values("team_id")).order_by("pk")
    return {team.pk for team in teams.select_for_update(no_key=True) if team.queue_paused_at}


def _claimed(found: list[Attempt], *, now: datetime) -> list[Attempt]:
    """Mark these rows, which are locked, as taken, and return those that still could be."""
    is_free = Q(lease_token=None) | Q(next_action_at__lte=now)
    free = is_free & Q(state=State.QUEUED, next_action_at__isnull=False)
    changes = {"next_action_at": now + slots.TAKEN, "submit_started_at": now}
    return claims.take(found, free, changes)


def _put_off(account_id: int, *, now: datetime, seconds: float, reason: str = "") -> None:
    """Let what is due be due later: a few in so many seconds, to look again; the others, however
    many, less often.

    That is only who wakes the sweep: once there is room, those are taken whose turn it is.
    """
    said = {"last_error": reason} if reason else {}
    with transaction.atomic():
        due = unlocked(_due(account_id, now))
        watching = list(due.values_list("pk", flat=True)[:WATCHING])
        far = max(seconds, FAR_SECONDS)
        for rows, wait in ((due.filter(pk__in=watching), seconds), (due, far)):
            at = now + timedelta(seconds=wait)
            rows.update(next_action_at=at, lease_token=None, **said)


def _access(account: ProviderAccount) -> Access:
    """Return how an account is reached; without a key where even that cannot be found out."""
    try:
        return account.access()
    except Exception:
        log.exception("The account %s cannot be reached", account.pk)
        return Access(
            account.pk,
            account.provider,
            account.spec.base_url,
            "",
            is_simulated=account.is_simulated,
        )
