"""One lane of transfers: uploads of sources and downloads of results, each while its row's lease is
renewed.
"""

import logging
import time
import uuid
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from editorapp.core import retry
from editorapp.core.fault_points import reached
from editorapp.costs import ledger
from editorapp.generations import alerting, exchange_log
from editorapp.generations.coordination import heartbeat, lease_holder, leases, shutdown, wake
from editorapp.generations.engine import backoff, claims
from editorapp.generations.files import staging
from editorapp.generations.files.ingest import fault, fetch
from editorapp.generations.models import Attempt, Overtaken
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.providers.contract import (
    BadCredentials,
    ProviderError,
    Rejected,
    Unavailable,
    UploadRefused,
)
from editorapp.providers.http.recording import listening

log = logging.getLogger(__name__)
T = TypeVar("T")

LANE_SECONDS = 20.0
LEASE = timedelta(seconds=30)
RENEW_SECONDS = 8.0
LONGEST_HOLD_SECONDS = 11_000.0  # what storing the largest result may take, see fetch.py
STATES = (State.STAGING, State.FETCHING)


def transfer(
    lane: int, *, seconds: float = LANE_SECONDS, clock: Callable[[], datetime] = timezone.now
) -> None:
    """Carry due files one after the other for about so many seconds, then return."""
    holder, lease = lease_holder.holder(), wake.transfer_lease(lane)
    wake.answered(lease, now=clock())
    if not leases.take(
        lease,
        holder,
        now=clock(),
        seconds=LEASE.total_seconds(),
        longest_seconds=LONGEST_HOLD_SECONDS,
    ):
        return
    ends = time.monotonic() + seconds
    renewed = time.monotonic()
    try:
        while (
            time.monotonic() < ends
            and not shutdown.is_asked()
            and (attempt := _next(clock())) is not None
        ):
            keeper = _Keeper(attempt, lease, holder, clock)
            with attempt.named():
                _carry(attempt, keeper)
            if time.monotonic() - renewed > RENEW_SECONDS:
                renewed = time.monotonic()
                leases.take(lease, holder, now=clock(), seconds=LEASE.total_seconds())
    finally:
        leases.give_back(lease, holder, now=clock())
    if _due(clock()).exists():
        wake.transfers(now=clock())


def is_due(now: datetime) -> bool:
    """Is there a file to carry?"""
    return _due(now).exists()


def _due(now: datetime):
    return Attempt.objects.filter(state__in=STATES, next_action_at__lte=now)


def _next(now: datetime) -> Attempt | None:
    """Claim the row that is most pressing: results whose links expire soonest, then what has waited
    longest.
    """
    # "fetching" before "staging"
    rows = _due(now).order_by(
        "state", F("result_expires_at").asc(nulls_last=True), "next_action_at"
    )
    claimed = claims.claim(rows, most=1, due_by=now, until=now + LEASE)
    if not claimed:
        return None
    return _held(claimed[0].pk, claimed[0].lease_token)


def _held(pk: int, token: uuid.UUID | None) -> Attempt | None:
    """Return a row with all that a transfer reads; None, when somebody else has it by now."""
    rows = Attempt.objects.select_related(
        "generation__team", "generation__created_by", "generation__source_asset", "account"
    )
    return rows.filter(pk=pk, lease_token=token, state__in=STATES).first()


class _Keeper:
    """Runs a transfer and renews the leases meanwhile, so that only a dead worker's row becomes due
    again.
    """

    def __init__(
        self, attempt: Attempt, lane: str, holder: uuid.UUID, clock: Callable[[], datetime]
    ) -> None:
        self.attempt, self.lane, self.holder, self.clock = attempt, lane, holder, clock

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return leases.run_and_renew(work, self.renew, every_seconds=RENEW_SECONDS)

    def renew(self) -> None:
        self.hold(LEASE.total_seconds())

    def hold(self, seconds: float) -> None:
        """Keep the row and the lane for so long. Raises: Overtaken."""
        now = self.clock()
        heartbeat.beat("cluster", now=now)  # the beat task may have to wait for this very lane
        leases.take(
            self.lane, self.holder, now=now, seconds=seconds, longest_seconds=LONGEST_HOLD_SECONDS
        )
        rows = Attempt.objects.filter(pk=self.attempt.pk, lease_token=self.attempt.lease_token)
        if not rows.update(next_action_at=now + timedelta(seconds=seconds)):
            raise Overtaken(f"attempt {self.attempt.pk} was taken over during its transfer")


def _carry(attempt: Attempt, keeper: _Keeper) -> None:
    """Carry one attempt's files. Whatever goes wrong is said on its row, and the lane goes on."""
    token = attempt.lease_token
    try:
        if not exchange_log.is_followed(attempt.generation_id):
            _carried(attempt, keeper)
            return
        with listening() as heard:
            try:
                _carried(attempt, keeper)
            finally:
                exchange_log.note_of_take(attempt.generation_id, heard)
    except Overtaken as overtaken:
        log.info("Dropped: %s", overtaken)
    except Exception as error:
        log.exception("Attempt %s: transfer failed", attempt.pk)
        # As it is, not as a step that failed left the object.
        if (same := _held(attempt.pk, token)) is not None:
            _fault(same, error, now=keeper.clock())


def _carried(attempt: Attempt, keeper: _Keeper) -> None:
    if attempt.state == State.STAGING:
        reached("stage.claimed")
        _stage(attempt, keeper)
    else:
        reached("fetch.claimed")
        fetch(attempt, run=keeper.run, hold=keeper.hold, now=keeper.clock)


def _stage(attempt: Attempt, keeper: _Keeper) -> None:
    """Stage what must lie with the provider and does not yet, then queue the attempt for its post."""
    ids = staging.staged_ids(attempt.generation.wanted, attempt.account.spec)
    if problem := attempt.account.problem:
        _later(attempt, problem, "stage.closed", now=keeper.clock())
        return
    try:
        missing = ids - staging.lying(attempt.account_id, ids, now=keeper.clock()).keys()
        for asset_id in sorted(
            missing | staging.unprepared(attempt.generation.wanted, attempt.account.spec)
        ):
            asset = Asset.objects.get(pk=asset_id)
            staging.note_outgoing(asset, keeper.run(staging.outgoing_of(asset)))
            if asset_id not in missing:
                continue  # it travels inside the request
            ref = keeper.run(staging.stage(asset, attempt.account))
            reached("stage.sent")
            staging.keep(attempt.account_id, asset, ref, now=keeper.clock())
            reached("stage.noted")
        if ids - staging.lying(attempt.account_id, ids, now=keeper.clock()).keys():
            raise Unavailable(
                f"{attempt.account.spec.name} keeps an upload for no time at all.",
                code="upload_gone",
            )
    except Rejected as error:
        with transaction.atomic():
            can_retry = isinstance(
                error, BadCredentials | UploadRefused
            )  # another key, or another day, may do
            shown = {
                "failure_code": error.code[:60],
                "failure_message": error.message,
                "can_retry": can_retry,
            }
            attempt.move(
                State.FAILED,
                now=keeper.clock(),
                lease_token=None,
                last_error=error.message,
                shown=shown,
            )
            ledger.release(
                attempt.pk, now=keeper.clock(), note=f"Source not taken: {error.message}"
            )
            alerting.account_refused(attempt.account, error, now=keeper.clock())
        return
    except ProviderError as error:
        least = error.retry_after_seconds or 0.0
        _later(attempt, error.message, "stage.unavailable", now=keeper.clock(), least_seconds=least)
        return
    now = keeper.clock()
    attempt.move(
        State.QUEUED,
        now=now,
        next_action_at=now,
        lease_token=None,
        error_count=0,
        failing_since=None,
        last_error="",
    )
    reached("stage.queued")
    wake.work(attempt.generation.provider, now=now)


def _fault(attempt: Attempt, error: Exception, *, now: datetime) -> None:
    """An error of ours is a try like any other: it is counted, and ends as its policy says."""
    if attempt.state == State.STAGING:
        _later(
            attempt, f"Rushes could not upload it ({type(error).__name__}).", "stage.fault", now=now
        )
    else:
        fault(attempt, error, now=now)


def _later(
    attempt: Attempt, message: str, policy: str, *, now: datetime, least_seconds: float = 0.0
) -> None:
    """Upload again after a pause, or give it up after long enough: nothing was sent."""
    row, failures, since = (
        retry.policy(policy),
        attempt.error_count + 1,
        attempt.failing_since or now,
    )
    if row.is_over(failures, (now - since).total_seconds()):
        backoff.give_up(attempt, row, message, now=now)
        return
    rows = Attempt.objects.filter(
        pk=attempt.pk, state=attempt.state, lease_token=attempt.lease_token
    )
    rows.update(
        next_action_at=now + timedelta(seconds=row.pause_seconds(failures, least=least_seconds)),
        lease_token=None,
        last_error=message,
        error_count=failures,
        failing_since=since,
    )
