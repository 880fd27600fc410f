"""Lineage of a take as its page shows it: what it came from, what was made from it, its siblings."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import QuerySet

from editorapp.core.compiled_query import CompiledQuery
from editorapp.generations import lineage, stale_branches
from editorapp.generations.models import Generation
from editorapp.generations.stale_branches import Redo
from editorapp.teams.models import Member
from editorapp.web.presenters import request_summary
from editorapp.web.presenters.cards import read_pictured
from editorapp.web.presenters.differences import differences
from editorapp.web.presenters.groups import TakeGroup

MOST_SHOWN = 12
MOST_OF_BATCH = 60
MOST_STEPS = 16  # of a chain, the nearest; with them stands the first one


@dataclass(frozen=True)
class Step:
    """A take of the chain, with what it changed against the one above it."""

    take: Generation
    prompt: list[request_summary.Words]
    changes: list[request_summary.SettingChange]
    is_here: bool
    left_out: int = 0  # steps between it and the one above
    redo: Redo | None = None  # what its parent was redone as: it is stale


@dataclass(frozen=True)
class Reel:
    """The newest of some takes, and how many there are of them."""

    takes: list[Generation]
    count: int

    @cached_property
    def differs(self) -> dict[int, str]:
        """What is each take's own, by its id."""
        return differences(self.takes)


def steps(here: Generation, member: Member) -> list[Step]:
    """Return the chain of a take as far as somebody sees it, the first one first; of a long one, the
    first and the nearest.
    """
    chain, left_out = lineage.shortened(here, MOST_STEPS)
    if not member.sees_all:
        ids = [take.pk for take in chain]
        # One in the trash is named, so that the chain is whole.
        rows = Generation.objects.filter(pk__in=ids).seen_by(member)
        seen = set(rows.values_list("pk", flat=True))
        chain = [take for take in chain if take.pk in seen]
    stale = _stale(chain, member)
    return [
        _step(
            above,
            take,
            is_here=take.pk == here.pk,
            left_out=left_out if place == 1 else 0,
            redo=stale.get(take.pk),
        )
        for place, (above, take) in enumerate(zip((None, *chain), chain, strict=False))
    ]


def _stale(chain: list[Generation], member: Member) -> dict[int, Redo]:
    parents = {take.pk: take.parent_id for take in chain}
    above = [pk for pk in parents.values() if pk]
    return stale_branches.stale(parents, stale_branches.redone(above, member))


def _step(above: Generation | None, take: Generation, **more: Any) -> Step:
    if above is None:
        return Step(take, [request_summary.Words(take.prompt)], [], **more)
    prompt = request_summary.prompt_changes(above.prompt, take.prompt)
    return Step(take, prompt, request_summary.changes(above, take), **more)


def children(take: Generation, member: Member) -> Reel:
    """Return what was made from a take."""
    if member.sees_all:
        ids = _newest_children(member.team_id, take.pk)
        if len(ids) <= MOST_SHOWN:
            return Reel(read_pictured(ids), len(ids))
    return _newest(_seen(member).filter(parent=take).order_by("-pk"))


@CompiledQuery
def _newest_children(team: int, parent: int) -> "QuerySet[Generation, Any]":
    rows = Generation.objects.of_team(team).filter(parent_id=parent).order_by("-pk")
    return rows.values_list("pk", flat=True)[: MOST_SHOWN + 1]


def siblings(take: Generation, member: Member) -> Reel:
    """Return the other takes made from the same source, but for those of its batch."""
    takes = lineage.siblings(take, member)
    if take.batch is not None:
        takes = takes.exclude(batch=take.batch)
    return _newest(takes)


def batch(take: Generation, member: Member) -> TakeGroup:
    """Return what was sent together with a take, itself among them; alone where it was."""
    if take.batch is None:
        return TakeGroup([take])
    takes = _seen(member).filter(batch=take.batch)
    ids = takes.order_by("pk").values_list("pk", flat=True)
    return TakeGroup(read_pictured(list(ids[:MOST_OF_BATCH])))


def _seen(member: Member) -> QuerySet[Generation]:
    return Generation.objects.visible_to(member)


def _newest(takes: QuerySet[Generation]) -> Reel:
    ids = list(takes.values_list("pk", flat=True)[: MOST_SHOWN + 1])
    count = takes.count() if len(ids) > MOST_SHOWN else len(ids)
    return Reel(read_pictured(ids[:MOST_SHOWN]), count)
