"""Bulk: rows by the million, written without objects, before the indexes that find them."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Max

AT_ONCE = 5_000

_SQLITE_QUICK = (
    "PRAGMA foreign_keys = OFF",
    "PRAGMA synchronous = OFF",
    "PRAGMA cache_size = -500000",
    "PRAGMA temp_store = MEMORY",
)
_SQLITE_MADE = """
    SELECT type, name, sql FROM sqlite_master
    WHERE type IN ('index', 'trigger') AND sql IS NOT NULL AND tbl_name IN ({tables})
"""
# Not those that are a constraint's: what refers to them would have to go too.
_POSTGRESQL_MADE = """
    SELECT 'index', class.relname, pg_get_indexdef(class.oid) FROM pg_index
    JOIN pg_class class ON class.oid = indexrelid JOIN pg_class its ON its.oid = indrelid
    WHERE its.relname IN ({tables})
        AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conindid = class.oid)
"""


class BulkRows:
    """The new rows of one table, numbered from its last one on and written AT_ONCE at a time."""

    def __init__(self, model: type[models.Model]) -> None:
        self.model = model
        fields = model._meta.concrete_fields
        self.columns = [one.column for one in fields]
        self.defaults = {one.attname: _default(one) for one in fields}
        self.last = model._base_manager.aggregate(last=Max("pk"))["last"] or 0
        self.waiting: list[tuple[Any, ...]] = []

    def add(self, **values: Any) -> int:
        """Add a row, whose values are as `kept` writes them; return its number."""
        self.last += 1
        if "id" in self.defaults:
            values["id"] = self.last
        row = self.defaults | values
        assert len(row) == len(self.columns), f"{self.model.__name__}: {values.keys()}"
        self.waiting.append(tuple(row.values()))
        if len(self.waiting) >= AT_ONCE:
            self.write()
        return self.last

    def write(self) -> None:
        """Write what waits."""
        if self.waiting:
            _write(self.model._meta.db_table, self.columns, self.waiting)
            self.waiting = []


def kept(at: datetime) -> str:
    """Return an instant as both databases read it."""
    return str(at.astimezone(UTC).replace(tzinfo=None))


def packed(value: Any) -> str:
    """Return a value as JSON."""
    return json.dumps(value, separators=(",", ":"))


def _default(field: "models.Field[Any, Any]") -> Any:
    value = field.get_default()
    if isinstance(field, models.JSONField):
        return packed(value)
    return field.get_prep_value(value)


def _write(table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            places = ", ".join("?" * len(columns))
            connection.connection.executemany(
                f'INSERT INTO "{table}" ({names}) VALUES ({places})', rows
            )
            return
        with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row(row)


@contextmanager
def without_indexes(*written: type[models.Model]) -> Iterator[None]:
    """Take the indexes and triggers off these tables, and make them again at the end; no key is
    checked meanwhile.
    """
    tables = ", ".join(f"'{model._meta.db_table}'" for model in written)
    is_sqlite = connection.vendor == "sqlite"
    made = _asked((_SQLITE_MADE if is_sqlite else _POSTGRESQL_MADE).format(tables=tables))
    _do(_SQLITE_QUICK if is_sqlite else ["SET session_replication_role = replica"])
    _do(f'DROP {kind} "{name}"' for kind, name, _sql in made)
    yield
    _do(sql for kind, _name, sql in made if kind == "index")
    if is_sqlite:
        _do(["INSERT INTO library_words (library_words) VALUES ('rebuild')"])
    else:
        _number_on(written)
    _do(sql for kind, _name, sql in made if kind == "trigger")
    connection.close()  # with all that was set for it


def _number_on(written: Sequence[type[models.Model]]) -> None:
    """Let the next row of each table get the next number."""
    from django.core.management.color import no_style

    _do(connection.ops.sequence_reset_sql(no_style(), list(written)))


def _asked(sql: str) -> list[tuple[str, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        found: list[tuple[str, str, str]] = cursor.fetchall()
        return found


def _do(statements: "Iterator[str] | Sequence[str]") -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
