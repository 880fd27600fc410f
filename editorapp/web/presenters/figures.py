"""Figures: amounts of money on pages, each with the lines that add up to it, or with what it is
computed from.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from editorapp.costs import ledger
from editorapp.teams.models import Member
from editorapp.web.presenters.line_selection import LineSelection


@dataclass(frozen=True)
class Figure:
    """An amount that is the sum of these lines."""

    amount_usd: Decimal
    selection: LineSelection


@dataclass(frozen=True)
class LineCount:
    """How many lines these are."""

    count: int
    selection: LineSelection


@dataclass(frozen=True)
class Computed:
    """An amount that has no lines, or none that its reader may see.

    `basis` says what it is computed from.
    """

    amount_usd: Decimal
    basis: str
    url: str = ""  # where more of it is said


@dataclass(frozen=True)
class MonthMeter:
    """A team's spending in a month against its limit (None: no limit)."""

    used: Figure | Computed
    limit: Computed | None

    @property
    def left(self) -> Computed | None:
        if self.limit is None:
            return None
        basis = "the limit, less what is charged and still held."
        return Computed(self.limit.amount_usd - self.used.amount_usd, basis)


def month_meter(
    member: Member,
    month: date,
    *,
    is_simulated: bool,
    limit: Computed | None,
    basis: str,
    links: bool = False,
) -> MonthMeter:
    """Return the meter of a member's team. Who may not see all its lines is told the `basis`
    instead, with a link to their own where `links`.
    """
    totals = ledger.month_totals(member.team, month, is_simulated=is_simulated)
    lines = LineSelection(is_simulated=is_simulated, month=month)
    used_usd = totals.spent_usd + totals.reserved_usd
    used: Figure | Computed = Figure(used_usd, lines.changed(shows="used"))
    if not member.may_see_all_costs:
        used = Computed(used_usd, basis, lines.url() if links else "")
    return MonthMeter(used, limit)
