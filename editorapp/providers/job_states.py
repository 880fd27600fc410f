"""Job states: one table of the words in which providers say how a job is, each adding its own.

A word counts in any case and spelling: "In-Progress", "in_progress" and "inProgress" are one. What
ends a job at any provider ends it at all of them, documented or not: a job that is over and taken
for running holds its money and its slot for ever. A word that stands nowhere counts as running, is
noted with the job, and shown after a while.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from editorapp.core.sanitizing import clean_text
from editorapp.providers.contract import Failure, JobState

LONGEST_WORD = 40
NO_WORD = "no state"

COMMON = {
    JobState.QUEUED: "queued pending created submitted",
    JobState.RUNNING: "processing running in_progress",
    JobState.DONE: "completed complete success succeeded successful finished done",
    JobState.FAILED: "failed failure fail error errored",
}


@dataclass(frozen=True)
class End:
    """How a job ended that neither succeeded nor failed in its provider's documented way."""

    words: str  # finishes the sentence "The job ..."
    can_retry: bool
    code: str = ""  # the provider's own word


ENDS = {
    "cancelled canceled": End("was cancelled", can_retry=True),
    "expired": End("expired before it was made", can_retry=True),
    "timeout timed_out": End("took too long and was ended", can_retry=True),
    "aborted terminated killed stopped": End("was broken off", can_retry=True),
    "rejected refused denied blocked": End("was rejected", can_retry=False),
}


@dataclass(frozen=True)
class Said:
    """What a provider says of a job's state.

    `end`: how it ended, where that is another word than "failed"; `unknown`: the word as it came,
    where it stands in no table.
    """

    state: JobState
    end: End | None = None
    unknown: str = ""


def squeezed(said: Any) -> str:
    """Return a word without its case and spelling; "" for what is no text."""
    return re.sub(r"[\W_]+", "", said.casefold()) if isinstance(said, str) else ""


_COMMON = {squeezed(word): state for state, words in COMMON.items() for word in words.split()}
_ENDS = {squeezed(word): end for words, end in ENDS.items() for word in words.split()}


class Table:
    """The words that a provider documents: common ones, and its own, which go first."""

    def __init__(self, common: str, own: Mapping[str, JobState]) -> None:
        self.words = (*common.split(), *own)
        self._states = _COMMON | {squeezed(word): state for word, state in own.items()}

    def read(self, said: Any) -> Said:
        """Return what a word means, whatever type came in its place."""
        word = squeezed(said)
        if word in _ENDS:
            return Said(JobState.FAILED, end=replace(_ENDS[word], code=_code_of(said)))
        if word in self._states:
            return Said(self._states[word])
        return Said(JobState.RUNNING, unknown=_shown(said))


def _code_of(said: str) -> str:
    return re.sub(r"[\W_]+", "_", said.strip().casefold())[:LONGEST_WORD]


def _shown(said: Any) -> str:
    text = NO_WORD if said is None else str(said)[:400]
    return " ".join(clean_text(text).split())[:LONGEST_WORD] or NO_WORD


def ended(end: End, *, name: str, said: str = "", is_charged: bool | None = None) -> Failure:
    """Return such an end as a failure.

    Where nothing is documented of its charge, `is_charged` is None.
    """
    words = f' It says: "{said.rstrip(".")}".' if said else ""
    reason = f"The job {end.words} at {name}.{words}"
    return Failure(
        code=end.code,
        reason=reason,
        can_retry=end.can_retry,
        is_charged=is_charged,
    )
