"""Unknown outcome as pages show it: all that is known of such a paid call, and what each choice costs."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from editorapp.core.money import ZERO
from editorapp.costs import ledger
from editorapp.generations.models import Attempt, Generation, Search
from editorapp.generations.request.retry import SecondPrice, second_price
from editorapp.providers import registry
from editorapp.teams.models import Member
from editorapp.web.templatetags.rushes import elapsed

HEADINGS = {
    "lost": "The provider has lost this job",
    "not_followed": "This job is not followed any more",
}
MATCH_WORDS = {
    "same": "the same request",
    "unclear": "perhaps: the list does not show the whole request",
    "other": "the same words, other settings",
}


@dataclass(frozen=True)
class CandidateJob:
    """A job of the provider's list that it may be.

    `after` is how long after the post began it was made.
    """

    job_id: str
    made_at: datetime
    after_seconds: float
    match: str  # how well it fits, in words

    @property
    def when(self) -> str:
        size = elapsed(timedelta(seconds=abs(self.after_seconds)))
        way = "after" if self.after_seconds >= 0 else "before"
        return f"{size} {way} it was sent"


@dataclass(frozen=True)
class Settling:
    """All that is known of an attempt whose outcome is open."""

    attempt: Attempt
    search: Search | None
    message: str  # what the take says of it, where that is more than how the post failed
    ended_at: datetime | None  # when the post ended without an answer
    candidates: tuple[CandidateJob, ...]
    can_list: bool
    held_usd: Decimal
    again: SecondPrice
    heading: str

    @property
    def took(self) -> timedelta | None:
        began = self.attempt.submit_started_at
        return self.ended_at - began if self.ended_at and began else None

    @property
    def both_usd(self) -> Decimal | None:
        """Return what sending again comes to at the most, the first counted as spent."""
        price = self.again.estimate
        return None if price is None else self.held_usd + price.high_usd


def of(take: Generation, attempt: Attempt, *, now: datetime) -> Settling:
    """Return what is known of a take that waits for somebody to say what became of it."""
    search: Search | None = getattr(attempt, "search", None)
    is_told = bool(attempt.last_error) and take.failure_message.startswith(attempt.last_error)
    return Settling(
        attempt=attempt,
        search=search,
        message="" if is_told else take.failure_message,
        ended_at=search.since if search else take.state_since if take.is_unknown else None,
        candidates=tuple(_candidate(one, attempt) for one in (search.candidates if search else ())),
        can_list=take.is_unknown and hasattr(registry.get(take.provider), "recent"),
        held_usd=ledger.held_usd(take.pk),
        again=second_price(take, now=now),
        heading=_heading(take),
    )


def _heading(take: Generation) -> str:
    if take.is_unknown:
        return "Nobody knows yet whether this was accepted"
    unusable = "What the provider answers about this job cannot be used"
    return HEADINGS.get(take.failure_code, unusable)


def can_correct(take: Generation, member: Member) -> bool:
    """May this person set what the take really cost? Not while money is held for it."""
    is_over = take.is_final and not take.can_settle
    return member.may_set_budget and is_over and not ledger.held_usd(take.pk)


def _candidate(kept: dict[str, str], attempt: Attempt) -> CandidateJob:
    made_at = datetime.fromisoformat(kept["created_at"])
    began = attempt.submit_started_at or attempt.created_at
    return CandidateJob(
        kept["job_id"],
        made_at,
        (made_at - began).total_seconds(),
        MATCH_WORDS[kept["likeness"]],
    )


@dataclass(frozen=True)
class UnsettledTake:
    """A take in the list of what waits, with its newest attempt."""

    take: Generation
    attempt: Attempt
    held_usd: Decimal

    @property
    def is_looking(self) -> bool:
        """Does nobody have to do anything yet?"""
        search = getattr(self.attempt, "search", None)
        return self.take.is_unknown and (search is None or search.is_looking)


def waiting(takes: list[Generation]) -> list[UnsettledTake]:
    """Return takes with what is known of their newest attempts: two queries for all of them."""
    rows = Attempt.objects.filter(generation__in=takes).select_related("search").order_by("number")
    newest = {row.generation_id: row for row in rows}
    held = ledger.held_of([take.pk for take in takes])
    return [
        UnsettledTake(take, newest[take.pk], held.get(take.pk, ZERO))
        for take in takes
        if take.pk in newest
    ]
