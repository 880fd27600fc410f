"""Requeue, with backoff: before the post, what was certainly not accepted waits for its next try, and is given up
after long enough.

Nothing was sent, so giving it up costs nothing: the money is released, and the same request may be
tried again. How an attempt fails, and gives its reservation back where nothing is charged, stands
last.
"""

import contextlib
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction

from editorapp.core import retry
from editorapp.core.retry import RetryPolicy
from editorapp.costs import ledger
from editorapp.generations import alerting
from editorapp.generations.models import Attempt, Fields, Overtaken, Pause, failure
from editorapp.generations.states import State
from editorapp.providers.contract import ProviderError, Throttled

CODE = "not_sent"  # the failure code of what was given up before its post
LONGEST_POST = CONTINUOUS = timedelta(hours=1)
NOT_FAILING: Fields = {"error_count": 0, "failing_since": None, "last_error": ""}
GIVEN_UP_AT_ONCE = 100  # in one transaction; the next failure takes the next


def not_accepted(attempt: Attempt, error: ProviderError, *, now: datetime) -> None:
    """Put a post that certainly was not taken back into the queue, for later; or give it up, after
    long enough.
    """
    is_throttled = isinstance(error, Throttled)
    row = retry.policy("post.throttled" if is_throttled else "post.unreachable")
    failures = attempt.error_count + 1
    since = attempt.failing_since or now
    seconds = row.pause_seconds(failures, least=error.retry_after_seconds or 0.0)
    with transaction.atomic():
        if row.is_over(failures, (now - since).total_seconds()):
            give_up(attempt, row, error.message, now=now)
        else:
            _queue_again(attempt, error, seconds, now=now)
        paused = pause_account(
            attempt.account_id,
            now=now,
            seconds=seconds,
            reason=error.message,
        )
        # By itself: rows of others must not be locked behind this one's money (core/locks.py).
        transaction.on_commit(partial(end_line, paused, row, now=now), robust=True)


def file_refused(attempt: Attempt, error: ProviderError, *, now: datetime) -> None:
    """Put a post back whose file, staged for an earlier take, is refused by now: it is staged anew,
    once.
    """
    _queue_again(
        attempt,
        error,
        retry.policy("post.file_refused").pause_seconds(1),
        now=now,
    )


def _queue_again(
    attempt: Attempt,
    error: ProviderError,
    seconds: float,
    *,
    now: datetime,
) -> None:
    attempt.move(
        State.QUEUED,
        now=now,
        next_action_at=now + timedelta(seconds=seconds),
        submit_started_at=None,
        error_count=attempt.error_count + 1,
        failing_since=attempt.failing_since or now,
        last_error=error.message,
    )


def end_line(paused: Pause, row: RetryPolicy, *, now: datetime) -> None:
    """Give up what has waited all the time in which its account has taken nothing, once that is
    long enough.

    Most of a line is never tried by itself: who stands ahead is.
    """
    lasts = row.lasts_seconds or 0.0
    if paused.since is None or not row.is_over(paused.tries, (now - paused.since).total_seconds()):
        return
    waiting = Attempt.objects.filter(
        account_id=paused.account_id,
        state=State.QUEUED,
        next_action_at__isnull=False,
        lease_token=None,
        created_at__lte=now - timedelta(seconds=lasts),
    )
    for attempt in waiting.order_by("pk")[:GIVEN_UP_AT_ONCE]:
        with contextlib.suppress(Overtaken), transaction.atomic():
            give_up(attempt, row, paused.reason, now=now)


def give_up(attempt: Attempt, row: RetryPolicy, message: str, *, now: datetime) -> None:
    """End what could not be sent for as long as its policy says, and give its money back.

    It may be tried again.
    """
    fail_for_free(
        attempt,
        message,
        code=CODE,
        says=f"{message} {_given_up(row)}",
        note=f"Given up before it was sent: {message}",
        can_retry=True,
        now=now,
    )


def _given_up(row: RetryPolicy) -> str:
    """Say for how long it was tried, and what to do."""
    hours = (row.lasts_seconds or 0.0) / retry.HOUR
    tried = f"It was tried for {hours:.0f} hours and is given up. " if hours else ""
    return f"{tried}{row.says}"


def pause_account(
    account_id: int,
    *,
    now: datetime,
    seconds: float,
    reason: str,
) -> Pause:
    """Send nothing to an account for a while; a longer pause stays.

    Return the pause: since when nothing was taken.
    """
    until = now + timedelta(seconds=seconds)
    reason = reason[:300]
    said = {"until": until, "reason": reason, "since": now, "tries": 1}
    with transaction.atomic():  # two who pause it at once do so one after the other
        rows = Pause.objects.select_for_update(no_key=True)
        row, is_new = rows.get_or_create(account_id=account_id, defaults=said)
        if not is_new:
            # Nobody tried in between: this is another outage.
            is_long_ago = now - row.until > CONTINUOUS
            if row.since is None or is_long_ago or has_taken_any(row.account_id, since=row.since):
                row.since = now  # it has been well in between
                row.tries = 1
            elif row.until <= now:  # of those that fail at once, one counts
                row.tries += 1
            if row.until < until:
                row.until = until
                row.reason = reason
            row.save(update_fields=list(said))
    return row


def has_taken_any(account_id: int, *, since: datetime) -> bool:
    """Has an account accepted a post since then? Counted in the index attempt_rate."""
    sent = Attempt.objects.filter(account_id=account_id, submit_started_at__gt=since - LONGEST_POST)
    return sent.filter(submitted_at__gt=since).exists()


def fail_for_free(
    attempt: Attempt,
    error: str,
    *,
    code: str,
    note: str,
    can_retry: bool,
    now: datetime,
    says: str = "",
) -> None:
    """End an attempt of which nothing is charged: `note` stands in the ledger, `says` on its take."""
    with transaction.atomic():
        attempt.move(
            State.FAILED,
            now=now,
            recorded_at=now,
            last_error=error,
            shown=failure(code, says or error, can_retry=can_retry),
        )
        ledger.release(attempt.pk, now=now, note=note)


def refused(
    attempt: Attempt,
    error: ProviderError,
    what: str,
    *,
    can_retry: bool,
    now: datetime,
) -> None:
    """End what the provider refused for good, before it was queued there."""
    with transaction.atomic():
        fail_for_free(
            attempt,
            error.message,
            code=error.code or "refused",
            note=f"{what}: {error.message}",
            can_retry=can_retry,
            now=now,
        )
        alerting.account_refused(attempt.account, error, now=now)
