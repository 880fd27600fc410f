"""Heartbeat: is the engine alive? Read from rows, never from the queue.

Whether it keeps up is in checks/gauges.py.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from editorapp.core.compiled_query import CompiledQuery
from editorapp.generations.models import Heartbeat

STALE_SECONDS = 15.0
DEAD_SECONDS = 60.0  # a restart of a worker must not wake anybody at night


@dataclass(frozen=True)
class Signs:
    """How old, in seconds, the last sign of life of each part is; None where it has never given
    one.
    """

    ticker_age_seconds: float | None
    cluster_age_seconds: float | None

    @property
    def ticker_is_alive(self) -> bool:
        return _is_younger(self.ticker_age_seconds, STALE_SECONDS)

    @property
    def cluster_is_alive(self) -> bool:
        return _is_younger(self.cluster_age_seconds, STALE_SECONDS)

    @property
    def is_well(self) -> bool:
        return self.ticker_is_alive and self.cluster_is_alive

    @property
    def silence(self) -> str:
        """Say which part has been silent for too long, in a sentence; "" where all are alive."""
        parts = (("ticker", self.ticker_age_seconds), ("queue", self.cluster_age_seconds))
        silent = [
            f"the {name} {_for_how_long(age)}"
            for name, age in parts
            if not _is_younger(age, DEAD_SECONDS)
        ]
        return f"No sign of life: {', '.join(silent)}." if silent else ""


def beat(name: str, *, now: datetime) -> None:
    """Note a sign of life."""
    if not Heartbeat.objects.filter(name=name).update(at=now):
        Heartbeat.objects.get_or_create(name=name, defaults={"at": now})


def signs(now: datetime) -> Signs:
    """Return the signs of life: one small query."""
    beats = {name: (now - at).total_seconds() for name, at in _beats()}
    return Signs(ticker_age_seconds=beats.get("ticker"), cluster_age_seconds=beats.get("cluster"))


@CompiledQuery
def _beats() -> "QuerySet[Heartbeat, Any]":
    return Heartbeat.objects.values_list("name", "at")


def _is_younger(age_seconds: float | None, limit: float) -> bool:
    return age_seconds is not None and age_seconds < limit


def _for_how_long(age_seconds: float | None) -> str:
    if age_seconds is None:
        return "(none so far)"
    return f"for {age_seconds:.0f} s" if age_seconds < 600 else f"for {age_seconds / 60:.0f} min"
