"""Comment places: of which frames a comment speaks, as its form shows them, and what that was before
it was changed.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from editorapp.review.models import Comment, CommentEdit

Placed = Comment | CommentEdit


@dataclass(frozen=True)
class FormPlace:
    """The fields of a form that say what is meant. `first`, `last`: as typed; "": not chosen yet."""

    place: str = "take"
    first: str = ""
    last: str = ""
    drawing: str = ""


@dataclass(frozen=True)
class SaidBefore:
    """What a comment said before a change, and where that stood if the change moved it."""

    edit: CommentEdit
    about: str

    @property
    def words(self) -> str:
        return self.edit.text or "a drawing alone"


def place_of(comment: Comment) -> FormPlace:
    """Return what a comment means now, for a form that changes it."""
    drawing = json.dumps(comment.drawing) if comment.drawing else ""
    if comment.first_frame is None:
        return FormPlace(drawing=drawing)
    kind = "range" if comment.is_range else "frame"
    return FormPlace(kind, str(comment.first_frame), str(comment.last_frame), drawing)


def place_typed(values: dict[str, str]) -> FormPlace:
    """Return what was typed into a form that was refused."""
    place = values.get("place", "")
    known = place if place in {"frame", "range"} else "take"
    first, last = values.get("first", ""), values.get("last", "")
    return FormPlace(known, first, last, values.get("drawing", ""))


def where(first: int | None, last: int | None) -> str:
    """Say of which frames something is said."""
    if first is None:
        return "Whole take"
    return f"Frame {first}" if first == last else f"Frames {first} to {last}"


def said_before(comment: Comment, edits: Sequence[CommentEdit]) -> list[SaidBefore]:
    """Return what a comment said before each of its changes (oldest first), the newest first."""
    versions: list[Placed] = []
    versions += edits
    versions += [comment]
    pairs = zip(edits, versions[1:], strict=True)
    return [SaidBefore(one, _moved(one, then)) for one, then in pairs][::-1]


def _moved(one: Placed, then: Placed) -> str:
    """Say where something stood, and whether it had another drawing, where a change made that another."""
    said = []
    if (one.first_frame, one.last_frame) != (then.first_frame, then.last_frame):
        said.append(where(one.first_frame, one.last_frame))
    if one.drawing != then.drawing:
        said.append("another drawing" if one.drawing else "no drawing")
    return ", ".join(said)
