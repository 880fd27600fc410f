"""Sweep: everything that is due at one provider, for some seconds: post, poll, and write what came
of it.

It runs as a task of the queue, one at a time for each provider. It may be delivered late, twice or
never, and it may be killed at any instant: the lease, the write-ahead row and the compare-and-set
make each of these harmless.
"""

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import Error, connection, transaction
from django.utils import timezone

from editorapp.core import retry
from editorapp.core.fault_points import reached
from editorapp.costs import ledger
from editorapp.generations import exchange_log
from editorapp.generations.coordination import heartbeat, leases, shutdown, wake
from editorapp.generations.coordination.leases import Clock, Renew
from editorapp.generations.engine import claims, poll, reclaim
from editorapp.generations.engine.account_snapshot import Accounts
from editorapp.generations.engine.dispatcher import POST_WORKERS, CallResult, Dispatcher, Post
from editorapp.generations.engine.poll import Polls
from editorapp.generations.engine.submit import Posts
from editorapp.providers import registry
from editorapp.providers.contract import JobState

log = logging.getLogger(__name__)

SESSION_SECONDS = 20.0
LEASE_SECONDS = 30.0
RENEW_SECONDS = 5.0
LONGEST_SECONDS = 600.0  # how long a sweep goes on taking new work beside slow posts
# longer than any call without files: after that, polls that could not be written are given up
DRAIN_SECONDS = 120.0
# and answers to paid calls: a disk may be full for long; see wake.LONG_SECONDS
PAID_DRAIN_SECONDS = 2400.0
TURN_SECONDS = 0.4
LINGER_SECONDS = 3.0  # due within this: worth waiting for, rather than starting anew
WAKE_PAUSE = timedelta(seconds=0.5)


def work(
    provider: str,
    *,
    seconds: float = SESSION_SECONDS,
    clock: Clock = timezone.now,
) -> None:
    """Look after a provider's attempts for at most about so many seconds, and longer only for posts
    under way.
    """
    name = wake.lease_of("work", provider)
    # also where another sweep is at work: or its end could wake nobody
    wake.answered(name, now=clock())
    with leases.held(name, clock=clock, seconds=LEASE_SECONDS) as renew:
        if renew is None:
            return
        reclaim.from_the_dead(now=clock())
        session = Session(provider, clock=clock)
        try:
            session.run(renew, seconds=seconds)
        finally:
            session.dispatcher.close()
    if claims.is_due_by(session.accounts.ids, clock() + timedelta(seconds=1)):
        wake.work(provider, now=clock())


class Session:
    """One sweep: a dispatcher and what it carries."""

    def __init__(self, provider: str, *, clock: Clock) -> None:
        self.provider = provider
        self.clock = clock
        self.dispatcher = Dispatcher(registry.get(provider))
        self.accounts = Accounts(provider)
        self.posts = Posts(self.dispatcher, self.accounts, clock)
        turn = timedelta(seconds=TURN_SECONDS)
        self.polls = Polls(self.dispatcher, self.accounts, turn)
        self.unwritten: list[CallResult] = []
        self.failures = 0  # of writing, one after the other
        self.write_again_at = 0.0  # monotonic
        self.durable: object = None  # the connection whose commits survive a power cut
        self.woken_at: datetime | None = None

    def run(self, renew: Renew, *, seconds: float) -> None:
        """Take turns until the time is up, and longer while a stored file is on its way inside a post.

        Minutes of such a post must not keep everybody else waiting; but once the lease is lost, nothing
        new is taken.
        """
        began = time.monotonic()
        ends = began + seconds
        latest = began + LONGEST_SECONDS
        renews = began + RENEW_SECONDS
        while True:
            if shutdown.is_asked():
                latest = min(latest, time.monotonic())
            slow = self.posts.slow_until()
            until = min(max(ends, slow), latest)
            if not self.turn(take_new=time.monotonic() < until):
                return
            # an answer to a paid call that is written nowhere yet is worth a long wait
            holds_paid = any(isinstance(one.call, Post) for one in self.unwritten)
            drain = PAID_DRAIN_SECONDS if holds_paid else DRAIN_SECONDS
            if time.monotonic() > max(until, slow) + drain:
                return
            if time.monotonic() > renews:
                renews = time.monotonic() + RENEW_SECONDS
                if not self._is_renewed(renew):
                    latest = min(latest, time.monotonic())

    def _is_renewed(self, renew: Renew) -> bool:
        """Renew the sweep's lease and show a sign of life. Say whether the lease is still ours.

        A database that does not answer has taken nothing away.
        """
        try:
            # the beat task may have to wait for this very session
            heartbeat.beat("cluster", now=self.clock())
            is_held = renew(LEASE_SECONDS)
        except Error:
            log.exception("The lease of %s could not be renewed", self.provider)
            drop_broken_connection()
            return True
        if not is_held:
            log.warning("The sweep of %s was taken over by another worker", self.provider)
        return is_held

    def turn(self, *, take_new: bool) -> bool:
        """Send what is due, then write answers as they come, for a tick.

        Say whether another turn is worth while.
        """
        tick_ends = time.monotonic() + TURN_SECONDS
        try:
            if not self._has_work(take_new, self.clock()):
                return False
        except Error as error:
            log.warning("Nothing new is taken while the database does not answer: %s", error)
            drop_broken_connection()
        while (left := tick_ends - time.monotonic()) > 0 and not self._has_room_for_more(take_new):
            self._write(self.dispatcher.gather(left))
        return True

    def _has_work(self, take_new: bool, now: datetime) -> bool:
        """Take what is due, and say whether anything is under way or soon due.

        After its time a session posts nothing new, but polls on for as long as a post is under way.
        """
        self._be_durable()
        self.accounts.refresh()
        if take_new:
            self.posts.send_due(now)
        if take_new or self.dispatcher.posting:
            self.polls.ask_due(now)
        if self.dispatcher.in_flight or self.unwritten:
            return True
        soon = now + timedelta(seconds=LINGER_SECONDS)
        return take_new and claims.is_due_by(self.accounts.ids, soon)

    def _be_durable(self) -> None:
        """Make commits survive a power cut: the row that says "sent" must not be lost after the call
        was paid.
        """
        connection.ensure_connection()
        if self.durable is not connection.connection:
            _sync_commits()
            self.durable = connection.connection

    def _has_room_for_more(self, take_new: bool) -> bool:
        """Is more due than this turn could take, and is half of what it took answered?"""
        can_send = take_new and self._has_room_for_posts()
        return (can_send or self._has_room_for_polls()) and not self.unwritten

    def _has_room_for_posts(self) -> bool:
        return self.posts.is_more_due and self.dispatcher.free_posts >= POST_WORKERS / 2

    def _has_room_for_polls(self) -> bool:
        return self.polls.is_more_due and self.dispatcher.polling <= poll.AT_FIRST / 2

    def _write(self, answers: list[CallResult]) -> None:
        """Write what came back in one transaction; what cannot be written of it must not hold up
        the rest.

        What the database does not take now (locked, full disk) is kept, and written in a later
        turn.
        """
        if self.unwritten and time.monotonic() < self.write_again_at:
            self.unwritten += answers
            return
        answers = self.unwritten + answers
        kept = self.unwritten
        self.unwritten = []
        if not answers:
            return
        try:
            for one in kept:  # as they are, not as a write that failed left the objects
                if isinstance(one.call, Post):
                    one.call.attempt.refresh_from_db()
            with transaction.atomic():
                self._write_all(answers, now=self.clock())
        except Error as error:
            self.unwritten = answers
            self._write_later(error)
        else:
            self.failures = 0
            self._after_writing(answers)

    def _after_writing(self, answers: Sequence[CallResult]) -> None:
        for answer in answers:
            reached("submit.recorded" if isinstance(answer.call, Post) else "poll.written")
            exchange_log.note_of_take(answer.call.attempt.generation_id, answer.heard)
        self._note_taken(answers)
        self.polls.forget(answers)

    def _note_taken(self, answers: Sequence[CallResult]) -> None:
        """Note which accounts took jobs: after the answers are written, and nothing depends on it."""
        try:
            self.accounts.took(_accounts_that_took(answers), now=self.clock())
        except Error as error:
            log.warning("Not noted that accounts work: %s", error)
            drop_broken_connection()

    def _write_later(self, error: Error) -> None:
        """Keep what was answered, and try again soon, then less often: a full disk needs no log of
        every try.
        """
        if self.failures % 20 == 0:
            found = [(one.call.attempt.pk, one.job and one.job.id) for one in self.unwritten]
            log.error("Not written yet, attempts and jobs %s: %s", found, error)
        self.failures += 1
        pause = retry.policy("write.answer").pause_seconds(self.failures)
        self.write_again_at = time.monotonic() + pause
        drop_broken_connection()

    def _write_all(self, answers: Sequence[CallResult], *, now: datetime) -> None:
        _lock(answers)
        posts = [one for one in answers if isinstance(one.call, Post)]
        polls = [one for one in answers if not isinstance(one.call, Post)]
        poll.write(polls, now=now)
        self.posts.write(posts, now=now)
        if any(one.job and one.job.state is JobState.DONE for one in polls):
            transaction.on_commit(lambda: self._wake_transfers(now))

    def _wake_transfers(self, now: datetime) -> None:
        """Wake the lanes, but not for each of many results; the ticker wakes them for what comes in
        between.
        """
        if self.woken_at is None or now - self.woken_at > WAKE_PAUSE:
            self.woken_at = now
            wake.transfers(now=now)


def _accounts_that_took(answers: Sequence[CallResult]) -> set[int]:
    taken = [one.call for one in answers if one.job]
    return {post.attempt.account_id for post in taken if isinstance(post, Post)}


def _sync_commits() -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA synchronous=FULL")
        else:
            cursor.execute("SHOW synchronous_commit")
            if cursor.fetchone() == ("off",):  # any other setting is at least what we need
                cursor.execute("SET synchronous_commit TO on")


def _lock(answers: Sequence[CallResult]) -> None:
    """Lock the rows and the budgets of all that these answers are about at once, for they are
    written step by step.

    Polls that found nothing new are one step: it goes by their order itself.
    """
    under_way = [one.job and one.job.state in poll.UNDERWAY for one in answers]
    if all(under_way) and not any(isinstance(one.call, Post) for one in answers):
        return
    claims.lock([one.call.attempt.pk for one in answers])
    ledger.lock(
        [
            one.call.attempt.pk
            for one, goes_on in zip(answers, under_way, strict=True)
            if not goes_on
        ]
    )


def drop_broken_connection() -> None:
    """Close a connection that the database has ended (it was restarted), so that the next statement
    opens another.
    """
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
