"""Start things at the same instant, each with a database connection of its own, and watch the books
meanwhile.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest
from django.db import connection, connections

from editorapp.generations.checks.books import audit
from tests.environment import ROOT
from tests.patience import PATIENCE_SECONDS


def race(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Let each call run in a thread of its own, all from one instant; return what each returned or
    raised.
    """
    start = threading.Barrier(len(calls))
    ended: list[Any] = [None] * len(calls)

    def run(place: int, call: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            start.wait(PATIENCE_SECONDS)
            ended[place] = call()
        except Exception as error:
            ended[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=each, daemon=True) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
    assert not any(thread.is_alive() for thread in threads), (
        "a runner hangs: a deadlock that nobody ended"
    )
    return ended


class Meanwhile:
    """A call in another thread, with a database connection of its own, while this thread is in a
    transaction.

    It has begun, and has ended or waits for what that transaction has locked, when this is made. On
    SQLite, where it would wait for the whole database, it begins when that transaction is over.
    Call `ended` then.
    """

    def __init__(self, call: Callable[[], Any]) -> None:
        self._result: Any = None
        self._backend: list[int] = []
        self._thread = threading.Thread(target=self._run, args=[call], daemon=True)
        if connection.vendor == "sqlite":
            return
        self._thread.start()
        until = time.monotonic() + PATIENCE_SECONDS
        while self._thread.is_alive() and not self._waits():
            assert time.monotonic() < until, "it neither ends nor waits for a lock"
            self._thread.join(0.002)

    def _run(self, call: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            if connection.vendor == "postgresql":
                self._backend.append(connection.connection.info.backend_pid)
            self._result = call()
        except Exception as error:
            self._result = error
        finally:
            connections.close_all()

    def _waits(self) -> bool:
        if not self._backend:
            return False
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted", self._backend)
            return cursor.fetchone() is not None

    def ended(self) -> Any:
        """Return what the call returned or raised."""
        if self._thread.ident is None:
            self._thread.start()
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive(), "it hangs: a deadlock that nobody ended"
        return self._result


@contextmanager
def at_once(
    where: Any, name: str, call: Callable[[], Any], *, before: bool = False, nth: int = 1
) -> Iterator[list[Meanwhile]]:
    """Let another thread do something while this one is within a function that it comes through,
    once.
    """
    begun: list[Meanwhile] = []
    passed, real = count(1), getattr(where, name)

    def instead(*args: Any, **options: Any) -> Any:
        is_it = not begun and next(passed) == nth
        if is_it and before:
            begun.append(Meanwhile(call))
        found = real(*args, **options)
        if is_it and not before:
            begun.append(Meanwhile(call))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(where, name, instead)
        yield begun


def race_processes(script: str, count: int, folder: Path, *words: str) -> list[str]:
    """Run a script in several processes on the tests' database, all from one instant; return the
    last line of each.

    The script is given a function `ready()`, which waits for the others, and `words` as
    sys.argv[1:].
    """
    gate = folder / "go"
    head = _HEAD.format(database=str(connection.settings_dict["NAME"]), gate=str(gate))
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "editorapp.settings"}
    runners = [
        subprocess.Popen(
            [sys.executable, "-c", head + script, *words],
            cwd=ROOT,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for _ in range(count)
    ]
    try:
        for runner in runners:
            assert runner.stdout is not None
            assert runner.stdout.readline() == "ready\n", runner.communicate()[1]
        gate.touch()
        said = [runner.communicate(timeout=PATIENCE_SECONDS) for runner in runners]
    finally:
        for runner in runners:
            runner.kill()
            runner.wait()
    assert [runner.returncode for runner in runners] == [0] * count, said
    return [out.strip().splitlines()[-1] for out, _errors in said]


_HEAD = """
import pathlib, sys, time
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = {database!r}

def ready():
    connection.ensure_connection()
    print("ready", flush=True)
    while not pathlib.Path({gate!r}).exists():
        time.sleep(0.002)

"""


class Watched:
    """A thread that proves the books again and again while the `with` lasts, each time at one
    instant.
    """

    def __init__(self) -> None:
        self.looks = 0
        self.differences: list[str] = []
        self.error: Exception | None = None
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        try:
            while not self._ends.is_set() and not self.differences:
                self.differences += audit().differences
                self.looks += 1
                time.sleep(0.002)
        except Exception as error:
            self.error = error
        finally:
            connections.close_all()

    def __enter__(self) -> Self:
        assert not connection.in_atomic_block, "it would not see what the others write"
        self._thread.start()
        while not self.looks and self._thread.is_alive():
            time.sleep(0.001)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ends.set()
        self._thread.join(PATIENCE_SECONDS)
        if error is None:
            assert self.error is None, self.error
            assert self.differences == [], "the books did not balance while they were written"
            assert self.looks > 2
            assert audit().differences == ()
