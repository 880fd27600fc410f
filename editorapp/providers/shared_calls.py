"""Shared calls: what several providers' modules do alike with the answers to theirs."""

import asyncio
import time
from collections.abc import Callable
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import quote

from editorapp.core import retry
from editorapp.providers.contract import (
    Failure,
    Job,
    JobState,
    OutcomeUnknown,
    Rejected,
    Unavailable,
    Unreadable,
)
from editorapp.providers.http import response_body
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.http.typed_readers import Answer, line

READY = retry.policy("stage.ready")


def path_part(value: str) -> str:
    return quote(value, safe="")


def accepted(session: ProviderSession, answer: Any, *, job_id: str, state: JobState) -> Job:
    """Return the job that the answer to a paid call names.

    Results are read by a poll: whatever ends at once is still running here.
    Raises: OutcomeUnknown, when it names none.
    """
    if not job_id:
        raise OutcomeUnknown(
            f"{session.name} accepted the request, but gave no id.",
            code="no_id",
            came=response_body.as_it_came(answer, secret=session.access.secret),
        )
    return Job(id=job_id, state=JobState.QUEUED if state is JobState.QUEUED else JobState.RUNNING)


def check_about(session: ProviderSession, answer: Any, *, asked: str, said: str) -> None:
    """Refuse an answer that names another thing than was asked for: its result would be somebody
    else's.

    One that names none ("") is about what was asked for. Raises: Unreadable.
    """
    if said and said.casefold() != asked.casefold():
        raise Unreadable(
            f"{session.name} answers about another job than the one it was asked for.",
            code="another",
            came=response_body.as_it_came(answer, secret=session.access.secret),
        )


def without_result(job_id: str, reason: str) -> Job:
    """Return a job that ended well by its provider's word, and has nothing to fetch."""
    failure = Failure(code="no_output", reason=reason, can_retry=False, is_charged=None)
    return Job(id=job_id, state=JobState.FAILED, failure=failure)


class FileState(NamedTuple):
    """What a provider says of an uploaded file that it looks at."""

    is_ready: bool
    is_failed: bool
    reason: Any  # of a failure, in the provider's words


async def until_ready(
    session: ProviderSession,
    path: str,
    answer: Answer,
    read: Callable[[Answer], FileState],
) -> Answer:
    """Ask on until a provider has looked at an uploaded file, and return its last answer.

    Raises: Rejected, when it does not take the file; Unavailable, when it takes too long.
    """
    name, began, looks = session.name, time.monotonic(), count(1)
    while not (file := read(answer)).is_ready:
        if file.is_failed:
            raise _file_failed(name, file.reason)
        if READY.is_over(look := next(looks), time.monotonic() - began):
            raise Unavailable(f"{name} has not looked at the upload yet.", code="file_pending")
        await asyncio.sleep(READY.pause_seconds(look))
        answer = await session.call("GET", path)
    return answer


def _file_failed(name: str, reason: Any) -> Rejected:
    said = (line(reason, most=300) or "no reason given").rstrip(".")
    return Rejected(f"{name} does not take this file: {said}.", code="file_failed")


def records_in(page: Answer, what: str, *, name: str) -> list[Any]:
    """Return the records of a page of a provider's list, which lie under the word for them.

    Raises: Unavailable, where it is no such page.
    """
    records = page.get(what)
    if isinstance(records, list):
        return records
    says = f"{name}'s answer to the question for its {what} is no list."
    raise Unavailable(says, code="list")
