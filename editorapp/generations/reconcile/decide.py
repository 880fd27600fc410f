"""Decide: what a provider's list says of a paid call whose outcome is unknown.

Careful with the user's money: exactly one job that is the same and nobody's is followed; none at
all, for an hour, in a list that is documented to leave nothing out, is a post that never arrived;
everything else is for a person, who sees what was found.
"""

from collections.abc import Sized
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto

from editorapp.core import retry
from editorapp.generations.models import Search
from editorapp.generations.reconcile import matching
from editorapp.generations.reconcile.matching import Found, first_look_at
from editorapp.generations.states import State
from editorapp.providers.contract import Listed, Listing

# Lists may lag; after that, a person or, where the list is whole, "never arrived".
NOT_LISTED = retry.policy("search.not_listed")


class NextStep(Enum):
    LATER = auto()  # the list is read again
    FOLLOW = auto()  # it is this job
    RELEASE = auto()  # it never arrived
    PERSON = auto()
    WATCH = auto()  # a person decides, and the list is read on meanwhile: it may become plain


@dataclass(frozen=True)
class SearchDecision:
    """What to do, why, as a sentence, and the job to follow."""

    step: NextStep
    says: str
    job: Listed | None = None


def decide(row: Search, found: Found, listing: Listing, *, now: datetime) -> SearchDecision:
    """Say whether to follow the one job that it must be, ask later, release, or ask a person.

    Writes: how often the list was read without it, on the row's object only.
    """
    name = row.attempt.account.spec.name
    twins = matching.twins(row.attempt)
    if any(twin.state == State.SUBMITTING for twin in twins):
        says = f"The same request is being sent once more; {name}'s list is read again after it."
        return SearchDecision(NextStep.LATER, says)
    if len(found.same) == 1 and listing.is_whole and not twins:
        job = found.same[0]
        says = (
            f"{name}'s list, read at {now:%H:%M:%S} UTC, shows it as made at "
            f"{job.created_at:%H:%M:%S} UTC: the only job of that time with the same model and the "
            "same request that is nobody's here."
        )
        return SearchDecision(NextStep.FOLLOW, says, job)
    if twins and found.candidates:
        says = (
            f"{name} lists {_count(found.candidates)} that this could be, but the same request was "
            "sent several times from here, and nobody knows which of them it belongs to."
        )
        return SearchDecision(NextStep.WATCH, says)
    if found.same or found.unclear:
        return SearchDecision(NextStep.WATCH, _why_not(name, found))
    return _missing(row, found, listing, now=now)


def _why_not(name: str, found: Found) -> str:
    count = len(found.same)
    if count > 1:
        return f"{name} lists {count} jobs of that time with this very request: which is it?"
    hides = f"{name} lists a job with this very request, and does not show all jobs of that time."
    could_be = f"{name} lists {_count(found.unclear)} of that time that this could be"
    return hides if count else f"{could_be}, and does not show the whole request."


def _missing(row: Search, found: Found, listing: Listing, *, now: datetime) -> SearchDecision:
    """It is not on the list: ask for a while, for lists may lag; then say that it never arrived, if
    that is proven.
    """
    spec = row.attempt.account.spec
    row.looks += listing.is_whole
    says = f"{spec.name}'s list, read at {now:%H:%M:%S} UTC, does not show it."
    if not is_long_ago(row, now) or (row.looks < NOT_LISTED.tries and listing.is_whole):
        return SearchDecision(NextStep.LATER, f"{says} Lists may lag, so it is read again.")
    if row.attempt.perhaps_sent_from is not None:
        # A restored row does not know what was posted in the end: files uploaded anew have other
        # ids in the body.
        more = "It comes from a backup, and may have been sent with other ids of its files."
    elif spec.lists_all and listing.is_whole and not found.candidates:
        minutes = int(seconds_searched(row, now) // 60)
        return SearchDecision(
            NextStep.RELEASE, f"{says} It was read {row.looks} times in {minutes} minutes."
        )
    elif found.candidates:
        more = f"It shows {_count(found.candidates)} with the same words."
    else:
        more = f"{spec.name} does not say that its list leaves nothing out."
    return SearchDecision(NextStep.PERSON, f"{says} {more}")


def is_long_ago(row: Search, now: datetime) -> bool:
    """Has it been looked for so long that the list will not change any more?"""
    return NOT_LISTED.is_over(NOT_LISTED.tries, seconds_searched(row, now))


def pause(row: Search, now: datetime) -> timedelta:
    """Return how long to wait until the next look: half as long as it has been looked for, within
    bounds.
    """
    return timedelta(seconds=NOT_LISTED.pause_of_age_seconds(seconds_searched(row, now)))


def seconds_searched(row: Search, now: datetime) -> float:
    return (now - first_look_at(row.attempt)).total_seconds()


def _count(jobs: Sized) -> str:
    return "one job" if len(jobs) == 1 else f"{len(jobs)} jobs"
