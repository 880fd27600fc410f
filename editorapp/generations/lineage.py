"""Lineage: what was made from what. One key is shared by all that was made from one first source."""

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from editorapp.teams.models import Member

TABLE = Generation._meta.db_table
# From a take up to the first one; UNION, not UNION ALL, so that even a ring of parents comes to an
# end.
ANCESTORS = f"""
    WITH RECURSIVE line (id, parent_id) AS (
        SELECT id, parent_id FROM {TABLE} WHERE id = %s
        UNION
        SELECT above.id, above.parent_id FROM {TABLE} above JOIN line ON above.id = line.parent_id
    )
    SELECT id FROM line
"""

# The nearest of them, at most so many.
NEAREST = f"""
    WITH RECURSIVE line (id, parent_id, step) AS (
        SELECT id, parent_id, 1 FROM {TABLE} WHERE id = %s
        UNION ALL
        SELECT above.id, above.parent_id, line.step + 1
        FROM {TABLE} above JOIN line ON above.id = line.parent_id WHERE line.step < %s
    )
    SELECT id FROM line
"""

# The nearest so many, and the first, with how many steps each is above. A ring of parents, which
# cannot be, ends at LONGEST.
LONGEST = 5_000
STEPS = f"""
    WITH RECURSIVE line (id, parent_id, step) AS (
        SELECT id, parent_id, 0 FROM {TABLE} WHERE id = %s
        UNION ALL
        SELECT above.id, above.parent_id, line.step + 1
        FROM {TABLE} above JOIN line ON above.id = line.parent_id
        WHERE line.step < {LONGEST} AND above.team_id = %s
    )
    SELECT id, step FROM line
    WHERE step <= %s OR step = (SELECT MAX(step) FROM line) ORDER BY step
"""


def inherited_key(parent: Generation | None, source_asset: Asset | None) -> str:
    """Return the lineage of what is made from a take or a clip; "" where it is made from nothing of
    ours.
    """
    if parent:
        return parent.lineage
    return f"a{source_asset.pk}" if source_asset else ""


def own_key(generation: Generation) -> str:
    """Return the lineage that begins with this generation itself."""
    return f"g{generation.pk}"


def chain(generation: Generation, *, most: int | None = None) -> list[Generation]:
    """Return the takes from the first one down to this one: one query, however large their lineage
    is; none for a first one. `most`: only so many, the nearest.
    """
    if generation.parent_id is None:
        return [generation]
    ids = RawSQL(ANCESTORS, [generation.pk]) if most is None else _nearest(generation, most)
    rows = Generation.objects.filter(team_id=generation.team_id, pk__in=ids)
    rows = rows.select_related("result", "source_asset", "created_by", "account")
    takes = {take.pk: take for take in rows.order_by()}
    takes[generation.pk] = generation
    found = [generation]
    while len(found) < len(takes) and (parent := takes.get(found[-1].parent_id or 0)):
        found.append(parent)
    return found[::-1]


def nearest_ids(generation: Generation, most: int) -> tuple[dict[int, int], int]:
    """Return the takes that one came from, at most the nearest so many and the first, each with how
    many steps it is above; and how many are left out between. One query; itself is 0 above.
    """
    with connection.cursor() as cursor:
        cursor.execute(STEPS, [generation.pk, generation.team_id, most])
        steps = dict(reversed(cursor.fetchall()))  # of a ring, the first time
    return steps, max(0, max(steps.values()) - most - 1)


def shortened(generation: Generation, most: int) -> tuple[list[Generation], int]:
    """Return a take's chain, the first one first: the nearest so many takes above it and the first;
    and how many are left out between. Two queries; none for a first take.
    """
    if generation.parent_id is None:
        return [generation], 0
    steps, left_out = nearest_ids(generation, most)
    rows = Generation.objects.filter(pk__in=steps).order_by()
    rows = rows.select_related("result", "source_asset", "created_by", "account")
    takes = {take.pk: take for take in rows} | {generation.pk: generation}
    return sorted(takes.values(), key=lambda take: -steps[take.pk]), left_out


def _nearest(generation: Generation, most: int) -> RawSQL:
    return RawSQL(NEAREST, [generation.pk, most])


def siblings(generation: Generation, member: Member) -> QuerySet[Generation]:
    """Return the other takes made from the same source that somebody sees, newest first."""
    return (
        Generation.objects.visible_to(member)
        .filter(
            lineage=generation.lineage,
            parent_id=generation.parent_id,
        )
        .exclude(pk=generation.pk)
        .order_by("-pk")
    )
