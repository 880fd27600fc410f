"""Start the product's processes for a measurement, and read what they have used from /proc."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
TICK = os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def command(*arguments: str, log: Path, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a management command with its output in a file; end it, and whatever it started,
    afterwards.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            stdout=output,
            stderr=output,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
            start_new_session=True,
        )
        try:
            yield process
        finally:
            _end(process)


@contextlib.contextmanager
def simulator(*options: str) -> Iterator[tuple[str, Path]]:
    """Run a simulator with state of its own; give its URL and its folder."""
    with tempfile.TemporaryDirectory(prefix="rushes-bench-simulator-") as folder:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "simulator", "--port", "0", *options],
            cwd=ROOT,
            text=True,
            stdout=subprocess.PIPE,
            start_new_session=True,
            env={
                **os.environ,
                "RUSHES_DATA_DIR": folder,
                "DJANGO_SETTINGS_MODULE": "editorapp.settings",
            },
        )
        assert process.stdout is not None
        try:
            url = next(line for line in process.stdout if "http://" in line)
            yield url[url.index("http://") :].split()[0].rstrip("/"), Path(folder) / "simulator"
        finally:
            _end(process)


def _end(process: subprocess.Popen[Any]) -> None:
    """Ask a process to stop, and after a while end it with all that it started."""
    process.terminate()
    try:
        process.wait(40)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def tree(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                parents.setdefault(int(_stat(int(entry.name))[1]), []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def cpu_seconds(pids: list[int]) -> float:
    """Return the CPU that these processes, and the children that they have waited for, have used so
    far.
    """
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            total += sum(int(field) for field in _stat(pid)[11:15])
    return total / TICK


def peak_megabytes(pids: list[int]) -> float:
    """Return the largest resident size that any of these processes has had."""
    largest = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                if line.startswith("VmHWM"):
                    largest = max(largest, int(line.split()[1]))
    return largest / 1024


def _stat(pid: int) -> list[str]:
    """Fields of /proc/<pid>/stat from the state on: [1] parent, [11:15] user, system, and the
    children's.
    """
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
