"""The database takes nothing for a while, or is restarted: what was paid is kept, and written when
it can be.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings as configured
from django.db import OperationalError, connection, connections

from editorapp.generations.checks import books
from editorapp.generations.engine import submit, sweep
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.states import State
from tests.generations.drive import Clock, ask, run

WRITES = ("INSERT", "UPDATE", "DELETE")


@pytest.fixture
def clock(transactional_db) -> Clock:
    return Clock()


@contextmanager
def full_disk() -> Iterator[list[str]]:
    """Let every write of this thread fail as SQLite's do on a full disk; yield what was tried."""
    tried: list[str] = []

    def refuse(execute, sql, params, many, context):
        if sql.lstrip().upper().startswith(WRITES):
            tried.append(sql)
            raise OperationalError("database or disk is full")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield tried


class FullWhileAnswering:
    """A clock of the sweep during which the disk is full from the first post on, for so many
    seconds.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds, self.until, self.tried, self.disk = seconds, 0.0, [], None

    def __call__(self):
        if self.disk is None and Attempt.objects.filter(state=State.SUBMITTING).exists():
            self.disk = full_disk()
            self.tried = self.disk.__enter__()
            self.until = time.monotonic() + self.seconds
        if self.until and time.monotonic() > self.until:
            self.end()
        return Clock()()

    def end(self) -> None:
        if self.until:
            self.until = 0.0
            self.disk.__exit__(None, None, None)


@pytest.fixture
def filling() -> Iterator[FullWhileAnswering]:
    found = FullWhileAnswering(3.0)
    yield found
    found.end()


def test_a_paid_answer_that_a_full_disk_does_not_take_is_kept_and_written_later(
    clock, quick, filling, caplog
):
    ask()

    sweep.work("luma-agents", seconds=1.0, clock=filling)

    attempt = Attempt.objects.get()
    assert filling.tried, "nothing was written while the disk was full"
    assert (attempt.state, bool(attempt.provider_job_id)) == (State.RUNNING, True)
    assert quick.submits_received == 1
    # An operator finds the job's id in the log, and the log does not fill the disk with every try.
    told = [
        record.getMessage() for record in caplog.records if "Not written yet" in record.getMessage()
    ]
    assert len(told) == 1 and attempt.provider_job_id in told[0]
    run(clock)
    assert Generation.objects.get().state == State.SUCCEEDED
    assert books.differences() == []


def test_a_sweep_that_holds_a_paid_answer_waits_far_longer_for_the_database_than_for_a_poll(
    clock, quick, filling, monkeypatch
):
    monkeypatch.setattr(sweep, "DRAIN_SECONDS", 0.2)
    ask()

    sweep.work("luma-agents", seconds=0.2, clock=filling)

    assert Attempt.objects.get().state == State.RUNNING
    assert quick.submits_received == 1


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL locks rows, not the database")
def test_a_database_that_is_locked_for_longer_than_anybody_waits_loses_no_answer(clock, quick):
    """Thirty seconds against SQLite's patience of twenty, both a twentieth of it."""
    ask()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout=1000")
    locked, over = threading.Event(), threading.Event()

    def lock() -> None:
        other = sqlite3.connect(configured.DATABASES["default"]["NAME"], isolation_level=None)
        while not over.wait(0.01):
            if other.execute(
                "SELECT 1 FROM generations_attempt WHERE state = 'submitting'"
            ).fetchone():
                other.execute("BEGIN IMMEDIATE")
                locked.set()
                over.wait(1.5)
                other.execute("ROLLBACK")
                break
        other.close()

    holder = threading.Thread(target=lock)
    holder.start()
    try:
        quick.fail("submit", "slow", seconds=0.5)
        sweep.work("luma-agents", seconds=0.5, clock=clock)
    finally:
        over.set()
        holder.join()
        connection.close()

    assert locked.is_set()
    assert Attempt.objects.get().state == State.RUNNING
    assert quick.submits_received == 1


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has no server that could be restarted"
)
def test_a_sweep_whose_connections_the_server_ends_opens_new_ones_and_loses_no_answer(clock, quick):
    ask()
    quick.fail("submit", "slow", seconds=1.0)
    ended: list[bool] = []
    this = connection.connection.info.backend_pid if connection.connection else 0

    def cutting():
        if not ended and Attempt.objects.filter(state=State.SUBMITTING).exists():
            this = connection.connection.info.backend_pid
            other = connections.create_connection("default")
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", [this])
                ended.append(cursor.fetchone()[0])
            other.close()
        return Clock()()

    sweep.work("luma-agents", seconds=1.5, clock=cutting)

    assert ended == [True]
    assert connection.connection.info.backend_pid != this
    attempt = Attempt.objects.get()
    assert (attempt.state, bool(attempt.provider_job_id)) == (State.RUNNING, True)
    assert quick.submits_received == 1


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite's own setting has a test in test_engine.py"
)
def test_the_write_ahead_is_durable_where_the_server_was_told_to_commit_asynchronously(
    clock, quick, monkeypatch
):
    ask()
    levels: list[str] = []
    posting = submit.Posts.send_due

    def send_due(self, now):
        with connection.cursor() as cursor:
            cursor.execute("SHOW synchronous_commit")
            levels.append(cursor.fetchone()[0])
        posting(self, now)

    monkeypatch.setattr(submit.Posts, "send_due", send_due)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO off")

    sweep.work("luma-agents", seconds=0.5, clock=clock)

    assert set(levels) == {"on"}
