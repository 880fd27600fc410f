"""Everything that is due at one provider: post, poll, and write what came of it; for some seconds,
then return.

It runs as a task of the queue, one at a time for each provider. It may be delivered late, twice or
never, and it may be killed at any instant: the lease, the write-ahead row and the compare-and-set
make each of these harmless.
"""

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError, DataError, Error, IntegrityError, connection, transaction
from django.utils import timezone

from editorapp.core import retry
from editorapp.core.fault_points import reached
from editorapp.costs import ledger
from editorapp.generations import exchange_log
from editorapp.generations.coordination import heartbeat, lease_holder, leases, shutdown, wake
from editorapp.generations.engine import claims, poll, reclaim, unusable_answers
from editorapp.generations.engine.account_snapshot import Accounts
from editorapp.generations.engine.dispatcher import POST_WORKERS, CallResult, Dispatcher, Post
from editorapp.generations.engine.poll import Polls
from editorapp.generations.engine.submit import Posts, unless_overtaken
from editorapp.generations.engine.transitions import lock
from editorapp.generations.models import Attempt
from editorapp.providers import registry
from editorapp.providers.contract import JobState

log = logging.getLogger(__name__)

SESSION_SECONDS = 20.0
LEASE_SECONDS = 30.0
RENEW_SECONDS = 5.0
LONGEST_SECONDS = 600.0  # how long a sweep goes on taking new work beside slow posts
# longer than any call without files: after that, polls that could not be written are given up
DRAIN_SECONDS = 120.0
PAID_DRAIN_SECONDS = (
    2400.0  # and answers to paid calls: a disk may be full for long; see wake.LONG_SECONDS
)
TURN_SECONDS = 0.4
LINGER_SECONDS = 3.0  # due within this: worth waiting for, rather than starting anew
WAKE_PAUSE = timedelta(seconds=0.5)


def work(
    provider: str, *, seconds: float = SESSION_SECONDS, clock: Callable[[], datetime] = timezone.now
) -> None:
    """Look after a provider's attempts for at most about so many seconds, and longer only for posts
    under way.
    """
    holder = lease_holder.holder()
    lease = wake.work_lease(provider)
    now = clock()
    wake.answered(
        lease, now=now
    )  # also where another sweep is at work: or its end could wake nobody
    if not leases.take(lease, holder, now=now, seconds=LEASE_SECONDS):
        return
    reclaim.from_the_dead(now=now)
    session = Session(provider, clock=clock)
    try:
        _sweep(session, lease, holder, seconds=seconds, clock=clock)
    finally:
        session.close()
        leases.give_back(lease, holder, now=clock())
    if claims.is_due_by(session.accounts.ids, clock() + timedelta(seconds=1)):
        wake.work(provider, now=clock())


def _sweep(
    session: "Session",
    lease: str,
    holder: uuid.UUID,
    *,
    seconds: float,
    clock: Callable[[], datetime],
) -> None:
    """Take turns until the time is up, and longer while a stored file is on its way inside a post.

    Minutes of such a post must not keep everybody else waiting; but once the lease is lost, nothing
    new is taken.
    """
    began = time.monotonic()
    ends, latest, renews = began + seconds, began + LONGEST_SECONDS, began + RENEW_SECONDS
    while True:
        if shutdown.is_asked():
            latest = min(latest, time.monotonic())
        slow = session.slow_until()
        until = min(max(ends, slow), latest)
        if not session.turn(take_new=time.monotonic() < until):
            return
        drain = PAID_DRAIN_SECONDS if session.holds_paid else DRAIN_SECONDS
        if time.monotonic() > max(until, slow) + drain:
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
        heartbeat.beat("cluster", now=now)  # the beat task may have to wait for this very session
        held = leases.take(lease, holder, now=now, seconds=LEASE_SECONDS)
    except Error:
        log.exception("The lease %s could not be renewed", lease)
        _let_go_of_broken()
        return True
    if not held:
        log.warning("%s was taken over by another worker", lease)
    return held


def _durable() -> None:
    """Make commits survive a power cut: the row that says "sent" must not be lost after the call
    was paid.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous=FULL")
            return
        cursor.execute("SHOW synchronous_commit")
        if cursor.fetchone() == ("off",):  # any other is at least as much as we need
            cursor.execute("SET synchronous_commit TO on")


def _let_go_of_broken() -> None:
    """Close a connection that the database has ended (it was restarted), so that the next statement
    opens another.
    """
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


class Session:
    """One sweep: a courier and what it carries."""

    def __init__(self, provider: str, *, clock: Callable[[], datetime]) -> None:
        self.provider = provider
        self.clock = clock
        adapter = registry.get(provider)
        self.courier = Dispatcher(adapter)
        self.accounts = Accounts(provider)
        self.posts = Posts(adapter, self.courier, self.accounts, clock)
        self.polls = Polls(self.courier, self.accounts, turn=timedelta(seconds=TURN_SECONDS))
        self.unwritten: list[CallResult] = []
        self.failures = 0  # of writing, one after the other
        self.write_again_at = 0.0  # monotonic
        self.durable: object = None  # the connection whose commits survive a power cut
        self.woken_at: datetime | None = None

    def turn(self, *, take_new: bool) -> bool:
        """Send what is due, then write answers as they come, for a tick.

        Say whether another turn is worth while.

        After its time a session posts nothing new, but polls on for as long as a post is under way.
        """
        tick_ends, now = time.monotonic() + TURN_SECONDS, self.clock()
        try:
            self._be_durable()
            self.accounts.refresh()
            if take_new:
                self.posts.send_due(now)
            if take_new or self.courier.posting:
                self.polls.ask_due(now)
            if not (self.courier.in_flight or self.unwritten or (take_new and self._is_near(now))):
                return False
        except Error as error:
            log.warning("Nothing new is taken while the database does not answer: %s", error)
            _let_go_of_broken()
        while (left := tick_ends - time.monotonic()) > 0 and not self._has_room_for_more(take_new):
            self._write(self.courier.gather(left))
        return True

    def slow_until(self) -> float:
        """Return until when (monotonic) the slowest post under way may take."""
        return self.posts.slow_until()

    @property
    def holds_paid(self) -> bool:
        """Is there an answer to a paid call that is written nowhere yet?"""
        return any(isinstance(one.call, Post) for one in self.unwritten)

    def close(self) -> None:
        self.courier.close()

    def _be_durable(self) -> None:
        connection.ensure_connection()
        if self.durable is not connection.connection:
            _durable()
            self.durable = connection.connection

    def _has_room_for_more(self, take_new: bool) -> bool:
        """Is more due than this turn could take, and is half of what it took answered?"""
        posts = take_new and self.posts.is_more_due and self.courier.free_posts >= POST_WORKERS / 2
        polls = self.polls.is_more_due and self.courier.polling <= poll.AT_FIRST / 2
        return (posts or polls) and not self.unwritten

    def _is_near(self, now: datetime) -> bool:
        return claims.is_due_by(self.accounts.ids, now + timedelta(seconds=LINGER_SECONDS))

    def _write(self, answers: list[CallResult]) -> None:
        """Write what came back in one transaction; what cannot be written of it must not hold up
        the rest.

        What the database does not take now (locked, full disk) is kept, and written in a later
        turn.
        """
        if self.unwritten and time.monotonic() < self.write_again_at:
            self.unwritten += answers
            return
        answers, kept, self.unwritten = self.unwritten + answers, self.unwritten, []
        if not answers:
            return
        try:
            for answer in kept:
                if isinstance(
                    answer.call, Post
                ):  # as it is, not as the failed write left the object
                    answer.call.attempt.refresh_from_db()
            with transaction.atomic():
                self._write_all(answers, now=self.clock())
        except Error as error:
            self.unwritten = answers
            self._write_later(error)
            return
        self.failures = 0
        _reached_written(answers)
        self._note_taken(answers)
        for answer in answers:
            exchange_log.note_of_take(answer.call.generation_id, answer.heard)
        self.polls.forget(answers)

    def _note_taken(self, answers: Sequence[CallResult]) -> None:
        """Note which accounts took jobs: after the answers are written, and nothing depends on it."""
        posts = [one.call for one in answers if isinstance(one.call, Post) and one.job is not None]
        try:
            self.accounts.took({post.attempt.account_id for post in posts}, now=self.clock())
        except Error as error:
            log.warning("Not noted that accounts work: %s", error)
            _let_go_of_broken()

    def _write_later(self, error: Error) -> None:
        """Keep what was answered, and try again soon, then less often: a full disk needs no log of
        every try.
        """
        if self.failures % 20 == 0:
            found = [(one.call.pk, one.job and one.job.id) for one in self.unwritten]
            log.error("Not written yet, attempts and jobs %s: %s", found, error)
        self.failures += 1
        self.write_again_at = time.monotonic() + retry.policy("write.answer").pause_seconds(
            self.failures
        )
        _let_go_of_broken()

    def _write_all(self, answers: Sequence[CallResult], *, now: datetime) -> None:
        _lock(answers)
        posts = [one for one in answers if isinstance(one.call, Post)]
        polls = [one for one in answers if not isinstance(one.call, Post)]
        poll.write(polls, write_one=_write_one, now=now)
        self.posts.write(posts, write_one=_write_one, now=now)
        if any(one.job is not None and one.job.state is JobState.DONE for one in polls):
            transaction.on_commit(lambda: self._wake_transfers(now))

    def _wake_transfers(self, now: datetime) -> None:
        """Wake the lanes, but not for each of many results; the ticker wakes them for what comes in
        between.
        """
        if self.woken_at is None or now - self.woken_at > WAKE_PAUSE:
            self.woken_at = now
            wake.transfers(now=now)


def _write_one(
    write: Callable[..., None], attempt: Attempt, answer: CallResult, *, now: datetime
) -> None:
    """Write one answer.

    One that cannot be written must not hold up the others, nor end posts under way.

    It is noted instead: see odd_answers.py.
    """
    was = {"pk": attempt.pk, "state": attempt.state, "lease_token": attempt.lease_token}
    with attempt.named():
        try:
            unless_overtaken(write, attempt, answer, now=now)
        except Exception as error:
            _unless_of_the_database(error)
            log.exception(
                "Attempt %s: job %r cannot be written", attempt.pk, answer.job and answer.job.id
            )
            _note_unwritable(was, answer, error, now=now)


def _note_unwritable(
    was: dict[str, Any], answer: CallResult, error: Exception, *, now: datetime
) -> None:
    """Note on a row, as it was before, that an answer could not be written.

    What fails even then keeps its lease.
    """
    row = Attempt.objects.select_related("generation", "account").filter(**was).first()
    try:
        if row is not None:
            unless_overtaken(unusable_answers.unwritable, row, answer, error, now=now)
    except Exception as another:
        _unless_of_the_database(another)
        log.exception(
            "Attempt %s: nor can it be noted that its answer cannot be written", was["pk"]
        )


def _unless_of_the_database(error: Exception) -> None:
    """Raise again what would fail for every row: locked, full disk.

    All of it is written later then.
    """
    if isinstance(error, DatabaseError) and not isinstance(error, IntegrityError | DataError):
        raise error


def _lock(answers: Sequence[CallResult]) -> None:
    """Lock the rows and the budgets of all that these answers are about at once, for they are
    written step by step.

    Polls that found nothing new are one step: it goes by their order itself.
    """
    under_way = [one.job is not None and one.job.state in poll.UNDERWAY for one in answers]
    if all(under_way) and not any(isinstance(one.call, Post) for one in answers):
        return
    lock([one.call.pk for one in answers])
    ledger.lock(
        [one.call.pk for one, goes_on in zip(answers, under_way, strict=True) if not goes_on]
    )


def _reached_written(answers: Sequence[CallResult]) -> None:
    for answer in answers:
        reached("submit.recorded" if isinstance(answer.call, Post) else "poll.written")
