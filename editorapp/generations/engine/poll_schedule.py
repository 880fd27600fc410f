"""Poll interval: when to look at a job again that answers: pure arithmetic, all in seconds.

What fails: core/retry.py.
"""

import math
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median_high

FIRST_LOOK = 5.0  # where there is no history yet
SHORTEST = 2.0
LONGEST = 15.0
# A job as old as this is asked about ever less, at the least every five minutes.
SLOW_FROM = 1800.0
SLOWEST = 300.0
LONGER = 3.0  # times the longest of late: what is slower than that is overdue


def first_look_seconds(past_seconds: Sequence[float]) -> float:
    """Return when to poll a fresh job for the first time: at 0.3 of the model's median duration."""
    if not past_seconds:
        return FIRST_LOOK
    return min(max(0.3 * median_high(past_seconds), 1.0), 60.0)


def interval_seconds(age_seconds: float) -> float:
    """Return how long to wait between polls of a job of this age: 5 % of it, between 2 and 15 s;
    longer when it is old.

    However late it is, it is asked about on.
    """
    if age_seconds > SLOW_FROM:
        return min(max(0.05 * (age_seconds - SLOW_FROM), LONGEST), SLOWEST)
    return min(max(0.05 * age_seconds, SHORTEST), LONGEST)


def plausible_seconds(documented: float, past_seconds: Sequence[float]) -> float:
    """Return after how long a job is overdue: what its provider leads to expect, or far more than
    any of late took.
    """
    return max(documented, LONGER * max(past_seconds, default=0.0))


def spread(seconds: float) -> float:
    """Return a wait that is up to a tenth shorter or longer, so that jobs sent together are not
    asked for together.
    """
    return seconds * random.uniform(0.9, 1.1)


def polls_in_a_turn(running: int, *, turn_seconds: float, at_least: int = 32) -> int:
    """Return how many of so many running jobs a turn may ask for: none waits longer than the
    shortest interval for it.

    Half as many again as an even pace needs, so that it catches up where all are due at once, and
    does so evenly.
    """
    return max(at_least, math.ceil(1.5 * running * turn_seconds / SHORTEST))


def next_look_at(*, submitted_at: datetime, now: datetime) -> datetime:
    """Return when to poll again, spread a little so that jobs sent together are not asked for
    together.
    """
    wait = interval_seconds((now - submitted_at).total_seconds()) * random.uniform(0.95, 1.05)
    return now + timedelta(seconds=wait)
