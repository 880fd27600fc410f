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


def test_what_was_gathered_says_how_many_takes_there_are():
    member = make_member()
    for _ in range(3):
        make_generation(member)

    table_statistics.gather()

    with connection.cursor() as cursor:
        cursor.execute("SELECT stat FROM sqlite_stat1 WHERE idx = 'generation_newest'")
        [[stat]] = cursor.fetchall()
    assert stat.split()[0] == "3"
