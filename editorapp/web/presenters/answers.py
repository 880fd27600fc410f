"""Answer lines: which notes a take answers, whether it does what was asked, and what answers a note."""

from dataclasses import dataclass

from django.db.models import Q
from django.urls import reverse

from editorapp.generations.models import Generation
from editorapp.review.answers import may_judge
from editorapp.review.asked_notes import AskedNote, note_of
from editorapp.review.models import Answer
from editorapp.teams.models import Member

NOTED = (
    "generation__created_by",
    "judged_by",
    "comment__author",
    "comment__generation",
    "decision__decided_by",
    "decision__generation",
)


@dataclass(frozen=True)
class AnswerLine:
    """A note that a take answers, as one person sees it."""

    answer: Answer
    may_judge: bool
    by: str

    @property
    def note(self) -> AskedNote:
        return note_of(self.answer)

    @property
    def is_yes(self) -> bool:
        return self.answer.outcome == Answer.AnswerOutcome.YES

    @property
    def is_no(self) -> bool:
        return self.answer.outcome == Answer.AnswerOutcome.NO

    @property
    def asks(self) -> bool:
        """Is this person asked whether the take does what was asked?"""
        return self.may_judge and self.answer.generation.is_done

    @property
    def compare_url(self) -> str:
        """The comparison of both takes, at the note's frame."""
        takes = f"{self.note.take.pk},{self.answer.generation_id}"
        at = f"&at={self.note.frame}" if self.note.frame else ""
        return f"{reverse('compare:page')}?takes={takes}&mode=wipe&on=2&with=1{at}"


def lines_of(take: Generation, member: Member) -> list[AnswerLine]:
    """Return the notes that a take answers, of those that this person sees: one query, or none of one
    that was made of no other take.
    """
    if take.parent_id is None:
        return []
    seen = Generation.objects.visible_to(member).values("pk")
    rows = Answer.objects.filter(generation=take).filter(
        Q(comment__generation__in=seen) | Q(decision__generation__in=seen)
    )
    found = list(rows.select_related(*NOTED).order_by("pk"))
    return [AnswerLine(one, may_judge(one, member), _by(one, member)) for one in found]


def _by(answer: Answer, member: Member) -> str:
    """Return who asked, as this person reads it."""
    note = note_of(answer)
    is_own = note.author is not None and note.author.pk == member.user_id
    return "You" if is_own else note.by
