"""Month sums: each team's budget and each person's month, kept beside the lines that they add up.

They change by conditional updates with F(), never by reading, adding and saving; inside of the
transaction that writes the lines (costs/ledger.py).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db.models import F, Q

from editorapp.core.money import MICRO
from editorapp.costs.models import SPENT, Entry, Fruitless, MonthBudget, MonthCost
from editorapp.teams.models import Team

BUDGET = ("team_id", "month", "is_simulated")  # what lines share that one budget adds up
MONTH = (*BUDGET, "person_id", "provider", "model", "task")  # and one row of MonthCost
# Where a line of each kind goes: the columns that add its amount up, and the one that counts it.
COLUMNS = {
    Entry.Kind.RESERVE: (("held_usd",), "holds"),
    Entry.Kind.CHARGE: (("spent_usd",), "charges"),
    Entry.Kind.ADJUST: (("spent_usd", "adjusted_usd"), "adjustments"),
    Entry.Kind.RELEASE: (("released_usd",), "releases"),
}


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
    _add_to_month(reserved, _added([reserved]))


def settle(reserved: Sequence[Entry], lines: Sequence[Entry]) -> None:
    """Take reservations out of the sums and put new lines in: one change for each budget and each
    month's row.

    In a fixed order, so that two writers never wait for each other. Call it under the locks of
    their reservations: which attempts brought nothing must not change meanwhile.
    """
    settled = (*reserved, *lines)
    failed = _on_failures(lines)
    _change_budgets(settled)
    for entries in _grouped(MONTH, settled):
        change = _change(entries)
        change.update(_failed([one for one in entries if one.attempt_id in failed]))
        _add_to_month(entries[0], change)


def count_failed(spent: Sequence[Entry], *, sign: int = 1) -> None:
    """Count lines that are in the sums already as spent on failures; with -1 no longer."""
    for entries in _grouped(MONTH, spent):
        change = _failed(entries)
        _add_to_month(entries[0], {name: sign * by for name, by in change.items()})


def _change_budgets(settled: Iterable[Entry]) -> None:
    for entries in _grouped(BUDGET, settled):
        change = _change(entries)
        MonthBudget.objects.filter(**_key(BUDGET, entries[0])).update(
            reserved_usd=F("reserved_usd") + change["held_usd"],
            spent_usd=F("spent_usd") + change["spent_usd"],
        )


def _on_failures(lines: Iterable[Entry]) -> set[int]:
    """Return the attempts of these lines that money is spent on and that brought nothing."""
    ids = {one.attempt_id for one in lines if one.kind in SPENT}
    rows = Fruitless.objects.filter(attempt_id__in=ids)
    return set(rows.values_list("attempt_id", flat=True)) if ids else set()


def _grouped(names: tuple[str, ...], entries: Iterable[Entry]) -> list[list[Entry]]:
    key = attrgetter(*names)
    return [list(group) for _key, group in groupby(sorted(entries, key=key), key)]


def _key(names: tuple[str, ...], entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in names}


def _change(settled: Iterable[Entry]) -> Counter[str]:
    """Return how settling these changes the sums, by column: reservations go, lines come."""
    entries = list(settled)
    change = _added(one for one in entries if one.kind != Entry.Kind.RESERVE)
    change.subtract(_added(one for one in entries if one.kind == Entry.Kind.RESERVE))
    return change


def _added(lines: Iterable[Entry]) -> Counter[str]:
    """Return what lines add to the columns of their kind."""
    change: Counter[str] = Counter()
    for one in lines:
        amounts, count = COLUMNS[Entry.Kind(one.kind)]
        change.update(dict.fromkeys(amounts, _micro(one.amount_usd)) | {count: 1})
    return change


def _failed(entries: Iterable[Entry]) -> dict[str, int]:
    spent = [_micro(one.amount_usd) for one in entries if one.kind in SPENT]
    return {"failed_usd": sum(spent), "failed_lines": len(spent)}


def _add_to_month(about: Entry, by: Mapping[str, int]) -> None:
    """Change columns of a month's row, which is made on demand."""
    key = _key(MONTH, about)
    change = {name: F(name) + amount for name, amount in by.items() if amount}
    if not MonthCost.objects.filter(**key).update(**change):
        MonthCost.objects.get_or_create(**key, defaults={"person_name": about.person_name})
        MonthCost.objects.filter(**key).update(**change)


def _micro(amount_usd: Decimal) -> int:
    """Whole micro-dollars: what F() arithmetic on a UsdField works in (see core/money.py)."""
    return int(amount_usd * MICRO)
