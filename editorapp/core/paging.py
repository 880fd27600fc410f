"""Keyset paging: the id is the order and the cursor, so the last page costs what the first does."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, QuerySet

from editorapp.core.request_values import row_id

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, newest first, and the cursor of the page after them (None at the end)."""

    rows: list[Row]
    after: int | None

    def older(self, address: str) -> str:
        """Return the address of the page after this one; "" where there is none."""
        if not self.after:
            return ""
        return f"{address}{'&' if '?' in address else '?'}before={self.after}"


def cursor(query: Mapping[str, str]) -> int | None:
    """Return where the page begins that an address asks for (?before=); None for the first.

    Raises: BadValue.
    """
    return row_id(query, "before")


def newest_first(
    rows: "QuerySet[Row, Any]",
    *,
    before: int | None,
    size: int,
) -> Page[Row]:
    """Return the `size` newest rows with an id below `before`."""
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return page_of(list(rows.order_by("-pk")[: size + 1]), size=size)


def page_of(found: list[Row], *, size: int) -> Page[Row]:
    """Return a page of rows, newest first, of which one more was read where there is one."""
    return Page(found[:size], found[size - 1].pk if len(found) > size else None)
