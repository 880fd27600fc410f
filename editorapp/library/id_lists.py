"""Id lists: the newest takes that have one thing in common, read from the index that has them in
order.

What a list costs does not grow with how many takes there are: it reads as many rows as it is asked
for, of each of its values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db import connection, models

Value = int | str
Same = tuple[tuple[str, Value], ...]  # fields of a model, and what each is
END = 2**62  # above every id


class IdList(Protocol):
    """Ids of takes, newest first; a take can stand there that is filtered out afterwards."""

    def newest(self, *, before: int, most: int) -> list[int]:
        """Return the newest ids below `before`, so many at most."""


@dataclass(frozen=True)
class IndexedIds:
    """Takes that one of some rows names: rows of `model` whose fields are `same`, for each of
    `values` of the field `one_of`.
    """

    model: type[models.Model]
    take: str  # the field that is, or names, the take
    same: Same = ()
    one_of: str = ""
    values: Sequence[Value] = ()
    condition: str = ""  # of a partial index, as SQL without values

    def newest(self, *, before: int, most: int) -> list[int]:
        ways = [(*self.same, (self.one_of, value)) for value in self.values] or [self.same]
        parts, params = [], []
        for same in ways:
            part, asked = self._part(same, before, most)
            parts.append(part)
            params += asked
        sql = f"{' UNION '.join(parts)} ORDER BY 1 DESC LIMIT %s"
        with connection.cursor() as cursor:
            cursor.execute(sql, [*params, most])
            return [row[0] for row in cursor.fetchall()]

    def _part(self, same: Same, before: int, most: int) -> tuple[str, list[Value]]:
        """Return the newest rows of one value. SQLite takes a bound only in a query of its own."""
        take = self._column(self.take)
        tests = [f"{self._column(name)} = %s" for name, _value in same]
        tests += [self.condition] if self.condition else []
        where = " AND ".join([*tests, f"{take} < %s"])
        rows = f"SELECT {take} AS take FROM {self.model._meta.db_table} WHERE {where}"
        sql = f"SELECT take FROM ({rows} ORDER BY {take} DESC LIMIT %s) AS listed"
        return sql, [*(value for _name, value in same), before, most]

    def _column(self, name: str) -> str:
        field = self.model._meta.get_field(name)
        column = field.column  # type: ignore[union-attr]
        return f'"{column}"'
