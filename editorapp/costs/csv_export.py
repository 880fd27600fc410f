"""CSV export: ledger lines as rows of a spreadsheet, oldest first."""

from collections.abc import Callable, Iterator
from operator import attrgetter

from editorapp.core.spreadsheet import Cell
from editorapp.costs.models import Entry, EntryQuerySet

# Each column with what stands in it; instants in UTC.
COLUMNS: dict[str, Callable[[Entry], Cell]] = {
    "entry": attrgetter("pk"),
    "at_utc": lambda entry: entry.at.isoformat(timespec="seconds"),
    "month": lambda entry: f"{entry.month:%Y-%m}",
    "kind": attrgetter("kind"),
    "amount_usd": attrgetter("amount_usd"),
    "is_estimated": lambda entry: _yes(entry.is_estimated),
    "is_simulated": lambda entry: _yes(entry.is_simulated),
    "person": attrgetter("person_name"),
    "generation": attrgetter("generation_id"),
    "attempt": attrgetter("attempt_id"),
    "provider": attrgetter("provider"),
    "model": attrgetter("model"),
    "task": attrgetter("task"),
    "note": attrgetter("note"),
}


def csv_rows(entries: EntryQuerySet) -> Iterator[list[Cell]]:
    """Yield a header and one row for each line."""
    yield list(COLUMNS)
    for entry in entries.order_by("pk").iterator(chunk_size=500):
        yield [cell(entry) for cell in COLUMNS.values()]


def _yes(value: bool) -> str:
    return "yes" if value else "no"
