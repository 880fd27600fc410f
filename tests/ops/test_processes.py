"""The family of processes that a studio is: started, looked after and ended together."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from editorapp.ops.processes import NotStarted, Processes
from tests.environment import ROOT
from tests.patience import awaited

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def is_gone(pid: int) -> bool:
    """Has the process ended? (A zombie that nobody has reaped yet has.)"""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def processes(said: list[str], settings, tmp_path: Path) -> Iterator[Processes]:
    settings.RUN_DIR = tmp_path
    family = Processes(say=said.append)
    yield family
    family.stop(seconds=2)


def test_a_child_that_dies_is_started_again_and_said(processes: Processes, said: list[str]) -> None:
    child = processes.start("sleeper", *SLEEP)
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    child.process.wait()

    assert awaited(
        lambda: processes.look_after() or (child.is_alive and child.process.pid != first)
    )

    assert any("sleeper" in line for line in said)


def test_waiting_for_a_child_that_ends_shows_its_last_words(processes: Processes) -> None:
    processes.start("talker", sys.executable, "-c", "print('no such table'); raise SystemExit(3)")

    with pytest.raises(NotStarted, match="no such table"):
        processes.wait_until("talker", lambda: False)


def test_stopping_ends_the_children_of_children(said: list[str], settings, tmp_path: Path) -> None:
    settings.RUN_DIR = tmp_path
    family = Processes(say=said.append)
    note = tmp_path / "grandchild"
    script = (
        f"import subprocess, sys; p = subprocess.Popen({SLEEP!r}); "
        f"open({str(note)!r}, 'w').write(str(p.pid)); p.wait()"
    )
    family.start("parent", sys.executable, "-c", script)
    assert awaited(lambda: note.exists() and bool(note.read_text()))

    family.stop(seconds=2)

    assert awaited(lambda: is_gone(int(note.read_text())))


@contextmanager
def studio(folder: Path, script: str) -> Iterator[list[int]]:
    """Run a process that has a family `p` with one sleeper, and then a script; give the numbers
    that it prints.
    """
    begin = (
        "import os, time, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'editorapp.settings'; django.setup();"
        "from editorapp.ops.processes import Processes; p = Processes(say=print);"
        f"child = p.start('sleeper', *{SLEEP!r}).process.pid;"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", f"{begin}{script}; time.sleep(60)"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "RUSHES_DATA_DIR": str(folder)},
    )
    assert process.stdout is not None
    yield [int(word) for word in process.stdout.readline().split()]
    process.kill()
    process.wait()


def test_a_reaper_that_was_killed_is_replaced_by_one_that_knows_the_children(
    tmp_path: Path,
) -> None:
    replaced = (
        "p.reaper.kill(); p.reaper.wait(); p.look_after(); print(child, p.reaper.pid, flush=True)"
    )
    with studio(tmp_path, replaced) as (child, reaper):
        assert not is_gone(reaper)

    assert awaited(lambda: is_gone(child))
    assert awaited(lambda: is_gone(reaper))


def test_the_reaper_ends_what_a_killed_studio_leaves_behind(tmp_path: Path) -> None:
    with studio(tmp_path, "print(child, flush=True)") as (child,):
        assert not is_gone(child)

    assert awaited(lambda: is_gone(child))


@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has a signal for this")
def test_children_end_also_when_studio_and_reaper_are_killed_at_once(tmp_path: Path) -> None:
    with studio(tmp_path, "print(child, p.reaper.pid, flush=True)") as (child, reaper):
        os.kill(reaper, signal.SIGSTOP)  # it sees nothing and does nothing, like one that is gone

    try:
        assert awaited(lambda: is_gone(child))
    finally:
        os.kill(reaper, signal.SIGKILL)
