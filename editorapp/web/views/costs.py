"""What it cost: a month's total, who and what spent it, and the ledger's lines under every figure."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef
from django.http import HttpResponse, QueryDict, StreamingHttpResponse
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from editorapp.core.htmx import is_part, page_or_part
from editorapp.core.money import ZERO, show_usd
from editorapp.costs import ledger, reports
from editorapp.costs.models import Entry, EntryQuerySet
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.providers import registry
from editorapp.providers.accounts import all_simulated
from editorapp.teams.access import MemberRequest, needs
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.asked import task_name

PAGE_SIZE = 50
MONTHS_SHOWN = 12
CHART_HEIGHT = 120
BAR_WIDTH, BAR_STEP = 40, 64

# The figures of the page, each by the lines that add up to it.
SHOWS = {
    "spent": "Charged",
    "held": "Still held",
    "released": "Released",
    "failures": "Charged for failures",
}


WORDED = ("provider", "model", "task")


@dataclass(frozen=True)
class Filters:
    """Which lines: the address bar of the page, of its figures and of the CSV."""

    month: date | None
    is_simulated: bool
    person_id: int | None = None
    provider: str = ""
    model: str = ""
    task: str = ""
    generation_id: int | None = None
    shows: str = ""

    @classmethod
    def read(cls, query: QueryDict, *, now: date) -> "Filters":
        return cls(
            month=_month(query.get("month", ""), now),
            is_simulated=query.get("is_simulated", "1" if all_simulated() else "0") == "1",
            person_id=_number(query.get("person_id", "")),
            provider=query.get("provider", "")[:40],
            model=query.get("model", "")[:80],
            task=query.get("task", "")[:16],
            generation_id=_number(query.get("generation_id", "")),
            shows=query.get("shows", "") if query.get("shows") in SHOWS else "",
        )

    def said(self, **other: Any) -> str:
        """Return this as a query string, with some of it changed; None and "" leave a filter out."""
        values = {
            "month": f"{self.month:%Y-%m}" if self.month else "all",
            "is_simulated": "1" if self.is_simulated else "0",
            "person_id": self.person_id,
            "provider": self.provider,
            "model": self.model,
            "task": self.task,
            "generation_id": self.generation_id,
            "shows": self.shows,
        }
        return urlencode({name: value for name, value in (values | other).items() if value not in (None, "")})

    def lines(self, member: Member) -> EntryQuerySet:
        """Return the lines that a member may see."""
        rows = ledger.lines(
            member,
            month=self.month,
            is_simulated=self.is_simulated,
            person_id=self.person_id,
            provider=self.provider,
            model=self.model,
            task=self.task,
            generation_id=self.generation_id,
        )
        return _shown(rows, self.shows)

    @property
    def narrows(self) -> bool:
        narrowing = (self.person_id, self.provider, self.model, self.task, self.generation_id, self.shows)
        return any(narrowing)


@dataclass(frozen=True)
class Figure:
    """An amount, the lines under it, and its share of the largest (0..100)."""

    label: str
    spent_usd: Decimal
    held_usd: Decimal
    charges: int
    url: str
    share: int


@dataclass(frozen=True)
class Bar:
    """A month in the chart. Units: px of the drawing."""

    label: str
    amount: str
    url: str
    x: int
    y: int
    height: int
    is_here: bool

    @property
    def middle(self) -> int:
        return self.x + BAR_WIDTH // 2


@require_safe
@needs(Act.CREATE)
def page(request: MemberRequest) -> HttpResponse:
    """Show a month's costs; to htmx only more lines. Creators see their own, admins the team's."""
    member, filters = request.member, Filters.read(request.GET, now=timezone.now().date())
    found = ledger.line_page(filters.lines(member), before=_number(request.GET.get("before", "")), size=PAGE_SIZE)
    older = f"{reverse('costs:page')}?{filters.said(before=found.after)}" if found.after else ""
    context: dict[str, Any] = {"here": "costs", "filters": filters, "lines": found.rows, "older_url": older}
    if not is_part(request):
        context |= _figures(member, filters) | _chrome(member, filters)
    return page_or_part(request, "costs/page.html", "costs/_more.html", context)


@require_safe
@needs(Act.CREATE)
def lines_csv(request: MemberRequest) -> StreamingHttpResponse:
    """Return the lines that the page shows, all of them, as CSV."""
    filters = Filters.read(request.GET, now=timezone.now().date())
    writer = csv.writer(_Echo())
    rows: Iterator[str] = (writer.writerow(row) for row in reports.csv_rows(filters.lines(request.member)))
    response = StreamingHttpResponse(rows, content_type="text/csv; charset=utf-8")
    when = f"{filters.month:%Y-%m}" if filters.month else "all"
    money = "-simulated" if filters.is_simulated else ""
    response["Content-Disposition"] = f'attachment; filename="rushes-costs-{when}{money}.csv"'
    return response


def _shown(rows: EntryQuerySet, shows: str) -> EntryQuerySet:
    """Keep the lines that add up to one of the page's figures."""
    if shows == "spent":
        return rows.filter(kind__in=[Entry.Kind.CHARGE, Entry.Kind.ADJUST])
    if shows == "released":
        return rows.filter(kind=Entry.Kind.RELEASE)
    if shows == "held":
        closing = [Entry.Kind.CHARGE, Entry.Kind.RELEASE]
        closed = Entry.objects.filter(attempt_id=OuterRef("attempt_id"), kind__in=closing)
        return rows.filter(~Exists(closed), kind=Entry.Kind.RESERVE)
    if shows == "failures":
        failed = Generation.objects.filter(pk=OuterRef("generation_id")).exclude(state=State.SUCCEEDED)
        return rows.filter(Exists(failed), kind__in=[Entry.Kind.CHARGE, Entry.Kind.ADJUST])
    return rows


def _figures(member: Member, filters: Filters) -> dict[str, Any]:
    """Return the month's sums. They are read from the sums kept beside the ledger, but for releases and failures."""
    month, simulated = filters.month, filters.is_simulated
    whole = Filters(month=filters.month, is_simulated=filters.is_simulated)
    lines = whole.lines(member)
    released = reports.sums(_shown(lines, "released"))
    failures = reports.sums(_shown(lines, "failures"))
    dimensions = [
        ("Provider", reports.Dimension.PROVIDER),
        ("Model", reports.Dimension.MODEL),
        ("Task", reports.Dimension.TASK),
    ]
    if member.may_see_all_costs:
        dimensions.insert(0, ("Person", reports.Dimension.PERSON))
    months = reports.by(reports.Dimension.MONTH, month=None, member=member, is_simulated=simulated)
    return {
        "total": reports.total(month=month, member=member, is_simulated=simulated),
        "released_usd": released[Entry.Kind.RELEASE],
        "failures_usd": failures[Entry.Kind.CHARGE] + failures[Entry.Kind.ADJUST],
        "urls": {shows: _url(whole, shows=shows) for shows in SHOWS},
        "tables": [
            (title, _table(reports.by(dimension, month=month, member=member, is_simulated=simulated)))
            for title, dimension in dimensions
        ],
        "months": _table(months),
        "bars": _bars(months[:MONTHS_SHOWN], filters),
        "chart_width": BAR_STEP * max(1, len(months[:MONTHS_SHOWN])),
    }


def _chrome(member: Member, filters: Filters) -> dict[str, Any]:
    """Return the page's choices and the budget."""
    this_month = ledger.month_of(timezone.now())
    known = reports.months(member, is_simulated=filters.is_simulated)
    months = sorted({this_month, *known, *([filters.month] if filters.month else [])}, reverse=True)
    totals = (
        ledger.month_totals(member.team, filters.month, is_simulated=filters.is_simulated) if filters.month else None
    )
    return {
        "month_choices": [(f"{month:%Y-%m}", f"{month:%B %Y}", month == filters.month) for month in months],
        "totals": totals,
        "team_used_usd": totals.spent_usd + totals.reserved_usd if totals else ZERO,
        "csv_url": f"{reverse('costs:csv')}?{filters.said()}",
        "all_lines_url": _url(Filters(month=filters.month, is_simulated=filters.is_simulated)),
        "real_url": _url(filters, is_simulated="0"),
        "simulated_url": _url(filters, is_simulated="1"),
        "narrowed_to": _narrowed_to(filters, member),
    }


def _narrowed_to(filters: Filters, member: Member) -> list[str]:
    """Say in words which lines are shown."""
    words = [SHOWS[filters.shows]] if filters.shows else []
    if filters.person_id:
        name = (
            Entry.objects.visible_to(member).filter(person_id=filters.person_id).values_list("person_name", flat=True)
        )
        words.append(name.order_by("-pk").first() or "nobody")
    words += [_word(name, value) for name in WORDED if (value := getattr(filters, name))]
    return words + ([f"take #{filters.generation_id}"] if filters.generation_id else [])


def _label(line: reports.Line) -> str:
    """Write a provider, a model or a task as people know it."""
    return next((_word(name, line.label) for name in WORDED if line.filters.get(name) == line.label), line.label)


def _word(name: str, value: str) -> str:
    """Name a provider, a model or a task; one that is no longer there keeps its short name."""
    specs = [registry.get(slug).SPEC for slug in registry.slugs()]
    if name == "provider":
        return next((spec.name for spec in specs if spec.slug == value), value)
    if name == "task":
        return task_name(value)
    return next((model.label for spec in specs for model in spec.models if model.name == value), value)


def _table(lines: list[reports.Line]) -> list[Figure]:
    most = max((line.spent_usd for line in lines), default=ZERO)
    here = reverse("costs:page")
    return [
        Figure(
            _label(line), line.spent_usd, line.held_usd, line.charges, f"{here}?{urlencode(line.filters)}",
            int(100 * line.spent_usd / most) if most > 0 else 0,
        )
        for line in lines
    ]  # fmt: skip


def _bars(months: list[reports.Line], filters: Filters) -> list[Bar]:
    """Lay the months out, oldest first."""
    most = max((line.spent_usd for line in months), default=ZERO)
    bars = []
    for number, line in enumerate(reversed(months)):
        height = int(CHART_HEIGHT * line.spent_usd / most) if most > 0 else 0
        month = line.filters["month"]
        bars.append(
            Bar(
                line.label, show_usd(line.spent_usd), f"{reverse('costs:page')}?{urlencode(line.filters)}",
                number * BAR_STEP + (BAR_STEP - BAR_WIDTH) // 2, CHART_HEIGHT - max(height, 2) + 20, max(height, 2),
                filters.month is not None and month == f"{filters.month:%Y-%m}",
            )
        )  # fmt: skip
    return bars


def _url(filters: Filters, **other: Any) -> str:
    return f"{reverse('costs:page')}?{filters.said(**other)}"


def _month(text: str, now: date) -> date | None:
    """Read a month as 2026-11; "all" is every month, and what cannot be read is this month."""
    if text == "all":
        return None
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return now.replace(day=1)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


class _Echo:
    """A file that hands back what is written to it, so that rows leave one by one."""

    def write(self, row: str) -> str:
        return row


urlpatterns = [path("", page, name="page"), path("lines.csv", lines_csv, name="csv")]
