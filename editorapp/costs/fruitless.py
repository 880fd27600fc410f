"""Fruitless attempts: what is spent on them is kept apart in the month's sums.

Whether an attempt brought anything may change after it was charged: its result may be fetched after
all. Both functions lock its reservation first, as whoever writes a line about it does, so that a
line which comes at the same instant is counted once, by whoever is second.
"""

from collections.abc import Collection

from django.db import transaction

from editorapp.costs import ledger, month_sums
from editorapp.costs.models import Entry, Fruitless


def add(attempt_ids: Collection[int]) -> None:
    """Count what is spent on these attempts as spent on failures; what is counted so stays so."""
    with transaction.atomic():
        ledger.lock(attempt_ids)
        new = set(attempt_ids) - _there(attempt_ids)
        Fruitless.objects.bulk_create(Fruitless(attempt_id=one) for one in sorted(new))
        month_sums.count_failed(_spent(new))


def remove(attempt_ids: Collection[int]) -> None:
    """Count what is spent on these attempts no longer as spent on failures."""
    with transaction.atomic():
        ledger.lock(attempt_ids)
        there = _there(attempt_ids)
        Fruitless.objects.filter(attempt_id__in=there).delete()
        month_sums.count_failed(_spent(there), sign=-1)


def _there(attempt_ids: Collection[int]) -> set[int]:
    rows = Fruitless.objects.filter(attempt_id__in=attempt_ids)
    return set(rows.values_list("attempt_id", flat=True))


def _spent(attempt_ids: Collection[int]) -> list[Entry]:
    return list(Entry.objects.filter(attempt_id__in=attempt_ids).spent()) if attempt_ids else []
