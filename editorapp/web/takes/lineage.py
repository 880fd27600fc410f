"""Lineage of a take as its page shows it: what it came from, what was made from it, its siblings."""

from dataclasses import dataclass
from functools import cached_property

from django.db.models import QuerySet

from editorapp.generations import lineage
from editorapp.generations.models import Generation
from editorapp.teams.models import Member
from editorapp.web.presenters import request_summary
from editorapp.web.presenters.cards import read_pictured
from editorapp.web.presenters.differences import differences
from editorapp.web.presenters.groups import TakeGroup

MOST_SHOWN = 12
MOST_OF_BATCH = 60


@dataclass(frozen=True)
class Step:
    """A take of the chain, with what it changed against the one above it."""

    take: Generation
    prompt: list[request_summary.Words]
    changes: list[request_summary.SettingChange]
    is_here: bool


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
    """Return the chain of a take as far as somebody sees it, the first one first."""
    chain = lineage.chain(here)
    if not member.sees_all:
        ids = [take.pk for take in chain]
        seen = set(_seen(member).filter(pk__in=ids).values_list("pk", flat=True))
        chain = [take for take in chain if take.pk in seen]
    return [
        _step(above, take, is_here=take.pk == here.pk)
        for above, take in zip((None, *chain), chain, strict=False)
    ]


def _step(above: Generation | None, take: Generation, *, is_here: bool) -> Step:
    if above is None:
        return Step(take, [request_summary.Words(take.prompt)], [], is_here)
    prompt = request_summary.prompt_changes(above.prompt, take.prompt)
    return Step(take, prompt, request_summary.changes(above, take), is_here)


def children(take: Generation, member: Member) -> Reel:
    """Return what was made from a take."""
    return _newest(_seen(member).filter(parent=take).order_by("-pk"))


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
