"""The engine's figures in Prometheus' text format: read from rows at each scrape, so the same from
every process.

No label names a person, a team, a prompt or an account: an account is its number. What happens
between two scrapes is not counted here: that would need a memory that several processes share.
Rates are those of the last hour.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db import connection
from django.db.models import Count
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

import editorapp
from editorapp.alerts.models import Alert, AlertKind
from editorapp.generations.checks import alert_checks, gauges
from editorapp.generations.checks.gauges import WATCHED, Account, Work
from editorapp.generations.coordination import heartbeat
from editorapp.generations.states import State

ACCOUNT = ("provider", "account", "simulated")


class Rows:
    """A collector that reads the rows once for each scrape."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[Metric]:
        accounts = gauges.accounts(self.now)
        yield _gauge(
            "info",
            "Always 1.",
            ("version", "database"),
            [((editorapp.__version__, connection.vendor), 1)],
        )
        yield from _of_work(accounts)
        yield from _of_accounts(accounts)
        yield from self._of_engine(accounts)
        yield from self._of_money()
        yield from self._of_people()

    def _of_engine(self, accounts: Iterable[Account]) -> Iterator[Metric]:
        signs = heartbeat.signs(self.now)
        ages = (("ticker", signs.ticker_age_seconds), ("cluster", signs.cluster_age_seconds))
        lag = max((one.late_seconds for one in accounts), default=0.0)
        yield _gauge(
            "due_lag_seconds", "How late the most overdue piece of work is.", (), [((), lag)]
        )
        yield _gauge(
            "heartbeat_age_seconds",
            "Age of the last sign of life.",
            ("part",),
            [((part,), age) for part, age in ages if age is not None],
        )
        depth = gauges.queue_depth()
        yield _gauge("queue_reachable", "1 while the queue answers.", (), [((), depth is not None)])
        yield _gauge(
            "queue_tasks",
            "Wake-ups that wait in the queue.",
            (),
            [((), depth)] if depth is not None else [],
        )
        yield _gauge(
            "media_free_ratio",
            "Free part of this machine's disk.",
            (),
            [((), alert_checks.free_space())],
        )

    def _of_money(self) -> Iterator[Metric]:
        months = gauges.months(self.now)
        labels = [(f"{one.month:%Y-%m}", _yes(one.is_simulated)) for one in months]
        for name, help_, values in (
            ("month_spent_usd", "Spent in a month.", [one.spent_usd for one in months]),
            (
                "month_held_usd",
                "Reserved in a month and not settled.",
                [one.held_usd for one in months],
            ),
        ):
            samples = [(label, float(value)) for label, value in zip(labels, values, strict=True)]
            yield _gauge(name, help_, ("month", "simulated"), samples)
        if (check := gauges.books()) is not None:
            age = (self.now - check.at).total_seconds()
            yield _gauge(
                "ledger_differences", "Found by the last check.", (), [((), check.difference_count)]
            )
            yield _gauge("ledger_check_age_seconds", "Age of the last check.", (), [((), age)])

    def _of_people(self) -> Iterator[Metric]:
        counts = Alert.objects.still_open().order_by().values("kind").annotate(count=Count("pk"))
        found = {row["kind"]: row["count"] for row in counts}
        samples = [((str(kind.value),), found.get(kind.value, 0)) for kind in AlertKind]
        yield _gauge("alerts_open", "What needs a person.", ("kind",), samples)


def exposition(now: datetime) -> bytes:
    """Return all metrics as text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Rows(now))
    return generate_latest(registry)


def _of_work(accounts: Iterable[Account]) -> Iterator[Metric]:
    """Yield a sample for each account and state, zeros too: a series that comes and goes cannot be
    alerted on.
    """
    cells = [
        ((*_names(one), state), one.work.get(state, Work()))
        for one in accounts
        for state in WATCHED
    ]
    for name, help_, values in (
        ("attempts", "Attempts in a state that is not over.", [work.count for _, work in cells]),
        (
            "oldest_seconds",
            "Age of the oldest attempt in a state.",
            [work.oldest_seconds for _, work in cells],
        ),
        (
            "attempts_failing",
            "Attempts whose last call failed.",
            [work.failing for _, work in cells],
        ),
        (
            "attempts_overdue",
            "Attempts that take longer than they ever should.",
            [work.overdue for _, work in cells],
        ),
    ):
        samples = [(labels, value) for (labels, _), value in zip(cells, values, strict=True)]
        yield _gauge(name, help_, (*ACCOUNT, "state"), samples)


def _of_accounts(accounts: list[Account]) -> Iterator[Metric]:
    recent = [
        ((*_names(one), str(state)), one.recent.by_state.get(state, 0))
        for one in accounts
        for state in State
    ]
    yield _gauge(
        "sent_last_hour",
        "What was sent in the last hour, by its state now.",
        (*ACCOUNT, "state"),
        recent,
    )
    paused = [
        (_names(one), one.pause is not None or one.account.paused_at is not None)
        for one in accounts
    ]
    yield _gauge("account_paused", "1 while nothing may be sent.", ACCOUNT, paused)


def _names(one: Account) -> tuple[str, ...]:
    return one.account.provider, str(one.account.pk), _yes(one.account.is_simulated)


def _gauge(
    name: str,
    help_: str,
    labels: tuple[str, ...],
    samples: Iterable[tuple[tuple[str, ...], float | None]],
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"rushes_{name}", help_, labels=labels)
    for values, value in samples:
        family.add_metric(values, float(value or 0))
    return family


def _yes(flag: bool) -> str:
    return "yes" if flag else "no"
