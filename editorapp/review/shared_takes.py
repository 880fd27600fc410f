"""Shared takes: which takes a link reaches now, and nothing else of its team.

Every question is asked of the database anew. Which files of them guests see is said by
web/guests/clips.py (LinkedFile).
"""

from collections.abc import Sequence

from django.db import connection

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.review.models import Share
from editorapp.teams.models import Project

_TAKES = Generation._meta.db_table
_PROJECTS = Project._meta.db_table
# From each take down to the newest finished one that was made from it, step by step; a take is made
# after its parent, so the last step has the highest id. Into a private project it follows only from
# within.
_NEWEST = f"""
    WITH RECURSIVE line (first, id) AS (
        SELECT id, id FROM {_TAKES} WHERE id IN ({{holders}})
        UNION ALL
        SELECT line.first, (
            SELECT MAX(child.id) FROM {_TAKES} child
            WHERE child.parent_id = line.id AND child.id > line.id AND child.state = %s
            AND child.trashed_at IS NULL
            AND (child.project_id IS NULL OR EXISTS (
                SELECT 1 FROM {_PROJECTS} board WHERE board.id = child.project_id AND (
                    NOT board.is_private OR board.id = (
                        SELECT began.project_id FROM {_TAKES} began WHERE began.id = line.first
                    )
                )
            ))
        ) FROM line WHERE line.id IS NOT NULL
    )
    SELECT first, MAX(id) FROM line GROUP BY first
"""


def takes_of(made: Share) -> list[int]:
    """Return the takes that a link names now, in their order: finished ones of its team alone."""
    ids = _named(made)
    done = Generation.objects.of_team(made.team_id).filter(state=State.SUCCEEDED, pk__in=ids)
    there = set(done.values_list("pk", flat=True))
    return [pk for pk in ids if pk in there]


def _named(made: Share) -> list[int]:
    if made.playlist_id is not None and not made.is_frozen:
        assert made.playlist is not None
        rows = made.playlist.items.order_by("place", "pk")
        return list(rows.values_list("generation_id", flat=True))
    ids = list(made.items.order_by("place").values_list("generation_id", flat=True))
    return ids if made.is_frozen else _newest_versions(ids)


def _newest_versions(ids: Sequence[int]) -> list[int]:
    """Return for each take the newest finished one that was made from it, or from one of those: one
    query.
    """
    if not ids:
        return []
    with connection.cursor() as cursor:
        holders = ", ".join(["%s"] * len(ids))
        cursor.execute(_NEWEST.format(holders=holders), [*ids, State.SUCCEEDED])
        newest = dict(cursor.fetchall())
    return list(dict.fromkeys(newest.get(pk, pk) for pk in ids))
