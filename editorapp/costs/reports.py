"""Sums by person, provider, model, task or month; every figure carries the filter that opens its lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from django.db.models import Max, QuerySet, Sum

from editorapp.core.money import ZERO
from editorapp.costs.models import Entry, EntryQuerySet, MonthCost
from editorapp.teams.models import Member


class Dimension(StrEnum):
    PERSON = "person"
    PROVIDER = "provider"
    MODEL = "model"
    TASK = "task"
    MONTH = "month"


_COLUMN = {
    Dimension.PERSON: "person_id",
    Dimension.PROVIDER: "provider",
    Dimension.MODEL: "model",
    Dimension.TASK: "task",
    Dimension.MONTH: "month",
}

CSV_COLUMNS = (
    "entry", "at_utc", "month", "kind", "amount_usd", "is_estimated", "is_simulated", "person", "generation",
    "attempt", "provider", "model", "task", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One row of a report. `filters` are the arguments of `ledger.lines` that open what it adds up."""

    label: str
    spent_usd: Decimal
    held_usd: Decimal
    charges: int
    filters: dict[str, str]


def by(dimension: Dimension | str, *, month: date | None, member: Member, is_simulated: bool) -> list[Line]:
    """Return one line for each person, provider, model, task or month, dearest first (months: newest first).

    Who may see all costs reads the team's, others their own. Reads the month sums, never the ledger's lines.
    """
    dimension = Dimension(dimension)
    column = _COLUMN[dimension]
    rows = (
        _visible(member, month=month, is_simulated=is_simulated)
        .values(column)
        .annotate(
            name=Max("person_name"),
            spent=Sum("spent_usd"),
            held=Sum("held_usd"),
            count=Sum("charges"),
        )
    )
    found = [_line(dimension, column, row, month=month, is_simulated=is_simulated) for row in rows.order_by(column)]
    if dimension is Dimension.MONTH:
        return found[::-1]
    return sorted(found, key=lambda line: line.spent_usd, reverse=True)


def total(*, month: date | None, member: Member, is_simulated: bool) -> Line:
    """Return the sum of all that the member may see."""
    sums = _visible(member, month=month, is_simulated=is_simulated).aggregate(
        spent=Sum("spent_usd"), held=Sum("held_usd"), count=Sum("charges")
    )
    filters = _filters(month=month, is_simulated=is_simulated)
    return Line("Total", sums["spent"] or ZERO, sums["held"] or ZERO, sums["count"] or 0, filters)


def months(member: Member, *, is_simulated: bool) -> list[date]:
    """Return the months that have costs, newest first."""
    rows = _visible(member, month=None, is_simulated=is_simulated)
    return list(rows.order_by("-month").values_list("month", flat=True).distinct())


def sums(entries: EntryQuerySet) -> dict[str, Decimal]:
    """Return what the lines add up to, by kind; every kind is there."""
    found = dict(entries.order_by().values_list("kind").annotate(Sum("amount_usd")))
    return {kind: found.get(kind, ZERO) for kind in Entry.Kind.values}


def csv_rows(entries: EntryQuerySet) -> Iterator[list[str]]:
    """Yield a header and one row for each line, oldest first; amounts as plain decimals, instants in UTC."""
    yield list(CSV_COLUMNS)
    for entry in entries.order_by("pk").iterator(chunk_size=500):
        yield [
            str(entry.pk), entry.at.isoformat(timespec="seconds"), f"{entry.month:%Y-%m}", entry.kind,
            f"{entry.amount_usd:f}", _yes(entry.is_estimated), _yes(entry.is_simulated), _cell(entry.person_name),
            str(entry.generation_id), str(entry.attempt_id), entry.provider, _cell(entry.model), entry.task,
            _cell(entry.note),
        ]  # fmt: skip


def _visible(member: Member, *, month: date | None, is_simulated: bool) -> QuerySet[MonthCost]:
    rows = MonthCost.objects.filter(team_id=member.team_id, is_simulated=is_simulated)
    if month is not None:
        rows = rows.filter(month=month)
    return rows if member.may_see_all_costs else rows.filter(person_id=member.user_id)


def _line(dimension: Dimension, column: str, row: dict, *, month: date | None, is_simulated: bool) -> Line:
    value = row[column]
    label = {
        Dimension.PERSON: row["name"],
        Dimension.MONTH: f"{value:%B %Y}" if dimension is Dimension.MONTH else "",
    }.get(dimension, str(value))
    filters = _filters(month=value if dimension is Dimension.MONTH else month, is_simulated=is_simulated)
    if dimension is not Dimension.MONTH:
        filters[column] = str(value)
    return Line(label, row["spent"], row["held"], row["count"], filters)


def _filters(*, month: date | None, is_simulated: bool) -> dict[str, str]:
    filters = {"is_simulated": "1" if is_simulated else "0"}
    if month is not None:
        filters["month"] = f"{month:%Y-%m}"
    return filters


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _cell(text: str) -> str:
    """Keep a spreadsheet from reading a person's text as a formula."""
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text
