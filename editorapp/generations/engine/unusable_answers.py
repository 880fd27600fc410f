"""Unusable answers: not readable, not to be written down, or in a state that stands in
no table.

One is no reason to give a paid job up, and none is asked for ever: after a few in a row over some
minutes the take is a person's, with its money held and what came beside it. A state that is merely
unknown is asked about on, and shown after a while (checks/overdue.py).
"""

import logging
from datetime import datetime

from editorapp.core import retry
from editorapp.generations.engine import poll_outcomes, poll_schedule, post_outcomes
from editorapp.generations.engine.dispatcher import CallResult
from editorapp.generations.models import Attempt
from editorapp.generations.states import State
from editorapp.providers.contract import Job, OutcomeUnknown, ProviderError, Unreadable
from editorapp.providers.http.response_body import as_it_came

log = logging.getLogger(__name__)


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
