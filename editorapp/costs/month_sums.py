"""Month sums: each team's budget and each person's month, kept beside the lines that they add up.

They change by conditional updates with F(), never by reading, adding and saving; inside of the
transaction that writes the lines (costs/ledger.py).
"""

from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db.models import F, Q

from editorapp.core.money import MICRO
from editorapp.costs.models import Entry, MonthBudget, MonthCost
from editorapp.teams.models import Team

BUDGET = ("team_id", "month", "is_simulated")  # what lines share that one budget adds up
MONTH = (*BUDGET, "person_id", "provider", "model", "task")  # and one row of MonthCost


def budget(team_id: int, month: date, *, is_simulated: bool) -> MonthBudget:
    """Return the month's row, made on demand, with the team's present limit."""
    limit = Team.objects.values_list("monthly_limit_usd", flat=True).get(pk=team_id)
    row, _made = MonthBudget.objects.get_or_create(
        team_id=team_id, month=month, is_simulated=is_simulated, defaults={"limit_usd": limit}
    )
    if row.limit_usd != limit:
        MonthBudget.objects.filter(pk=row.pk).update(limit_usd=limit)
    return row


def hold(budget: MonthBudget, amount_usd: Decimal) -> bool:
    """Count an amount as held where the budget has room, and say whether it has; the row is read
    anew where it has not.
    """
    micro = _micro(amount_usd)
    room = Q(limit_usd=None) | Q(limit_usd__gte=F("spent_usd") + F("reserved_usd") + micro)
    free = MonthBudget.objects.filter(room, pk=budget.pk)
    if free.update(reserved_usd=F("reserved_usd") + micro):
        return True
    budget.refresh_from_db()
    return False


def add_held(reserved: Entry) -> None:
    """Add a reservation that its budget holds already to its person's month."""
    _add_to_month(reserved, held=_micro(reserved.amount_usd))


def settle(reserved: Sequence[Entry], lines: Sequence[Entry]) -> None:
    """Take reservations out of the sums and put new lines in: one change for each budget and each
    month's row.

    In a fixed order, so that two writers never wait for each other.
    """
    settled = (*reserved, *lines)
    _change_budgets(settled)
    _change_months(settled)


def _change_budgets(settled: Iterable[Entry]) -> None:
    for entries in _grouped(BUDGET, settled):
        held, spent, _charges = _change(entries)
        MonthBudget.objects.filter(**_key(BUDGET, entries[0])).update(
            reserved_usd=F("reserved_usd") + held,
            spent_usd=F("spent_usd") + spent,
        )


def _change_months(settled: Iterable[Entry]) -> None:
    for entries in _grouped(MONTH, settled):
        held, spent, charges = _change(entries)
        _add_to_month(entries[0], held=held, spent=spent, charges=charges)


def _grouped(names: tuple[str, ...], entries: Iterable[Entry]) -> list[list[Entry]]:
    key = attrgetter(*names)
    return [list(group) for _key, group in groupby(sorted(entries, key=key), key)]


def _key(names: tuple[str, ...], entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in names}


def _change(entries: Iterable[Entry]) -> tuple[int, int, int]:
    """Return how settling these changes the sums: what is held, what is spent, how many charges."""
    kind = Entry.Kind
    held = -sum(_micro(one.amount_usd) for one in entries if one.kind == kind.RESERVE)
    spent = sum(_micro(one.amount_usd) for one in entries if one.kind in (kind.CHARGE, kind.ADJUST))
    return held, spent, sum(one.kind == kind.CHARGE for one in entries)


def _add_to_month(
    about: Entry,
    *,
    held: int = 0,
    spent: int = 0,
    charges: int = 0,
) -> None:
    key = _key(MONTH, about)
    change = {
        "held_usd": F("held_usd") + held,
        "spent_usd": F("spent_usd") + spent,
        "charges": F("charges") + charges,
    }
    if not MonthCost.objects.filter(**key).update(**change):
        MonthCost.objects.get_or_create(**key, defaults={"person_name": about.person_name})
        MonthCost.objects.filter(**key).update(**change)


def _micro(amount_usd: Decimal) -> int:
    """Whole micro-dollars: what F() arithmetic on a UsdField works in (see core/money.py)."""
    return int(amount_usd * MICRO)
