"""Costs page: a month's total, who and what spent it, and the ledger's lines under every figure."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.contrib import messages
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone

from editorapp.core import spreadsheet
from editorapp.core.htmx import Context, is_part, page_or_part
from editorapp.core.money import ZERO
from editorapp.core.paging import cursor, newest_first
from editorapp.core.snapshot import snapshot
from editorapp.costs import csv_export, ledger, limits, reports
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.costs.forms import LimitForm
from editorapp.web.presenters.figures import (
    Computed,
    Figure,
    LineCount,
    MonthMeter,
    month_meter,
)
from editorapp.web.presenters.line_selection import (
    SHOWS,
    LineSelection,
    month_text,
    name_of,
)

PAGE_SIZE = 50
MONTHS_SHOWN = 12
CHART_HEIGHT = 120
BAR_WIDTH, BAR_STEP = 40, 88  # an amount to the millionth stands above each bar

PERSON, MONTH = reports.Dimension.PERSON, reports.Dimension.MONTH
TOTALS = ("spent", "held", "released", "failures")
TABLES = tuple(one for one in reports.Dimension if one is not MONTH)


@dataclass(frozen=True)
class CostRow:
    """One row of a table: its figures, the page of it alone, and its share of the dearest (0..100)."""

    label: str
    url: str
    charges: LineCount
    spent: Figure
    held: Figure
    share: int


@dataclass(frozen=True)
class Bar:
    """A month in the chart. Units: px of the drawing."""

    row: CostRow
    x: int
    y: int
    height: int
    is_here: bool

    @property
    def middle(self) -> int:
        return self.x + BAR_WIDTH // 2

    @property
    def above(self) -> int:
        return self.y - 5


@dataclass(frozen=True)
class Budget:
    """A team's month against its limit."""

    meter: MonthMeter
    says: str  # where the limit comes from
    is_over: bool


@page_for(Act.SEE_COSTS)
def page(request: MemberRequest) -> HttpResponse:
    """Show a month's costs; to htmx only more lines. Creators see their own, admins the team's."""
    return _page(request, LimitForm(initial=_limit_now(request.member)))


@action_for(Act.SET_BUDGET)
def change_limit(request: MemberRequest) -> HttpResponse:
    """Change, with a note, what the team may spend in a month."""
    form = LimitForm(request.POST)
    if not form.is_valid() or not form.keep(by=request.member, now=timezone.now()):
        return _page(request, form, status=422)
    messages.success(request, "The limit is saved.")
    return redirect("costs:page")


def _limit_now(member: Member) -> dict[str, Decimal | None]:
    return {"monthly_limit_usd": member.team.monthly_limit_usd}


def _page(request: MemberRequest, form: LimitForm, *, status: int = 200) -> HttpResponse:
    member, now = request.member, timezone.now()
    selection = LineSelection.read(request.GET, today=now.date(), team=request.member.team)
    with snapshot():  # totals and their rows are of one instant
        lines = selection.lines(member)
        found = newest_first(lines, before=cursor(request.GET), size=PAGE_SIZE)
        context: Context = {
            "here": "costs",
            "selection": selection,
            "lines": found.rows,
            "older_url": found.older(selection.url()),
        }
        if not is_part(request):
            context |= _figures(member, selection, now=now) | _chrome(member, selection, now=now)
            context |= _limit(member, form)
    response = page_or_part(request, "costs/page.html", "costs/_more.html", context)
    response.status_code = status
    return response


def _limit(member: Member, form: LimitForm) -> Context:
    """Return the form of the team's limit and its last changes, for who keeps the budget."""
    if not member.may_set_budget:
        return {}
    changes = member.team.limit_changes.select_related("person").order_by("-pk")
    return {"limit_form": form, "limit_changes": changes[:3]}


@page_for(Act.SEE_COSTS)
def lines_csv(request: MemberRequest) -> StreamingHttpResponse:
    """Return the lines that the page shows, all of them, as CSV."""
    selection = LineSelection.read(
        request.GET, today=timezone.now().date(), team=request.member.team
    )
    rows = csv_export.csv_rows(selection.lines(request.member))
    return spreadsheet.download(rows, name=_file_name(selection))


def _file_name(selection: LineSelection) -> str:
    money = "-simulated" if selection.is_simulated else ""
    return f"rushes-costs-{month_text(selection.month)}{money}.csv"


def _figures(
    member: Member,
    selection: LineSelection,
    *,
    now: datetime,
) -> Context:
    """Return the sums of all that is selected.

    They are read from the sums kept beside the ledger, but for what is narrowed by a take or an
    account.
    """
    whole = selection.changed(shows="")
    sums = reports.figures(whole.sums(member))
    totals = [Figure(sums[name].amount_usd, whole.changed(shows=name)) for name in TOTALS]
    months = _rows(MONTH, whole.changed(month=None), member)
    return {
        "together": sums.get(selection.shows),
        "totals": [(_label(figure, member), figure) for figure in totals],
        "tables": [
            (dimension.capitalize(), _rows(dimension, whole, member))
            for dimension in TABLES
            if member.may_see_all_costs or dimension is not PERSON
        ],
        "months": months,
        "month_choices": _month_choices(months, selection, now=now),
        "bars": _bars(months[:MONTHS_SHOWN], selection),
        "chart_width": BAR_STEP * max(1, len(months[:MONTHS_SHOWN])),
    }


def _label(figure: Figure, member: Member) -> str:
    shows = figure.selection.shows
    is_own = shows == "spent" and not member.may_see_all_costs
    return "Charged for you" if is_own else SHOWS[shows].label


def _rows(
    dimension: reports.Dimension,
    whole: LineSelection,
    member: Member,
) -> list[CostRow]:
    """Return a table's rows: each narrows the selection by what it is the row of."""
    lines = reports.by(dimension, whole.sums(member))
    most = max((line.spent_usd for line in lines), default=ZERO)
    return [_row(dimension, whole, line, most=most) for line in lines]


def _row(
    dimension: reports.Dimension,
    whole: LineSelection,
    line: reports.ReportLine,
    *,
    most: Decimal,
) -> CostRow:
    narrowed = whole.changed(**{dimension.column: line.value})
    is_named = dimension in (PERSON, MONTH)
    return CostRow(
        label=line.label if is_named else name_of(dimension, line.value),
        url=narrowed.url(),
        charges=LineCount(line.charges, narrowed.changed(shows="charges")),
        spent=Figure(line.spent_usd, narrowed.changed(shows="spent")),
        held=Figure(line.held_usd, narrowed.changed(shows="held")),
        share=max(0, _scaled(line.spent_usd, most, to=100)),
    )


def _scaled(amount: Decimal, most: Decimal, *, to: int) -> int:
    """Return an amount drawn so that the largest is `to`."""
    return int(to * amount / most) if most > 0 else 0


def _chrome(
    member: Member,
    selection: LineSelection,
    *,
    now: datetime,
) -> Context:
    """Return the page's choices, what it is narrowed by, and the budget."""
    words = selection.words(member)
    shown = SHOWS.get(selection.shows)
    is_whole = not words and selection.month is not None
    return {
        "shown": shown,
        "narrowed": [
            (said, selection.changed(**{name: None}).url()) for name, said in words.items()
        ],
        "caption": [*([shown.label] if shown else []), *words.values()],
        "whole_url": selection.changed(shows="", **dict.fromkeys(words)).url(),
        "all_lines_url": selection.changed(shows="").url(),
        "real_url": selection.changed(is_simulated=False).url(),
        "simulated_url": selection.changed(is_simulated=True).url(),
        "budget": _budget(member, selection, now=now) if is_whole else None,
    }


def _budget(
    member: Member,
    selection: LineSelection,
    *,
    now: datetime,
) -> Budget:
    """Return the whole team's month against the limit that holds, or held, in it."""
    assert selection.month is not None
    limit = limits.of_month(member.team, selection.month, now=now)
    says = _said_of(limit, selection.month)
    meter = month_meter(
        member,
        selection.month,
        is_simulated=selection.is_simulated,
        limit=None if limit.limit_usd is None else Computed(limit.limit_usd, says),
        basis="What the whole team was charged and still holds; who sees all costs sees its lines.",
    )
    return Budget(meter, says, limit.is_over)


def _said_of(limit: limits.MonthLimit, month: date) -> str:
    """Say which limit this is, and who set it."""
    when, change = f"{month:%B %Y}", limit.change
    if not limit.is_known:
        return f"There is no record of the limit that held in {when}."
    what = "No limit" if limit.limit_usd is None else "The limit"
    what += f" that held at the end of {when}" if limit.is_over else " as it is now"
    if change is None:
        return f"{what}."
    return f"{what}, set by {change.person} on {change.at:%-d %B %Y}: {change.note}"


def _month_choices(
    rows: list[CostRow],
    selection: LineSelection,
    *,
    now: datetime,
) -> list[tuple[str, str, bool]]:
    """Return the months to choose from, newest first: (value, label, is it chosen)."""
    known = {row.spent.selection.month for row in rows} | {ledger.month_of(now), selection.month}
    months = sorted((month for month in known if month), reverse=True)
    return [(month_text(month), f"{month:%B %Y}", month == selection.month) for month in months]


def _bars(months: list[CostRow], selection: LineSelection) -> list[Bar]:
    """Lay the months out, oldest first."""
    most = max((row.spent.amount_usd for row in months), default=ZERO)
    bars = []
    for place, row in enumerate(reversed(months)):
        height = max(2, _scaled(row.spent.amount_usd, most, to=CHART_HEIGHT))
        x, y = place * BAR_STEP + (BAR_STEP - BAR_WIDTH) // 2, CHART_HEIGHT - height + 20
        is_here = row.spent.selection.month == selection.month  # never where that is all months
        bars.append(Bar(row, x, y, height, is_here))
    return bars


urlpatterns = [
    path("", page, name="page"),
    path("lines.csv", lines_csv, name="csv"),
    path("limit", change_limit, name="limit"),
]
