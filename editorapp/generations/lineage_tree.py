"""Lineage tree: which takes of a lineage are shown around one of them, and how they hang together.

A lineage may have thousands of takes, or one chain of them: all that is read here is bounded, and
the number of queries is the same whatever there is.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from editorapp.generations.lineage import nearest_ids
from editorapp.generations.models import Generation
from editorapp.teams.models import Member

MOST_ABOVE = 16  # of the takes that one came from, the nearest; and the first one
MOST_BESIDE = 4  # other children of each of those
MOST_BELOW = 40  # children of the take at hand
MOST_EACH = 6  # children of each take below it
LEVELS = 8  # so many generations of them
MOST_A_LEVEL = 30

_TABLE = Generation._meta.db_table
# The newest children of each of some takes, and how many each has.
_NEWEST = f"""
SELECT id, parent_id, among FROM (
    SELECT take.id, take.parent_id,
        ROW_NUMBER() OVER (PARTITION BY take.parent_id ORDER BY take.id DESC) AS place,
        COUNT(*) OVER (PARTITION BY take.parent_id) AS among
    FROM {_TABLE} take WHERE {{which}} AND {{seen}}
) AS ranked WHERE place <= {{most}} ORDER BY id DESC LIMIT {{limit}}
"""
_FIRST = f"""
SELECT take.id FROM {_TABLE} take
WHERE take.team_id = %s AND take.lineage = %s AND take.trashed_at IS NULL
AND take.parent_id IS NULL AND take.id <> %s AND {{seen}} ORDER BY take.id DESC LIMIT {MOST_BESIDE + 1}
"""


@dataclass(frozen=True)
class VisibleTakes:
    """The condition that somebody sees `take`, as SQL with its values."""

    sql: str
    values: tuple[Any, ...]

    @classmethod
    def by(cls, member: Member) -> "VisibleTakes":
        if member.sees_all:
            return cls("take.team_id = %s AND take.trashed_at IS NULL", (member.team_id,))
        rows = Generation.objects.visible_to(member).order_by().values("pk")
        sql, values = rows.query.sql_with_params()
        return cls(f"take.id IN ({sql})", tuple(values))


@dataclass
class LineageTree:
    """The takes that are shown around one, by their ids.

    `path` leads from the first take down to `here`; `left_out` of its takes, below its first, are
    not shown. `first` are other takes that began from the same source. `children` of a take are
    shown, oldest first, of the `among` that it has.
    """

    here: int
    path: list[int]
    left_out: int = 0
    first: list[int] = field(default_factory=list)
    has_more_first: bool = False
    children: dict[int, list[int]] = field(default_factory=dict)
    among: dict[int, int] = field(default_factory=dict)

    @property
    def ids(self) -> list[int]:
        """All takes that are shown."""
        below = (one for row in self.children.values() for one in row)
        return list(dict.fromkeys([*self.path, *self.first, *below]))

    def walk(self) -> Iterator[tuple[int, int]]:
        """Yield all takes with their depth, from 0, each before what was made from it."""
        stack = [(one, 0) for one in sorted([self.path[0], *self.first], reverse=True)]
        met: set[int] = set()
        while stack:
            pk, depth = stack.pop()
            if pk in met:
                continue
            met.add(pk)
            yield pk, depth
            below = sorted(self.children.get(pk, ()), reverse=True)
            stack += [(one, depth + 1) for one in below]


def around(take: Generation, member: Member, *, before: int | None = None) -> LineageTree:
    """Return the tree around a take, as far as somebody sees it: four queries, five for who does
    not see all.

    `before`: of the children of the take itself only those that are older than this one.
    """
    seen = VisibleTakes.by(member)
    path, left_out = _path(take, member)
    tree = LineageTree(take.pk, path, left_out)
    _add(tree, _beside(path, seen))
    for above, below in zip(path, path[1:], strict=False):
        tree.children.setdefault(above, []).append(below)
    _add(tree, _below(take.pk, seen, before))
    _add_first(tree, take, seen)
    return tree


def _path(take: Generation, member: Member) -> tuple[list[int], int]:
    """Return the takes that are shown from the first one down, and how many are left out."""
    steps, left_out = nearest_ids(take, MOST_ABOVE)
    if not member.sees_all:
        # Those above are shown as deleted where they are.
        ids = Generation.objects.filter(pk__in=steps).seen_by(member).values_list("pk")
        steps = {pk: steps[pk] for (pk,) in ids} | {take.pk: 0}
    return sorted(steps, key=lambda pk: -steps[pk]), left_out


Row = tuple[int, int, int]  # a take, its parent, and how many children that has


def _add(tree: LineageTree, rows: Sequence[Row]) -> None:
    known = set(tree.path)
    for pk, parent, among in rows:
        tree.among[parent] = among
        if pk not in known:
            known.add(pk)
            tree.children.setdefault(parent, []).append(pk)


def _beside(path: Collection[int], seen: VisibleTakes) -> list[Row]:
    """Return the newest other children of the takes above."""
    above = list(path)[:-1]
    if not above:
        above = [0]  # nobody's: the number of queries stays the same
    marks = ", ".join(["%s"] * len(above))
    sql = _NEWEST.format(
        which=f"take.parent_id IN ({marks})", seen=seen.sql, most=MOST_BESIDE + 1, limit=1_000
    )
    return _rows(sql, [*above, *seen.values])


def _below(here: int, seen: VisibleTakes, before: int | None) -> list[Row]:
    """Return what was made from a take, level by level, in one statement."""
    which = "take.parent_id = %s" + (" AND take.id < %s" if before else "")
    parts, values = [], [here, *([before] if before else []), *seen.values]
    first = _NEWEST.format(which=which, seen=seen.sql, most=MOST_BELOW, limit=MOST_BELOW)
    parts.append(f"level0 AS ({first})")
    for level in range(1, LEVELS):
        which = f"take.parent_id IN (SELECT id FROM level{level - 1})"
        more = _NEWEST.format(which=which, seen=seen.sql, most=MOST_EACH, limit=MOST_A_LEVEL)
        parts.append(f"level{level} AS ({more})")
        values += seen.values
    every = " UNION ALL ".join(f"SELECT id, parent_id, among FROM level{n}" for n in range(LEVELS))
    return _rows(f"WITH {', '.join(parts)} {every}", values)


def _add_first(tree: LineageTree, take: Generation, seen: VisibleTakes) -> None:
    """Add the newest other takes that began from the same source."""
    values = [take.team_id, take.lineage, tree.path[0], *seen.values]
    found = [pk for (pk,) in _rows(_FIRST.format(seen=seen.sql), values)]
    shown = set(tree.ids)
    tree.first = [pk for pk in found if pk not in shown][:MOST_BESIDE]
    tree.has_more_first = len(found) > MOST_BESIDE


def _rows(sql: str, values: Sequence[Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()
