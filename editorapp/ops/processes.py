"""Processes of a running studio: started together, kept alive, stopped together."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings

# Looked at whenever a process starts; the log before is kept as .log.1.
LARGEST_LOG_BYTES = 20_000_000
LAST_LINES = 12
# The backoff in seconds; a child that lived for a minute starts over.
RESTART_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
PYTHON = (sys.executable, "-m")


class NotStarted(Exception):
    """A process ended, or gave no sign, before it was ready.

    The message says which and where its log is.
    """


@dataclass
class Child:
    """One process, in a process group of its own."""

    name: str
    command: tuple[str, ...]
    log: Path | None  # None: it prints where we print
    process: subprocess.Popen[bytes] = field(init=False)
    started: float = 0.0
    failures: int = 0
    restart_at: float | None = None
    silent_since: float | None = None  # alive, but without a sign of life

    @property
    def is_alive(self) -> bool:
        return self.process.poll() is None

    @property
    def age_seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def last_words(self) -> str:
        """Return where its log is, and how it ends."""
        if self.log is None:
            return ""
        return "\n".join([f" Its last words are in {self.log}:", *_last_lines(self.log)])

    def kill(self) -> None:
        """Kill the whole group: a server's workers must not outlive it."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def _last_lines(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines()[-LAST_LINES:]


class Processes:
    """Children with one life: they start together, are restarted when they die, and end together.

    Each has a session of its own, so that Ctrl-C in a terminal reaches only us and we stop them in
    order. If we are killed outright, the reaper ends them; if it was killed too, the kernel does,
    by the parent-death signal (on Linux).
    """

    def __init__(self, *, say: Callable[[str], None], into_files: bool = True) -> None:
        """`into_files`: what a child prints goes to a file of its own, else to our own output."""
        self.say = say
        self.into_files = into_files
        self.children: dict[str, Child] = {}
        self.reaper = _reaper()

    def start(self, name: str, *command: str) -> Child:
        """Start a child; where it prints into a file, that is `<data folder>/run/<name>.log`."""
        log = settings.RUN_DIR / f"{name}.log" if self.into_files else None
        child = Child(name, command, log)
        self._begin(child)
        self.children[name] = child
        return child

    def manage(self, command: str, *options: str) -> None:
        """Start a management command, run by this very Python."""
        self.start(command, *PYTHON, "editorapp", command, *options)

    def wait_until(
        self,
        name: str,
        is_ready: Callable[[], bool],
        *,
        seconds: float = 30,
    ) -> None:
        """Wait for a child to be ready.

        Raises: NotStarted, when it ends or the time is over.
        """
        child, until = self.children[name], time.monotonic() + seconds
        while not is_ready():
            if not child.is_alive or time.monotonic() > until:
                why = "ended" if not child.is_alive else f"was not ready after {seconds:g} s"
                raise NotStarted(f"The {name} {why}.{child.last_words}")
            time.sleep(0.05)

    def look_after(self) -> None:
        """Restart what has died, with growing pauses. Call it about once a second."""
        self._look_after_reaper()
        for child in self.children.values():
            if not child.is_alive:
                self._bring_back(child)

    def _bring_back(self, child: Child) -> None:
        if child.restart_at is None:
            self._plan_restart(child)
        elif time.monotonic() >= child.restart_at:
            self._begin(child)

    def _plan_restart(self, child: Child) -> None:
        self._tell_reaper(f"-{child.process.pid}")
        child.kill()  # what its group left behind
        if child.age_seconds > 60:
            child.failures = 0
        backoff = RESTART_PAUSES[min(child.failures, len(RESTART_PAUSES) - 1)]
        child.restart_at = time.monotonic() + backoff
        child.failures += 1
        where = f" (log: {child.log})" if child.log else ""
        self.say(f"The {child.name} ended unexpectedly and is started again{where}.")

    def _look_after_reaper(self) -> None:
        """Have another reaper where ours was killed: without one, our children would outlive us."""
        if self.reaper.poll() is None:
            return
        self.reaper = _reaper()
        for child in self._alive():
            self._tell_reaper(str(child.process.pid))

    def stop(self, *, seconds: float = 20) -> None:
        """End all children, politely first. A second interrupt while waiting ends them at once."""
        try:
            for child in self._alive():
                # Granian and the queue pass it on to their own workers.
                child.process.terminate()
            until = time.monotonic() + seconds
            while time.monotonic() < until and self._alive():
                time.sleep(0.05)
        finally:
            for child in self.children.values():
                child.kill()
                self._tell_reaper(f"-{child.process.pid}")
            self.reaper.communicate()  # closes the pipe, and waits

    def _alive(self) -> list[Child]:
        return [child for child in self.children.values() if child.is_alive]

    def _begin(self, child: Child) -> None:
        if child.log is not None:
            _put_aside(child.log)
        with nullcontext() if child.log is None else child.log.open("ab") as file:
            child.process = subprocess.Popen(
                [*PYTHON, "editorapp.ops.parent_death", str(os.getpid()), *child.command],
                cwd=settings.BASE_DIR,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=None if file is None else subprocess.STDOUT,
            )
        child.started, child.restart_at = time.monotonic(), None
        self._tell_reaper(str(child.process.pid))

    def _tell_reaper(self, line: str) -> None:
        assert self.reaper.stdin is not None
        try:
            self.reaper.stdin.write(f"{line}\n".encode())
        except BrokenPipeError:
            self.say(
                "The reaper process is gone: if the studio is killed now, its processes stay behind."
            )


def _put_aside(log: Path) -> None:
    """Begin a new log where this one has grown large."""
    if log.exists() and log.stat().st_size > LARGEST_LOG_BYTES:
        log.replace(log.with_suffix(".log.1"))


def _reaper() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*PYTHON, "editorapp.ops.orphan_reaper"],
        cwd=settings.BASE_DIR,
        stdin=subprocess.PIPE,
        bufsize=0,
        start_new_session=True,
    )


def stop_when_asked() -> None:
    """Raise KeyboardInterrupt in the main thread when the system or Ctrl-C asks us to stop, once."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


def _interrupt(number: int, frame: Any) -> None:
    signal.signal(number, signal.SIG_DFL)  # a second one ends us at once; the reaper ends the rest
    raise KeyboardInterrupt
