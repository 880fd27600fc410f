"""Branch sums: what each branch of a lineage tree cost, and how many of its takes were approved.

Money is what the ledger says, real and simulated apart. Takes that are not shown count for the one
that they were made from: the whole lineage is gone through once, in one query.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.db import connection

from editorapp.core.money import MICRO, ZERO
from editorapp.costs.models import SPENT, Entry
from editorapp.generations.lineage_tree import LineageTree, VisibleTakes
from editorapp.generations.models import Generation
from editorapp.teams.models import Member

MOST_COUNTED = 20_000  # takes that are not shown; more than that are said to be more

_TAKES = Generation._meta.db_table
_LINES = Entry._meta.db_table
_KINDS = ", ".join(f"'{kind.value}'" for kind in SPENT)
# Materialized: each take's lines are added up once, and not once for each column that needs them.
_FIGURES = f"""
of (top, id, spent) AS MATERIALIZED (
    SELECT below.top, below.id, COALESCE((
        SELECT SUM(line.amount_usd) FROM {_LINES} line
        WHERE line.generation_id = below.id AND line.kind IN ({_KINDS}) AND {{lines}}
    ), 0)
    FROM (SELECT top, id FROM below LIMIT {MOST_COUNTED}) AS below
)
SELECT of.top, COUNT(*),
    SUM(CASE WHEN take.review = '{Generation.Review.APPROVED.value}' THEN 1 ELSE 0 END),
    SUM(CASE WHEN take.review = '{Generation.Review.NEEDS_CHANGES.value}' THEN 1 ELSE 0 END),
    SUM(CASE WHEN take.is_simulated THEN 0 ELSE of.spent END),
    SUM(CASE WHEN take.is_simulated THEN of.spent ELSE 0 END)
FROM of JOIN {_TAKES} take ON take.id = of.id GROUP BY of.top
"""
# IN, not =: for an equality SQLite may read all takes beforehand, into a Bloom filter.
_HIDDEN = f"""
WITH RECURSIVE below (top, id) AS (
    SELECT take.parent_id, take.id FROM {_TAKES} take
    WHERE take.parent_id IN ({{shown}}) AND take.id NOT IN ({{shown}}) AND {{seen}}
    UNION
    SELECT below.top, take.id FROM {_TAKES} take JOIN below ON take.parent_id IN (below.id)
    WHERE take.id NOT IN ({{shown}}) AND {{seen}}
),
{_FIGURES}
"""
_SHOWN = f"""
WITH below (top, id) AS (SELECT id, id FROM {_TAKES} WHERE id IN ({{shown}})),
{_FIGURES}
"""


@dataclass(frozen=True)
class BranchSum:
    """What some takes come to. Dollars that were charged."""

    takes: int = 0
    approved: int = 0
    needs_changes: int = 0
    real_usd: Decimal = ZERO
    simulated_usd: Decimal = ZERO

    def __add__(self, other: "BranchSum") -> "BranchSum":
        return BranchSum(
            self.takes + other.takes,
            self.approved + other.approved,
            self.needs_changes + other.needs_changes,
            self.real_usd + other.real_usd,
            self.simulated_usd + other.simulated_usd,
        )


@dataclass(frozen=True)
class BranchSums:
    """Of each shown take: itself, what is below it and not shown, and its whole branch."""

    own: dict[int, BranchSum]
    hidden: dict[int, BranchSum]
    branch: dict[int, BranchSum]

    @property
    def is_whole(self) -> bool:
        """Was all counted?"""
        return sum(one.takes for one in self.hidden.values()) < MOST_COUNTED


def sums_of(tree: LineageTree, member: Member) -> BranchSums:
    """Return the sums of all takes of a tree, of the lines that somebody may see: two queries."""
    ids, seen = tree.ids, VisibleTakes.by(member)
    lines, whose = _lines_of(member)
    shown = ", ".join(["%s"] * len(ids))
    own = _figures(_SHOWN.format(shown=shown, lines=lines), [*ids, *whose])
    sql = _HIDDEN.format(shown=shown, seen=seen.sql, lines=lines)
    hidden = _figures(sql, [*ids, *ids, *seen.values, *ids, *seen.values, *whose])
    return BranchSums(own, hidden, _branches(tree, own, hidden))


def _branches(
    tree: LineageTree, own: dict[int, BranchSum], hidden: dict[int, BranchSum]
) -> dict[int, BranchSum]:
    """Add up what hangs below each take, from the leaves to the first."""
    found: dict[int, BranchSum] = {}
    for pk, _depth in reversed(list(tree.walk())):
        total = own.get(pk, BranchSum()) + hidden.get(pk, BranchSum())
        for child in tree.children.get(pk, ()):
            total += found.get(child, BranchSum())
        found[pk] = total
    return found


def _lines_of(member: Member) -> tuple[str, list[int]]:
    """Return the condition on lines that somebody may see: as EntryQuerySet.visible_to."""
    if member.may_see_all_costs:
        return "line.team_id = %s", [member.team_id]
    return "line.team_id = %s AND line.person_id = %s", [member.team_id, member.user_id]


def _figures(sql: str, values: list[int]) -> dict[int, BranchSum]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return {
            top: BranchSum(takes, approved, changes, _usd(real), _usd(simulated))
            for top, takes, approved, changes, real, simulated in cursor.fetchall()
        }


def _usd(micro: int | None) -> Decimal:
    return Decimal(micro or 0) / MICRO
