"""Discussion of a take: its threads, and what is still unresolved of the takes that it was made
from, which is carried along.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.db.models.expressions import RawSQL

from editorapp.generations.lineage import ANCESTORS
from editorapp.generations.models import Generation
from editorapp.review.models import Comment


@dataclass(frozen=True)
class Thread:
    """A comment with its replies; `is_carried`: it stands on a take above the one that is shown."""

    comment: Comment
    replies: Sequence[Comment]
    is_carried: bool


def threads(take: Generation) -> list[Thread]:
    """Return the threads of a take in the order of their frames, those about the whole take first;
    then what is carried, the nearest take's first.

    Four queries, however many there are.
    """
    tops = _tops(take)
    replies = _replies(tops)
    shown = [Thread(one, replies[one.pk], one.generation_id != take.pk) for one in tops]
    return sorted((one for one in shown if _says(one)), key=_place)


def open_count(take: Generation) -> int:
    """Return how many threads still ask for something, with those that are carried."""
    return Comment.objects.unresolved().filter(generation__in=_chain(take)).count()


def _chain(take: Generation) -> RawSQL | list[int]:
    return [take.pk] if take.parent_id is None else RawSQL(ANCESTORS, [take.pk])


def _tops(take: Generation) -> list[Comment]:
    is_shown = Q(generation=take) | Q(resolved_at=None, deleted_at=None)
    rows = Comment.objects.filter(is_shown, parent=None, generation__in=_chain(take))
    rows = rows.filter(generation__team_id=take.team_id)
    rows = rows.select_related("author", "resolved_by", "generation__result")
    return list(rows.prefetch_related("answers"))


def _replies(tops: Sequence[Comment]) -> dict[int, list[Comment]]:
    found: dict[int, list[Comment]] = defaultdict(list)
    rows = Comment.objects.filter(parent__in=[one.pk for one in tops], deleted_at=None)
    for row in rows.select_related("author").order_by("pk"):
        assert row.parent_id is not None
        found[row.parent_id].append(row)
    return found


def _says(thread: Thread) -> bool:
    """Is there anything to show? Of what was deleted, only the replies."""
    return bool(thread.replies) or not thread.comment.is_deleted


def _place(thread: Thread) -> tuple[int, int, int]:
    one = thread.comment
    frame = -1 if one.first_frame is None else one.first_frame
    return (-one.generation_id if thread.is_carried else -(2**63), frame, one.pk)
