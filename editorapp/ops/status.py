"""Status: how the installation is, gathered in a fixed number of queries, in the words of people."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.db import connection
from django.db.models import QuerySet

import editorapp
from editorapp.alerts import delivery
from editorapp.alerts.models import Alert
from editorapp.core.constants_in_sql import ConstantIn
from editorapp.costs.models import Entry
from editorapp.generations.checks import alert_checks, gauges
from editorapp.generations.coordination import heartbeat
from editorapp.generations.models import Attempt, BooksCheck
from editorapp.generations.states import ACTIVE, IN_FLIGHT, TO_FETCH, State
from editorapp.providers.models import ProviderAccount
from editorapp.providers.registry import slugs
from editorapp.teams.models import Member

MOST_ROWS = 8
SOON = timedelta(hours=12)
TOTALS = ("in_flight", "waiting", "fetching", "overdue")


@dataclass(frozen=True)
class AccountRow:
    """One line of the table of accounts."""

    figures: gauges.Account

    @cached_property
    def provider(self) -> str:
        return self.figures.account.spec.name

    @cached_property
    def halt(self) -> str:
        """Why nothing is sent with it; "" where it may be used."""
        account, pause = self.figures.account, self.figures.pause
        if account.problem:
            return account.problem
        if account.paused_at is not None:
            return "Paused by an admin."
        if pause is not None:
            return f"Sends nothing before {pause.until:%H:%M:%S} UTC: {pause.reason}"
        return ""

    @property
    def is_in_use(self) -> bool:
        """Is it switched on, or is there something to do?"""
        states = (*ACTIVE, State.UNKNOWN, State.LOST)
        return self.figures.account.is_enabled or self.figures.count(*states) > 0

    @property
    def error_percent(self) -> int:
        recent = self.figures.recent
        return round(100 * recent.went_wrong / recent.sent) if recent.sent else 0


@dataclass(frozen=True)
class Status:
    """How things are, as an admin sees it: figures of the whole installation, takes of the own
    team only.
    """

    now: datetime
    signs: heartbeat.Signs
    accounts: list[AccountRow]
    alerts: list[Alert]
    tells_nobody: bool
    oldest: list[Attempt]
    expiring: list[Attempt]
    queue_depth: int | None
    free_space: float
    books: BooksCheck | None
    newer_lines: int  # of the ledger, booked since it was last checked

    database = connection.display_name
    version = editorapp.__version__
    nobody = delivery.NOBODY  # a problem of alerts that is said once, above all of them

    @property
    def late_seconds(self) -> float:
        return max((row.figures.late_seconds for row in self.accounts), default=0.0)

    @property
    def is_late(self) -> bool:
        return self.late_seconds >= heartbeat.STALE_SECONDS

    @property
    def engine(self) -> tuple[str, str]:
        """Return the class of a badge, and how the engine is."""
        if self.signs.silence:
            return "badge badge-bad", "No sign of life"
        if not self.signs.is_well:
            return "badge badge-warn", "Silent for a moment"
        return ("badge badge-warn", "Behind") if self.is_late else ("badge badge-good", "Alive")

    @property
    def totals(self) -> dict[str, int]:
        """Return how much all accounts have of each kind of work."""
        figures = [row.figures for row in self.accounts]
        totals = {name: sum(getattr(one, name) for one in figures) for name in TOTALS}
        return totals | {"unknown": sum(one.count(State.UNKNOWN) for one in figures)}

    @property
    def ledger(self) -> tuple[str, str]:
        """Return the class of a badge, and how the ledger is; a check that saw no line proves
        nothing.
        """
        if self.books and (count := self.books.difference_count):
            return "badge badge-bad", f"{count} difference{'s' if count > 1 else ''}"
        if self.books and self.books.lines:
            return "badge badge-good", "Balances"
        return "", "Not checked yet" if self.newer_lines else "No lines yet"

    @property
    def is_disk_low(self) -> bool:
        return self.free_space < alert_checks.ENOUGH_FROM

    @property
    def free_percent(self) -> str:
        return f"{self.free_space:.1%}" if self.free_space < 0.1 else f"{self.free_space:.0%}"


def _is_shown(account: ProviderAccount, member: Member) -> bool:
    """Is it of a provider that there is, and of the team, or of all?"""
    return account.provider in slugs() and account.serves(member.team_id)


def gather(member: Member, *, now: datetime) -> Status:
    """Return how things are now."""
    known = [AccountRow(one) for one in gauges.accounts(now) if _is_shown(one.account, member)]
    alerts = Alert.objects.still_open().visible_to(member).order_by("-opened_at")
    ours = Attempt.objects.filter(generation__team_id=member.team_id)
    sent = ours.filter(ConstantIn("state", IN_FLIGHT))
    expiring = ours.filter(ConstantIn("state", TO_FETCH), result_expires_at__lt=now + SOON)
    books = gauges.books()
    return Status(
        now=now,
        signs=heartbeat.signs(now),
        accounts=[row for row in known if row.is_in_use],
        alerts=list(alerts[: 5 * MOST_ROWS]),
        tells_nobody=delivery.has_nobody(),
        oldest=_listed(sent.order_by("submit_started_at", "pk")),
        expiring=_listed(expiring.order_by("result_expires_at")),
        queue_depth=gauges.queue_depth(),
        free_space=alert_checks.free_space(),
        books=books,
        newer_lines=_lines_after(books),
    )


def _lines_after(check: BooksCheck | None) -> int:
    """Count the lines of the ledger that a check has not seen."""
    return Entry.objects.filter(pk__gt=check.last_line if check else 0).count()


def _listed(rows: "QuerySet[Attempt]") -> list[Attempt]:
    return list(rows.select_related("generation__created_by", "account")[:MOST_ROWS])
