"""Rows whose claimer is dead, or whose schedule lies in a future that was: made due, so that somebody takes them up.

A claim ends by itself after some seconds. This only spares the wait where there is proof that nobody works on a row.
"""

from collections.abc import Iterable
from datetime import datetime

from editorapp.generations import whereabouts
from editorapp.generations.models import Attempt
from editorapp.generations.states import State

CLAIMED = (State.QUEUED, State.STAGING, State.SUBMITTING, State.RUNNING, State.FETCHING)


def from_the_dead(*, now: datetime, states: Iterable[str] = CLAIMED) -> int:
    """Make due what was claimed by processes of this machine that have ended. Return how many rows that were.

    A post among them is due while it counts as being sent: its outcome is unknown, as after a lapsed lease.
    """
    claimed = Attempt.objects.filter(state__in=list(states), next_action_at__gt=now, lease_token__isnull=False)
    tokens = claimed.order_by().values_list("lease_token", flat=True).distinct()
    gone = [token for token in tokens if whereabouts.is_gone(token)]
    return claimed.filter(lease_token__in=gone).update(next_action_at=now) if gone else 0
