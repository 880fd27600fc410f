"""What an answer from a provider does to an attempt and its money: one transaction each,
compare-and-set.

Where the provider does not say whether a failure is charged, the reservation is counted as spent
and marked as an
estimate: the budget may then be too careful, never too generous, and an admin can correct it from
          the console. What is
charged, and what is said of a price, is in charging.py; answers that nobody can use are in
odd_answers.py.
"""

import hashlib
import json
import logging
import math
import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from django.db import DatabaseError, DataError, IntegrityError, connection, transaction

from editorapp.alerts import alerts
from editorapp.alerts.models import AlertKind
from editorapp.core import retry
from editorapp.core.fault_points import reached
from editorapp.costs import ledger
from editorapp.generations.alert_subjects import subject, where
from editorapp.generations.checks import alert_checks, expiring
from editorapp.generations.coordination import lease_holder
from editorapp.generations.engine import charging, claims, poll_schedule
from editorapp.generations.engine.transitions import Transition, lock, move_all, written
from editorapp.generations.models import Attempt, InvalidTransition, Overtaken
from editorapp.generations.states import State
from editorapp.providers.contract import BadCredentials, Failure, Job, OutOfFunds, ProviderError

log = logging.getLogger(__name__)

POST_LEASE = timedelta(seconds=90)  # longer than dispatcher.POST_SECONDS


def posting(attempt: Attempt, body: dict[str, Any], *, now: datetime, seconds: float = 0.0) -> None:
    """Write down that the paid post is about to leave. Must be committed before its first byte.

    `seconds` is what sending stored files inside the body may take on top.
    """
    attempt.move(State.SUBMITTING, now=now, **_posting(body, now=now, seconds=seconds))


def posting_all(posts: Sequence[tuple[Attempt, dict[str, Any], float]], *, now: datetime) -> None:
    """Write down that several posts are about to leave: all of them, or none.

    Raises: Overtaken, when somebody else was first at any of them.
    """
    moves = [
        Transition(attempt, _posting(body, now=now, seconds=seconds))
        for attempt, body, seconds in posts
    ]
    move_all(State.SUBMITTING, moves, now=now)


def _posting(body: dict[str, Any], *, now: datetime, seconds: float) -> dict[str, Any]:
    written = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return {
        "request_body": body,
        "request_sha256": hashlib.sha256(written.encode()).hexdigest(),
        "submit_started_at": now,
        "next_action_at": now + POST_LEASE + timedelta(seconds=seconds),
        "lease_token": lease_holder.holder(),
    }


def accepted(attempt: Attempt, job: Job, *, now: datetime, first_look_seconds: float) -> None:
    """Keep the id of an accepted post."""
    try:
        with transaction.atomic():  # what fails here is caught here
            _accepted(attempt, job, now=now, first_look_seconds=first_look_seconds)
    except IntegrityError:
        unknown(
            attempt,
            ProviderError(f"The provider answered with the id of another job of ours, {job.id}."),
            now=now,
        )
    except (Overtaken, InvalidTransition):
        # The lease ran out (a stopped clock, a suspended machine) and the row was taken for
        # unknown. Now it is known. InvalidTransition: the answer was kept while nothing could be
        # written, and its row read anew since.
        row = Attempt.objects.filter(
            pk=attempt.pk, state=State.UNKNOWN, lease_token=attempt.lease_token
        ).first()
        if row is not None:
            try:
                _accepted(row, job, now=now, first_look_seconds=first_look_seconds)
                return
            except Overtaken:  # a person settled it in this very moment
                pass
        if not _raise_late(attempt, job, now=now):
            raise


def _raise_late(attempt: Attempt, job: Job, *, now: datetime) -> bool:
    """Raise that a job was taken after all, of which it was said that it never arrived, or that it
    is another.

    Returns: whether the answer may be dropped: it was raised, or the row has this very job already.
    """
    row = Attempt.objects.filter(pk=attempt.pk).select_related("generation", "account").first()
    if row is None or row.state in _NOT_SETTLED:
        return False
    if row.provider_job_id == job.id:
        return True
    settled = f"as job {row.provider_job_id}" if row.provider_job_id else "as not taken or as spent"
    message = (
        f"{row.account} has taken take #{row.generation_id} after all, as job {job.id}: its answer came after it was "
        f"settled {settled}. Look there for what it costs, and correct the take's cost."
    )
    alerts.open(
        AlertKind.UNKNOWN_OUTCOME,
        subject(row.generation_id),
        message=message,
        now=now,
        **where(row.generation),
    )
    return True


# Nobody has said anything of it: it is on its way still, or unknown, and raised as that.
_NOT_SETTLED = (State.QUEUED, State.STAGING, State.SUBMITTING, State.UNKNOWN)


def all_accepted(taken: Sequence[tuple[Attempt, Job, float]], *, now: datetime) -> bool:
    """Keep the ids of several accepted posts, or none of them. Say whether they are kept.

    Shapes: attempts, what the provider answered, and in how many seconds each is first asked for.
    """
    moves = [
        Transition(attempt, _as_accepted(job, now=now, seconds=seconds), _NOTHING_WRONG)
        for attempt, job, seconds in taken
    ]

    def write() -> None:
        move_all(State.RUNNING, moves, now=now)
        reached("submit.recording")

    return _together(write)


_NOTHING_WRONG = {"failure_code": "", "failure_message": ""}


def _as_accepted(job: Job, *, now: datetime, seconds: float) -> dict[str, Any]:
    return {
        "provider_job_id": job.id,
        "submitted_at": now,
        "lease_token": None,
        "error_count": 0,
        "last_error": "",
        "failing_since": None,
        "next_action_at": now + timedelta(seconds=seconds),
    }


def _accepted(attempt: Attempt, job: Job, *, now: datetime, first_look_seconds: float) -> None:
    attempt.move(
        State.RUNNING,
        now=now,
        shown=_NOTHING_WRONG,
        **_as_accepted(job, now=now, seconds=first_look_seconds),
    )
    reached("submit.recording")


def _together(write: Callable[[], None]) -> bool:
    """Write in one go, all or nothing.

    False where one of them cannot be written: then each is tried by itself.

    Raises: DatabaseError, when nothing can be written now (locked, full disk).
    """
    try:
        with transaction.atomic():
            write()
    except Exception as error:
        if isinstance(error, DatabaseError) and not isinstance(error, IntegrityError | DataError):
            raise
        log.info("Written one by one: %s (%s)", error, type(error).__name__)
        return False
    return True


def refused(attempt: Attempt, error: ProviderError, *, now: datetime) -> None:
    """The provider refused for good: nothing was queued, nothing is charged.

    A key can be replaced and an account filled up: then the same request may be sent again.
    """
    can_retry = isinstance(error, BadCredentials | OutOfFunds)
    with transaction.atomic():
        _fail(
            attempt,
            code=error.code or "refused",
            message=error.message,
            can_retry=can_retry,
            now=now,
        )
        ledger.release(attempt.pk, now=now, note=f"Refused: {error.message}")
        if can_retry:
            alert_checks.refused(attempt.account, error, now=now)


def unsendable(attempt: Attempt, error: Exception, *, now: datetime) -> None:
    """Our own mistake kept a request from being written as a body: nothing was sent."""
    with transaction.atomic():
        message = f"It could not be prepared for sending ({type(error).__name__}). Nothing was sent or charged."
        _fail(attempt, code="not_prepared", message=message, can_retry=True, now=now)
        ledger.release(attempt.pk, now=now, note="Could not be prepared for sending")


def rests(account_id: int, error: ProviderError, *, now: datetime) -> None:
    """Leave an account alone for as long as it asked with a refusal, whatever that meant for the
    post itself.
    """
    if error.retry_after_seconds is not None:
        claims.pause(account_id, now=now, seconds=error.retry_after_seconds, reason=error.message)


def unknown(attempt: Attempt, error: ProviderError, *, now: datetime) -> None:
    """Perhaps accepted, perhaps paid: show it, and keep the money held until it is settled what
    became of it.
    """
    message = (
        f"{error.message} It may have been accepted. Its price stays held until that is settled."
    )
    attempt.move(
        State.UNKNOWN,
        now=now,
        last_error=error.message,
        odd_answer=error.came,
        shown={"failure_code": error.code or "outcome_unknown", "failure_message": message},
    )


def lapsed(attempt: Attempt, *, now: datetime) -> None:
    """The worker that posted is gone, and with it the answer."""
    unknown(
        attempt,
        ProviderError("The worker stopped while it was sending.", code="interrupted"),
        now=now,
    )


class Scheduled(Protocol):
    """What scheduling the next poll needs to know of a job: an Attempt has it, and a Look."""

    @property
    def pk(self) -> int: ...
    @property
    def submitted_at(self) -> datetime | None: ...
    @property
    def lease_token(self) -> uuid.UUID | None: ...


def still_running(jobs: Iterable[tuple[Scheduled, float | None]], *, now: datetime) -> None:
    """Keep how far jobs are that are not done, and schedule their next poll: one prepared statement
    for all rows.
    """
    rows: list[tuple[Any, ...]] = []
    for job, progress in sorted(
        jobs, key=lambda one: one[0].pk
    ):  # the order of all locks: see core/locks.py
        look = poll_schedule.next_look_at(submitted_at=job.submitted_at or now, now=now)
        share = as_share(progress)
        look_at, token = (
            written(Attempt, "next_action_at", look),
            written(Attempt, "lease_token", job.lease_token),
        )
        rows.append((look_at, share, job.pk, token))
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(_NEXT_LOOK, rows)


def as_share(progress: float | None) -> float | None:
    return None if progress is None or not math.isfinite(progress) else min(max(progress, 0.0), 1.0)


# The one hot write: hundreds of rows a second, where building each UPDATE would cost more than the
# poll itself.
_NEXT_LOOK = (
    f"UPDATE {Attempt._meta.db_table} SET next_action_at = %s, progress = %s, poll_count = poll_count + 1, "
    f"odd_count = 0, odd_since = NULL, odd_answer = '', error_count = 0, last_error = '', missing_since = NULL "
    f"WHERE id = %s AND state = '{State.RUNNING}' AND lease_token = %s"
)


def poll_failed(attempt: Attempt, error: ProviderError, *, now: datetime, **noted: Any) -> None:
    """A poll that failed changes nothing but the schedule and what else is noted on the row, unless
    only links are asked for, and for long enough.

    An old job is asked about no more often than if it answered.
    """
    failures = attempt.error_count + 1
    if _are_links_given_up(attempt, failures, now=now):
        _links_given_up(attempt, error, now=now)
    else:
        least = error.retry_after_seconds or 0.0
        if attempt.submitted_at is not None:
            age = (now - attempt.submitted_at).total_seconds()
            least = max(
                least, poll_schedule.interval_seconds(age) if age > poll_schedule.SLOW_FROM else 0.0
            )
        at = now + timedelta(
            seconds=retry.policy("poll.error").pause_seconds(failures, least=least)
        )
        rows = Attempt.objects.filter(
            pk=attempt.pk, state=State.RUNNING, lease_token=attempt.lease_token
        )
        rows.update(next_action_at=at, error_count=failures, last_error=error.message, **noted)
    if isinstance(error, BadCredentials):
        alert_checks.refused(attempt.account, error, now=now)


def _are_links_given_up(attempt: Attempt, failures: int, *, now: datetime) -> bool:
    """Is a job that is done and charged asked for fresh links in vain, beyond the time that its
    result is kept?
    """
    done_at = attempt.provider_done_at
    if done_at is None:
        return False
    kept = (expiring.kept_until(attempt, now=now) - done_at).total_seconds()
    return retry.policy("poll.fresh_links").is_over(
        failures, (now - done_at).total_seconds(), lasts_seconds=kept
    )


def _links_given_up(attempt: Attempt, error: ProviderError, *, now: datetime) -> None:
    sentence = (
        f"{error.message} The result is paid and may still lie with the provider: fetch it again."
    )
    with transaction.atomic():
        shown = {"failure_code": "fetch_failed", "failure_message": sentence}
        attempt.move(
            State.FETCH_FAILED, now=now, lease_token=None, last_error=error.message, shown=shown
        )
        expiring.failed(attempt.generation, sentence, now=now)


def missing(attempt: Attempt, error: ProviderError, *, now: datetime) -> None:
    """The provider does not know the job: look again for a quarter of an hour, then say that it is
    lost.
    """
    since = attempt.missing_since or now
    if retry.policy("poll.unknown_job").is_over(
        attempt.error_count + 1, (now - since).total_seconds()
    ):
        lost(attempt, "The provider does not know this job any more.", now=now)
        return
    poll_failed(attempt, error, now=now, missing_since=since)


def lost(
    attempt: Attempt, message: str, *, now: datetime, code: str = "lost", **changes: Any
) -> None:
    """No result can be expected; the money stays held until a person settles it."""
    shown = {"failure_code": code, "failure_message": message}
    attempt.move(State.LOST, now=now, lease_token=None, last_error=message, shown=shown, **changes)


def done(attempt: Attempt, job: Job, *, now: datetime) -> None:
    """The provider is done: the money is owed now, whatever happens to the file."""
    first_time = attempt.provider_done_at is None
    with transaction.atomic():
        transaction.on_commit(lambda: reached("done.recorded"))
        lock([attempt.pk])
        shown = {
            "chain_id": job.chain_id,
            **(charging.charge(attempt, job, now=now) if first_time else {}),
        }
        attempt.move(State.FETCHING, now=now, shown=shown, **_as_done(attempt, job, now=now))
        reached("done.recording")


def all_done(pairs: Sequence[tuple[Attempt, Job]], *, now: datetime) -> bool:
    """Charge and keep several jobs that are done, or none of them. Say whether they are kept."""

    def write() -> None:
        transaction.on_commit(lambda: reached("done.recorded"))
        lock([attempt.pk for attempt, _job in pairs])
        fresh = [(attempt, job) for attempt, job in pairs if attempt.provider_done_at is None]
        shown = charging.charge_all(fresh, now=now)
        for group in (fresh, [pair for pair in pairs if pair[0].pk not in shown]):
            moves = [
                Transition(
                    attempt,
                    _as_done(attempt, job, now=now),
                    {"chain_id": job.chain_id, **shown.get(attempt.pk, {})},
                )
                for attempt, job in group
            ]
            move_all(State.FETCHING, moves, now=now)
        reached("done.recording")

    return _together(write)


def _as_done(attempt: Attempt, job: Job, *, now: datetime) -> dict[str, Any]:
    return {
        "next_action_at": now,
        "lease_token": None,
        "error_count": 0,
        "last_error": "",
        "missing_since": None,
        "odd_count": 0,
        "odd_since": None,
        "odd_answer": "",
        "result_urls": [one.to_json() for one in job.outputs],
        "result_expires_at": min(
            (one.expires_at for one in job.outputs if one.expires_at), default=None
        ),
        "recorded_at": now,
        "provider_done_at": attempt.provider_done_at or now,
        "poll_count": attempt.poll_count + 1,
        "progress": None,
    }


def failed(attempt: Attempt, job: Job, failure: Failure, *, now: datetime) -> None:
    """The provider gave up: release, or book what it charged, or may have charged."""
    settled = attempt.provider_done_at is not None  # it was done once, and charged then
    with transaction.atomic():
        message = failure.reason
        if failure.is_charged is None and not settled:
            if charging.reported(job) is None:
                message += (
                    " The provider does not say whether this is charged, so it is counted as spent."
                )
            else:
                message += " The provider names a price for it, so it is charged."
        _fail(attempt, code=failure.code, message=message, can_retry=failure.can_retry, now=now)
        if settled:
            return
        if failure.is_charged is False:
            ledger.release(attempt.pk, now=now, note=f"Failed, not charged: {failure.code}")
            return
        known = (
            "charged"
            if failure.is_charged or charging.reported(job) is not None
            else "perhaps charged"
        )
        shown = charging.charge(attempt, job, now=now, note=f"Failed, {known}: {failure.code}")
        attempt.show(State.FAILED, now=now, **shown)


def _fail(attempt: Attempt, *, code: str, message: str, can_retry: bool, now: datetime) -> None:
    shown = {"failure_code": code[:60], "failure_message": message, "can_retry": can_retry}
    attempt.move(
        State.FAILED, now=now, lease_token=None, recorded_at=now, last_error=message, shown=shown
    )
