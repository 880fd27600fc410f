"""Recording: answers are written down together, and where that fails one by one, so that none holds
up another.

An answer that is not readable, not to be written down, or in a state that stands in no table is no
reason to give a paid job up, and none is asked for ever: after a few in a row over some minutes the
take is a person's, with its money held and what came beside it. A state that is merely unknown is
asked about on, and shown after a while (checks/overdue.py).
"""

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import DatabaseError, DataError, IntegrityError, transaction

from editorapp.core import retry
from editorapp.generations.engine import poll_outcomes, poll_schedule, post_outcomes
from editorapp.generations.engine.dispatcher import CallResult
from editorapp.generations.models import Attempt, Overtaken
from editorapp.generations.states import State
from editorapp.providers.contract import Job, OutcomeUnknown, ProviderError, Unreadable
from editorapp.providers.http.response_body import as_it_came

log = logging.getLogger(__name__)
Answered = tuple[Attempt, CallResult]
Write = Callable[..., None]  # writes the answers about some attempts: all of them, or none


def record(
    write: Write,
    answers: Sequence[Answered],
    *,
    now: datetime,
    reread: Callable[[Sequence[Answered]], Sequence[Answered]] = lambda answers: answers,
) -> None:
    """Write answers in one go, or each by itself, read anew, where one of them cannot be written.

    Raises: DatabaseError, when nothing can be written now (locked, full disk).
    """
    if len(answers) > 1:
        if is_written(partial(write, answers, now=now)):
            return
        answers = reread(answers)
    for one in answers:
        record_one(write, one, now=now)


def is_written(write: Callable[[], object]) -> bool:
    """Write in one go, all or nothing; False where something cannot be written, which is undone.

    Raises: DatabaseError, when nothing can be written now.
    """
    try:
        with transaction.atomic():
            write()
    except Exception as error:
        _unless_of_the_database(error)
        log.info("Written one by one: %s (%s)", error, type(error).__name__)
        return False
    return True


def record_one(write: Write, answered: Answered, *, now: datetime) -> None:
    """Write one answer. One that cannot be written is noted instead."""
    attempt, answer = answered
    row = attempt.as_read()
    with attempt.named():
        try:
            with unless_overtaken():
                write([answered], now=now)
        except Exception as error:
            _unless_of_the_database(error)
            job_id = answer.job and answer.job.id
            log.exception("Attempt %s: job %r cannot be written", attempt.pk, job_id)
            _note_unwritable(row, answer, error, now=now)


def _note_unwritable(
    row: Any,
    answer: CallResult,
    error: Exception,
    *,
    now: datetime,
) -> None:
    """Note on a row, as it was before, that an answer could not be written.

    What fails even then keeps its lease.
    """
    attempt = row.select_related("generation", "account").first()
    try:
        if attempt:
            with unless_overtaken():
                unwritable(attempt, answer, error, now=now)
    except Exception as another:
        _unless_of_the_database(another)
        log.exception("Attempt %s: nor can it be noted why not", attempt and attempt.pk)


@contextlib.contextmanager
def unless_overtaken() -> Iterator[None]:
    """Write, or drop the result where somebody else was first: a cancel, a person, another worker."""
    try:
        with transaction.atomic():
            yield
    except Overtaken as overtaken:
        log.info("Dropped: %s", overtaken)


def _unless_of_the_database(error: Exception) -> None:
    """Raise again what would fail for every row: locked, full disk.

    All of it is written later then.
    """
    if isinstance(error, DatabaseError) and not isinstance(error, IntegrityError | DataError):
        raise error


def unreadable(attempt: Attempt, error: Unreadable, *, now: datetime) -> None:
    """A poll was answered with what makes no sense: ask again, for a while."""
    _odd(attempt, error, now=now, policy="poll.unreadable", what="cannot be read")


def unwritable(
    attempt: Attempt,
    answer: CallResult,
    error: Exception,
    *,
    now: datetime,
) -> None:
    """What an answer says could not be written down. `attempt` is its row, read anew.

    A poll is asked again, for a while; a paid post was perhaps accepted.
    """
    came = as_it_came(repr(answer.job) if answer.job else str(answer.error))
    name = attempt.account.spec.name
    kind = type(error).__name__
    if attempt.state == State.SUBMITTING:
        named = f" It names the job {answer.job.id}." if answer.job else ""
        says = f"{name} answered, and its answer could not be written down ({kind}).{named}"
        doubt = OutcomeUnknown(says, code="not_written", came=came)
        post_outcomes.unknown(attempt, doubt, now=now)
        return
    says = f"{name}'s answer could not be written down ({kind})."
    failed = ProviderError(says, code="not_written", came=came)
    _odd(attempt, failed, now=now, policy="poll.unwritable", what="cannot be written down")


def _odd(
    attempt: Attempt,
    error: ProviderError,
    *,
    now: datetime,
    policy: str,
    what: str,
) -> None:
    since = attempt.odd_since if attempt.odd_count and attempt.odd_since else now
    count = attempt.odd_count + 1
    noted = {"odd_count": count, "odd_since": since, "odd_answer": error.came}
    if not retry.policy(policy).is_over(count, (now - since).total_seconds()):
        poll_outcomes.poll_failed(attempt, error, now=now, **noted)
        return
    message = (
        f"What {attempt.account.spec.name} answers about this job {what}: {count} times in a row, "
        f"since {since:%H:%M} UTC. {error.message} It is not asked any more. "
        "Its price stays held until somebody says what became of it."
    )
    code = error.code or "odd_answers"
    poll_outcomes.lost(attempt, message, now=now, code=code, **noted)


def unknown_state(attempt: Attempt, job: Job, *, now: datetime) -> None:
    """The provider says a state that nobody here knows: asked about on, noted once, and kept with
    since when.
    """
    word = job.unknown_state
    was_unknown = not attempt.odd_count and bool(attempt.odd_since)
    if not was_unknown or attempt.odd_answer != word:
        log.warning(
            "Attempt %s: the provider says an unknown state: %s",
            attempt.pk,
            word,
        )
    kept = poll_outcomes.READABLE | {
        "progress": poll_outcomes.as_share(job.progress),
        "poll_count": attempt.poll_count + 1,
        "last_error": says_unknown(attempt, word),
        "odd_since": attempt.odd_since if was_unknown else now,
        "odd_answer": word,
    }
    at = poll_schedule.next_look_at(submitted_at=attempt.submitted_at or now, now=now)
    attempt.as_read().update(next_action_at=at, **kept)


def says_unknown(attempt: Attempt, word: str) -> str:
    return f"{attempt.account.spec.name} says '{word}', a state that Rushes does not know."
