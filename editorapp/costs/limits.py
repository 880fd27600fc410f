"""Monthly limits of the past, read from the history of what a team may spend (teams.LimitChange)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal

from editorapp.costs.ledger import month_of
from editorapp.teams.models import LimitChange, Team


@dataclass(frozen=True)
class MonthLimit:
    """The limit of one month. `limit_usd` None: no limit, or, where it is not known, no record."""

    limit_usd: Decimal | None
    is_known: bool
    is_over: bool  # the month has ended, so this is what held at its end
    change: LimitChange | None  # the record that it is read from


def of_month(team: Team, month: date, *, now: datetime) -> MonthLimit:
    """Return the limit that held at a month's end (UTC); of a month that is not over the team's as
    it is now.

    Of months that ended before the first record it is not known: the limit of today says nothing of
    them.
    """
    is_over = month < month_of(now)
    records = LimitChange.objects.filter(team=team).select_related("person").order_by("-pk")
    if not is_over:
        newest = records.first()
        is_told = newest is not None and newest.after_usd == team.monthly_limit_usd
        return MonthLimit(team.monthly_limit_usd, True, False, newest if is_told else None)
    last = records.filter(at__lt=_end(month)).first()
    return MonthLimit(last.after_usd if last else None, last is not None, True, last)


def _end(month: date) -> datetime:
    """Return the first instant after a month."""
    return datetime(month.year + month.month // 12, month.month % 12 + 1, 1, tzinfo=UTC)
