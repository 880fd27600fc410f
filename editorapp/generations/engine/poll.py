"""Polls of one provider: which jobs are asked for when, and what is written of what they answer.

A job in flight travels through here as a few plain values: hundreds are looked at every second, and
a model's instance for each would cost more than the claim. Only the few whose answer says more than
"still running" are read whole.
"""

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from editorapp.core.fault_points import reached
from editorapp.generations.engine import claims, outcomes, poll_schedule, unusable_answers
from editorapp.generations.engine.account_snapshot import Accounts
from editorapp.generations.engine.claims import DuePoll
from editorapp.generations.engine.dispatcher import CallResult, Dispatcher, Poll
from editorapp.generations.models import Attempt
from editorapp.providers.contract import Job, JobState, NotFound, Unreadable
from editorapp.providers.http.answers import as_it_came

log = logging.getLogger(__name__)

# What is claimed and not written yet: until the provider shows its pace, and at most.
AT_FIRST, AT_ONCE = 128, 1024
# so many turns' worth of answers: a slow provider's polls do not pile up here, nor die with us
TURNS_AHEAD = 4
COUNT_EVERY = timedelta(seconds=2)
UNDERWAY = frozenset({JobState.QUEUED, JobState.RUNNING})
# Each writes one answer about one attempt, or drops it where somebody else was first.
WriteOne = Callable[..., None]


class Polls:
    """What one sweep asks about, and what it has asked and not written yet."""

    def __init__(self, courier: Dispatcher, accounts: Accounts, *, turn: timedelta) -> None:
        self._courier, self._accounts = courier, accounts
        self._ahead = turn / 2  # so that polls are as often early as late
        self._turn = turn
        self._asked: set[int] = set()
        self._share = AT_FIRST  # how many may be claimed in a turn
        self._answered = self._pace = (
            0  # polls that were answered since the last claim, and of late in a turn
        )
        self._counted_at: datetime | None = None
        self.is_more_due = False  # the last claim took all that it might: there may be more

    def ask_due(self, now: datetime) -> None:
        """Claim what is due and ask for it.

        A burst (all were due at once) is spread over the shortest interval.
        """
        self._count(now)
        self._pace, self._answered = max(self._answered, self._pace // 2), 0
        room = min(max(AT_FIRST, TURNS_AHEAD * self._pace), AT_ONCE) - len(self._asked)
        due_by, most = now + self._ahead, min(room, self._share)
        looks = claims.claim_polls(self._accounts.ids, most=most, due_by=due_by, skip=self._asked)
        self.is_more_due = len(looks) >= most > 0 and most < self._share
        for look in looks:
            self._asked.add(look.pk)
            reached("poll.claimed")
            is_heard = self._accounts.is_listened_to(look.account_id)
            self._courier.send(Poll(look, self._accounts.access(look.account_id), is_heard))

    def forget(self, answers: Sequence[CallResult]) -> None:
        """These are written: their jobs may be asked for again."""
        before = len(self._asked)
        self._asked.difference_update(
            one.call.look.pk for one in answers if isinstance(one.call, Poll)
        )
        self._answered += before - len(self._asked)

    def _count(self, now: datetime) -> None:
        """Find out now and then how many jobs run, and with it how many a turn may claim."""
        if self._counted_at is not None and timedelta() <= now - self._counted_at < COUNT_EVERY:
            return
        self._counted_at = now
        running = claims.count_running(self._accounts.ids)
        self._share = poll_schedule.polls_in_a_turn(
            running, turn_seconds=self._turn.total_seconds()
        )


def write(answers: Sequence[CallResult], *, write_one: WriteOne, now: datetime) -> None:
    """Write what polls answered, within the caller's transaction: those that are done together."""
    underway = [(_look(one), one.job.progress) for one in answers if one.job and _is_plain(one.job)]
    outcomes.still_running(underway, now=now)
    rest = [one for one in answers if not (one.job and _is_plain(one.job))]
    if not rest:
        return
    _hold_refused(rest, now=now)
    found = claims.held([_look(one) for one in rest])
    done = []
    for one in rest:
        attempt = found.get(_look(one).pk)
        if attempt is None:
            log.info("Dropped: attempt %s was taken over while it was polled", _look(one).pk)
        elif one.job is not None and one.job.state is JobState.DONE:
            done.append((attempt, one))
        else:
            write_one(_write, attempt, one, now=now)
    _write_done(done, write_one=write_one, now=now)


def _is_plain(job: Job) -> bool:
    """Is it under way, and is there nothing else to say of it?"""
    return job.state in UNDERWAY and not job.unknown_state


def _write_done(
    done: list[tuple[Attempt, CallResult]], *, write_one: WriteOne, now: datetime
) -> None:
    """Charge and keep all that are done in one go; where that fails, one by one, so that one holds
    up no other.
    """
    pairs = [(attempt, one.job) for attempt, one in done if one.job is not None]
    if len(pairs) > 1 and outcomes.all_done(pairs, now=now):
        return
    found = claims.held(
        [_look(one) for _attempt, one in done]
    )  # as they are, not as the failed write left the objects
    for attempt, one in done:
        write_one(_write, found.get(attempt.pk, attempt), one, now=now)


def _write(attempt: Attempt, answer: CallResult, *, now: datetime) -> None:
    """Write a poll's answer that is not plainly "still running"."""
    job, error = answer.job, answer.error
    if job is not None and job.state is JobState.DONE:
        outcomes.done(attempt, job, now=now)
    elif job is not None and job.unknown_state:
        unusable_answers.unknown_state(attempt, job, now=now)
    elif job is not None and job.failure is not None:
        outcomes.failed(attempt, job, job.failure, now=now)
    elif isinstance(error, NotFound):
        outcomes.missing(attempt, error, now=now)
    elif error is not None and not isinstance(error, Unreadable):
        outcomes.poll_failed(attempt, error, now=now)
    else:
        senseless = Unreadable(
            "The provider's answer makes no sense.", code="senseless", came=as_it_came(repr(job))
        )
        unusable_answers.unreadable(attempt, error or senseless, now=now)


def _hold_refused(answers: Sequence[CallResult], *, now: datetime) -> None:
    """An account that asks to be left alone is asked for nothing at all until the time that it
    names.

    Whatever the status was; only that a job is not there says nothing of the others.
    """
    waits: dict[int, float] = defaultdict(float)
    for one in answers:
        if (
            one.error is not None
            and one.error.retry_after_seconds is not None
            and not isinstance(one.error, NotFound)
        ):
            account_id = _look(one).account_id
            waits[account_id] = max(waits[account_id], one.error.retry_after_seconds)
    for account_id, seconds in waits.items():
        log.warning(
            "Account %s: no polls for %.0f s, the provider asks for a pause", account_id, seconds
        )
        claims.hold_polls(account_id, until=now + timedelta(seconds=seconds))


def _look(answer: CallResult) -> DuePoll:
    assert isinstance(answer.call, Poll)
    return answer.call.look
