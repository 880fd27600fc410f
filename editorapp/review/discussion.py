"""Discussion of a take: its threads, and what is still unresolved of the takes that it was made
from, which is carried along.
"""

import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from django.db.models import Count, Max, Prefetch, Q, QuerySet, prefetch_related_objects
from django.db.models.expressions import RawSQL

from editorapp.core.compiled_query import CompiledQuery
from editorapp.generations.lineage import ANCESTORS
from editorapp.generations.models import Generation
from editorapp.review.models import Answer, Comment, CommentEdit

Takes = QuerySet[Generation]
# What a comment is shown with: what it said before, and whom it names.
READ = (Prefetch("edits", CommentEdit.objects.order_by("pk")), "mentions__user")


@dataclass(frozen=True)
class Thread:
    """A comment with its replies; `is_carried`: it stands on a take above the one that is shown."""

    comment: Comment
    replies: Sequence[Comment]
    is_carried: bool


def threads(take: Generation, *, among: Takes | None = None) -> list[Thread]:
    """Return the threads of a take in the order of their frames, those about the whole take first;
    then what is carried, the nearest take's first.

    `among`: the takes whose comments may be read; by default all of the team. Six queries at most,
    however many there are.
    """
    tops = _tops(take, among)
    replies = _replies(tops)
    prefetch_related_objects([*tops, *chain.from_iterable(replies.values())], *READ)
    prefetch_related_objects(tops, _answers(among))
    shown = [Thread(one, replies[one.pk], one.generation_id != take.pk) for one in tops]
    return sorted((one for one in shown if _says(one)), key=_place)


def _answers(among: Takes | None) -> Prefetch:
    """Return how to prefetch the takes that answer comments, of those that may be read."""
    rows = Answer.objects.order_by("pk")
    if among is not None:
        rows = rows.filter(generation__in=among.order_by().values("pk"))
    return Prefetch("answers", rows)


def stamp(take_id: int) -> str:
    """Return a word for what is said about a take, and carried to it: another one as soon as any of
    it is new, changed, taken back, resolved, opened again or answered by a take. One query.
    """
    return f"{zlib.crc32(repr(_said_of_chain(take_id)).encode()):x}"


@CompiledQuery
def _said_of_chain(take: int) -> "QuerySet[Comment, Any]":
    rows = Comment.objects.filter(generation__in=RawSQL(ANCESTORS, [take]))
    return (
        rows.order_by("generation_id")
        .values_list("generation_id")
        .annotate(
            Max("pk"),
            Max("edited_at"),
            Count("deleted_at"),
            Count("resolved_at"),
            Max("resolved_at"),
            Count("answers"),
            Max("answers__judged_at"),
        )
    )


def open_count(take: Generation) -> int:
    """Return how many threads still ask for something, with those that are carried."""
    return Comment.objects.unresolved().filter(generation__in=_chain(take)).count()


def _chain(take: Generation) -> RawSQL | list[int]:
    return [take.pk] if take.parent_id is None else RawSQL(ANCESTORS, [take.pk])


def _tops(take: Generation, among: Takes | None) -> list[Comment]:
    if among is None:
        return _tops_of_team(take.team_id, take.pk)
    rows = _shown_tops(take.team_id, take.pk)
    return list(rows.filter(generation__in=among.order_by().values("pk")))


def _shown_tops(team: int, take: int) -> "QuerySet[Comment]":
    is_shown = Q(generation_id=take) | Q(resolved_at=None, deleted_at=None)
    chain = RawSQL(ANCESTORS, [take])
    rows = Comment.objects.filter(is_shown, parent=None, generation__in=chain)
    rows = rows.filter(generation__team_id=team)
    return rows.select_related("author", "resolved_by", "generation__result")


_tops_of_team = CompiledQuery(_shown_tops)


def _replies(tops: Sequence[Comment]) -> dict[int, list[Comment]]:
    found: dict[int, list[Comment]] = defaultdict(list)
    if not tops:
        return found
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
