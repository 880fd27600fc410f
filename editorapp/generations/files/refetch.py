"""Refetch: what happens next to a result that could not be fetched or used: again, over a fresh
link, or a person is told.

The money is booked, so a result is fetched for as long as its provider keeps it. When the same
whole video comes a second time, it is the provider's file that is wrong.
"""

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from editorapp.core import retry
from editorapp.core.retry import RetryPolicy
from editorapp.generations import alerting
from editorapp.generations.files.store_result import UnusableResult
from editorapp.generations.models import Attempt, Fields, failure
from editorapp.generations.states import State

log = logging.getLogger(__name__)
MAY_STILL_LIE = "The result is paid and may still lie with the provider: fetch it again."
FRESH_EACH_TIME = {"fetch.bad_link", "fetch.expired"}
AT_THE_END = {
    "fetch.expired": "The provider's links expired each time before they could be used.",
}
NO_LINKS: Fields = {"result_urls": None, "result_expires_at": None}


def try_later(
    attempt: Attempt,
    message: str,
    policy: str,
    *,
    now: datetime,
    least_seconds: float = 0.0,
) -> None:
    """Fetch again after a pause.

    Fresh links every second time, for the fault may lie with the link; each time where it does.
    """
    log.warning("Attempt %s: %s", attempt.pk, message)
    row = retry.policy(policy)
    tries = _tries(attempt)
    at = now + timedelta(seconds=row.pause_seconds(tries, least=least_seconds))
    if is_over(attempt, row, tries, now=now):
        end(attempt, AT_THE_END.get(policy, message), now=now)
    elif tries % 2 == 0 or policy in FRESH_EACH_TIME:
        _run_again(attempt, message, at=at, now=now)
    else:
        attempt.as_read().update(
            fetch_count=tries,
            last_error=message,
            next_action_at=at,
            lease_token=None,
        )


def not_used(attempt: Attempt, unusable: UnusableResult, *, now: datetime) -> None:
    """Fetch anew, over a fresh link, what came and cannot be used.

    The same bytes again are the provider's own. That is said of what is whole only: of a cut file
    or of noise the same bytes can come for as long as a cache lasts.
    """
    log.warning("Attempt %s: %s", attempt.pk, unusable.message)
    came = unusable.came
    tries = _tries(attempt)
    is_same = unusable.is_whole and attempt.generation.came_id == came.pk
    if is_same or is_over(attempt, retry.policy("fetch.cut"), tries, now=now):
        end(
            attempt,
            unusable.message,
            _advice(unusable, is_same),
            unusable.code,
            now=now,
            came=came,
            result=unusable.video,
        )
        return
    row = retry.policy("fetch.unusable" if unusable.is_whole else "fetch.cut")
    at = now + timedelta(seconds=row.pause_seconds(tries))
    shown = {"came": came} if unusable.is_whole else {}
    _run_again(attempt, unusable.message, at=at, now=now, **shown)


def _advice(unusable: UnusableResult, is_same: bool) -> str:
    again = "The same file came twice. " if is_same else ""
    else_ = ", or take it as it is." if unusable.came.is_video or unusable.video else "."
    return f"{again}What came is kept. Ask the provider about this job and fetch it again{else_}"


def _tries(attempt: Attempt) -> int:
    """Return how often it was fetched, with the try that has just failed."""
    return attempt.fetch_count + 1


def is_over(attempt: Attempt, row: RetryPolicy, tries: int, *, now: datetime) -> bool:
    """Has it been tried often enough, and for as long as the provider is counted on to keep the
    result?
    """
    done_at = attempt.provider_done_at or now
    kept = (attempt.kept_until(now) - done_at).total_seconds()
    return row.is_over(tries, (now - done_at).total_seconds(), lasts_seconds=kept)


def _run_again(
    attempt: Attempt,
    message: str,
    *,
    at: datetime,
    now: datetime,
    **shown: Any,
) -> None:
    attempt.move(
        State.RUNNING,
        now=now,
        next_action_at=at,
        fetch_count=_tries(attempt),
        last_error=message,
        shown=shown,
        **NO_LINKS,
    )


def end(
    attempt: Attempt,
    message: str,
    advice: str = MAY_STILL_LIE,
    code: str = "fetch_failed",
    *,
    now: datetime,
    **shown: Any,
) -> None:
    """Stop fetching until a person says what next."""
    says = f"{message} {advice}"
    with transaction.atomic():
        attempt.move(
            State.FETCH_FAILED,
            now=now,
            last_error=message,
            shown=failure(code, says, **shown),
            **NO_LINKS,
        )
        alerting.result_not_fetched(attempt.generation, says, now=now)
