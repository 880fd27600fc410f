"""Stale branches: takes whose parent was made anew since, so that they rest on a version that is
not the one any more.

This is the one definition. A take that others were made from counts as redone where it is not
approved itself, and a later take that is done stands for it:

- one that was made of its own request: when a branch was run again (`BranchStep`), or when the
  draft was finished in better quality; what was made from the old one after that is not stale, for
  whoever made it saw both;
- or one that took the same step, for the same task, and was approved: made from the same parent,
  or, where there is none, sent together with it in one batch from the same clip.

A take is stale where its parent was redone.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import F, QuerySet

from editorapp.generations.models import BranchStep, Generation
from editorapp.generations.states import State
from editorapp.teams.models import Member

Review = Generation.Review


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
    """Return which of these takes were redone, of what somebody sees: at most five queries.

    Of several that stand for one, the newest.
    """
    if not ids:
        return {}
    found = [*_made_again(ids, member.team_id), *_approved(ids, member.team_id)]
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


def _made_again(ids: Collection[int], team_id: int) -> list[Redo]:
    """Return the takes of which a later one was made of the same request."""
    done = {"generation__state": State.SUCCEEDED, "generation__team": team_id}
    steps = BranchStep.objects.filter(original_id__in=ids, **done)
    steps = steps.exclude(original__review=Review.APPROVED)
    finished = Generation.objects.of_team(team_id).filter(
        finished_from_id__in=ids, state=State.SUCCEEDED
    )
    finished = finished.exclude(finished_from__review=Review.APPROVED)
    pairs = [
        *steps.values_list("original_id", "generation_id"),
        *finished.values_list("finished_from_id", "pk"),
    ]
    return [Redo(old, new, is_approved=False) for old, new in pairs if old and new]


def _approved(ids: Collection[int], team_id: int) -> list[Redo]:
    """Return the takes instead of which a later one of the same step was approved."""
    olds = Generation.objects.filter(pk__in=ids).exclude(review=Review.APPROVED)
    pairs = olds.filter(
        parent__children__team=team_id,
        parent__children__state=State.SUCCEEDED,
        parent__children__review=Review.APPROVED,
        parent__children__pk__gt=F("pk"),
        parent__children__task=F("task"),
    ).values_list("pk", "parent__children__pk")
    found = [*pairs, *_of_batches(olds)]
    return [Redo(old, new, is_approved=True) for old, new in found]


def _of_batches(olds: "QuerySet[Generation]") -> list[tuple[int, int]]:
    """Pair first takes with a later one of their batch that was approved."""
    first = {"parent": None, "batch__isnull": False}
    named = ("pk", "batch", "task", "source_asset_id")
    rows = list(olds.filter(**first).values_list(*named))
    batches = {batch for _pk, batch, _task, _clip in rows}
    good = {"state": State.SUCCEEDED, "review": Review.APPROVED, "batch__in": batches}
    chosen = list(Generation.objects.filter(**first, **good).values_list(*named))
    pairs = ((old, new) for old in rows for new in chosen)
    return [(old[0], new[0]) for old, new in pairs if new[0] > old[0] and new[1:] == old[1:]]
