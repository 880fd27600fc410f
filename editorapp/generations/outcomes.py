"""What an answer from a provider does to an attempt and its money: one transaction each, compare-and-set.

Where the provider does not say whether a failure is charged, the reservation is counted as spent and marked as an
estimate: the budget may then be too careful, never too generous, and an admin can correct it from the console.
"""

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Field

from editorapp.core.fault_points import reached
from editorapp.core.money import MICRO, show_usd
from editorapp.costs import ledger
from editorapp.generations import claims, lookout, schedule, whereabouts
from editorapp.generations.models import Attempt, Generation, Overtaken
from editorapp.generations.states import State
from editorapp.providers.contract import BadCredentials, Failure, Job, OutOfFunds, ProviderError, Throttled

POST_LEASE = timedelta(seconds=90)  # longer than courier.POST_SECONDS
MISSING_AT_MOST = timedelta(minutes=15)
OLDEST = timedelta(hours=24)


def posting(attempt: Attempt, body: dict[str, Any], *, now: datetime, seconds: float = 0.0) -> None:
    """Write down that the paid post is about to leave. Must be committed before its first byte.

    `seconds` is what sending stored files inside the body may take on top.
    """
    written = json.dumps(body, sort_keys=True, separators=(",", ":"))
    attempt.move(
        State.SUBMITTING, now=now, request_body=body, request_sha256=hashlib.sha256(written.encode()).hexdigest(),
        submit_started_at=now, next_action_at=now + POST_LEASE + timedelta(seconds=seconds),
        lease_token=whereabouts.holder(),
    )  # fmt: skip


def accepted(attempt: Attempt, job: Job, *, now: datetime, first_look_seconds: float) -> None:
    """Keep the id of an accepted post."""
    try:
        with transaction.atomic():  # what fails here is caught here
            _accepted(attempt, job, now=now, first_look_seconds=first_look_seconds)
    except IntegrityError:
        unknown(attempt, ProviderError(f"The provider answered with the id of another job of ours, {job.id}."), now=now)
    except Overtaken:
        # The lease ran out (a stopped clock, a suspended machine) and the row was taken for unknown. Now it is known.
        row = Attempt.objects.filter(pk=attempt.pk, state=State.UNKNOWN, lease_token=attempt.lease_token).first()
        if row is None:
            raise
        _accepted(row, job, now=now, first_look_seconds=first_look_seconds)


def _accepted(attempt: Attempt, job: Job, *, now: datetime, first_look_seconds: float) -> None:
    attempt.move(
        State.RUNNING, now=now, provider_job_id=job.id, submitted_at=now, lease_token=None, error_count=0,
        last_error="", next_action_at=now + timedelta(seconds=first_look_seconds),
        shown={"failure_code": "", "failure_message": ""},
    )  # fmt: skip
    reached("submit.recording")


def not_accepted(attempt: Attempt, error: ProviderError, *, now: datetime) -> None:
    """Put a post that certainly was not taken back into the queue, for later."""
    if isinstance(error, Throttled):
        seconds = max(1.0, error.retry_after_seconds)
    else:
        seconds = schedule.after_error_seconds(attempt.error_count)
    with transaction.atomic():
        attempt.move(
            State.QUEUED, now=now, next_action_at=now + timedelta(seconds=seconds), lease_token=None,
            submit_started_at=None, error_count=attempt.error_count + 1, last_error=error.message,
        )  # fmt: skip
        claims.pause(attempt.account_id, now=now, seconds=seconds, reason=error.message)


def refused(attempt: Attempt, error: ProviderError, *, now: datetime) -> None:
    """The provider refused for good: nothing was queued, nothing is charged.

    A key can be replaced and an account filled up: then the same request may be sent again.
    """
    can_retry = isinstance(error, BadCredentials | OutOfFunds)
    with transaction.atomic():
        if can_retry:
            lookout.refused(attempt.account, error, now=now)
        _fail(attempt, code=error.code or "refused", message=error.message, can_retry=can_retry, now=now)
        ledger.release(attempt.pk, now=now, note=f"Refused: {error.message}")


def unsendable(attempt: Attempt, error: Exception, *, now: datetime) -> None:
    """Our own mistake kept a request from being written as a body: nothing was sent."""
    with transaction.atomic():
        message = f"It could not be prepared for sending ({type(error).__name__}). Nothing was sent or charged."
        _fail(attempt, code="not_prepared", message=message, can_retry=True, now=now)
        ledger.release(attempt.pk, now=now, note="Could not be prepared for sending")


def unknown(attempt: Attempt, error: ProviderError, *, now: datetime) -> None:
    """Perhaps accepted, perhaps paid: show it, and keep the money held until a person says what became of it."""
    message = f"{error.message} It may have been accepted. Its price stays held until a person says what became of it."
    attempt.move(
        State.UNKNOWN, now=now, last_error=error.message,
        shown={"failure_code": error.code or "outcome_unknown", "failure_message": message},
    )  # fmt: skip


def lapsed(attempt: Attempt, *, now: datetime) -> None:
    """The worker that posted is gone, and with it the answer."""
    unknown(attempt, ProviderError("The worker stopped while it was sending.", code="interrupted"), now=now)


def still_running(jobs: Iterable[tuple[Attempt, float | None]], *, now: datetime) -> list[Attempt]:
    """Keep how far jobs are that are not done, and schedule their next poll: one prepared statement for all rows.

    Returns those that are too old to be believed; they are not scheduled.
    """
    rows: list[tuple[Any, ...]] = []
    old: list[Attempt] = []
    for attempt, progress in jobs:
        if now - (attempt.submitted_at or now) > OLDEST:
            old.append(attempt)
            continue
        look = schedule.next_look_at(submitted_at=attempt.submitted_at or now, now=now)
        share = None if progress is None else min(max(progress, 0.0), 1.0)
        rows.append((_written("next_action_at", look), share, attempt.pk, _written("lease_token", attempt.lease_token)))
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_NEXT_LOOK, rows)
    return old


# The one hot write: hundreds of rows a second, where building each UPDATE would cost more than the poll itself.
_NEXT_LOOK = (
    f"UPDATE {Attempt._meta.db_table} SET next_action_at = %s, progress = %s, poll_count = poll_count + 1, "
    f"error_count = 0, last_error = '', missing_since = NULL "
    f"WHERE id = %s AND state = '{State.RUNNING}' AND lease_token = %s"
)


def _written(field: str, value: Any) -> Any:
    """Return a value as this database keeps it in a column of the attempt."""
    column: Field[Any, Any] = Attempt._meta.get_field(field)  # type: ignore[assignment]
    return column.get_db_prep_value(value, connection)


def poll_failed(attempt: Attempt, error: ProviderError, *, now: datetime) -> None:
    """A poll that failed changes nothing but the schedule."""
    if isinstance(error, BadCredentials):
        lookout.refused(attempt.account, error, now=now)
    seconds = schedule.after_error_seconds(attempt.error_count)
    if isinstance(error, Throttled):
        seconds = max(seconds, error.retry_after_seconds)
    rows = Attempt.objects.filter(pk=attempt.pk, state=State.RUNNING, lease_token=attempt.lease_token)
    rows.update(
        next_action_at=now + timedelta(seconds=seconds), error_count=attempt.error_count + 1, last_error=error.message
    )


def missing(attempt: Attempt, error: ProviderError, *, now: datetime) -> None:
    """The provider does not know the job: look again for a quarter of an hour, then say that it is lost."""
    if attempt.missing_since is not None and now - attempt.missing_since > MISSING_AT_MOST:
        lost(attempt, "The provider does not know this job any more.", now=now)
        return
    rows = Attempt.objects.filter(pk=attempt.pk, state=State.RUNNING, lease_token=attempt.lease_token)
    rows.update(missing_since=attempt.missing_since or now)
    poll_failed(attempt, error, now=now)


def lost(attempt: Attempt, message: str, *, now: datetime) -> None:
    """No result can be expected; the money stays held until a person settles it."""
    shown = {"failure_code": "lost", "failure_message": message}
    attempt.move(State.LOST, now=now, lease_token=None, last_error=message, shown=shown)


def done(attempt: Attempt, job: Job, *, now: datetime) -> None:
    """The provider is done: the money is owed now, whatever happens to the file."""
    urls = [{"kind": output.kind, "url": output.url} for output in job.outputs]
    expiries = [output.expires_at for output in job.outputs if output.expires_at]
    first_time = attempt.provider_done_at is None
    with transaction.atomic():
        transaction.on_commit(lambda: reached("done.recorded"))
        attempt.move(
            State.FETCHING, now=now, next_action_at=now, lease_token=None, result_urls=urls, error_count=0,
            result_expires_at=min(expiries, default=None), recorded_at=now, last_error="", missing_since=None,
            provider_done_at=attempt.provider_done_at or now, poll_count=attempt.poll_count + 1,
            progress=None,
            shown={"chain_id": job.chain_id, **(_charged(attempt, job, now=now) if first_time else {})},
        )  # fmt: skip
        reached("done.recording")


def failed(attempt: Attempt, job: Job, failure: Failure, *, now: datetime) -> None:
    """The provider gave up: release, or book what it charged, or may have charged."""
    settled = attempt.provider_done_at is not None  # it was done once, and charged then
    with transaction.atomic():
        message = failure.reason
        if failure.is_charged is None and _reported(job) is None and not settled:
            message += " The provider does not say whether this is charged, so it is counted as spent."
        _fail(attempt, code=failure.code, message=message, can_retry=failure.can_retry, now=now)
        if settled:
            return
        if failure.is_charged is False:
            ledger.release(attempt.pk, now=now, note=f"Failed, not charged: {failure.code}")
            return
        known = "charged" if failure.is_charged or _reported(job) is not None else "perhaps charged"
        shown = _charged(attempt, job, now=now, note=f"Failed, {known}: {failure.code}")
        attempt.show(State.FAILED, now=now, **shown)


def _charged(attempt: Attempt, job: Job, *, now: datetime, note: str = "") -> dict[str, Any]:
    """Charge what the provider reports, or all that is held where it reports nothing; return what pages show of it."""
    amount = _reported(job)
    if amount is None:
        note = note or "The provider reports no price: the estimate's upper end"
        entry = ledger.charge(attempt.pk, None, now=now, is_estimated=True, note=note)
        return {"cost_usd": _spent(attempt, entry.amount_usd), "cost_is_estimated": True}
    ledger.charge(attempt.pk, amount, now=now, is_estimated=False, note=note or "As the provider reports it")
    warning = _other_price(attempt.generation, amount)
    return {"cost_usd": _spent(attempt, amount), "cost_is_estimated": False, "warning": warning}


def _reported(job: Job) -> Decimal | None:
    """Return what the provider says it charged, to the millionth; None where it says nothing that is an amount."""
    if job.cost_usd is None or not job.cost_usd.is_finite() or job.cost_usd < 0:
        return None
    return job.cost_usd.quantize(1 / MICRO, rounding=ROUND_HALF_UP)


def _other_price(generation: Generation, charged_usd: Decimal) -> str:
    """Say that what the provider charged is not what was quoted; "" where it lies within the quote."""
    low, high = generation.estimate_low_usd, generation.estimate_high_usd
    if low <= charged_usd <= high:
        return ""
    quoted = show_usd(high) if low == high else f"{show_usd(low)} to {show_usd(high)}"
    return f"The provider charged {show_usd(charged_usd)}; the quote was {quoted}."


def _spent(attempt: Attempt, amount: Decimal) -> Decimal:
    """What the generation has cost: this attempt's charge, and what earlier ones cost."""
    return amount if attempt.number == 1 else ledger.spent_usd(attempt.generation_id)


def _fail(attempt: Attempt, *, code: str, message: str, can_retry: bool, now: datetime) -> None:
    shown = {"failure_code": code[:60], "failure_message": message, "can_retry": can_retry}
    attempt.move(State.FAILED, now=now, lease_token=None, recorded_at=now, last_error=message, shown=shown)
