"""Submit: the paid posts of one provider: what may leave now, the intent on disk before its first
byte, and what came of it.
"""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import DatabaseError, DataError, transaction

from editorapp.core.fault_points import reached
from editorapp.generations import history
from editorapp.generations.coordination import wake
from editorapp.generations.coordination.leases import Clock
from editorapp.generations.engine import (
    claims,
    poll_schedule,
    post_outcomes,
    recording,
    requeue,
)
from editorapp.generations.engine.account_snapshot import Accounts
from editorapp.generations.engine.dispatcher import (
    POST_SECONDS,
    CallResult,
    Dispatcher,
    Post,
    extra_seconds,
)
from editorapp.generations.engine.post_outcomes import Accepted
from editorapp.generations.engine.recording import Answered, unless_overtaken
from editorapp.generations.files import staging
from editorapp.generations.models import Attempt, Fields
from editorapp.generations.states import State
from editorapp.providers.contract import (
    ProviderError,
    Rejected,
    Throttled,
    Unavailable,
)

log = logging.getLogger(__name__)


@dataclass
class Posts:
    """What one sweep sends."""

    dispatcher: Dispatcher
    accounts: Accounts
    clock: Clock
    # Attempts whose post carries stored files, and until when (monotonic) at most.
    slow: dict[int, float] = field(default_factory=dict)
    first_looks: dict[tuple[str, str], float] = field(default_factory=dict)
    # All that might leave has left: there may be more once answers are in.
    is_more_due: bool = False

    def slow_until(self) -> float:
        """Return until when (monotonic) the slowest post under way may take."""
        return max(self.slow.values(), default=0.0)

    def send_due(self, now: datetime) -> None:
        """Send what may leave now.

        What is to leave together is written down together, and only then sent.
        """
        self.is_more_due = False
        room = self.dispatcher.free_posts
        # Is there something to post, or a post whose worker is gone?
        new = (State.QUEUED, State.SUBMITTING)
        if room <= 0 or not claims.is_due_by(self.accounts.ids, now, new):
            return
        # A row that is due while it is being sent lost its worker: nobody knows whether the post
        # arrived.
        for attempt in claims.due(self.accounts.ids, State.SUBMITTING, now=now):
            with unless_overtaken():
                post_outcomes.lapsed(attempt, now=now)
        chosen = list(self.accounts.turns(now=now, room=room))
        self.is_more_due = len(chosen) >= room
        for post in self._written_ahead(chosen):
            reached("submit.written_ahead")
            self.dispatcher.send(post)
            if post.extra_seconds:
                lasts = POST_SECONDS + post.extra_seconds
                self.slow[post.attempt.pk] = time.monotonic() + lasts

    def _written_ahead(self, chosen: Sequence[Attempt]) -> list[Post]:
        """Write down that these posts are about to leave, in one transaction, and return them once
        it is committed.

        One that cannot be prepared, or was changed meanwhile, stops no other.
        """
        prepared = [self._prepared(attempt) for attempt in chosen]
        posts = [post for post in prepared if post]
        if len(posts) > 1 and recording.is_written(lambda: self._write_ahead(posts)):
            return posts
        return [post for post in posts if self._is_written_ahead(post)]

    def _prepared(self, attempt: Attempt) -> Post | None:
        """Return an attempt's post; None where files must be staged first, and where it cannot even
        be prepared.
        """
        with attempt.named():
            try:
                return self._post_of(attempt)
            except DatabaseError:
                raise
            except Exception as error:
                self._put_aside(attempt, error)
                return None

    def _post_of(self, attempt: Attempt) -> Post | None:
        now = self.clock()
        wanted = attempt.generation.wanted
        spec = self.accounts.by_id[attempt.account_id].spec
        ids = staging.staged_ids(wanted, spec)
        lying = staging.lying(attempt.account_id, ids, now=now)
        if ids - lying.keys() or staging.unprepared(wanted, spec):
            with unless_overtaken():
                _stage_first(attempt, now=now)
            return None
        body: Fields = self.dispatcher.provider.encode(staging.resolved(wanted, spec, lying), spec)
        return Post(
            attempt,
            self.accounts.access[attempt.account_id],
            body,
            self.dispatcher.provider.endpoint(wanted),
            extra_seconds=extra_seconds(body),
            is_listened_to=attempt.account_id in self.accounts.listened,
        )

    def _put_aside(self, attempt: Attempt, error: Exception) -> None:
        log.exception("Attempt %s could not be prepared", attempt.pk, exc_info=error)
        attempt.refresh_from_db()
        with unless_overtaken():
            post_outcomes.unsendable(attempt, error, now=self.clock())

    def _write_ahead(self, posts: Sequence[Post]) -> None:
        post_outcomes.posting(posts, now=self.clock())
        reached("submit.writing_ahead")

    def _is_written_ahead(self, post: Post) -> bool:
        try:
            with unless_overtaken():
                self._write_ahead([post])
                return True
        except (DataError, TypeError, ValueError) as error:  # a body that no row can hold
            self._put_aside(post.attempt, error)
        return False

    def write(self, answers: Sequence[CallResult], *, now: datetime) -> None:
        """Write what became of posts, within the caller's transaction; the ids of those that were
        taken together.
        """
        pairs = [(one.call.attempt, one) for one in answers if isinstance(one.call, Post)]
        for attempt, _answer in pairs:
            self.slow.pop(attempt.pk, None)
        taken = [pair for pair in pairs if pair[1].job]
        recording.record(self._write_accepted, taken, now=now)
        for pair in pairs:
            if pair[1].job is None:
                recording.record_one(_write_refused, pair, now=now)

    def _write_accepted(self, answers: Sequence[Answered], *, now: datetime) -> None:
        taken = [
            Accepted(attempt, answer.job, self._first_look(attempt))
            for attempt, answer in answers
            if answer.job
        ]
        post_outcomes.accepted(taken, now=now)

    def _first_look(self, attempt: Attempt) -> float:
        """When to poll a fresh job of this kind first, from our own last jobs; asked once a
        session.
        """
        kind = (attempt.generation.model, attempt.generation.task)
        if kind not in self.first_looks:
            past = history.lately(*kind, provider=self.dispatcher.provider.SPEC.slug)
            self.first_looks[kind] = poll_schedule.first_look_seconds(past)
        return poll_schedule.spread(self.first_looks[kind])


def _write_refused(answers: Sequence[Answered], *, now: datetime) -> None:
    for attempt, answer in answers:
        error = answer.error
        assert error is not None
        # Only at DEBUG in the provider's words: they may repeat the prompt.
        kind = type(error).__name__
        log.warning(
            "Attempt %s was not accepted: %s, %s",
            attempt.pk,
            kind,
            error.code,
        )
        log.debug("Attempt %s: %s", attempt.pk, error.message)
        _refuse(attempt, error, now=now)
        post_outcomes.rests(attempt.account_id, error, now=now)


def _refuse(attempt: Attempt, error: ProviderError, *, now: datetime) -> None:
    if isinstance(error, Throttled | Unavailable):
        requeue.not_accepted(attempt, error, now=now)
    elif not isinstance(error, Rejected):
        # OutcomeUnknown, and whatever an adapter should not have raised: in doubt, it may have
        # been accepted.
        post_outcomes.unknown(attempt, error, now=now)
    elif staging.forget_refused(attempt, error):
        requeue.file_refused(attempt, error, now=now)
    else:
        post_outcomes.refused(attempt, error, now=now)


def _stage_first(attempt: Attempt, *, now: datetime) -> None:
    attempt.move(
        State.STAGING,
        now=now,
        next_action_at=now,
        submit_started_at=None,
    )
    transaction.on_commit(lambda: wake.transfers(now=now))
