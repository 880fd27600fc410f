"""Line selection: which ledger lines a figure of money stands for.

One object finds, opens, names and exports them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from editorapp.core.request_values import row_id, text
from editorapp.costs import ledger, reports
from editorapp.costs.models import Entry, EntryQuerySet
from editorapp.generations.ledger_lines import through_account
from editorapp.providers.accounts import all_simulated
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member, Team
from editorapp.web.presenters.request_summary import model_names, provider_names


@dataclass(frozen=True)
class FigureKind:
    """One kind of figure: its name, what it adds up, and the lines that are it."""

    label: str
    says: str
    keep: Callable[[EntryQuerySet], EntryQuerySet]


SHOWS = {
    "spent": FigureKind(
        "Charged", "Charges, and the adjustments that correct them.", EntryQuerySet.spent
    ),
    "charges": FigureKind(
        "Charges", "One for each charged attempt, without adjustments.", EntryQuerySet.charges
    ),
    "held": FigureKind(
        "Still held", "Reservations that are neither charged nor released.", EntryQuerySet.held
    ),
    "released": FigureKind(
        "Released", "What was given back of reservations.", EntryQuerySet.released
    ),
    "failures": FigureKind(
        "Charged for failures",
        "What was charged for attempts that brought nothing, also where a later attempt did.",
        EntryQuerySet.for_failures,
    ),
    "used": FigureKind(
        "Used of the budget", "What is charged, and what is still held.", EntryQuerySet.used
    ),
}
# By what the month sums are kept; of all else the lines themselves are added up.
KEPT = ("month", "person_id", "provider", "model", "task")
NARROWING = (*KEPT[1:], "account_id", "generation_id")
ROW_IDS = ("person_id", "account_id", "generation_id")
LONGEST = {"provider": 40, "model": 80, "task": 16}  # characters that their columns hold


@dataclass(frozen=True)
class LineSelection:
    """Lines of the ledger: the same for a figure, its link, the page behind it, the sum there and
    the CSV.

    None does not narrow; no month is every month. `shows` names one of SHOWS, or "" for lines of
    every kind.
    """

    is_simulated: bool
    month: date | None = None
    person_id: int | None = None
    provider: str | None = None
    model: str | None = None
    task: str | None = None
    account_id: int | None = None
    generation_id: int | None = None
    shows: str = ""

    @classmethod
    def read(cls, query: QueryDict, *, today: date, team: Team | None = None) -> "LineSelection":
        """Read an address bar: without a month it is today's, without a kind of money the one in
        use. A month that is none is let go. Raises: BadValue, for a number that is none and a name
        that no column can hold.
        """
        shows = query.get("shows", "")
        said: dict[str, Any] = {
            name: text(query, name, most=most) for name, most in LONGEST.items() if name in query
        }
        said |= {name: row_id(query, name) for name in ROW_IDS}
        return cls(
            is_simulated=query.get("is_simulated", "1" if all_simulated(team) else "0") == "1",
            month=_month(query.get("month", ""), today),
            shows=shows if shows in SHOWS else "",
            **said,
        )

    def changed(self, **other: Any) -> "LineSelection":
        """Return this with some of it changed."""
        return replace(self, **other)

    def query(self) -> str:
        """Return this as a query string, which `read` reads back whatever the day."""
        values = vars(self) | {
            "is_simulated": "1" if self.is_simulated else "0",
            "month": month_text(self.month),
            "shows": self.shows or None,
        }
        return urlencode({name: value for name, value in values.items() if value is not None})

    def url(self) -> str:
        return f"{reverse('costs:page')}?{self.query()}"

    def csv_url(self) -> str:
        return f"{reverse('costs:csv')}?{self.query()}"

    def lines(self, member: Member) -> EntryQuerySet:
        """Return the lines, of those that a member may see."""
        said = self._said((*KEPT, "generation_id"))
        rows = ledger.lines(member, is_simulated=self.is_simulated, **said)
        if self.account_id is not None:
            rows = through_account(rows, self.account_id)
        return SHOWS[self.shows].keep(rows) if self.shows else rows

    def sums(self, member: Member) -> reports.Sums:
        """Return what reports add up: the month sums, unless it is narrowed by what they are not
        kept by.
        """
        if self.account_id is not None or self.generation_id is not None:
            return reports.added_up(self.changed(shows="").lines(member))
        return reports.kept(
            member,
            is_simulated=self.is_simulated,
            **self._said(KEPT),
        )

    @property
    def narrowing(self) -> dict[str, Any]:
        """Return by what it is narrowed within its month and its kind of money, but for `shows`."""
        return self._said(NARROWING)

    def _said(self, names: tuple[str, ...]) -> dict[str, Any]:
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    @property
    def hidden(self) -> dict[str, Any]:
        """Return what a form carries along that chooses another month."""
        return {"is_simulated": "1" if self.is_simulated else "0", **self.narrowing}

    def words(self, member: Member) -> dict[str, str]:
        """Say by what it is narrowed, as people know it."""
        return {name: _words(name, value, member) for name, value in self.narrowing.items()}


def name_of(name: str, value: str) -> str:
    """Name a provider, a model or a task; one that is no longer there keeps its short name."""
    if not value:
        return "none"
    if name == "task":
        return value.capitalize()
    names = provider_names() if name == "provider" else model_names()
    return names.get(value, value)


def month_text(month: date | None) -> str:
    """Write a month as an address does: 2026-11, or all."""
    return month.isoformat()[:7] if month else "all"


def _words(name: str, value: Any, member: Member) -> str:
    if name == "person_id":
        return _person(value, member)
    if name == "account_id":
        return f"account {ProviderAccount.objects.of_team(member.team_id).filter(pk=value).first() or value}"
    return f"#{value}" if name == "generation_id" else name_of(name, value)


def _person(pk: int, member: Member) -> str:
    lines = Entry.objects.visible_to(member).filter(person_id=pk).order_by("-pk")
    return lines.values_list("person_name", flat=True).first() or "nobody"


def _month(text: str, today: date) -> date | None:
    """Read a month as 2026-11; "all" is every month, and what cannot be read is this month."""
    if text == "all":
        return None
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return today.replace(day=1)
