"""Transfer: one lane that carries files, uploads of sources and downloads of results, each while its
row's lease is renewed.

A source is staged before the paid call: nothing was sent then, so what fails costs nothing.
"""

import logging
import time
import uuid
from datetime import datetime, timedelta
from functools import partial

from django.db.models import F, QuerySet
from django.utils import timezone

from editorapp.core import retry
from editorapp.core.fault_points import reached
from editorapp.generations import exchange_log
from editorapp.generations.coordination import heartbeat, leases, shutdown, wake
from editorapp.generations.coordination.leases import Carrier, Clock, Renew
from editorapp.generations.engine import claims, requeue
from editorapp.generations.files import refetch, staging
from editorapp.generations.files.ingest import fetch
from editorapp.generations.models import Attempt, Overtaken
from editorapp.generations.states import State
from editorapp.providers.contract import (
    BadCredentials,
    ProviderError,
    Rejected,
    UploadRefused,
)
from editorapp.providers.http.recording import listening

log = logging.getLogger(__name__)

LANE_SECONDS = 20.0
LEASE = timedelta(seconds=30)
RENEW_SECONDS = 8.0
# what storing the largest result may take, see files/store_result.py
LONGEST_HOLD_SECONDS = 11_000.0
STATES = (State.STAGING, State.FETCHING)


def transfer(
    lane: int,
    *,
    seconds: float = LANE_SECONDS,
    clock: Clock = timezone.now,
) -> None:
    """Carry due files one after the other for about so many seconds, then return."""
    name = wake.lease_of("transfer", lane)
    wake.answered(name, now=clock())
    with leases.held(
        name,
        clock=clock,
        seconds=LEASE.total_seconds(),
        longest_seconds=LONGEST_HOLD_SECONDS,
    ) as renew:
        if renew is None:
            return
        _carry_due(renew, seconds, clock)
    if is_due(clock()):
        wake.transfers(now=clock())


def _carry_due(renew: Renew, seconds: float, clock: Clock) -> None:
    ends = time.monotonic() + seconds
    renewed = time.monotonic()
    while time.monotonic() < ends and not shutdown.is_asked():
        if (attempt := _next(clock())) is None:
            break
        with attempt.named():
            _carry(attempt, _carrier(attempt, renew, clock))
        if time.monotonic() - renewed > RENEW_SECONDS:
            renewed = time.monotonic()
            renew(LEASE.total_seconds())


def is_due(now: datetime) -> bool:
    """Is there a file to carry?"""
    return _due(now).exists()


def _due(now: datetime) -> QuerySet[Attempt]:
    return Attempt.objects.filter(state__in=STATES, next_action_at__lte=now)


def _next(now: datetime) -> Attempt | None:
    """Claim the row that is most pressing: results whose links expire soonest, then what has waited
    longest.
    """
    # "fetching" before "staging"
    rows = _due(now).order_by(
        "state",
        F("result_expires_at").asc(nulls_last=True),
        "next_action_at",
    )
    claimed = claims.claim(rows, now=now, until=now + LEASE)
    return _held(claimed.pk, claimed.lease_token) if claimed else None


def _held(pk: int, token: uuid.UUID | None) -> Attempt | None:
    """Return a row with all that a transfer reads; None, when somebody else has it by now."""
    rows = Attempt.objects.select_related(
        "generation__team",
        "generation__created_by",
        "generation__source_asset",
        "account",
    )
    return rows.filter(pk=pk, lease_token=token, state__in=STATES).first()


def _carrier(attempt: Attempt, renew_lane: Renew, clock: Clock) -> Carrier:
    """Return what runs a transfer and renews the leases meanwhile, so that only a dead worker's row
    becomes due again.
    """

    def hold(seconds: float) -> None:
        """Keep the row and the lane for so long. Raises: Overtaken."""
        now = clock()
        heartbeat.beat("cluster", now=now)  # the beat task may have to wait for this very lane
        renew_lane(seconds)
        if not attempt.as_read().update(next_action_at=now + timedelta(seconds=seconds)):
            raise Overtaken(f"attempt {attempt.pk} was taken over during its transfer")

    renew = partial(hold, LEASE.total_seconds())
    run = partial(leases.run_and_renew, renew=renew, every_seconds=RENEW_SECONDS)
    return Carrier(run, clock, hold)


def _carry(attempt: Attempt, carrier: Carrier) -> None:
    """Carry one attempt's files. Whatever goes wrong is said on its row, and the lane goes on."""
    token = attempt.lease_token
    try:
        _carry_and_hear(attempt, carrier)
    except Overtaken as overtaken:
        log.info("Dropped: %s", overtaken)
    except Exception as error:
        log.exception("Attempt %s: transfer failed", attempt.pk)
        # As it is, not as a step that failed left the object.
        if same := _held(attempt.pk, token):
            _fault(same, error, now=carrier.clock())


def _carry_and_hear(attempt: Attempt, carrier: Carrier) -> None:
    """Carry them, and note what the provider answers, where a verification follows this take."""
    if not exchange_log.is_followed(attempt.generation_id):
        _carried(attempt, carrier)
        return
    with listening() as heard:
        try:
            _carried(attempt, carrier)
        finally:
            exchange_log.note_of_take(attempt.generation_id, heard)


def _carried(attempt: Attempt, carrier: Carrier) -> None:
    if attempt.state == State.STAGING:
        reached("stage.claimed")
        _stage(attempt, carrier)
    else:
        reached("fetch.claimed")
        fetch(attempt, carrier)


def _stage(attempt: Attempt, carrier: Carrier) -> None:
    """Stage what must lie with the provider and does not yet, then queue the attempt for its post.

    Raises: Overtaken.
    """
    if problem := attempt.account.problem:
        _upload_later(attempt, problem, "stage.closed", now=carrier.clock())
        return
    try:
        staging.stage_missing(attempt.generation.wanted, attempt.account, carrier)
    except Rejected as error:
        # another key, or another day, may do
        can_retry = isinstance(error, BadCredentials | UploadRefused)
        requeue.refused(
            attempt, error, "Source not taken", can_retry=can_retry, now=carrier.clock()
        )
    except ProviderError as error:
        _upload_later(
            attempt,
            error.message,
            "stage.unavailable",
            now=carrier.clock(),
            least_seconds=error.retry_after_seconds or 0.0,
        )
    else:
        now = carrier.clock()
        attempt.move(
            State.QUEUED,
            now=now,
            next_action_at=now,
            **requeue.NOT_FAILING,
        )
        reached("stage.queued")
        wake.work(attempt.generation.provider, now=now)


def _upload_later(
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


def _fault(attempt: Attempt, error: Exception, *, now: datetime) -> None:
    """An error of ours is a try like any other: it is counted, and ends as its policy says."""
    kind = type(error).__name__  # and no more of it: its words may hold a link
    if attempt.state == State.STAGING:
        _upload_later(attempt, f"Rushes could not upload it ({kind}).", "stage.fault", now=now)
    else:
        says = f"Rushes could not take it in ({kind})."
        refetch.try_later(attempt, says, "fetch.fault", now=now)
