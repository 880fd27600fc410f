"""Spreadsheets: the one way in which Rushes writes CSV."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from django.http import StreamingHttpResponse

# Without it, spreadsheets read UTF-8 in the old code page of their country, and names lose their
# accents.
BYTE_ORDER_MARK = "\ufeff"
MIME_TYPE = "text/csv; charset=utf-8"
# What a spreadsheet takes for a formula, also behind a tab or a line break that it leaves out.
BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

Cell = str | int | Decimal


def download(rows: Iterable[Sequence[Cell]], *, name: str) -> StreamingHttpResponse:
    """Return rows as a CSV to be saved under a name, written one by one while they are sent.

    Numbers stay numbers, also those below zero; text is never read as a formula.
    """
    response = StreamingHttpResponse(written(rows), content_type=MIME_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def written(rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Yield rows as the text of a CSV, with the mark that tells its encoding before them."""
    writer = csv.writer(_Echo())
    yield BYTE_ORDER_MARK
    for row in rows:
        yield writer.writerow([_cell(value) for value in row])


def _cell(value: Cell) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int):
        return str(value)
    return f"'{value}" if value.startswith(BEGINS_A_FORMULA) else value


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, row: str) -> str:
        return row
