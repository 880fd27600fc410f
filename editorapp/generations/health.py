"""Is the engine alive, and is it keeping up? Read from rows, never from the queue."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from editorapp.generations.models import Attempt, Heartbeat
from editorapp.generations.states import State

STALE_SECONDS = 15.0


@dataclass(frozen=True)
class Status:
    """Ages in seconds; None where a part has never given a sign of life."""

    due_lag_seconds: float  # how late the most overdue row is
    in_flight: int
    unknown: int
    ticker_age_seconds: float | None
    cluster_age_seconds: float | None

    @property
    def ticker_is_alive(self) -> bool:
        return self.ticker_age_seconds is not None and self.ticker_age_seconds < STALE_SECONDS

    @property
    def cluster_is_alive(self) -> bool:
        return self.cluster_age_seconds is not None and self.cluster_age_seconds < STALE_SECONDS

    @property
    def is_well(self) -> bool:
        return self.ticker_is_alive and self.cluster_is_alive and self.due_lag_seconds < STALE_SECONDS


def beat(name: str, *, now: datetime) -> None:
    """Note a sign of life."""
    if not Heartbeat.objects.filter(name=name).update(at=now):
        Heartbeat.objects.get_or_create(name=name, defaults={"at": now})


def status(now: datetime) -> Status:
    """Return how the engine is doing: small queries over the work in flight."""
    rows = Attempt.objects.filter(next_action_at__isnull=False).aggregate(
        first=Min("next_action_at"), in_flight=Count("pk")
    )
    beats = {row.name: (now - row.at).total_seconds() for row in Heartbeat.objects.all()}
    first = rows["first"]
    return Status(
        due_lag_seconds=max(0.0, (now - first).total_seconds()) if first else 0.0,
        in_flight=rows["in_flight"],
        unknown=Attempt.objects.filter(state=State.UNKNOWN).count(),
        ticker_age_seconds=beats.get("ticker"),
        cluster_age_seconds=beats.get("cluster"),
    )
