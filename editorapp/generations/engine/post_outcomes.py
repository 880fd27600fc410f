"""Post outcomes: what becomes of an attempt when it is posted, and by what the provider answers.

Each is one transaction, compare-and-set, and written for many at once where many come at once.
"""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import IntegrityError, transaction

from editorapp.alerts.models import AlertKind
from editorapp.core.fault_points import reached
from editorapp.generations import alerting
from editorapp.generations.coordination import lease_holder
from editorapp.generations.engine import requeue
from editorapp.generations.engine.dispatcher import Post
from editorapp.generations.models import (
    NOTHING_WRONG,
    Attempt,
    Fields,
    InvalidTransition,
    Overtaken,
    Transition,
    failure,
    move,
)
from editorapp.generations.states import State
from editorapp.providers.contract import BadCredentials, Job, OutOfFunds, ProviderError

POST_LEASE = timedelta(seconds=90)  # longer than dispatcher.POST_SECONDS
# Nobody has said anything of it: it is on its way still, or unknown, and raised as that.
NOT_SETTLED = (State.QUEUED, State.STAGING, State.SUBMITTING, State.UNKNOWN)


class Accepted(NamedTuple):
    """A post that was taken as a job, and in how many seconds that is first asked for."""

    attempt: Attempt
    job: Job
    first_look_seconds: float


def posting(posts: Sequence[Post], *, now: datetime) -> None:
    """Write down that paid posts are about to leave. Must be committed before their first byte.

    Raises: Overtaken, when somebody else was first at any of them.
    """
    move(State.SUBMITTING, [_as_posting(one, now=now) for one in posts], now=now)


def _as_posting(post: Post, *, now: datetime) -> Transition:
    changes = {
        "request_body": post.body,
        "request_sha256": _digest(post.body),
        "submit_started_at": now,
        "next_action_at": now + POST_LEASE + timedelta(seconds=post.extra_seconds),
        "lease_token": lease_holder.holder(),
    }
    return Transition(post.attempt, changes)


def _digest(body: Fields) -> str:
    written = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(written.encode()).hexdigest()


def accepted(taken: Sequence[Accepted], *, now: datetime) -> None:
    """Keep the ids of accepted posts: of all, or of none where it fails for one of several."""
    try:
        with transaction.atomic():  # what fails here is caught here
            _move_accepted(taken, now=now)
    except IntegrityError:
        if len(taken) > 1:
            raise
        attempt, job, _first_look = taken[0]
        says = f"The provider answered with the id of another job of ours, {job.id}."
        unknown(attempt, ProviderError(says), now=now)
    except (Overtaken, InvalidTransition):
        # InvalidTransition: the answer was kept while nothing could be written, and its row read
        # anew since.
        if len(taken) > 1 or not _is_accepted_late(taken[0], now=now):
            raise


def _move_accepted(taken: Sequence[Accepted], *, now: datetime) -> None:
    move(State.RUNNING, [_as_accepted(one, now=now) for one in taken], now=now)
    reached("submit.recording")


def _as_accepted(one: Accepted, *, now: datetime) -> Transition:
    changes = requeue.NOT_FAILING | {
        "provider_job_id": one.job.id,
        "submitted_at": now,
        "next_action_at": now + timedelta(seconds=one.first_look_seconds),
    }
    return Transition(one.attempt, changes, NOTHING_WRONG)


def _is_accepted_late(one: Accepted, *, now: datetime) -> bool:
    """Keep the id of a post whose row moved on meanwhile. Say whether its answer may be dropped now.

    The lease ran out (a stopped clock, a suspended machine) and the row was taken for unknown: now
    it is known.
    """
    attempt = one.attempt
    rows = Attempt.objects.filter(state=State.UNKNOWN, lease_token=attempt.lease_token)
    if row := rows.filter(pk=attempt.pk).first():
        try:
            _move_accepted([one._replace(attempt=row)], now=now)
            return True
        except Overtaken:  # a person settled it in this very moment
            pass
    return _raise_late(attempt, one.job, now=now)


def _raise_late(attempt: Attempt, job: Job, *, now: datetime) -> bool:
    """Raise that a job was taken after all, of which it was said that it never arrived, or that it
    is another.

    Returns: whether the answer may be dropped: it was raised, or the row has this very job already.
    """
    row = Attempt.objects.filter(pk=attempt.pk).select_related("generation", "account").first()
    if row is None or row.state in NOT_SETTLED:
        return False
    if row.provider_job_id != job.id:
        is_found = bool(row.provider_job_id)
        settled = f"as job {row.provider_job_id}" if is_found else "as not taken or as spent"
        message = (
            f"{row.account} has taken #{row.generation_id} after all, as job {job.id}: its answer "
            f"came after it was settled {settled}. Look there for what it costs, and correct the "
            "take's cost."
        )
        alerting.open_for_take(AlertKind.UNKNOWN_OUTCOME, row.generation, message, now=now)
    return True


def refused(attempt: Attempt, error: ProviderError, *, now: datetime) -> None:
    """The provider refused for good: nothing was queued, nothing is charged.

    A key can be replaced and an account filled up: then the same request may be sent again.
    """
    can_retry = isinstance(error, BadCredentials | OutOfFunds)
    requeue.refused(attempt, error, "Refused", can_retry=can_retry, now=now)


def unsendable(attempt: Attempt, error: Exception, *, now: datetime) -> None:
    """Our own mistake kept a request from being written as a body: nothing was sent."""
    kind = type(error).__name__
    requeue.fail_for_free(
        attempt,
        f"It could not be prepared for sending ({kind}). Nothing was sent or charged.",
        code="not_prepared",
        note="Could not be prepared for sending",
        can_retry=True,
        now=now,
    )


def rests(account_id: int, error: ProviderError, *, now: datetime) -> None:
    """Leave an account alone for as long as it asked with a refusal, whatever that meant for the
    post itself.
    """
    if error.retry_after_seconds is not None:
        requeue.pause_account(
            account_id,
            now=now,
            seconds=error.retry_after_seconds,
            reason=error.message,
        )


def unknown(attempt: Attempt, error: ProviderError, *, now: datetime) -> None:
    """Perhaps accepted, perhaps paid: show it, and keep the money held until it is settled what
    became of it.
    """
    says = f"{error.message} It may have been accepted. Its price stays held until that is settled."
    attempt.move(
        State.UNKNOWN,
        now=now,
        lease_token=attempt.lease_token,  # by which a late answer finds it
        last_error=error.message,
        odd_answer=error.came,
        shown=failure(error.code or "outcome_unknown", says),
    )


def lapsed(attempt: Attempt, *, now: datetime) -> None:
    """The worker that posted is gone, and with it the answer."""
    error = ProviderError("The worker stopped while it was sending.", code="interrupted")
    unknown(attempt, error, now=now)
