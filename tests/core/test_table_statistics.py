"""SQLite knows of its tables what it was asked to gather."""

import pytest
from django.db import connection

from editorapp.core import table_statistics
from tests.environment import POSTGRESQL
from tests.factories import make_generation, make_member

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(bool(POSTGRESQL), reason="PostgreSQL gathers them by itself"),
]


def known() -> list[tuple[str, str]]:
    """Return what is gathered, by index."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
        if not cursor.fetchone():
            return []
        cursor.execute("SELECT idx, stat FROM sqlite_stat1")
        return cursor.fetchall()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", ["first", "second"])
def test_what_one_test_lets_sqlite_know_no_other_test_knows(time):
    assert known() == []

    make_generation(make_member())
    table_statistics.gather()

    assert dict(known())["generation_newest"].split()[0] == "1"


def test_what_was_gathered_says_how_many_takes_there_are():
    member = make_member()
    for _ in range(3):
        make_generation(member)

    table_statistics.gather()

    assert dict(known())["generation_newest"].split()[0] == "3"
