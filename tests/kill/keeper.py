"""What systemd does for an installation: run a command, and run it again whenever it ends."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.environment import ROOT

RESTART_SECONDS = 0.3


class Keeper:
    """One service: a command that is started again until it is stopped."""

    def __init__(
        self, name: str, command: list[str], environment: Mapping[str, str], log: Path
    ) -> None:
        self.name, self.command, self.environment, self.log = name, command, dict(environment), log
        self.starts = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"keeper of {name}", daemon=True)

    def start(self) -> None:
        self._launch()
        self._thread.start()

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def stop(self, *, seconds: float = 60.0) -> float:
        """End it in good order, as a service manager does; return how long that took."""
        began = time.monotonic()
        self._stopping.set()
        assert self.process is not None
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._thread.join(5)
        return time.monotonic() - began

    def _launch(self) -> None:
        with self.log.open("ab") as file:
            self.process = subprocess.Popen(
                self.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.starts += 1

    def _keep(self) -> None:
        while not self._stopping.is_set():
            assert self.process is not None
            # Not reaped yet: its number cannot have become another's when what is left of its group
            # is ended.
            with suppress(ChildProcessError, ProcessLookupError):
                os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT)
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            if self._stopping.wait(RESTART_SECONDS):
                return
            self._launch()


def children() -> dict[int, list[int]]:
    """Return the process ids below each process id, of the whole machine."""
    found: dict[int, list[int]] = {}
    for name in os.listdir("/proc"):
        if name.isdecimal():
            with suppress(OSError, ValueError, IndexError):
                state, parent = (
                    Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()[:2]
                )
                if state != "Z":
                    found.setdefault(int(parent), []).append(int(name))
    return found


def below(pid: int) -> list[int]:
    """Return a process and all that it started, the nearest first."""
    tree, found = children(), [pid]
    for one in found:
        found += tree.get(one, [])
    return found


def of_folder(folder: Path) -> list[int]:
    """Return the living processes that were started with this data folder."""
    mark, found = f"RUSHES_DATA_DIR={folder}".encode(), []
    for name in os.listdir("/proc"):
        if name.isdecimal() and int(name) != os.getpid():
            with suppress(OSError):
                if mark in Path(f"/proc/{name}/environ").read_bytes().split(b"\0"):
                    found.append(int(name))
    return found


def words_of(pid: int) -> str:
    """Return the command line of a process; "" of one that is gone."""
    try:
        return (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
    except OSError:
        return ""
