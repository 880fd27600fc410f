"""Supervisor: starts, watches and restarts the engine (queue workers, ticker, simulator) of a data
folder, for one studio or script at a time.

That is for one machine. On several, which share a PostgreSQL, each runs workers and tickers beside
those of the others: the leases in the database say who does what.
"""

import fcntl
import os
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from editorapp.generations.coordination import heartbeat
from editorapp.media import tasks
from editorapp.ops.processes import Processes

# A cluster writes its first sign of life a few seconds after its start, and needs all of this only
# when it hangs.
STUCK_AFTER_SECONDS = 20.0
PATIENCE_SECONDS = 5.0


def is_silent() -> bool:
    """Has the queue given no sign of life for some time?"""
    return not heartbeat.signs(timezone.now()).cluster_is_alive


class EngineLock(AbstractContextManager["EngineLock"]):
    """A lock on the data folder's engine that the operating system lets go of when its holder dies."""

    def __init__(self) -> None:
        self._file: IO[str] | None = None

    def take(self, who: str) -> bool:
        """Take the lock if nobody has it; True when we hold it."""
        if self._file is not None:
            return True
        file = _lock_file().open("a+")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return False
        file.truncate(0)
        file.write(f"{who} (process {os.getpid()})")
        file.flush()
        self._file = file
        return True

    @staticmethod
    def holder() -> str:
        """Return who wrote their name last, for a message."""
        return _lock_file().read_text() or "another process"

    def release(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def __exit__(self, *error: object) -> None:
        self.release()


def _lock_file() -> Path:
    return settings.RUN_DIR / "engine.lock"


def start_simulator(processes: Processes) -> None:
    """Start the simulator and wait until it answers; accounts find it through the data folder.

    Raises: NotStarted.
    """
    note = settings.RUN_DIR / "simulator.url"
    note.unlink(missing_ok=True)
    processes.manage("simulator", "--port", "0")
    processes.wait_until("simulator", note.exists)


def start_engine(processes: Processes) -> None:
    """Start the queue's workers and the ticker."""
    processes.manage("queue")
    processes.manage("ticker")


def look_after(processes: Processes) -> None:
    """Restart what has died, and a queue whose processes live and do nothing.

    Call it about once a second.

    A restart kills what the workers do, paid calls among it. So the silence must last: after a
    suspended machine wakes up, every sign of life is old for a moment.
    """
    processes.look_after()
    queue = processes.children["queue"]
    if not (queue.is_alive and queue.age_seconds > STUCK_AFTER_SECONDS and _is_stuck()):
        queue.silent_since = None
        return
    queue.silent_since = queue.silent_since or time.monotonic()
    if time.monotonic() - queue.silent_since >= PATIENCE_SECONDS:
        processes.say("The queue gives no sign of life and is started again.")
        queue.kill()


def _is_stuck() -> bool:
    """Was the queue asked for a sign of life, and gave none although no worker is busy with a long
    copy?
    """
    try:
        signs = heartbeat.signs(timezone.now())
    except DatabaseError:
        return False  # says nothing about the queue
    return signs.ticker_is_alive and not signs.cluster_is_alive and not tasks.is_copying()
