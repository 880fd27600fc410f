"""Ledger check: reserved = charged + released + held for each attempt, and every kept
sum equals its lines.
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from editorapp.core.money import ZERO
from editorapp.costs.models import Entry, MonthBudget, MonthCost
from editorapp.costs.month_sums import BUDGET, MONTH

Sums = dict[tuple[Any, ...], tuple[Decimal, Decimal]]


def of_lines() -> list[str]:
    """Return one sentence for each difference in what is read now; an empty list proves the ledger.

    Call it inside a snapshot, as generations/checks/books.py does, which also compares it with the
    generations' states.
    """
    return [*_attempts(), *_budgets(), *_month_costs(), *_charges()]


def _attempts() -> list[str]:
    rows = (
        Entry.objects.order_by()
        .values("attempt_id")
        .annotate(
            reserved=_sum("reserve"),
            charged=_sum("charge"),
            released=_sum("release"),
            closings=Count("pk", filter=Q(kind__in=("charge", "release"))),
        )
        .order_by("attempt_id")
    )
    return [wrong for row in rows.iterator() if (wrong := _wrong(row))]


def _wrong(row: dict[str, Any]) -> str:
    reserved = row["reserved"] or ZERO
    settled = (row["charged"] or ZERO) + (row["released"] or ZERO)
    # All of a reservation is settled at once: an attempt holds the whole of it or nothing.
    if settled == (reserved if row["closings"] else ZERO):
        return ""
    return f"Attempt {row['attempt_id']}: reserved {reserved}, charged and released {settled}."


def _budgets() -> list[str]:
    kept = MonthBudget.objects.values_list(*BUDGET, "reserved_usd", "spent_usd")
    return _compare("Budget", BUDGET, kept)


def _month_costs() -> list[str]:
    kept = MonthCost.objects.values_list(*MONTH, "held_usd", "spent_usd")
    return _compare("Month sum", MONTH, kept)


def _charges() -> list[str]:
    """Compare how many charges each month's row says with the lines."""
    rows = (
        Entry.objects.filter(kind=Entry.Kind.CHARGE)
        .order_by()
        .values_list(*MONTH)
        .annotate(Count("pk"))
    )
    lines = {tuple(key): count for *key, count in rows}
    kept = {tuple(key): count for *key, count in MonthCost.objects.values_list(*MONTH, "charges")}
    return [
        f"Month sum {name}: its row says {kept.get(name, 0)} charges; its lines say {lines.get(name, 0)}."
        for name in sorted({*lines, *kept}, key=str)
        if lines.get(name, 0) != kept.get(name, 0)
    ]


def _held_and_spent(key: tuple[str, ...]) -> Sums:
    found: dict[tuple[Any, ...], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in Entry.objects.order_by().values(*key, "kind").annotate(sum=Sum("amount_usd")):
        found[tuple(row[name] for name in key)][row["kind"]] = row["sum"]
    return {
        name: (
            sums["reserve"] - sums["charge"] - sums["release"],
            sums["charge"] + sums["adjust"],
        )
        for name, sums in found.items()
    }


def _compare(
    what: str,
    key: tuple[str, ...],
    rows: Iterable[tuple[Any, ...]],
) -> list[str]:
    lines: Sums = defaultdict(lambda: (ZERO, ZERO), _held_and_spent(key))
    kept: Sums = defaultdict(lambda: (ZERO, ZERO), {row[:-2]: row[-2:] for row in rows})
    return [
        f"{what} {name}: its row says held {kept[name][0]}, spent {kept[name][1]}; "
        f"its lines say held {lines[name][0]}, spent {lines[name][1]}."
        for name in sorted({*lines, *kept}, key=str)
        if lines[name] != kept[name]
    ]


def _sum(kind: str) -> Sum:
    return Sum("amount_usd", filter=Q(kind=kind))
