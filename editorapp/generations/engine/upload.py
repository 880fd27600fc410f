"""Upload: what must lie with the provider before the paid call is staged, then the attempt is
queued for its post. Nothing is sent before that, so what fails costs nothing.
"""

from datetime import datetime, timedelta

from editorapp.core import retry
from editorapp.core.fault_points import reached
from editorapp.generations.coordination import wake
from editorapp.generations.coordination.leases import Carrier
from editorapp.generations.engine import requeue
from editorapp.generations.engine.release import refused
from editorapp.generations.files import staging
from editorapp.generations.models import Attempt
from editorapp.generations.states import State
from editorapp.providers.contract import (
    BadCredentials,
    ProviderError,
    Rejected,
    UploadRefused,
)


def stage(attempt: Attempt, carrier: Carrier) -> None:
    """Stage what must lie with the provider and does not yet, then queue the attempt for its post.

    Raises: Overtaken.
    """
    if problem := attempt.account.problem:
        later(attempt, problem, "stage.closed", now=carrier.clock())
        return
    try:
        staging.stage_missing(attempt.generation.wanted, attempt.account, carrier)
    except Rejected as error:
        # another key, or another day, may do
        can_retry = isinstance(error, BadCredentials | UploadRefused)
        refused(attempt, error, "Source not taken", can_retry=can_retry, now=carrier.clock())
    except ProviderError as error:
        later(
            attempt,
            error.message,
            "stage.unavailable",
            now=carrier.clock(),
            least_seconds=error.retry_after_seconds or 0.0,
        )
    else:
        _queue(attempt, now=carrier.clock())


def _queue(attempt: Attempt, *, now: datetime) -> None:
    attempt.move(
        State.QUEUED,
        now=now,
        next_action_at=now,
        **requeue.NOT_FAILING,
    )
    reached("stage.queued")
    wake.work(attempt.generation.provider, now=now)


def later(
    attempt: Attempt,
    message: str,
    policy: str,
    *,
    now: datetime,
    least_seconds: float = 0.0,
) -> None:
    """Upload again after a pause, or give it up after long enough."""
    row = retry.policy(policy)
    since = attempt.failing_since or now
    failures = attempt.error_count + 1
    if row.is_over(failures, (now - since).total_seconds()):
        requeue.give_up(attempt, row, message, now=now)
        return
    wait = timedelta(seconds=row.pause_seconds(failures, least=least_seconds))
    attempt.as_read().update(
        next_action_at=now + wait,
        lease_token=None,
        last_error=message,
        error_count=failures,
        failing_since=since,
    )
