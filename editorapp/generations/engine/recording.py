"""Recording: answers are written down together, and where that fails one by one, so that none holds
up another.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from django.db import DatabaseError, DataError, IntegrityError, transaction

from editorapp.generations.engine import unusable_answers
from editorapp.generations.engine.dispatcher import CallResult
from editorapp.generations.models import Attempt, Overtaken

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
    """Write one answer. One that cannot be written is noted instead: see unusable_answers.py."""
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
                unusable_answers.unwritable(attempt, answer, error, now=now)
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
