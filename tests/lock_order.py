"""Watch in which order our own code locks rows on PostgreSQL, in every test that runs there: see
core/locks.py.

A deadlock needs two at one instant; an order that is wrong can be seen in each of them alone.
"""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from editorapp.core.locks import ORDER
from tests.environment import ROOT

_WRITES = re.compile(r'^\s*(?:UPDATE|DELETE FROM)\s+"?(\w+)"?', re.I)
_LOCKS = re.compile(r'^\s*SELECT\b.*?\bFROM\s+"?(\w+)"?.*\bFOR (?:NO KEY )?UPDATE', re.I | re.S)
_BY_KEY = (
    r'ORDER BY (?:"?{table}"?\.)?"?{key}"?.* FOR (?:NO KEY )?UPDATE'
    r'|^SELECT "{table}"\."{key}" .* ORDER BY 1 ASC FOR NO KEY UPDATE'
)
_KEYS = {
    "library_mark": "generation_id",
    "library_taketext": "generation_id",
    "costs_monthbudget": "team_id",
    "costs_fruitless": "attempt_id",
    "generations_search": "attempt_id",
    "generations_pause": "account_id",
    "generations_lease": "name",
    "generations_heartbeat": "name",
}
_OURS, _TESTS = str(ROOT / "editorapp"), str(ROOT / "tests")


class _Transaction:
    """What one connection has locked since its transaction began: tables by their first lock."""

    def __init__(self, base: int) -> None:
        self.base = base  # savepoints of the test itself
        self.locked: list[str] = []
        self.ordered: set[str] = set()  # tables of which many rows were locked in order
        self.keys: dict[str, set[Any]] = {}  # of the others: which rows, one by one


class LockOrder:
    """Notes each statement of ours that locks rows out of order."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._by_connection: dict[int, _Transaction] = {}

    def watch(self, one: BaseDatabaseWrapper) -> None:
        if id(one) not in self._by_connection or self._execute not in one.execute_wrappers:
            self._by_connection[id(one)] = _Transaction(
                len(one.savepoint_ids) if one.in_atomic_block else -1
            )
            one.execute_wrappers.append(self._execute)

    def forget(self) -> None:
        for one in connections.all(initialized_only=True):
            if self._execute in one.execute_wrappers:
                one.execute_wrappers.remove(self._execute)

    def ended(self, one: BaseDatabaseWrapper) -> None:
        """A transaction is over."""
        if (at := self._by_connection.get(id(one))) is not None:
            at.locked, at.ordered, at.keys = [], set(), {}

    def _execute(
        self,
        execute: Callable[..., Any],
        sql: Any,
        params: Any,
        many: bool,
        context: dict[str, Any],
    ) -> Any:
        result = execute(sql, params, many, context)
        one, said = context["connection"], str(sql)
        at = self._by_connection[id(one)]
        depth = len(one.savepoint_ids) if one.in_atomic_block else -1
        if depth <= at.base:
            self.ended(one)
        match = _WRITES.match(said) or _LOCKS.match(said)
        if match and match[1] in ORDER and _is_ours():
            self._look(
                at,
                match[1],
                said,
                context["cursor"].rowcount if not many else _sorted_count(said, params),
            )
            if not many and context["cursor"].rowcount:
                self._look_at_key(at, match[1], said, params)
        if depth <= at.base:  # a transaction by itself
            self.ended(one)
        return result

    def _look(self, at: _Transaction, table: str, said: str, rows: int) -> None:
        if rows == 0:
            return
        later = [other for other in at.locked if ORDER.index(other) > ORDER.index(table)]
        if later and table not in at.locked:
            self.found.append(
                f"{table} is locked after {', '.join(later)}: {_where()}: {said[:300]}"
            )
        by_key = re.search(_BY_KEY.format(table=table, key=_KEYS.get(table, "id")), said, re.I)
        if rows > 1 and not by_key and table not in at.ordered:
            self.found.append(
                f"{rows} rows of {table} are not locked by key: {_where()}: {said[:300]}"
            )
        if rows > 1 or by_key:
            at.ordered.add(table)
        if table not in at.locked:
            at.locked.append(table)

    def _look_at_key(self, at: _Transaction, table: str, said: str, params: Any) -> None:
        """See that rows which are locked one by one are locked by key."""
        head, _where_, condition = said.partition(" WHERE ")
        found = re.search(rf'(?<!\w)"?{_KEYS.get(table, "id")}"? = %s', condition)
        if table in at.ordered or not found:
            return
        key = params[(head + condition[: found.start()]).count("%s")]
        before = at.keys.setdefault(table, set())
        if key not in before and any(key < other for other in before):
            self.found.append(
                f"{table} {key} is locked after {max(before)}: {_where()}: {said[:300]}"
            )
        before.add(key)


def _sorted_count(said: str, params: Any) -> int:
    """Return 1 for statements that go by key, one row each; else how many they are."""
    place = said[: said.index(" id = %s")].count("%s") if " id = %s" in said else None
    keys = [] if place is None else [one[place] for one in params]
    return 1 if keys and keys == sorted(keys) else len(list(params))


def _is_ours() -> bool:
    """Was this statement made by the project, not by a test itself?"""
    frame = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(_OURS):
            return True
        if name.startswith(_TESTS) and name != __file__:
            return False
        frame = frame.f_back  # type: ignore[assignment]
    return False


def _where() -> str:
    frame = sys._getframe(2)
    places = []
    while frame is not None:
        name = frame.f_code.co_filename
        if name.startswith(_OURS):
            places.append(f"{name[len(_OURS) + 1 :]}:{frame.f_lineno}")
        frame = frame.f_back  # type: ignore[assignment]
    return " < ".join(places[:5])


@contextmanager
def watched() -> Iterator[LockOrder]:
    """Watch every connection of this process while the block lasts."""
    order, patch = LockOrder(), pytest.MonkeyPatch()

    def created(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
        order.watch(connection)

    for name in ("commit", "rollback"):
        before = getattr(BaseDatabaseWrapper, name)

        def ends(one: BaseDatabaseWrapper, _before: Any = before) -> None:
            _before(one)
            order.ended(one)

        patch.setattr(BaseDatabaseWrapper, name, ends)
    connection_created.connect(created)
    order.watch(connections["default"])
    try:
        yield order
    finally:
        connection_created.disconnect(created)
        patch.undo()
        order.forget()
