"""Ledger check: reserved = charged + released + held for each attempt, and every kept
sum equals its lines.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import Count, F, Q

from editorapp.costs.models import CLOSING, Entry, MonthBudget, MonthCost
from editorapp.costs.month_sums import BUDGET, MONTH
from editorapp.costs.reports import KEPT, added_up, sum_of

Values = tuple[Any, ...]
Sums = dict[Values, Values]


def of_lines() -> list[str]:
    """Return one sentence for each difference in what is read now; an empty list proves the ledger.

    Call it inside a snapshot, as generations/checks/books.py does, which also compares it with the
    generations' states.
    """
    budgets = {"held": "reserved_usd", "spent": "spent_usd"}
    return [
        *_attempts(),
        *_compare("Budget", MonthBudget, BUDGET, budgets),
        *_compare("Month sum", MonthCost, MONTH, KEPT),
    ]


def _attempts() -> Iterator[str]:
    closing = Q(kind__in=CLOSING)
    rows = Entry.objects.order_by("attempt_id").values("attempt_id")
    sums = rows.annotate(
        reserved=sum_of(Q(kind=Entry.Kind.RESERVE)),
        settled=sum_of(closing),
        closings=Count("pk", filter=closing),
    )
    # All of a reservation is settled at once: an attempt holds the whole of it or nothing.
    for row in sums.filter(closings__gt=0).exclude(reserved=F("settled")):
        yield (
            f"Attempt {row['attempt_id']}: reserved {row['reserved']}, "
            f"charged and released {row['settled']}."
        )


def _compare(
    what: str,
    model: type[MonthBudget | MonthCost],
    key: tuple[str, ...],
    columns: dict[str, str],
) -> Iterator[str]:
    """Compare a table's kept sums with the lines: `columns` are its columns, by what they add up."""
    sums = added_up(Entry.objects.all())
    all_of_them = sums.how | sums.more
    how = {name: all_of_them[name] for name in columns}
    lines = _by_key(key, sums.rows.values_list(*key).annotate(**how))
    kept = _by_key(key, model.objects.values_list(*key, *columns.values()))
    nothing = (0,) * len(columns)
    for name in sorted({*lines, *kept}, key=str):
        said, true = (sums.get(name, nothing) for sums in (kept, lines))
        if said != true:
            says = f"its row says {_words(columns, said)}; its lines say {_words(columns, true)}"
            yield f"{what} {name}: {says}."


def _by_key(key: tuple[str, ...], rows: Iterable[Values]) -> Sums:
    return {row[: len(key)]: row[len(key) :] for row in rows}


def _words(columns: dict[str, str], sums: Values) -> str:
    words = (column.removesuffix("_usd") for column in columns.values())
    return ", ".join(f"{amount} {word}" for word, amount in zip(words, sums, strict=True))
