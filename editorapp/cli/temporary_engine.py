"""Wait for what the queue does, with an engine of our own where nobody runs one: how a script gets
along alone.
"""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from django.conf import settings

from editorapp.ops.processes import Processes
from editorapp.ops.supervisor import (
    EngineLock,
    is_silent,
    look_after,
    start_engine,
    start_simulator,
)

PAUSE_SECONDS = 0.25

Show = Callable[[str], None]  # rewrites a line of progress


class OwnEngine:
    """Use it with `with`: what it started ends with it. Started once, it serves every wait."""

    def __init__(self, *, needs_simulator: bool, show: Show) -> None:
        self._needs_simulator = needs_simulator and not settings.SIMULATOR_URL
        self._show = show
        self._lock = EngineLock()
        self._processes: Processes | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def wait_until(
        self, is_over: Callable[[], bool], *, seconds: float, doing: Callable[[], str]
    ) -> bool:
        """Wait until it is over, at most so long; say whether it is.

        `doing` names what goes on, for the progress.

        Raises: NotStarted, when an engine is needed and does not start.
        """
        started = time.monotonic()
        while not is_over():
            waited = time.monotonic() - started
            if waited >= seconds:
                return False
            if self._processes is None and self._lock.take("a script") and is_silent():
                self._start()
            if self._processes is not None:
                look_after(self._processes)
            self._show(f"{doing()} ... {waited:.0f} s")
            time.sleep(PAUSE_SECONDS)
        return True

    def _start(self) -> None:
        processes = Processes({}, say=lambda line: self._show(line))
        try:
            if self._needs_simulator:
                start_simulator(processes)
            start_engine(processes)
        except BaseException:
            processes.stop(seconds=2)
            raise
        self._processes = processes

    def stop(self) -> None:
        """End what was started here, and let somebody else run the engine."""
        try:
            if self._processes is not None:
                self._processes.stop(seconds=10)
                self._processes = None
        finally:
            self._lock.release()
