"""Temporary engine: waits for what the queue does, with an engine of our own where nobody runs one.

It is how a script gets along alone.
"""

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from django.conf import settings

from editorapp.ops import supervisor
from editorapp.ops.processes import Processes

PAUSE_SECONDS = 0.25


def show_progress(line: str) -> None:
    """Rewrite the progress line, on a terminal only."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{line}")
        sys.stderr.flush()


class OwnEngine(AbstractContextManager["OwnEngine"]):
    """Use it with `with`: what it started ends with it. Started once, it serves every wait."""

    _processes: Processes | None = None

    def __init__(self, *, needs_simulator: bool, seconds: float) -> None:
        """`seconds`: how long a wait may be."""
        self._needs_simulator = needs_simulator and not settings.SIMULATOR_URL
        self._seconds = seconds
        self._lock = supervisor.EngineLock()

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End what was started here, and let somebody else run the engine."""
        try:
            if self._processes is not None:
                self._processes.stop(seconds=10)
                self._processes = None
        finally:
            self._lock.release()

    def wait_until(self, is_over: Callable[[], bool], *, doing: Callable[[], str]) -> bool:
        """Wait until it is over; say whether it is.

        `doing` names what goes on, for the progress.

        Raises: NotStarted, when an engine is needed and does not start.
        """
        started = time.monotonic()
        while not is_over():
            waited = time.monotonic() - started
            if waited >= self._seconds:
                return False
            if self._processes is not None:
                supervisor.look_after(self._processes)
            elif self._lock.take("a script") and supervisor.is_silent():
                self._start()
            show_progress(f"{doing()} ... {waited:.0f} s")
            time.sleep(PAUSE_SECONDS)
        return True

    def _start(self) -> None:
        self._processes = Processes(say=show_progress)
        if self._needs_simulator:
            supervisor.start_simulator(self._processes)
        supervisor.start_engine(self._processes)
