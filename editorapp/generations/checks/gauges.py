"""Gauges: the engine in figures, for the metrics and the status page: a fixed number of queries, whatever
there is to count.

They are read from rows, so they are the same in every process of every machine. Each query is
served by an index over what is open or recent; none looks at what is finished.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Max, Min, Q, Sum
from django.db.models.functions import Coalesce
from django_q.brokers import get_broker

from editorapp.core.constants_in_sql import ConstantIn
from editorapp.core.money import ZERO
from editorapp.costs.models import MonthBudget
from editorapp.generations.models import Attempt, BooksCheck, Pause
from editorapp.generations.queue.slots import TAKES_SLOT
from editorapp.generations.states import ACTIVE, IN_FLIGHT, State
from editorapp.providers.models import ProviderAccount

WATCHED = (*sorted(ACTIVE), State.UNKNOWN, State.LOST, State.FETCH_FAILED)
RECENT = timedelta(hours=1)


@dataclass(frozen=True)
class Work:
    """The attempts of an account in a state."""

    count: int = 0
    oldest_seconds: float = 0.0  # since it was sent, or made where it was not
    late_seconds: float = 0.0  # of the most overdue; 0 where nothing is due
    failing: int = 0  # whose last call failed
    overdue: int = 0  # that take longer than their provider ever should
    slots: int = 0  # of their account that they take, where they are in flight


@dataclass(frozen=True)
class Recent:
    """What became of what an account was sent in the last hour."""

    by_state: dict[str, int]
    # When the provider last took a job, or said that one is done.
    answered_at: datetime | None = None

    @property
    def sent(self) -> int:
        return sum(self.by_state.values())

    @property
    def went_wrong(self) -> int:
        bad = (State.FAILED, State.UNKNOWN, State.LOST, State.FETCH_FAILED)
        return sum(self.by_state.get(state, 0) for state in bad)


@dataclass(frozen=True)
class Account:
    """One account with a provider, and what it has to do."""

    account: ProviderAccount
    work: dict[str, Work]  # by state
    recent: Recent
    # The provider asked for it, or does not answer; a person's pause is on the account itself.
    pause: Pause | None

    def count(self, *states: str) -> int:
        return sum(self.work[state].count for state in states if state in self.work)

    @property
    def waiting(self) -> int:
        return self.count(State.QUEUED, State.STAGING)

    @property
    def in_flight(self) -> int:
        return self.count(*IN_FLIGHT)

    @property
    def slots_taken(self) -> int:
        return sum(self.work[state].slots for state in IN_FLIGHT if state in self.work)

    @property
    def fetching(self) -> int:
        return self.count(State.FETCHING)

    @property
    def failing(self) -> int:
        """How many of those under way had an error at their last call."""
        return sum(work.failing for state, work in self.work.items() if state in ACTIVE)

    @property
    def overdue(self) -> int:
        return sum(work.overdue for state, work in self.work.items() if state in ACTIVE)

    @property
    def late_seconds(self) -> float:
        return max((work.late_seconds for work in self.work.values()), default=0.0)


@dataclass(frozen=True)
class Month:
    """What a month has cost all teams together, and what is held in it; real and simulated money
    apart.
    """

    month: date
    is_simulated: bool
    held_usd: Decimal
    spent_usd: Decimal


def accounts(now: datetime) -> list[Account]:
    """Return every account with its figures: four queries."""
    made = list(ProviderAccount.objects.order_by("provider", "name"))
    work = _work(now)
    recent = _recent([account.pk for account in made], now)
    pauses = {pause.account_id: pause for pause in Pause.objects.filter(until__gt=now)}
    return [
        Account(one, work[one.pk], recent.get(one.pk, Recent({})), pauses.get(one.pk))
        for one in made
    ]


def _work(now: datetime) -> defaultdict[int, dict[str, Work]]:
    watched = Attempt.objects.filter(ConstantIn("state", WATCHED)).order_by()
    rows = watched.values_list("account_id", "state")
    counted = rows.annotate(
        count=Count("pk"),
        first=Min(Coalesce("submit_started_at", "created_at")),
        due=Min("next_action_at"),
        failing=Count("pk", filter=Q(error_count__gt=0)),
        overdue=Count("pk", filter=Q(flagged_at__isnull=False)),
        slots=Count("pk", filter=TAKES_SLOT),
    )
    found: defaultdict[int, dict[str, Work]] = defaultdict(dict)
    for account_id, state, count, *since, failing, overdue, slots in counted:
        oldest, late = (_seconds_since(at, now) for at in since)
        found[account_id][state] = Work(count, oldest, late, failing, overdue, slots)
    return found


def _seconds_since(at: datetime | None, now: datetime) -> float:
    return max(0.0, (now - at).total_seconds()) if at else 0.0


def _recent(ids: Sequence[int], now: datetime) -> dict[int, Recent]:
    """By account first, for the index on when something was sent."""
    rows = Attempt.objects.filter(account_id__in=ids, submit_started_at__gt=now - RECENT).order_by()
    counted = rows.values_list("account_id", "state").annotate(
        Count("pk"), Max("submitted_at"), Max("provider_done_at")
    )
    states: dict[int, dict[str, int]] = defaultdict(dict)
    answers: dict[int, list[datetime]] = defaultdict(list)
    for account_id, state, count, *answered in counted:
        states[account_id][state] = count
        answers[account_id] += filter(None, answered)
    return {pk: Recent(found, max(answers[pk], default=None)) for pk, found in states.items()}


def months(now: datetime) -> list[Month]:
    """Return the money of this month and the last: one query over the kept sums."""
    this = now.date().replace(day=1)
    last = (this - timedelta(days=1)).replace(day=1)
    rows = MonthBudget.objects.filter(month__gte=last).order_by("month", "is_simulated")
    sums = rows.values("month", "is_simulated").annotate(
        held=Sum("reserved_usd"), spent=Sum("spent_usd")
    )
    return [
        Month(row["month"], row["is_simulated"], row["held"] or ZERO, row["spent"] or ZERO)
        for row in sums
    ]


def queue_depth() -> int | None:
    """Return how many wake-ups wait in the queue; None where it cannot be reached."""
    try:
        return int(get_broker().queue_size())
    except Exception:  # Redis has errors of its own, and is installed only where it is used
        return None


def books() -> BooksCheck | None:
    """Return the newest check of the ledger."""
    return BooksCheck.objects.order_by("-pk").first()
