"""No page reads or sorts a whole table: SQLite says so of every statement that a page makes, before
and after it has gathered statistics.
"""

import re
from collections.abc import Callable
from functools import partial

import pytest
from django.db import connection
from django.test.utils import override_settings

from editorapp.core.constants_in_sql import listed_as_constants
from editorapp.generations.states import (
    ACTIVE,
    CANCELABLE,
    IN_FLIGHT,
    NEEDS_A_PERSON,
    TO_FETCH,
)
from tests.bench.in_process import PLAIN
from tests.bench.scale_pages import ANSWERED, Ask, TeamPages
from tests.environment import POSTGRESQL
from tests.queries import Asked, asked
from tests.seed.installation import seed

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(bool(POSTGRESQL), reason="plans as SQLite writes them"),
]
COUNT, FEW = 2_000, 50
# What grows with the takes.
LARGE = (
    *("generations_generation", "generations_attempt", "costs_entry", "media_asset"),
    *("library_taketext", "inbox_notice", "teams_auditentry", "review_comment"),
    *("review_decision", "review_seen", "library_mark", "library_star", "library_taketag"),
)
# A table's rows by these alone are nearly all of them.
COARSE = {
    *("team_id", "state", "task", "provider", "model", "review", "kind", "month", "account_id"),
    *("is_simulated", "created_by_id", "project_id", "person_id", "user_id", "origin"),
}
# Rows in one of these states are few, whatever there is; so are those in an index of them.
FEW_STATES = (ACTIVE, CANCELABLE, IN_FLIGHT, NEEDS_A_PERSON, TO_FETCH)
OF_FEW = (
    *("generation_active", "generation_in_need"),
    *("attempt_unsent", "attempt_in_flight", "attempt_to_fetch", "attempt_watched"),
)
SORT = "USE TEMP B-TREE FOR ORDER BY"


@override_settings(ALLOWED_HOSTS=["localhost"], STORAGES=PLAIN)
def test_no_page_reads_or_sorts_a_whole_table():
    seed(COUNT)
    statements = _asked_by(TeamPages().all())

    wrong = {}
    for known, learn in STATISTICS.items():
        learn()
        for one, name in statements.items():
            if why := _wrong_in(one):
                wrong[name, known] = f"{why}\n{one.sql[-900:]}"

    assert not wrong, "\n\n".join(f"{name}: {why}" for name, why in wrong.items())


def _asked_by(pages: dict[str, Ask]) -> dict[Asked, str]:
    """Return every statement that reads, once, with the name of a page that makes it."""
    found: dict[str, tuple[Asked, str]] = {}
    for name, ask in pages.items():
        with asked() as statements:
            answer = ask()
        assert answer.status[:3] in ANSWERED, f"{name}: {answer.status}"
        for one in statements:
            if one.is_read:
                found.setdefault(one.sql, (one, name))
    return {one: name for one, name in found.values()}


def _wrong_in(one: Asked) -> str:
    """Return the steps of a plan that take longer the more there is; "" for none."""
    names = _names(one.sql)
    steps = one.plan()
    scans = [step for step in steps if names.get(_scanned(step)) in LARGE]
    is_of_few = any(listed_as_constants(group) in one.sql for group in FEW_STATES)
    coarse = [] if is_of_few else [step for step in steps if _is_coarse(step, names)]
    if SORT in steps and coarse:
        return "\n".join([*scans, *coarse, SORT])
    return "\n".join(scans)


def _names(sql: str) -> dict[str, str]:
    """Return the tables of a statement by the names that it gives them."""
    found = {name: name for name in LARGE}
    for table, alias in re.findall(r'"?(\w+)"? (?:AS )?"?([A-Za-z]\w*)"?', sql):
        if table in LARGE:
            found[alias] = table
    return found


def _scanned(step: str) -> str:
    """Return what is read from end to end; "" for an index that holds few rows."""
    found = re.match(r"(?:SCAN|BLOOM FILTER ON) (\w+)", step)  # a filter is made of all rows
    is_small = any(f" {name}" in step for name in OF_FEW)
    return found[1] if found and not is_small else ""


def _is_coarse(step: str, names: dict[str, str]) -> bool:
    """Is a large table searched by next to nothing?"""
    found = re.match(r"SEARCH (\w+) USING .*?\((.*)\)", step)
    if found is None or names.get(found[1]) not in LARGE:
        return False
    columns = {re.split(r"[=<>]", part.strip())[0] for part in found[2].split(" AND ")}
    return columns <= COARSE or any(column.startswith("ANY(") for column in columns)


def _know(statement: str) -> None:
    """Change what SQLite knows of its tables; it reads that when the file is opened."""
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.close()


def _know_of_many() -> None:
    """Let SQLite believe that there are a thousand times as many rows, and in each group too where
    it has more than a few.
    """
    connection.connection.create_function("many", 1, _many)
    _know("UPDATE sqlite_stat1 SET stat = many(stat)")


def _many(stat: str) -> str:
    rows, *groups = stat.split()
    believed = [size if int(size) < FEW else f"{size}000" for size in groups]
    return " ".join([f"{rows}000", *believed])


# What SQLite knows, in the order in which it learns it; the seed has let it look. Of two thousand rows
# alone it would rightly read all.
STATISTICS: dict[str, Callable[[], None]] = {
    "of a thousand times as much": _know_of_many,
    "nothing": partial(_know, "DELETE FROM sqlite_stat1"),
}
