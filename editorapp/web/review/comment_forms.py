"""Comment forms: what somebody sends who says something about a take, read and never refused for
how it was typed: what cannot be kept is said beside the form, with the words still in it.
"""

from django.http import QueryDict

from editorapp.core.request_values import as_whole
from editorapp.review import drawing
from editorapp.review.comments import CommentRefused, CommentText
from editorapp.review.models import Comment
from editorapp.web.review.discussion_context import TypedForm

FIELDS = ("text", "place", "first", "last", "drawing")
KEYS = frozenset({"add", "reply", "edit"})


def said_in(form: QueryDict) -> CommentText:
    """Return what a form says of a take, a frame or a range of it.

    Raises: CommentRefused; BadDrawing.
    """
    frames = _frames(form)
    shapes = drawing.read("" if "undrawn" in form else form.get("drawing", ""))
    return CommentText(_text(form), frames, shapes)


def changed_by(form: QueryDict, comment: Comment) -> CommentText:
    """Return what a comment says by a form that may speak of its words alone.

    Raises: CommentRefused; BadDrawing.
    """
    said = said_in(form)
    if "place" in form:
        return said
    if comment.first_frame is None or comment.last_frame is None:
        return CommentText(said.text)
    return CommentText(said.text, (comment.first_frame, comment.last_frame), comment.drawing)


def typed_in(form: QueryDict, key: str, wrong: str) -> TypedForm:
    """Return a form that was refused as it was typed, to be shown again."""
    values = {name: form.get(name, "") for name in FIELDS}
    return TypedForm(key, wrong, values)


def _text(form: QueryDict) -> str:
    return form.get("text", "").replace("\r\n", "\n")  # as it was typed: forms send both


def _frames(form: QueryDict) -> tuple[int, int] | None:
    """Return the frames of a form: of a range both, of a frame it alone, of the whole take none."""
    place = form.get("place", "take")
    if place not in {"frame", "range"}:
        return None
    first = _frame(form.get("first", ""))
    last = first if place == "frame" else _frame(form.get("last", ""))
    return min(first, last), max(first, last)


def _frame(typed: str) -> int:
    if (frame := as_whole(typed.strip())) is None:
        raise CommentRefused(
            "Frames are whole numbers, counted from 0: type them, or choose the take."
        )
    return frame
