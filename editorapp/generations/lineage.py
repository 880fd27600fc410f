"""What was made from what. One key is shared by all that was made from one first source."""

from django.db.models import QuerySet

from editorapp.generations.models import Generation
from editorapp.media.models import Asset

MOST = 2000  # takes of one lineage that are looked at together


def inherited_key(parent: Generation | None, source_asset: Asset | None) -> str:
    """Return the lineage of what is made from a take or a clip; "" where it is made from nothing of ours."""
    if parent is not None:
        return parent.lineage
    return f"a{source_asset.pk}" if source_asset is not None else ""


def own_key(generation: Generation) -> str:
    """Return the lineage that begins with this generation itself."""
    return f"g{generation.pk}"


def chain(generation: Generation) -> list[Generation]:
    """Return the takes from the first one down to this one: one query, however long the chain is."""
    takes = {take.pk: take for take in _takes(generation)}
    takes[generation.pk] = generation
    found = [generation]
    while (parent_id := found[-1].parent_id) is not None and parent_id in takes and len(found) <= len(takes):
        found.append(takes[parent_id])
    return found[::-1]


def siblings(generation: Generation) -> QuerySet[Generation]:
    """Return the other takes made from the same source, newest first."""
    rows = Generation.objects.filter(team_id=generation.team_id, lineage=generation.lineage)
    rows = rows.filter(parent_id=generation.parent_id).exclude(pk=generation.pk)
    return rows.order_by("-pk")


def _takes(generation: Generation) -> list[Generation]:
    rows = Generation.objects.filter(team_id=generation.team_id, lineage=generation.lineage)
    rows = rows.select_related("result", "source_asset", "created_by", "account")
    return list(rows.order_by("-pk")[:MOST])[::-1]
