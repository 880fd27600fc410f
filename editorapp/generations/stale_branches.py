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

from collections.abc import Collection, Iterable
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
    seen = Generation.objects.visible_to(member).filter(state=State.SUCCEEDED)
    steps = BranchStep.objects.filter(original_id__in=ids, generation__in=seen)
    again = steps.exclude(original__review=Review.APPROVED)
    finished = seen.filter(finished_from_id__in=ids)
    finished = finished.exclude(finished_from__review=Review.APPROVED)
    found = [
        *_redos(again.values_list("original_id", "generation_id"), is_approved=False),
        *_redos(finished.values_list("finished_from_id", "pk"), is_approved=False),
        *_approved(ids, seen),
    ]
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


def _redos(pairs: Iterable[tuple[int | None, int | None]], *, is_approved: bool) -> list[Redo]:
    return [Redo(old, new, is_approved) for old, new in pairs if old and new]


def _approved(ids: Collection[int], seen: "QuerySet[Generation]") -> list[Redo]:
    """Return the takes instead of which a later one of the same step was approved."""
    approved = seen.filter(review=Review.APPROVED)
    olds = Generation.objects.filter(pk__in=ids).exclude(review=Review.APPROVED)
    pairs = olds.filter(
        parent__children__in=approved,
        parent__children__pk__gt=F("pk"),
        parent__children__task=F("task"),
    ).values_list("pk", "parent__children__pk")
    return _redos([*pairs, *_of_batches(olds, approved)], is_approved=True)


def _of_batches(
    olds: "QuerySet[Generation]", approved: "QuerySet[Generation]"
) -> list[tuple[int, int]]:
    """Pair first takes with a later one of their batch that was approved."""
    first = {"parent": None, "batch__isnull": False}
    named = ("pk", "batch", "task", "source_asset_id")
    rows = list(olds.filter(**first).values_list(*named))
    batches = {batch for _pk, batch, _task, _clip in rows}
    chosen = list(approved.filter(**first, batch__in=batches).values_list(*named))
    return [
        (old[0], new[0]) for old in rows for new in chosen if new[0] > old[0] and new[1:] == old[1:]
    ]
