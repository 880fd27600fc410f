"""Count what a page asks of the database, and read how it finds it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def queries_of(client: Client, path: str) -> int:
    """Return how many queries a GET makes that succeeds."""
    with CaptureQueriesContext(connection) as context:
        assert client.get(path).status_code == 200
    return len(context)


@dataclass(frozen=True, eq=False)
class Asked:
    """A statement as the database was given it, with its parameters beside it."""

    sql: str
    params: Any

    def plan(self, how: str = "EXPLAIN QUERY PLAN") -> list[str]:
        """Return how the database finds the rows, a line for each step."""
        with connection.cursor() as cursor:
            cursor.execute(f"{how} {self.sql}", self.params)
            return [str(row[-1]) for row in cursor.fetchall()]

    @property
    def is_read(self) -> bool:
        return self.sql.lstrip("( \n").upper().startswith(("SELECT", "WITH"))


@contextmanager
def asked() -> Iterator[list[Asked]]:
    """Note every statement of a block. Django's own log writes parameters as constants, which lets
    SQLite find an index that it would not have found.
    """
    found: list[Asked] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if not many:
            found.append(Asked(sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found
