"""Poll outcomes: what the answer to a poll does to an attempt and its money.

Each is one transaction, compare-and-set, and written for many at once where many come at once.
Where the provider does not say whether a failure is charged, the reservation is counted as spent
and marked as an estimate: the budget may then be too careful, never too generous, and an admin can
correct it from the console. What is charged, and what is said of a price, is in charging.py;
answers that nobody can use are in recording.py.
"""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from editorapp.core import retry
from editorapp.core.fault_points import reached
from editorapp.costs import ledger
from editorapp.generations import alerting
from editorapp.generations.engine import charging, claims, poll_schedule
from editorapp.generations.files import refetch
from editorapp.generations.models import Attempt, Fields, Transition, failure, move
from editorapp.generations.models.prepared import written
from editorapp.generations.states import State
from editorapp.providers.contract import BadCredentials, Failure, Job, ProviderError

# Of an answer that could be read and kept.
READABLE: Fields = {
    "error_count": 0,
    "last_error": "",
    "missing_since": None,
    "odd_count": 0,
    "odd_since": None,
    "odd_answer": "",
}


Scheduled = Attempt | claims.DuePoll  # what scheduling the next poll needs to know of a job


def still_running(jobs: Iterable[tuple[Scheduled, float | None]], *, now: datetime) -> None:
    """Keep how far jobs are that are not done, and schedule their next poll: one prepared statement
    for all rows, by their keys (the order of all locks: see core/locks.py).
    """
    rows = [
        _next_look(job, progress, now=now)
        for job, progress in sorted(jobs, key=lambda one: one[0].pk)
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_NEXT_LOOK, rows)


def _next_look(job: Scheduled, progress: float | None, *, now: datetime) -> tuple[Any, ...]:
    at = poll_schedule.next_look_at(submitted_at=job.submitted_at or now, now=now)
    return (
        written(Attempt, "next_action_at", at),
        as_share(progress),
        job.pk,
        written(Attempt, "lease_token", job.lease_token),
    )


def as_share(progress: float | None) -> float | None:
    return None if progress is None or not math.isfinite(progress) else min(max(progress, 0.0), 1.0)


# The one hot write: hundreds of rows a second, where building each UPDATE would cost more than the
# poll itself.
_NEXT_LOOK = (
    f"UPDATE {Attempt._meta.db_table} SET next_action_at = %s, progress = %s, "
    f"poll_count = poll_count + 1, odd_count = 0, odd_since = NULL, odd_answer = '', "
    f"error_count = 0, last_error = '', missing_since = NULL "
    f"WHERE id = %s AND state = '{State.RUNNING}' AND lease_token = %s"
)


def poll_failed(
    attempt: Attempt,
    error: ProviderError,
    *,
    now: datetime,
    **noted: Any,
) -> None:
    """A poll that failed changes nothing but the schedule and what else is noted on the row, unless
    only links are asked for, and for long enough.
    """
    failures = attempt.error_count + 1
    row = retry.policy("poll.fresh_links")
    if attempt.provider_done_at and refetch.is_over(attempt, row, failures, now=now):
        # done and charged, and asked for fresh links in vain, beyond the time that its result is kept
        refetch.end(attempt, error.message, now=now)
    else:
        # an old job is asked about no more often than if it answered
        age = (now - (attempt.submitted_at or now)).total_seconds()
        pace = poll_schedule.interval_seconds(age) if age > poll_schedule.SLOW_FROM else 0.0
        least = max(error.retry_after_seconds or 0.0, pace)
        wait = retry.policy("poll.error").pause_seconds(failures, least=least)
        noted |= {"error_count": failures, "last_error": error.message}
        attempt.as_read().update(next_action_at=now + timedelta(seconds=wait), **noted)
    if isinstance(error, BadCredentials):
        alerting.account_refused(attempt.account, error, now=now)


def missing(attempt: Attempt, error: ProviderError, *, now: datetime) -> None:
    """The provider does not know the job: look again for a quarter of an hour, then say that it is
    lost.
    """
    row = retry.policy("poll.unknown_job")
    since = attempt.missing_since or now
    if row.is_over(attempt.error_count + 1, (now - since).total_seconds()):
        lost(attempt, "The provider does not know this job any more.", now=now)
    else:
        poll_failed(attempt, error, now=now, missing_since=since)


def lost(
    attempt: Attempt,
    message: str,
    *,
    now: datetime,
    code: str = "lost",
    **changes: Any,
) -> None:
    """No result can be expected; the money stays held until a person settles it."""
    attempt.move(
        State.LOST,
        now=now,
        last_error=message,
        shown=failure(code, message),
        **changes,
    )


def done(pairs: Sequence[tuple[Attempt, Job]], *, now: datetime) -> None:
    """The provider is done: the money is owed now, whatever happens to the files. All, or none."""
    with transaction.atomic():
        transaction.on_commit(lambda: reached("done.recorded"))
        claims.lock([attempt.pk for attempt, _job in pairs])
        fresh = [(attempt, job) for attempt, job in pairs if attempt.provider_done_at is None]
        shown = charging.charge(fresh, now=now)
        for group in (fresh, [pair for pair in pairs if pair[0].pk not in shown]):
            steps = [_as_done(*pair, shown.get(pair[0].pk, {}), now=now) for pair in group]
            move(State.FETCHING, steps, now=now)
        reached("done.recording")


def _as_done(
    attempt: Attempt,
    job: Job,
    shown: Fields,
    *,
    now: datetime,
) -> Transition:
    expiries = (one.expires_at for one in job.outputs if one.expires_at)
    changes = READABLE | {
        "next_action_at": now,
        "result_urls": [one.to_json() for one in job.outputs],
        "result_expires_at": min(expiries, default=None),
        "recorded_at": now,
        "provider_done_at": attempt.provider_done_at or now,
        "poll_count": attempt.poll_count + 1,
        "progress": None,
    }
    return Transition(attempt, changes, {"chain_id": job.chain_id, **shown})


def failed(attempt: Attempt, job: Job, reason: Failure, *, now: datetime) -> None:
    """The provider gave up: release, or book what it charged, or may have charged."""
    is_settled = attempt.provider_done_at is not None  # it was done once, and charged then
    says = reason.reason
    if reason.is_charged is None and not is_settled:
        says += _UNPRICED if charging.reported(job) is None else _PRICED
    with transaction.atomic():
        attempt.move(
            State.FAILED,
            now=now,
            recorded_at=now,
            last_error=says,
            shown=failure(reason.code, says, can_retry=reason.can_retry),
        )
        if not is_settled:
            _settle_failed(attempt, job, reason, now=now)


def _settle_failed(attempt: Attempt, job: Job, reason: Failure, *, now: datetime) -> None:
    if reason.is_charged is False:
        note = f"Failed, not charged: {reason.code}"
        ledger.release(attempt.pk, now=now, note=note)
        return
    is_sure = reason.is_charged or charging.reported(job) is not None
    known = "charged" if is_sure else "perhaps charged"
    note = f"Failed, {known}: {reason.code}"
    shown = charging.charge([(attempt, job)], now=now, note=note)
    attempt.shown_on().update(**shown[attempt.pk])


_PRICED = " The provider names a price for it, so it is charged."
_UNPRICED = " The provider does not say whether this is charged, so it is counted as spent."
