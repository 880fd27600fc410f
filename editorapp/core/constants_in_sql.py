"""Constants in SQL: conditions written as the condition of a partial index is.

SQLite takes a partial index only where a query says its condition in constants, and Django sends
parameters.
"""

from collections.abc import Iterable
from typing import Any

from django.db import models


class ConstantIn(models.Func):
    """Says that a column is one of these values, which are names of our own, in their order."""

    output_field = models.BooleanField()

    def __init__(self, column: str, values: Iterable[str], **extra: Any) -> None:
        listed = listed_as_constants(values)
        template = f"%(expressions)s IN ({listed})"
        super().__init__(models.F(column), template=template, **extra)


def listed_as_constants(values: Iterable[str]) -> str:
    """Return values as SQL lists them, in alphabetical order: as `one_of` has them in an index.

    Raises: ValueError, for what is no plain name.
    """
    names = sorted(str(value) for value in values)
    if wrong := [name for name in names if not name.isidentifier()]:
        raise ValueError(f"{wrong} are no constants.")
    return ", ".join(f"'{name}'" for name in names)


def one_of(column: str, values: Iterable[str]) -> models.Q:
    """Return the condition of an index that `ConstantIn` with the same values says."""
    return models.Q(**{f"{column}__in": sorted(str(value) for value in values)})
