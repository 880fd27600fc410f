"""Metrics: the engine's figures in Prometheus' text format, read from rows at each scrape, so the same
from every process.

No label names a person, a team, a prompt or an account: an account is its number. What happens
between two scrapes is not counted here: that would need a memory that several processes share.
Rates are those of the last hour.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Count
from prometheus_client import generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

import editorapp
from editorapp.alerts.models import Alert, AlertKind
from editorapp.generations.checks import alert_checks, gauges
from editorapp.generations.checks.gauges import WATCHED, Account, Work
from editorapp.generations.coordination import heartbeat
from editorapp.generations.states import State

ACCOUNT = ("provider", "account", "simulated")
OF_WORK = (
    ("attempts", "Attempts in a state that is not over.", "count"),
    ("oldest_seconds", "Age of the oldest attempt in a state.", "oldest_seconds"),
    ("attempts_failing", "Attempts whose last call failed.", "failing"),
    ("attempts_overdue", "Attempts that take longer than they ever should.", "overdue"),
)
OF_MONTH = (
    ("month_spent_usd", "Spent in a month.", "spent_usd"),
    ("month_held_usd", "Reserved in a month and not settled.", "held_usd"),
)
Sample = tuple[tuple[str, ...], float | Decimal]


class Rows(Collector):
    """A collector that reads the rows once for each scrape."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[Metric]:
        accounts = gauges.accounts(self.now)
        database = (editorapp.__version__, connection.vendor)
        yield _gauge("info", "Always 1.", ("version", "database"), [(database, 1)])
        yield from _of_work(accounts)
        yield from _of_accounts(accounts)
        yield from self._of_engine(accounts)
        yield from self._of_money()
        yield from self._of_people()

    def _of_engine(self, accounts: Iterable[Account]) -> Iterator[Metric]:
        signs, depth = heartbeat.signs(self.now), gauges.queue_depth()
        ages = {"ticker": signs.ticker_age_seconds, "cluster": signs.cluster_age_seconds}
        known = [((part,), age) for part, age in ages.items() if age is not None]
        lag = max((one.late_seconds for one in accounts), default=0.0)
        yield _single("due_lag_seconds", "How late the most overdue piece of work is.", lag)
        yield _gauge("heartbeat_age_seconds", "Age of the last sign of life.", ("part",), known)
        yield _single("queue_reachable", "1 while the queue answers.", depth is not None)
        yield _single("queue_tasks", "Wake-ups that wait in the queue.", depth)
        free = alert_checks.free_space()
        yield _single("media_free_ratio", "Free part of this machine's disk.", free)

    def _of_money(self) -> Iterator[Metric]:
        months = gauges.months(self.now)
        for name, says, figure in OF_MONTH:
            samples = [
                ((f"{one.month:%Y-%m}", _yes(one.is_simulated)), getattr(one, figure))
                for one in months
            ]
            yield _gauge(name, says, ("month", "simulated"), samples)
        if (check := gauges.books()) is not None:
            age = (self.now - check.at).total_seconds()
            found = check.difference_count
            yield _single("ledger_differences", "Found by the last check.", found)
            yield _single("ledger_check_age_seconds", "Age of the last check.", age)

    def _of_people(self) -> Iterator[Metric]:
        counts = Alert.objects.still_open().order_by().values_list("kind").annotate(Count("pk"))
        found = dict(counts)
        samples = [((str(kind.value),), found.get(kind.value, 0)) for kind in AlertKind]
        yield _gauge("alerts_open", "What needs a person.", ("kind",), samples)


def exposition(now: datetime) -> bytes:
    """Return all metrics as text."""
    return generate_latest(Rows(now))


def _of_work(accounts: Iterable[Account]) -> Iterator[Metric]:
    """Yield a sample for each account and state, zeros too: a series that comes and goes cannot be
    alerted on.
    """
    cells = [
        ((*_names(one), state), one.work.get(state, Work()))
        for one in accounts
        for state in WATCHED
    ]
    for name, says, figure in OF_WORK:
        samples = [(labels, getattr(work, figure)) for labels, work in cells]
        yield _gauge(name, says, (*ACCOUNT, "state"), samples)


def _of_accounts(accounts: list[Account]) -> Iterator[Metric]:
    recent = [
        ((*_names(one), str(state)), one.recent.by_state.get(state, 0))
        for one in accounts
        for state in State
    ]
    says = "What was sent in the last hour, by its state now."
    yield _gauge("sent_last_hour", says, (*ACCOUNT, "state"), recent)
    paused = [
        (_names(one), one.pause is not None or one.account.paused_at is not None)
        for one in accounts
    ]
    yield _gauge("account_paused", "1 while nothing may be sent.", ACCOUNT, paused)


def _names(one: Account) -> tuple[str, ...]:
    return one.account.provider, str(one.account.pk), _yes(one.account.is_simulated)


def _single(name: str, says: str, value: float | None) -> GaugeMetricFamily:
    """Return a metric without labels; without a sample, where its value is not known."""
    return GaugeMetricFamily(f"rushes_{name}", says, value=value)


def _gauge(
    name: str,
    says: str,
    labels: tuple[str, ...],
    samples: Iterable[Sample],
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"rushes_{name}", says, labels=labels)
    for values, value in samples:
        family.add_metric(values, float(value))
    return family


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
