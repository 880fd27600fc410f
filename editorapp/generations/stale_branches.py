"""Stale branches: takes whose parent was made anew since, so that they rest on a version that is
not the one any more.

This is the one definition. A take that others were made from counts as redone where it is not
approved itself, and a later take that is done and not in the trash stands for it:

- one that was made of its own request: when a branch was run again (`BranchStep`), or when the
  draft was finished in better quality; what was made from the old one after that is not stale, for
  whoever made it saw both;
- or one that took the same step, for the same task, and was approved: made from the same parent,
  or, where there is none, sent together with it in one batch from the same clip.

A take is stale where its parent was redone.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

from editorapp.generations.models import BranchStep, Generation
from editorapp.generations.states import State
from editorapp.teams.models import Member

_TAKES = Generation._meta.db_table
_STEPS = BranchStep._meta.db_table
_APPROVED = f"'{Generation.Review.APPROVED.value}'"
_BOTH = f"""
    old.id IN ({{ids}}) AND new.team_id = %s AND old.review <> {_APPROVED}
    AND new.state = '{State.SUCCEEDED.value}' AND new.trashed_at IS NULL
"""
_LATER = "new.id > old.id AND new.task = old.task"
# Old and new of each way in which a take is redone.
_WAYS = (
    f"""
    SELECT old.id, new.id, 0 FROM {_TAKES} old JOIN {_STEPS} step ON step.original_id = old.id
    JOIN {_TAKES} new ON new.id = step.generation_id WHERE {_BOTH}
    """,
    f"""
    SELECT old.id, new.id, 0 FROM {_TAKES} old JOIN {_TAKES} new ON new.finished_from_id = old.id
    WHERE {_BOTH}
    """,
    f"""
    SELECT old.id, new.id, 1 FROM {_TAKES} old JOIN {_TAKES} new ON new.parent_id = old.parent_id
    AND {_LATER} WHERE {_BOTH} AND new.review = {_APPROVED}
    """,
    f"""
    SELECT old.id, new.id, 1 FROM {_TAKES} old JOIN {_TAKES} new ON new.batch = old.batch
    AND {_LATER} AND new.source_asset_id = old.source_asset_id
    WHERE {_BOTH} AND new.review = {_APPROVED}
    AND old.parent_id IS NULL AND new.parent_id IS NULL
    """,
)


@dataclass(frozen=True)
class Redo:
    """What stands for a take: the newer take, and why."""

    old: int
    new: int
    is_approved: bool  # else it was made of the same request

    @property
    def words(self) -> str:
        """Say what happened to the take."""
        if self.is_approved:
            return f"#{self.new}, made later in the same place, was approved instead of #{self.old}"
        return f"#{self.old} was made again as #{self.new}"


def redone(ids: Collection[int], member: Member) -> dict[int, Redo]:
    """Return which of these takes were redone, of what somebody sees: one query, two for who does
    not see all; none for no takes.

    Of several that stand for one, the newest.
    """
    if not ids:
        return {}
    found = [Redo(old, new, bool(approved)) for old, new, approved in _pairs(ids, member.team_id)]
    if not member.sees_all:
        news = Generation.objects.visible_to(member).filter(pk__in=[one.new for one in found])
        seen = set(news.values_list("pk", flat=True))
        found = [one for one in found if one.new in seen]
    return {one.old: one for one in sorted(found, key=lambda one: one.new)}


def stale(parents: dict[int, int | None], redone: dict[int, Redo]) -> dict[int, Redo]:
    """Return which takes are stale, by their ids, with what their parent was redone as.

    `parents`: each take's parent.
    """
    found = {}
    for take, parent in parents.items():
        redo = redone.get(parent or 0)
        if redo and take != redo.new and (redo.is_approved or take < redo.new):
            found[take] = redo
    return found


def _pairs(ids: Collection[int], team_id: int) -> list[tuple[int, int, int]]:
    """Return old and new takes, and whether the new one stands there because it was approved."""
    marks = ", ".join(["%s"] * len(ids))
    parts = [part.format(ids=marks) for part in _WAYS]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), [*ids, team_id] * len(parts))
        return cursor.fetchall()
