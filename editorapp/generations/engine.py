"""Everything that is due at one provider: post, poll, and write what came of it; for some seconds, then return.

It runs as a task of the queue, one at a time for each provider. It may be delivered late, twice or never, and it may
be killed at any instant: the lease, the write-ahead row and the compare-and-set make each of these harmless.
"""

import logging
import time
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db import DatabaseError, DataError, IntegrityError, connection, transaction
from django.utils import timezone

from editorapp.core.fault_points import reached
from editorapp.generations import (
    claims,
    courier,
    health,
    leases,
    leaving,
    outcomes,
    schedule,
    staging,
    takeover,
    wake,
    whereabouts,
)
from editorapp.generations.courier import Answer, Call, Courier, Errand, extra_seconds
from editorapp.generations.models import Attempt, Overtaken
from editorapp.generations.reached import Accounts
from editorapp.generations.states import State
from editorapp.providers import registry
from editorapp.providers.contract import JobState, NotFound, OutcomeUnknown, Rejected, Throttled, Unavailable

log = logging.getLogger(__name__)
T = TypeVar("T")

SESSION_SECONDS = 20.0
LEASE_SECONDS = 30.0
RENEW_SECONDS = 5.0
LONGEST_SECONDS = 600.0  # how long a sweep goes on taking new work beside slow posts
DRAIN_SECONDS = 120.0  # longer than any call without files: after that, what could not be written is given up
TURN_SECONDS = 0.25
LINGER_SECONDS = 3.0  # due within this: worth waiting for, rather than starting anew
POLLS_AT_ONCE = 200
HISTORY = 25
WAKE_PAUSE = timedelta(seconds=0.5)
AHEAD = timedelta(seconds=TURN_SECONDS / 2)  # so that polls are as often early as late


def work(provider: str, *, seconds: float = SESSION_SECONDS, clock: Callable[[], datetime] = timezone.now) -> None:
    """Look after a provider's attempts for at most about so many seconds, and longer only for posts under way."""
    holder = whereabouts.holder()
    lease = wake.work_lease(provider)
    now = clock()
    wake.answered(lease, now=now)  # also where another sweep is at work: or its end could wake nobody
    if not leases.take(lease, holder, now=now, seconds=LEASE_SECONDS):
        return
    _durable()
    takeover.from_the_dead(now=now)
    session = Session(provider, clock=clock)
    try:
        _sweep(session, lease, holder, seconds=seconds, clock=clock)
    finally:
        session.close()
        leases.give_back(lease, holder, now=clock())
    if claims.is_due_by(session.accounts.ids, clock() + timedelta(seconds=1)):
        wake.work(provider, now=clock())


def _sweep(session: "Session", lease: str, holder: uuid.UUID, *, seconds: float, clock: Callable[[], datetime]) -> None:
    """Take turns until the time is up, and longer while a stored file is on its way inside a post.

    Minutes of such a post must not keep everybody else waiting; but once the lease is lost, nothing new is taken.
    """
    began = time.monotonic()
    ends, latest, renews = began + seconds, began + LONGEST_SECONDS, began + RENEW_SECONDS
    while True:
        if leaving.is_asked():
            latest = min(latest, time.monotonic())
        slow = session.slow_until()
        until = min(max(ends, slow), latest)
        if not session.turn(take_new=time.monotonic() < until) or time.monotonic() > max(until, slow) + DRAIN_SECONDS:
            return
        if time.monotonic() > renews:
            renews = time.monotonic() + RENEW_SECONDS
            if not _renewed(lease, holder, now=clock()):
                latest = min(latest, time.monotonic())


def _renewed(lease: str, holder: uuid.UUID, *, now: datetime) -> bool:
    """Renew the sweep's lease and show a sign of life. Say whether the lease is still ours.

    A database that does not answer has taken nothing away.
    """
    try:
        health.beat("cluster", now=now)  # the beat task may have to wait for this very session
        held = leases.take(lease, holder, now=now, seconds=LEASE_SECONDS)
    except DatabaseError:
        log.exception("The lease %s could not be renewed", lease)
        return True
    if not held:
        log.warning("%s was taken over by another worker", lease)
    return held


def _durable() -> None:
    """Make commits survive a power cut: the row that says "sent" must not be lost after the call was paid."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=FULL")


class Session:
    """One sweep: a courier and what it carries."""

    def __init__(self, provider: str, *, clock: Callable[[], datetime]) -> None:
        self.provider = provider
        self.clock = clock
        self.adapter = registry.get(provider)
        self.courier = Courier(self.adapter)
        self.accounts = Accounts(provider)
        self.polling: set[int] = set()
        self.slow: dict[int, float] = {}  # attempts whose post carries stored files, and until when at most
        self.unwritten: list[Answer] = []
        self.woken_at: datetime | None = None
        self.first_looks: dict[tuple[str, str], float] = {}

    def turn(self, *, take_new: bool) -> bool:
        """Send what is due, then write answers as they come, for a tick. Say whether another turn is worth while.

        After its time a session posts nothing new, but polls on for as long as a post is under way.
        """
        tick_ends, now = time.monotonic() + TURN_SECONDS, self.clock()
        try:
            self.accounts.refresh()
            if take_new and claims.is_anything_new(self.accounts.ids, now=now):
                self._end_lapsed(now)
                self._post_due(now)
            if take_new or self.courier.posting:
                self._poll_due(now)
            if not (self.courier.carrying or self.unwritten or (take_new and self._is_near(now))):
                return False
        except DatabaseError:
            log.exception("Nothing new is taken while the database does not answer")
        while (left := tick_ends - time.monotonic()) > 0:
            self._write(self.courier.gather(left))
        return True

    def slow_until(self) -> float:
        """Return until when (monotonic) the slowest post under way may take."""
        return max(self.slow.values(), default=0.0)

    def close(self) -> None:
        self.courier.close()

    def _is_near(self, now: datetime) -> bool:
        return claims.is_due_by(self.accounts.ids, now + timedelta(seconds=LINGER_SECONDS))

    def _end_lapsed(self, now: datetime) -> None:
        """A row that is due while it is being sent lost its worker: nobody knows whether the post arrived."""
        for attempt in claims.due(self.accounts.ids, State.SUBMITTING, now=now):
            _unless_overtaken(outcomes.lapsed, attempt, now=now)

    def _poll_due(self, now: datetime) -> None:
        due_by, room = now + AHEAD, POLLS_AT_ONCE - len(self.polling)
        rows = claims.due(self.accounts.ids, State.RUNNING, now=due_by)
        if self.polling:
            rows = rows.exclude(pk__in=self.polling)
        for attempt in claims.claim(rows, most=room, due_by=due_by, until=due_by + claims.POLL_LEASE):
            self.polling.add(attempt.pk)
            reached("poll.claimed")
            self.courier.send(Errand(Call.POLL, attempt, self.accounts.access(attempt.account_id)))

    def _post_due(self, now: datetime) -> None:
        if self.courier.free_posts > 0:
            for attempt in self.accounts.turns(now=now, room=self.courier.free_posts):
                with attempt.named():
                    self._prepare(attempt, now)

    def _prepare(self, attempt: Attempt, now: datetime) -> None:
        """Send one attempt on its way. One that cannot even be prepared must not stop the others."""
        try:
            body = _unless_overtaken(self._written_ahead, attempt, now=now)
        except DatabaseError:
            raise
        except Exception as error:
            log.exception("Attempt %s could not be prepared", attempt.pk)
            attempt.refresh_from_db()
            _unless_overtaken(outcomes.unsendable, attempt, error, now=now)
            return
        if body is not None:  # committed: now its first byte may leave
            reached("submit.written_ahead")
            path, extra = self.adapter.endpoint(attempt.generation.wanted), extra_seconds(body)
            access = self.accounts.access(attempt.account_id)
            self.courier.send(Errand(Call.POST, attempt, access, body, path, extra_seconds=extra))
            if extra:
                self.slow[attempt.pk] = time.monotonic() + courier.POST_SECONDS + extra

    def _written_ahead(self, attempt: Attempt, *, now: datetime) -> dict[str, Any] | None:
        """Write down that a post is about to leave and return its body; None where files must be staged first."""
        wanted, spec = attempt.generation.wanted, attempt.account.spec
        ids = staging.staged_ids(wanted, spec)
        lying = staging.lying(attempt.account_id, ids, now=now)
        if ids - lying.keys():
            attempt.move(State.STAGING, now=now, next_action_at=now, lease_token=None, submit_started_at=None)
            transaction.on_commit(lambda: wake.transfers(now=now))
            return None
        body: dict[str, Any] = self.adapter.encode(staging.resolved(wanted, spec, lying), spec)
        outcomes.posting(attempt, body, now=self.clock(), seconds=extra_seconds(body))
        reached("submit.writing_ahead")
        return body

    def _write(self, answers: list[Answer]) -> None:
        """Write what came back in one transaction, each answer in a savepoint of its own.

        What the database does not take now (locked, full disk) is kept, and written in a later turn.
        """
        kept, self.unwritten = self.unwritten, []
        if not (answers or kept):
            return
        try:
            for answer in kept:
                answer.errand.attempt.refresh_from_db()  # as it is, not as the failed write left the object
            with transaction.atomic():
                self._write_all(kept + answers, now=self.clock())
        except DatabaseError:
            log.exception("Not written yet: %s", [(a.errand.attempt.pk, a.job and a.job.id) for a in kept + answers])
            self.unwritten = kept + answers
            return
        _reached_written(kept + answers)
        self.polling.difference_update(a.errand.attempt.pk for a in kept + answers if a.errand.call is Call.POLL)

    def _write_all(self, answers: list[Answer], *, now: datetime) -> None:
        running = [(one.errand.attempt, one.job.progress) for one in answers if one.job and _is_running(one)]
        self._write_running(running, now=now)
        for answer in answers:
            if answer.errand.call is Call.POST:
                self.slow.pop(answer.errand.attempt.pk, None)
                self._write_one(self._posted, answer, now=now)
            elif not _is_running(answer):
                self._write_one(_polled, answer, now=now)
        if any(answer.job is not None and answer.job.state is JobState.DONE for answer in answers):
            transaction.on_commit(lambda: self._wake_transfers(now))

    def _write_one(self, write: Callable[..., None], answer: Answer, *, now: datetime) -> None:
        """Write one answer. One that never can be written must not hold up the others, nor end posts under way.

        Its row keeps its lease: a poll is asked again, and a post ends as unknown.
        """
        attempt = answer.errand.attempt
        try:
            with attempt.named():
                _unless_overtaken(write, attempt, answer=answer, now=now)
        except Exception as error:
            if isinstance(error, DatabaseError) and not isinstance(error, IntegrityError | DataError):
                raise  # locked, full disk: all of it later
            log.exception("Attempt %s: job %s cannot be written", attempt.pk, answer.job and answer.job.id)

    def _wake_transfers(self, now: datetime) -> None:
        """Wake the lanes, but not for each of many results; the ticker wakes them for what comes in between."""
        if self.woken_at is None or now - self.woken_at > WAKE_PAUSE:
            self.woken_at = now
            wake.transfers(now=now)

    def _write_running(self, jobs: list[tuple[Attempt, float | None]], *, now: datetime) -> None:
        for attempt in outcomes.still_running(jobs, now=now):
            _unless_overtaken(outcomes.lost, attempt, "The job is more than a day old and not done.", now=now)

    def _posted(self, attempt: Attempt, *, answer: Answer, now: datetime) -> None:
        if answer.job is not None:
            look = self._first_look(attempt.generation.model, attempt.generation.task)
            outcomes.accepted(attempt, answer.job, now=now, first_look_seconds=look)
            return
        error = answer.error
        assert error is not None
        # Only at DEBUG in the provider's words: they may repeat the prompt.
        log.warning("Attempt %s was not accepted: %s, %s", attempt.pk, type(error).__name__, error.code)
        log.debug("Attempt %s: %s", attempt.pk, error.message)
        if isinstance(error, Throttled | Unavailable):
            outcomes.not_accepted(attempt, error, now=now)
        elif isinstance(error, Rejected):
            if staging.forget_refused(attempt, error):
                outcomes.not_accepted(attempt, error, now=now)
            else:
                outcomes.refused(attempt, error, now=now)
        else:
            # OutcomeUnknown, and whatever an adapter should not have raised: in doubt, it may have been accepted.
            outcomes.unknown(attempt, error, now=now)

    def _first_look(self, model: str, task: str) -> float:
        """When to poll a fresh job of this kind first, from our own last jobs; asked once a session."""
        if (model, task) not in self.first_looks:
            rows = Attempt.objects.filter(
                generation__model=model, generation__task=task, state=State.SUCCEEDED, submitted_at__isnull=False,
                provider_done_at__isnull=False, account__provider=self.provider,
            ).order_by("-pk")  # fmt: skip
            times = rows.values_list("submitted_at", "provider_done_at")[:HISTORY]
            self.first_looks[model, task] = schedule.first_look_seconds(
                [(b - a).total_seconds() for a, b in times if a and b]
            )
        return self.first_looks[model, task]


def _reached_written(answers: list[Answer]) -> None:
    for answer in answers:
        reached("submit.recorded" if answer.errand.call is Call.POST else "poll.written")


def _is_running(answer: Answer) -> bool:
    job = answer.job
    return answer.errand.call is Call.POLL and job is not None and job.state in {JobState.QUEUED, JobState.RUNNING}


def _polled(attempt: Attempt, *, answer: Answer, now: datetime) -> None:
    """Write a poll's answer that is not "still running"."""
    job, error = answer.job, answer.error
    if job is not None and job.state is JobState.DONE:
        outcomes.done(attempt, job, now=now)
    elif job is not None and job.failure is not None:
        outcomes.failed(attempt, job, job.failure, now=now)
    elif isinstance(error, NotFound):
        outcomes.missing(attempt, error, now=now)
    else:
        outcomes.poll_failed(attempt, error or OutcomeUnknown("The provider's answer makes no sense."), now=now)


def _unless_overtaken(write: Callable[..., T], attempt: Attempt, *args: object, **kwargs: object) -> T | None:
    """Write, or drop the result where somebody else was first: a cancel, a person, another worker."""
    try:
        with transaction.atomic():
            return write(attempt, *args, **kwargs)
    except Overtaken as overtaken:
        log.info("Dropped: %s", overtaken)
        return None
