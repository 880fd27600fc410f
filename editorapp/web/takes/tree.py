"""Lineage tree as its page shows it: rows from the first take down, each with what it changed, what
its branch cost and came to, and whether it rests on a take that was redone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from editorapp.generations import lineage_tree, stale_branches
from editorapp.generations.branch_sums import BranchSum, BranchSums, sums_of
from editorapp.generations.lineage_tree import LineageTree
from editorapp.generations.models import Generation
from editorapp.generations.stale_branches import Redo
from editorapp.teams.models import Member
from editorapp.web.presenters.cards import PRINTED
from editorapp.web.presenters.differences import BETWEEN, among_takes
from editorapp.web.presenters.figures import Computed

NOTHING = BranchSum()


@dataclass(frozen=True)
class TreeRow:
    """One take of the tree, in the order in which nested lists hold them.

    `opens` a list of what was made from it; `closes` so many lists after it.
    """

    take: Generation
    words: str  # what it changed
    own: BranchSum
    branch: BranchSum
    hidden: int  # takes below it that are not shown
    older: int  # of its own children, for the take at hand
    oldest: int | None
    left_out: int  # takes between it and the one above
    redo: Redo | None  # what its parent was redone as: it is stale
    begins_redo: int | None  # the take that its branch would be run again down to
    redone_as: Redo | None
    is_here: bool
    opens: bool
    closes: range

    @property
    def costs(self) -> list[tuple[Computed, str]]:
        """What it cost itself, real and simulated apart."""
        return _money(self.own, f"Charged for #{self.take.pk}, as the ledger has it.")

    @property
    def branch_costs(self) -> list[tuple[Computed, str]]:
        """What its branch cost, itself with it; nothing where it is alone."""
        if self.branch.takes < 2:
            return []
        basis = f"Charged for #{self.take.pk} and the takes made from it, as the ledger has them."
        return _money(self.branch, basis)


@dataclass(frozen=True)
class Tree:
    """The whole of the page: rows, and what they come to together."""

    rows: list[TreeRow]
    here: Generation
    first: Generation
    total: BranchSum
    is_whole: bool
    has_more_first: bool
    is_older: bool  # only older children of the take at hand are shown

    @cached_property
    def costs(self) -> list[tuple[Computed, str]]:
        return _money(self.total, "Charged for the takes of this tree, as the ledger has them.")

    @property
    def stale(self) -> list[TreeRow]:
        return [row for row in self.rows if row.redo]


def tree_of(take: Generation, member: Member, *, before: int | None = None) -> Tree:
    """Return the tree around a take: a number of queries that does not depend on its size."""
    shape = lineage_tree.around(take, member, before=before)
    takes = _read(shape.ids)
    takes[take.pk].parent = takes.get(take.parent_id or 0, takes[take.pk].parent)
    sums = sums_of(shape, member)
    redone = stale_branches.redone(shape.ids, member)
    parents = {one.pk: one.parent_id for one in takes.values()}
    rows = _Rows(shape, takes, sums, redone, stale_branches.stale(parents, redone))
    tops = [shape.path[0], *shape.first]
    return Tree(
        rows=list(rows.all()),
        here=takes[take.pk],
        first=takes[shape.path[0]],
        total=sum((sums.branch[top] for top in tops), NOTHING),
        is_whole=sums.is_whole,
        has_more_first=shape.has_more_first,
        is_older=before is not None,
    )


def _read(ids: Iterable[int]) -> dict[int, Generation]:
    takes = Generation.objects.filter(pk__in=list(ids)).order_by()
    shown = takes.select_related(
        "account", "source_asset", "result", "parent__result", "created_by"
    )
    return {take.pk: take for take in shown.only(*PRINTED, "lineage", "trashed_at", "emptied_at")}


@dataclass(frozen=True)
class _Rows:
    """The makers of rows."""

    shape: LineageTree
    takes: dict[int, Generation]
    sums: BranchSums
    redone: dict[int, Redo]
    stale: dict[int, Redo]

    def all(self) -> Iterable[TreeRow]:
        walked = list(self.shape.walk())
        depths = [depth for _pk, depth in walked[1:]] + [0]
        above: list[int] = []
        for (pk, depth), next_depth in zip(walked, depths, strict=True):
            above = [*above[:depth], pk]
            parent = above[-2] if len(above) > 1 else None
            closes = range(max(0, depth - next_depth))
            yield self._row(pk, parent, opens=next_depth > depth, closes=closes)

    def _row(self, pk: int, parent: int | None, *, opens: bool, closes: range) -> TreeRow:
        take, shape = self.takes[pk], self.shape
        children = shape.children.get(pk, [])
        is_here = pk == shape.here
        older = max(0, shape.among.get(pk, 0) - len(children)) if is_here else 0
        is_gap = bool(shape.left_out) and len(shape.path) > 1 and pk == shape.path[1]
        return TreeRow(
            take=take,
            words=_changed(self.takes.get(parent or 0), take),
            own=self.sums.own.get(pk, NOTHING),
            branch=self.sums.branch.get(pk, NOTHING),
            hidden=self.sums.hidden.get(pk, NOTHING).takes,
            older=older,
            oldest=min(children) if children else None,
            left_out=shape.left_out if is_gap else 0,
            redo=self.stale.get(pk),
            begins_redo=self._end_of(pk),
            redone_as=self.redone.get(pk),
            is_here=is_here,
            opens=opens,
            closes=closes,
        )

    def _end_of(self, pk: int) -> int:
        """Return down to which take a stale branch would be run again: the one at hand, where it is
        in it.
        """
        return self.shape.here if pk in self.shape.path else pk


def _changed(above: Generation | None, take: Generation) -> str:
    """Say what a take changed against the one above it; of a first one, what was asked for."""
    if above is None:
        return f"“{take.prompt}”" if take.prompt else "no prompt"
    found = among_takes([above, take])
    keys = [key for key in found.keys if key != "Source"]
    said = BETWEEN.join(filter(None, (found.words[1].get(key, "") for key in keys)))
    return said or "the same request"


def _money(found: BranchSum, basis: str) -> list[tuple[Computed, str]]:
    """Return what was charged, real and simulated apart; nothing where nothing was."""
    amounts = ((found.real_usd, "{}"), (found.simulated_usd, "{} simulated"))
    return [(Computed(amount, basis), words) for amount, words in amounts if amount]
