"""Verdict context: what the panel of a take's verdicts is given. See templates/review/_verdicts.html."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Prefetch, prefetch_related_objects

from editorapp.generations.models import Generation
from editorapp.review.models import Answer, Decision, ReviewRequest
from editorapp.review.standing import ReviewStanding, standing
from editorapp.teams.models import Member

Verdict = Decision.Verdict


@dataclass(frozen=True)
class Reviewer:
    """Somebody who may be asked to review a take; `decided`: their verdict, `asked`: the request to
    them.
    """

    member: Member
    decided: Decision | None
    asked: ReviewRequest | None

    @property
    def is_waited_for(self) -> bool:
        return self.asked is not None and self.asked.decided_at is None

    @property
    def says(self) -> str:
        """How it stands with them, in a word or two; "" where nothing does."""
        if self.is_waited_for:
            return "asked"
        return self.decided.get_verdict_display().lower() if self.decided else ""


@dataclass(frozen=True)
class VerdictPanel:
    """The verdicts of a take as its panel shows them to one person; `note`: as it was typed, and
    `wrong`: why it was refused.
    """

    take: Generation
    member: Member
    standing: ReviewStanding
    note: str = ""
    wrong: str = ""
    verdicts = Verdict

    @property
    def is_own(self) -> bool:
        return self.take.created_by_id == self.member.user_id

    @property
    def may_decide(self) -> bool:
        return self.member.may_decide and not self.is_own

    @cached_property
    def mine(self) -> Decision | None:
        """What the person who looks said last."""
        rows = self.standing.verdicts
        return next((one for one in rows if one.decided_by_id == self.member.user_id), None)

    @property
    def newest_note(self) -> str:
        """What was said last of what should change, or of why it is good; "" for nothing."""
        return next((one.note for one in self.standing.counted if one.note), "")

    @cached_property
    def reviewers(self) -> list[Reviewer]:
        """Those who can be asked: all who may decide about it, but for the person who looks."""
        decided = {one.decided_by_id: one for one in self.standing.verdicts}
        asked = {one.reviewer_id: one for one in self.standing.asked}
        return [
            Reviewer(one, decided.get(one.user_id), asked.get(one.user_id))
            for one in self.standing.reviewers
            if one.pk != self.member.pk
        ]

    @property
    def may_ask(self) -> bool:
        return self.member.may_organise and bool(self.reviewers)

    @property
    def can_ask_more(self) -> bool:
        return any(not one.is_waited_for for one in self.reviewers)


def verdicts_for(
    take: Generation,
    member: Member,
    *,
    note: str = "",
    wrong: str = "",
) -> VerdictPanel | None:
    """Return the verdicts of a take; None while there is nothing to decide about."""
    if not take.is_done:
        return None
    found = standing(take)
    prefetch_related_objects([*found.verdicts, *found.earlier], _answers(member))
    return VerdictPanel(take, member, found, note, wrong)


def _answers(member: Member) -> Prefetch:
    """Return how to prefetch the takes that answer verdicts, of those that somebody sees."""
    seen = Generation.objects.visible_to(member).values("pk")
    return Prefetch("answers", Answer.objects.filter(generation__in=seen).order_by("pk"))


def named(people: Iterable[Member]) -> str:
    """Return names as a sentence has them: "Rae", "Rae and Sam", "Ada, Rae and Sam"."""
    names = [str(one.user) for one in people]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
