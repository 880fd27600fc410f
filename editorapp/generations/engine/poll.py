"""Polls of one provider: which jobs are asked for when, and what is written of what they answer.

A job in flight travels through here as a few plain values: hundreds are looked at every second, and
a model's instance for each would cost more than the claim. Only the few whose answer says more than
"still running" are read whole.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from editorapp.core.fault_points import reached
from editorapp.generations.engine import (
    claims,
    poll_outcomes,
    poll_schedule,
    recording,
)
from editorapp.generations.engine.account_snapshot import Accounts
from editorapp.generations.engine.dispatcher import CallResult, Dispatcher, Poll
from editorapp.generations.engine.recording import Answered
from editorapp.providers.contract import Job, JobState, NotFound, Unreadable
from editorapp.providers.http.response_body import as_it_came

log = logging.getLogger(__name__)

# What is claimed and not written yet: until the provider shows its pace, and at most.
AT_FIRST = 128
AT_ONCE = 1024
# so many turns' worth of answers: a slow provider's polls do not pile up here, nor die with us
TURNS_AHEAD = 4
COUNT_EVERY = timedelta(seconds=2)
UNDERWAY = frozenset({JobState.QUEUED, JobState.RUNNING})


@dataclass
class Polls:
    """What one sweep asks about, and what it has asked and not written yet."""

    dispatcher: Dispatcher
    accounts: Accounts
    turn: timedelta
    asked: set[int] = field(default_factory=set)
    share: int = AT_FIRST  # how many may be claimed in a turn
    answered: int = 0  # polls since the last claim
    pace: int = 0  # and of late in a turn
    counted_at: datetime | None = None
    is_more_due: bool = False  # the last claim took all that it might: there may be more

    def ask_due(self, now: datetime) -> None:
        """Claim what is due and ask for it.

        A burst (all were due at once) is spread over the shortest interval.
        """
        self._count(now)
        most = min(self._room(), self.share)
        looks = claims.claim_polls(
            self.accounts.ids,
            most=most,
            due_by=now + self.turn / 2,  # so that polls are as often early as late
            skip=self.asked,
        )
        self.is_more_due = len(looks) >= most > 0 and most < self.share
        for look in looks:
            self.asked.add(look.pk)
            reached("poll.claimed")
            access = self.accounts.access[look.account_id]
            is_heard = look.account_id in self.accounts.listened
            self.dispatcher.send(Poll(look, access, is_heard))

    def _room(self) -> int:
        """Return how many more may be asked for, at the pace of the answers of late."""
        self.pace = max(self.answered, self.pace // 2)
        self.answered = 0
        return min(max(AT_FIRST, TURNS_AHEAD * self.pace), AT_ONCE) - len(self.asked)

    def forget(self, answers: Sequence[CallResult]) -> None:
        """These are written: their jobs may be asked for again."""
        before = len(self.asked)
        self.asked.difference_update(one.call.attempt.pk for one in answers)
        self.answered += before - len(self.asked)

    def _count(self, now: datetime) -> None:
        """Find out now and then how many jobs run, and with it how many a turn may claim."""
        if self.counted_at is not None and timedelta() <= now - self.counted_at < COUNT_EVERY:
            return
        self.counted_at = now
        running = claims.count_running(self.accounts.ids)
        turn_seconds = self.turn.total_seconds()
        self.share = poll_schedule.polls_in_a_turn(running, turn_seconds=turn_seconds)


def write(answers: Sequence[CallResult], *, now: datetime) -> None:
    """Write what polls answered, within the caller's transaction: those that are done together."""
    underway = []
    told = []
    for one in answers:
        if one.job and one.job.state in UNDERWAY and not one.job.unknown_state:
            underway.append((one.call.attempt, one.job.progress))
        else:
            told.append(one)
    poll_outcomes.still_running(underway, now=now)
    if told:
        _hold_refused(told, now=now)
        _write_told(told, now=now)


def _write_told(answers: Sequence[CallResult], *, now: datetime) -> None:
    """Write answers that say more than that a job goes on; what is done in one go."""
    found = claims.held([one.call.attempt for one in answers])
    done = []
    for one in answers:
        attempt = found.get(one.call.attempt.pk)
        if attempt is None:
            log.info("Dropped: attempt %s was taken over while it was polled", one.call.attempt.pk)
        elif one.job and one.job.state is JobState.DONE:
            done.append((attempt, one))
        else:
            recording.record_one(_write, (attempt, one), now=now)
    recording.record(_write_done, done, now=now, reread=_as_they_are)


def _as_they_are(done: Sequence[Answered]) -> list[Answered]:
    """Return the same attempts not as a failed write left the objects."""
    found = claims.held([one.call.attempt for _attempt, one in done])
    return [(found.get(attempt.pk, attempt), one) for attempt, one in done]


def _write_done(done: Sequence[Answered], *, now: datetime) -> None:
    poll_outcomes.done([(attempt, one.job) for attempt, one in done if one.job], now=now)


def _write(answers: Sequence[Answered], *, now: datetime) -> None:
    """Write polls' answers that are neither plainly "still running" nor "done"."""
    for attempt, answer in answers:
        job = answer.job
        error = answer.error
        if job and job.unknown_state:
            recording.unknown_state(attempt, job, now=now)
        elif job and job.failure:
            poll_outcomes.failed(attempt, job, job.failure, now=now)
        elif isinstance(error, NotFound):
            poll_outcomes.missing(attempt, error, now=now)
        elif error is not None and not isinstance(error, Unreadable):
            poll_outcomes.poll_failed(attempt, error, now=now)
        else:
            recording.unreadable(attempt, error or _senseless(job), now=now)


def _senseless(job: Job | None) -> Unreadable:
    says = "The provider's answer makes no sense."
    return Unreadable(says, code="senseless", came=as_it_came(repr(job)))


def _hold_refused(answers: Sequence[CallResult], *, now: datetime) -> None:
    """An account that asks to be left alone, whatever the status was, is asked for nothing at all
    until the time that it names; only that a job is not there says nothing of the others.
    """
    waits: dict[int, float] = defaultdict(float)
    for one in answers:
        asked = one.error.retry_after_seconds if one.error else None
        if asked is not None and not isinstance(one.error, NotFound):
            account_id = one.call.attempt.account_id
            waits[account_id] = max(waits[account_id], asked)
    for account_id, seconds in waits.items():
        log.warning(
            "Account %s: no polls for %.0f s, the provider asks for a pause",
            account_id,
            seconds,
        )
        claims.hold_polls(account_id, until=now + timedelta(seconds=seconds))
