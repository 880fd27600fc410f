"""Lineage of a take as its page shows it: what it came from, what was made from it, its siblings."""

from dataclasses import dataclass

from django.db.models import QuerySet

from editorapp.generations import lineage
from editorapp.generations.models import Generation
from editorapp.web.presenters import request_summary

MOST_SHOWN = 12


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


def steps(here: Generation) -> list[Step]:
    """Return the whole chain of a take, the first one first."""
    chain = lineage.chain(here)
    return [
        _step(above, take, is_here=take.pk == here.pk)
        for above, take in zip((None, *chain), chain, strict=False)
    ]


def _step(above: Generation | None, take: Generation, *, is_here: bool) -> Step:
    if above is None:
        return Step(take, [request_summary.Words(take.prompt)], [], is_here)
    prompt = request_summary.prompt_changes(above.prompt, take.prompt)
    return Step(take, prompt, request_summary.changes(above, take), is_here)


def children(take: Generation) -> Reel:
    """Return what was made from a take."""
    return _newest(take.children.select_related("result", "source_asset").order_by("-pk"))


def siblings(take: Generation) -> Reel:
    """Return the other takes made from the same source."""
    takes = lineage.siblings(take)
    return _newest(takes.select_related("result", "source_asset", "parent__result"))


def _newest(takes: QuerySet[Generation]) -> Reel:
    found = list(takes[: MOST_SHOWN + 1])
    count = takes.count() if len(found) > MOST_SHOWN else len(found)
    return Reel(found[:MOST_SHOWN], count)
