"""Compiled queries: compiled once, asked with other numbers each time.

Django writes the SQL of a query anew whenever it is asked. For a page that reads a few rows by their
ids this takes several times as long as the database takes to answer; of the pages that people look at
most it was a third of the whole.
"""

import copy
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import QuerySet
from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row")
STAND_IN = 7_000_000_000_000  # and the next ones: numbers that no query asks for of itself


class CompiledQuery(Generic[Row]):
    """A query as a function of whole numbers: what `made` returns for them, read.

    `made` is called once for each count of numbers, with stand-ins: it may put each anywhere as a
    parameter (a key, a bound, one of a list), and decide nothing by them.
    """

    def __init__(self, made: "Callable[..., QuerySet[Any, Row]]") -> None:
        self._made = made
        self._compiled = cache(self._compile)

    def __call__(self, *numbers: int) -> list[Row]:
        """Read the rows."""
        connection = connections[DEFAULT_DB_ALIAS]
        queryset, compiler, sql, params = self._compiled(connection.vendor, len(numbers))
        asked = [numbers[one - STAND_IN] if _is_stand_in(one) else one for one in params]
        ready = copy.copy(compiler)  # of this call: another thread may run the same
        ready.connection = connection
        ready.as_sql = lambda *_args, **_more: (sql, asked)  # type: ignore[method-assign]
        return list(_read_by(ready, queryset))

    def _compile(
        self,
        _vendor: str,
        count: int,
    ) -> "tuple[QuerySet[Any, Row], SQLCompiler, str, Sequence[Any]]":
        queryset = self._made(*range(STAND_IN, STAND_IN + count))
        compiler = queryset.query.get_compiler(DEFAULT_DB_ALIAS)
        return queryset, compiler, *compiler.as_sql()


def padded(ids: Sequence[int], *, to: int) -> list[int]:
    """Return ids with the last one repeated up to a whole number of `to`: queries for any count of
    them are then few.
    """
    return [*ids, *list(ids[-1:]) * (-len(ids) % to)]


def _is_stand_in(param: object) -> bool:
    return isinstance(param, int) and param >= STAND_IN


def _read_by(compiler: SQLCompiler, queryset: "QuerySet[Any, Row]") -> "QuerySet[Any, Row]":
    """Return the query such that it is read with this compiler, which has its SQL already."""
    query = copy.copy(queryset.query)
    query.get_compiler = lambda *_args, **_more: compiler  # type: ignore[method-assign]
    ready = queryset.all()
    ready._query = query  # type: ignore[attr-defined]
    return ready
