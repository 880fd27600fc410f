"""Cost reports: sums by person, provider, model, task or month: from the month sums, or from lines that those are
not kept by.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any

from django.db.models import Count, Exists, ExpressionWrapper, Max, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from editorapp.core.money import ZERO, UsdField
from editorapp.costs.models import CLOSING, FRUITLESS, SPENT, Entry, EntryQuerySet, MonthCost
from editorapp.teams.models import Member

Row = dict[str, Any]


class Dimension(StrEnum):
    PERSON = "person"
    PROVIDER = "provider"
    MODEL = "model"
    TASK = "task"
    MONTH = "month"

    @property
    def column(self) -> str:
        """Return the column of lines and of month sums that it is read from."""
        return "person_id" if self is Dimension.PERSON else self.value


# What sums have, by name, and the column of a month sum that keeps it.
KEPT = {
    "spent": "spent_usd",
    "held": "held_usd",
    "count": "charges",
    "holds": "holds",
    "adjusted": "adjusted_usd",
    "adjustments": "adjustments",
    "released": "released_usd",
    "releases": "releases",
    "failed": "failed_usd",
    "failed_lines": "failed_lines",
}
SHOWN = ("spent", "held", "count")  # of each row of a report
# Each kind of figure: of what its amount is made, and what counts its lines.
FIGURES: dict[str, tuple[dict[str, int], tuple[str, ...]]] = {
    "spent": ({"spent": 1}, ("count", "adjustments")),
    "charges": ({"spent": 1, "adjusted": -1}, ("count",)),
    "held": ({"held": 1}, ("holds",)),
    "released": ({"released": 1}, ("releases",)),
    "failures": ({"failed": 1}, ("failed_lines",)),
    "used": ({"spent": 1, "held": 1}, ("count", "adjustments", "holds")),
}


@dataclass(frozen=True)
class Sums:
    """What is to be added up: rows, how they add up to what is spent, what is held and how many
    charges, and to all else of KEPT.
    """

    rows: QuerySet[Any]
    how: dict[str, Any]
    more: dict[str, Any]


@dataclass(frozen=True)
class ReportLine:
    """One row of a report.

    `value` is what all that it adds up has in `Dimension.column`; None in a total.
    """

    label: str
    value: Any
    spent_usd: Decimal
    held_usd: Decimal
    charges: int


@dataclass(frozen=True)
class LineSum:
    """What lines add up to, and how many they are."""

    amount_usd: Decimal
    count: int


def kept(member: Member, *, is_simulated: bool, **narrowed: Any) -> Sums:
    """Return the month sums that a member may see, narrowed by columns of MonthCost; reads no line.

    Who may see all costs reads the team's, others their own.
    """
    rows = MonthCost.objects.filter(team_id=member.team_id, is_simulated=is_simulated, **narrowed)
    if not member.may_see_all_costs:
        rows = rows.filter(person_id=member.user_id)
    how = {name: Sum(column) for name, column in KEPT.items()}
    return Sums(rows, {name: how.pop(name) for name in SHOWN}, how)


def added_up(entries: EntryQuerySet) -> Sums:
    """Return lines to be added up themselves: of a take or an account, by which no month sum is
    kept.
    """
    reserved, closed = sum_of(Q(kind=Entry.Kind.RESERVE)), sum_of(Q(kind__in=CLOSING))
    held = ExpressionWrapper(reserved - closed, output_field=UsdField())
    count = Count("pk", filter=Q(kind=Entry.Kind.CHARGE))
    how = {"spent": sum_of(Q(kind__in=SPENT)), "held": held, "count": count}
    return Sums(entries.order_by(), how, _more())


def _more() -> dict[str, Any]:
    """Return how lines add up to what no row of a report shows."""
    adjusted, released = Q(kind=Entry.Kind.ADJUST), Q(kind=Entry.Kind.RELEASE)
    on_failure = Q(Exists(FRUITLESS), kind__in=SPENT)
    count = partial(Count, "pk")
    # An attempt may be closed by two lines: a charge, and what it gave back.
    closed = Count("attempt_id", filter=Q(kind__in=CLOSING), distinct=True)
    return {
        "holds": count(filter=Q(kind=Entry.Kind.RESERVE)) - closed,
        "adjusted": sum_of(adjusted),
        "adjustments": count(filter=adjusted),
        "released": sum_of(released),
        "releases": count(filter=released),
        "failed": sum_of(on_failure),
        "failed_lines": count(filter=on_failure),
    }


def by(dimension: Dimension | str, sums: Sums) -> list[ReportLine]:
    """Return one line for each person, provider, model, task or month, dearest first (months:
    newest first).
    """
    dimension = Dimension(dimension)
    rows = sums.rows.values(dimension.column).annotate(name=Max("person_name"), **sums.how)
    found = [_line(dimension, row) for row in rows.order_by(dimension.column)]
    if dimension is Dimension.MONTH:
        return found[::-1]
    return sorted(found, key=lambda line: line.spent_usd, reverse=True)


def figures(sums: Sums) -> dict[str, LineSum]:
    """Return what the lines of each kind of figure come to, by the names of FIGURES; one query."""
    found = sums.rows.aggregate(**sums.how, **sums.more)
    has = {name: amount or 0 for name, amount in found.items()}
    return {
        name: LineSum(
            ZERO + sum(sign * has[one] for one, sign in amounts.items()),
            sum(has[one] for one in counts),
        )
        for name, (amounts, counts) in FIGURES.items()
    }


def sum_of(which: Q) -> Coalesce:
    """Return the sum of those lines of a group that these conditions choose."""
    return Coalesce(Sum("amount_usd", filter=which), 0, output_field=UsdField())


def _line(dimension: Dimension, row: Row) -> ReportLine:
    value = row[dimension.column]
    return ReportLine(
        _label(dimension, row),
        value,
        row["spent"],
        row["held"],
        row["count"],
    )


def _label(dimension: Dimension, row: Row) -> str:
    value = row[dimension.column]
    if dimension is Dimension.PERSON:
        return row["name"]
    return f"{value:%B %Y}" if dimension is Dimension.MONTH else str(value)
