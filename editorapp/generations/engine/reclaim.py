"""Reclaim: rows whose claimer is dead, and schedules that lie in a future that was: brought back, so that
work goes on.

A claim ends by itself after some seconds; the first only spares that wait, where there is proof
that nobody works on a row. The second is needed: when the clock is set back by a day, everything
would wait for that day to come again.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet

from editorapp.alerts.models import Alert
from editorapp.core.locks import locked
from editorapp.generations.coordination import lease_holder
from editorapp.generations.models import Attempt, Heartbeat, Lease, Pause, Search
from editorapp.generations.states import ACTIVE

log = logging.getLogger(__name__)

TOLERATED = timedelta(seconds=5)  # by how much a clock may be corrected without anybody noticing


def from_the_dead(*, now: datetime) -> int:
    """Make due what was claimed by processes of this machine that have ended.

    Return how many rows that were.

    A post among them is due while it counts as being sent: its outcome is unknown, as after a
    lapsed lease.
    """
    claimed = Attempt.objects.filter(
        state__in=list(ACTIVE),
        next_action_at__gt=now,
        lease_token__isnull=False,
    )
    tokens = claimed.order_by().values_list("lease_token", flat=True).distinct()
    gone = [token for token in tokens if lease_holder.is_gone(token)]
    if not gone:
        return 0
    with transaction.atomic():
        return locked(claimed.filter(lease_token__in=gone)).update(next_action_at=now)


def from_the_future(*, now: datetime) -> timedelta:
    """Bring all that is scheduled back to where it was, if the clock was set back.

    Return by how much it was.

    The ticker's own last sign of life is the proof: it is written every second, so it lies as far
    ahead of now as the clock was set back, whether or not anything of ours was running then. Call
    it before the next one is written. What is brought back too far (other machines had the right
    time all along) is looked at early, which harms nothing.
    """
    last = Heartbeat.objects.filter(name="ticker").values_list("at", flat=True).first()
    if last is None or last - now <= TOLERATED:
        return timedelta()
    back = last - now
    log.warning("The clock was set back by %s: all that is scheduled is brought back as far", back)
    active = Attempt.objects.filter(state__in=list(ACTIVE))
    with transaction.atomic():
        scheduled = locked(active.filter(next_action_at__gt=now))
        scheduled.update(next_action_at=F("next_action_at") - back)
        _begin_now(active, "failing_since", now)
        _bring_back(Search.objects.all(), "at", now, back)
        _begin_now(Pause.objects.all(), "since", now)
        _bring_back(Pause.objects.all(), "until", now, back)
        _bring_back(Alert.objects.all(), "tell_at", now, back)
        _bring_back(Lease.objects.filter(holder__isnull=False), "until", now, back)
        _begin_now(Heartbeat.objects.all(), "at", now)
    return back


def _bring_back(rows: QuerySet[Any], name: str, now: datetime, back: timedelta) -> None:
    """Bring what lies ahead back by so much."""
    ahead = rows.filter(**{f"{name}__gt": now})
    locked(ahead).update(**{name: F(name) - back})


def _begin_now(rows: QuerySet[Any], name: str, now: datetime) -> None:
    """Let what began ahead of now begin now."""
    locked(rows.filter(**{f"{name}__gt": now})).update(**{name: now})
