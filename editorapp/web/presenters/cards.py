"""Take cards: takes with everything that a card prints, in a number of queries that does not grow
with the rows.
"""

from django.db.models import Count, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce

from editorapp.generations.models import Generation
from editorapp.review.models import Decision


def as_cards(takes: "QuerySet[Generation]") -> "QuerySet[Generation]":
    """Return the takes with what a card reads: source, parent, result, maker, decisions, and
    `place` of `places`.

    `place` counts from 1 within the lineage, oldest first.
    """
    lineage = _lineage_count()
    decisions = Decision.objects.select_related("decided_by")
    takes = takes.select_related(
        "account",
        "team",
        "source_asset",
        "result",
        "exr",
        "parent__result",
        "parent__source_asset",
        "created_by",
        "assignee",
        "held_by",
    ).prefetch_related(Prefetch("decisions", decisions))
    return takes.annotate(
        place=Coalesce(Subquery(lineage.filter(pk__lte=OuterRef("pk"))), 1),
        places=Coalesce(Subquery(lineage), 1),
    )


def _lineage_count() -> "QuerySet[Generation, dict[str, int]]":
    """Return how many takes there are of a take's lineage, as a subquery."""
    same = Generation.objects.filter(
        team_id=OuterRef("team_id"),
        lineage=OuterRef("lineage"),
    )
    by_lineage = same.order_by().values("lineage")
    return by_lineage.annotate(number=Count("pk")).values("number")
