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
    found, above = [], None
    for take in lineage.chain(here):
        prompt = (
            request_summary.prompt_changes(above.prompt, take.prompt)
            if above
            else [request_summary.Words("same", take.prompt)]
        )
        found.append(
            Step(
                take,
                prompt,
                request_summary.changes(above, take) if above else [],
                take.pk == here.pk,
            )
        )
        above = take
    return found


def children(take: Generation) -> Reel:
    """Return what was made from a take."""
    return _newest(take.children.select_related("result", "source_asset").order_by("-pk"))


def siblings(take: Generation) -> Reel:
    """Return the other takes made from the same source."""
    return _newest(
        lineage.siblings(take).select_related(
            "result",
            "source_asset",
            "parent__result",
        )
    )


def _newest(takes: QuerySet[Generation]) -> Reel:
    found = list(takes[: MOST_SHOWN + 1])
    count = takes.count() if len(found) > MOST_SHOWN else len(found)
    return Reel(found[:MOST_SHOWN], count)
