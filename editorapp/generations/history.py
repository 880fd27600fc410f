"""History: how long such a job usually takes, from our own history."""

import time
from statistics import median
from typing import Any

from django.db.models import QuerySet

from editorapp.generations.models import Attempt, Generation
from editorapp.generations.states import State

LAST = 25  # finished jobs
SECONDS = 30.0  # how long a median is believed
MOST = 500

_known: dict[tuple[int, str, str], tuple[float, float | None]] = {}


def usual_seconds(account_id: int, model: str, task: str) -> float | None:
    """Return the median time from sending to result of the account's last finished jobs of a kind.

    None where there is no history. One query, and none for half a minute after it.
    """
    key = (account_id, model, task)
    until, seconds = _known.get(key, (0.0, None))
    if time.monotonic() < until:
        return seconds
    if len(_known) >= MOST:
        _known.clear()
    seconds = _median(account_id, model, task)
    _known[key] = (time.monotonic() + SECONDS, seconds)
    return seconds


def lately(model: str, task: str, *, provider: str) -> list[float]:
    """Return how many seconds the provider's last finished jobs of a kind took, the newest first:
    one query.
    """
    rows = Attempt.objects.filter(
        generation__model=model,
        generation__task=task,
        state=State.SUCCEEDED,
        account__provider=provider,
        submitted_at__isnull=False,
        provider_done_at__isnull=False,
    )
    return _last_of(rows.values_list("submitted_at", "provider_done_at"))


def _last_of(times: QuerySet[Any, Any]) -> list[float]:
    """Return how many seconds lie between the two instants of the newest rows."""
    return _seconds(times.order_by("-pk")[:LAST])


def _seconds(times: QuerySet[Any, Any]) -> list[float]:
    return [(end - start).total_seconds() for start, end in times]


def forget() -> None:
    _known.clear()


def _median(account_id: int, model: str, task: str) -> float | None:
    done = Generation.objects.done().filter(account_id=account_id, model=model, task=task)
    last = done.order_by("-pk").values("pk")[:LAST]
    rows = Attempt.objects.filter(
        generation__in=last,
        state=State.SUCCEEDED,
        submitted_at__isnull=False,
        provider_done_at__isnull=False,
    )
    lasted = _seconds(rows.values_list("submitted_at", "provider_done_at"))
    return median(lasted) if lasted else None
