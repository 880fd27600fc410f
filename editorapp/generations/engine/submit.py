"""Paid posts of one provider: what may leave now, the intent on disk before its first byte, and
what came of it.
"""

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from types import ModuleType
from typing import Any, TypeVar

from django.db import DatabaseError, DataError, IntegrityError, transaction

from editorapp.core.fault_points import reached
from editorapp.generations import history
from editorapp.generations.coordination import wake
from editorapp.generations.engine import backoff, claims, outcomes, poll_schedule
from editorapp.generations.engine.account_snapshot import Accounts
from editorapp.generations.engine.dispatcher import (
    POST_SECONDS,
    CallResult,
    Dispatcher,
    Post,
    extra_seconds,
)
from editorapp.generations.files import staging
from editorapp.generations.models import Attempt, Overtaken
from editorapp.generations.states import State
from editorapp.providers.contract import Rejected, Throttled, Unavailable

log = logging.getLogger(__name__)

WriteOne = Callable[..., None]
T = TypeVar("T")


class Posts:
    """What one sweep sends."""

    def __init__(
        self,
        adapter: ModuleType,
        courier: Dispatcher,
        accounts: Accounts,
        clock: Callable[[], datetime],
    ) -> None:
        self._adapter, self._courier, self._accounts, self._clock = (
            adapter,
            courier,
            accounts,
            clock,
        )
        self.slow: dict[
            int, float
        ] = {}  # attempts whose post carries stored files, and until when at most
        self._first_looks: dict[tuple[str, str], float] = {}
        self.is_more_due = (
            False  # all that might leave has left: there may be more once answers are in
        )

    def slow_until(self) -> float:
        """Return until when (monotonic) the slowest post under way may take."""
        return max(self.slow.values(), default=0.0)

    def send_due(self, now: datetime) -> None:
        """Send what may leave now.

        What is to leave together is written down together, and only then sent.
        """
        self.is_more_due = False
        if self._courier.free_posts <= 0 or not claims.is_anything_new(self._accounts.ids, now=now):
            return
        self._end_lapsed(now)
        chosen = list(self._accounts.turns(now=now, room=self._courier.free_posts))
        self.is_more_due = len(chosen) >= self._courier.free_posts
        for errand in self._written_ahead(chosen):
            reached("submit.written_ahead")
            self._courier.send(errand)
            if errand.extra_seconds:
                self.slow[errand.attempt.pk] = (
                    time.monotonic() + POST_SECONDS + errand.extra_seconds
                )

    def _end_lapsed(self, now: datetime) -> None:
        """A row that is due while it is being sent lost its worker: nobody knows whether the post
        arrived.
        """
        for attempt in claims.due(self._accounts.ids, State.SUBMITTING, now=now):
            unless_overtaken(outcomes.lapsed, attempt, now=now)

    def _written_ahead(self, chosen: Sequence[Attempt]) -> list[Post]:
        """Write down that these posts are about to leave, in one transaction, and return them once
        it is committed.

        One that cannot be prepared, or was changed meanwhile, stops no other.
        """
        posts = []
        for attempt in chosen:
            with attempt.named():
                if (post := self._prepared(attempt)) is not None:
                    posts.append(post)
        if len(posts) > 1 and self._all_written(posts):
            return posts
        return [post for post in posts if self._is_written(post)]

    def _prepared(self, attempt: Attempt) -> Post | None:
        """Return an attempt's post; None where files must be staged first, and where it cannot even
        be prepared.
        """
        now = self._clock()
        try:
            wanted, spec = attempt.generation.wanted, self._accounts.spec(attempt.account_id)
            ids = staging.staged_ids(wanted, spec)
            lying = staging.lying(attempt.account_id, ids, now=now)
            if ids - lying.keys() or staging.unprepared(wanted, spec):
                unless_overtaken(_stage_first, attempt, now=now)
                return None
            body: dict[str, Any] = self._adapter.encode(staging.resolved(wanted, spec, lying), spec)
            access = self._accounts.access(attempt.account_id)
            return Post(
                attempt,
                access,
                body,
                self._adapter.endpoint(wanted),
                extra_seconds=extra_seconds(body),
                is_listened_to=self._accounts.is_listened_to(attempt.account_id),
            )
        except DatabaseError:
            raise
        except Exception as error:
            self._put_aside(attempt, error)
            return None

    def _put_aside(self, attempt: Attempt, error: Exception) -> None:
        log.exception("Attempt %s could not be prepared", attempt.pk, exc_info=error)
        attempt.refresh_from_db()
        unless_overtaken(outcomes.unsendable, attempt, error, now=self._clock())

    def _all_written(self, posts: Sequence[Post]) -> bool:
        """Write all of them down, or none. Say whether they are."""
        try:
            with transaction.atomic():
                outcomes.posting_all(
                    [(one.attempt, one.body, one.extra_seconds) for one in posts], now=self._clock()
                )
                reached("submit.writing_ahead")
        except (Overtaken, IntegrityError, DataError, TypeError, ValueError) as error:
            log.info("Posts are written down one by one: %s", error)
            return False
        return True

    def _is_written(self, post: Post) -> bool:
        try:
            return unless_overtaken(self._written_down, post.attempt, post) or False
        except (DataError, TypeError, ValueError) as error:  # a body that no row can hold
            self._put_aside(post.attempt, error)
            return False

    def _written_down(self, attempt: Attempt, post: Post) -> bool:
        outcomes.posting(attempt, post.body, now=self._clock(), seconds=post.extra_seconds)
        reached("submit.writing_ahead")
        return True

    def write(self, answers: Sequence[CallResult], *, write_one: WriteOne, now: datetime) -> None:
        """Write what became of posts, within the caller's transaction; the ids of those that were
        taken together.
        """
        for one in answers:
            self.slow.pop(_attempt(one).pk, None)
        taken = [
            (_attempt(one), one.job, self._first_look(_attempt(one)))
            for one in answers
            if one.job is not None
        ]
        if len(taken) > 1 and outcomes.all_accepted(taken, now=now):
            answers = [one for one in answers if one.job is None]
        for one in answers:
            write_one(self._write, _attempt(one), one, now=now)

    def _write(self, attempt: Attempt, answer: CallResult, *, now: datetime) -> None:
        if answer.job is not None:
            outcomes.accepted(
                attempt, answer.job, now=now, first_look_seconds=self._first_look(attempt)
            )
            return
        error = answer.error
        assert error is not None
        # Only at DEBUG in the provider's words: they may repeat the prompt.
        log.warning(
            "Attempt %s was not accepted: %s, %s", attempt.pk, type(error).__name__, error.code
        )
        log.debug("Attempt %s: %s", attempt.pk, error.message)
        if isinstance(error, Throttled | Unavailable):
            backoff.not_accepted(attempt, error, now=now)
        elif isinstance(error, Rejected):
            if staging.forget_refused(attempt, error):
                backoff.file_refused(attempt, error, now=now)
            else:
                outcomes.refused(attempt, error, now=now)
        else:
            # OutcomeUnknown, and whatever an adapter should not have raised: in doubt, it may have
            # been accepted.
            outcomes.unknown(attempt, error, now=now)
        outcomes.rests(attempt.account_id, error, now=now)

    def _first_look(self, attempt: Attempt) -> float:
        """When to poll a fresh job of this kind first, from our own last jobs; asked once a
        session.
        """
        kind = (attempt.generation.model, attempt.generation.task)
        if kind not in self._first_looks:
            provider = self._adapter.SPEC.slug
            self._first_looks[kind] = poll_schedule.first_look_seconds(
                history.lately(*kind, provider=provider)
            )
        return poll_schedule.spread(self._first_looks[kind])


def _stage_first(attempt: Attempt, *, now: datetime) -> None:
    attempt.move(
        State.STAGING, now=now, next_action_at=now, lease_token=None, submit_started_at=None
    )
    transaction.on_commit(lambda: wake.transfers(now=now))


def _attempt(answer: CallResult) -> Attempt:
    assert isinstance(answer.call, Post)
    return answer.call.attempt


def unless_overtaken(
    write: Callable[..., T], attempt: Attempt, *args: object, **kwargs: object
) -> T | None:
    """Write, or drop the result where somebody else was first: a cancel, a person, another worker."""
    try:
        with transaction.atomic():
            return write(attempt, *args, **kwargs)
    except Overtaken as overtaken:
        log.info("Dropped: %s", overtaken)
        return None
