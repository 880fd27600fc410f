"""Append-only rows: what happened is added and read, never changed and never deleted."""

from typing import Any, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


class NeverChanged(Exception):
    """Somebody tried to change or delete what happened: a line of the ledger, a change of a limit."""

    def __init__(self) -> None:
        super().__init__("What happened is never changed or deleted: add a row that corrects it.")


class AppendOnlyQuerySet(models.QuerySet[Row]):
    """Rows that are added and read."""

    def update(self, **kwargs: Any) -> int:
        raise NeverChanged

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        raise NeverChanged

    def delete(self) -> tuple[int, dict[str, int]]:
        raise NeverChanged


class AppendOnly(models.Model):
    """A row that is written once."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise NeverChanged
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise NeverChanged
