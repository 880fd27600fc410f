"""Cost reports: sums by person, provider, model, task or month: from the month sums, or from lines that those are
not kept by.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import Count, ExpressionWrapper, Max, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from editorapp.core.money import ZERO, UsdField
from editorapp.costs.models import CLOSING, SPENT, Entry, EntryQuerySet, MonthCost
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


@dataclass(frozen=True)
class Sums:
    """What is to be added up: rows, and how they add up to what is spent, what is held and how many
    charges.
    """

    rows: QuerySet[Any]
    how: dict[str, Any]


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
    return Sums(rows, {"spent": Sum("spent_usd"), "held": Sum("held_usd"), "count": Sum("charges")})


def added_up(entries: EntryQuerySet) -> Sums:
    """Return lines to be added up themselves: of a take or an account, by which no month sum is
    kept.
    """
    reserved, closed = sum_of(Q(kind=Entry.Kind.RESERVE)), sum_of(Q(kind__in=CLOSING))
    held = ExpressionWrapper(reserved - closed, output_field=UsdField())
    count = Count("pk", filter=Q(kind=Entry.Kind.CHARGE))
    how = {"spent": sum_of(Q(kind__in=SPENT)), "held": held, "count": count}
    return Sums(entries.order_by(), how)


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


def total(sums: Sums) -> ReportLine:
    """Return the sum of all rows."""
    found = sums.rows.aggregate(**sums.how)
    return ReportLine(
        "Total", None, found["spent"] or ZERO, found["held"] or ZERO, found["count"] or 0
    )


def together(entries: EntryQuerySet) -> LineSum:
    """Return what lines add up to: for lines of which a sum means something, as those of one
    figure.
    """
    found = entries.order_by().aggregate(amount=Sum("amount_usd"), count=Count("pk"))
    return LineSum(found["amount"] or ZERO, found["count"])


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
