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
    lineage = (
        Generation.objects.filter(
            team_id=OuterRef("team_id"),
            lineage=OuterRef("lineage"),
        )
        .order_by()
        .values("lineage")
        .annotate(number=Count("pk"))
        .values("number")
    )
    return (
        takes.select_related(
            *(
                "account",
                "team",
                "source_asset",
                "result",
                "exr",
                "parent__result",
                "parent__source_asset",
            ),
            *("created_by", "assignee", "held_by"),
        )
        .prefetch_related(Prefetch("decisions", Decision.objects.select_related("decided_by")))
        .annotate(
            place=Coalesce(Subquery(lineage.filter(pk__lte=OuterRef("pk"))), 1),
            places=Coalesce(Subquery(lineage), 1),
        )
    )
