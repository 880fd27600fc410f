"""Notes: what people said of takes, in the form in which it leaves the house.

A decision is a note on the whole take; a thread of comments is one note, at its frames, with its
answers below what it says. Whatever else people write on takes is read here, and nowhere else in
this room: timelines, manifests and sheets take what `notes_of` returns.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from editorapp.exports.timelines.model import MarkerColour
from editorapp.generations.models import Generation
from editorapp.review.models import Comment, Decision


@dataclass(frozen=True)
class TakeNote:
    """What one person said of a take.

    Units: frames of its result, from 0; None for both: it is about the whole take.
    """

    take: int
    words: str
    author: str
    at: datetime
    first_frame: int | None = None
    last_frame: int | None = None
    colour: MarkerColour = MarkerColour.BLUE
    is_resolved: bool = False
    has_drawing: bool = False


_COLOURS = {
    Decision.Verdict.APPROVED: MarkerColour.GREEN,
    Decision.Verdict.NEEDS_CHANGES: MarkerColour.RED,
}


def notes_of(takes: Sequence[Generation]) -> dict[int, list[TakeNote]]:
    """Return what was said of each take, by its id, oldest first; two queries for all."""
    ids = [take.pk for take in takes]
    decisions = Decision.objects.filter(generation_id__in=ids).select_related("decided_by")
    notes = _of_decisions(decisions.order_by("pk")) + _of_comments(ids)
    found: dict[int, list[TakeNote]] = defaultdict(list)
    for note in sorted(notes, key=lambda one: one.at):
        found[note.take].append(note)
    return dict(found)


def _of_comments(ids: Sequence[int]) -> list[TakeNote]:
    """Return threads as notes; of what was deleted, nothing."""
    rows = Comment.objects.filter(generation_id__in=ids, deleted_at=None)
    told = list(rows.select_related("author").order_by("pk"))
    answers: dict[int, list[Comment]] = defaultdict(list)
    for one in told:
        if one.parent_id is not None:
            answers[one.parent_id].append(one)
    return [_of_thread(one, answers[one.pk]) for one in told if one.parent_id is None]


def _of_thread(comment: Comment, answers: Sequence[Comment]) -> TakeNote:
    said = comment.text or "See the drawing."
    return TakeNote(
        take=comment.generation_id,
        words="\n".join([said, *(f"{one.by}: {one.text}" for one in answers)]),
        author=comment.by if comment.author else f"{comment.by} (guest)",
        at=comment.created_at,
        first_frame=comment.first_frame,
        last_frame=comment.last_frame,
        colour=MarkerColour.GREEN if comment.is_resolved else MarkerColour.YELLOW,
        is_resolved=comment.is_resolved,
        has_drawing=bool(comment.drawing),
    )


def _of_decisions(decisions: Iterable[Decision]) -> list[TakeNote]:
    """Return verdicts as notes; one that its person has taken back since is resolved."""
    rows = list(decisions)
    newest = {(row.generation_id, row.decided_by_id): row.pk for row in rows}
    return [
        TakeNote(
            take=row.generation_id,
            words=f"{row.get_verdict_display()}{f': {row.note}' if row.note else ''}",
            author=str(row.decided_by),
            at=row.decided_at,
            colour=_COLOURS[Decision.Verdict(row.verdict)],
            is_resolved=row.verdict == Decision.Verdict.APPROVED
            or newest[row.generation_id, row.decided_by_id] != row.pk,
        )
        for row in rows
    ]
