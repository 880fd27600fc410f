"""Whatever a job does, the process that asked gets an answer, and nothing runs on when it is gone."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from editorapp.media import sandbox
from editorapp.media.refusals import Refusal
from tests.environment import ROOT
from tests.media.clips import make_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    return make_clip(folder / "a.mp4", frames=60, size=(640, 360), options={"preset": "ultrafast"})


def take(clip: Path, limits: sandbox.Limits | None = None) -> int:
    facts = sandbox.run("take", limits=limits, path=str(clip), max_seconds=600, expect="video")["facts"]
    return facts["frame_count"]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int) -> bool:
    for _ in range(200):
        if not is_running(pid):
            return True
        time.sleep(0.05)
    return False


def test_a_job_out_of_time_is_stopped_and_said_so(clip: Path) -> None:
    take(clip)
    helper = sandbox._pool.idle[-1].process.pid

    with pytest.raises(Refusal) as refused:
        take(clip, sandbox.Limits(wall_seconds=0.001))

    assert refused.value.code == "timed_out"
    assert wait_until_gone(helper)
    assert take(clip) == 60


def test_a_job_without_memory_fails_alone(clip: Path) -> None:
    with pytest.raises(Refusal) as refused:
        take(clip, sandbox.Limits(memory_bytes=50_000_000))

    assert refused.value.code in {"crashed", "no_frames", "damaged", "truncated"}
    assert take(clip) == 60


def test_a_job_that_writes_too_much_is_refused(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        sandbox.run(
            "take", limits=sandbox.Limits(file_bytes=100), path=str(clip), max_seconds=600, expect="video",
            out=str(tmp_path),
        )  # fmt: skip

    assert refused.value.code == "crashed"
    assert take(clip) == 60


def test_a_helper_that_was_killed_is_replaced(clip: Path) -> None:
    take(clip)
    os.kill(sandbox._pool.idle[-1].process.pid, signal.SIGKILL)

    assert take(clip) == 60


def test_many_threads_share_a_few_helpers(clip: Path) -> None:
    counts: list[int] = []
    threads = [threading.Thread(target=lambda: counts.append(take(clip))) for _ in range(12)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counts == [60] * 12
    assert len(sandbox._pool.idle) <= 4


def test_a_forked_process_gets_helpers_of_its_own(clip: Path) -> None:
    take(clip)
    parents = sandbox._pool.idle[-1].process.pid
    reading, writing = os.pipe()

    pid = os.fork()
    if pid == 0:
        count = take(clip)
        own = sandbox._pool.idle[-1].process.pid
        sandbox._pool.close()
        os.write(writing, f"{count} {own != parents}".encode())
        os._exit(0)
    os.waitpid(pid, 0)

    assert os.read(reading, 100) == b"60 True"
    assert take(clip) == 60
    assert sandbox._pool.idle[-1].process.pid == parents


@pytest.mark.parametrize("how", ["killed while idle", "killed at work"])
def test_no_helper_outlives_the_process_that_started_it(how: str, clip: Path) -> None:
    script = f"""
import sys, threading, time
from editorapp.media import sandbox
ask = lambda: sandbox.run("take", path={str(clip)!r}, max_seconds=600, expect="video")
ask()
print(sandbox._pool.idle[-1].process.pid, flush=True)
if {how == "killed at work"}:
    while True: ask()
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    helper = int(parent.stdout.readline())
    assert is_running(helper)

    parent.kill()
    parent.wait()

    assert wait_until_gone(helper)


def test_a_job_sees_no_secret_of_ours(clip: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUMA_AGENTS_API_KEY", "luma-api-secret")
    sandbox._pool.close()

    take(clip)

    environment = Path(f"/proc/{sandbox._pool.idle[-1].process.pid}/environ").read_bytes()
    assert b"luma-api-secret" not in environment
    assert b"RUSHES_" not in environment


def test_a_helper_that_was_killed_while_it_started_is_replaced_too(clip: Path, monkeypatch) -> None:
    sandbox._pool.close()
    start, killed = sandbox.subprocess.Popen, []

    def killed_at_once(*args, **kwargs):
        process = start(*args, **kwargs)
        if not killed:
            killed.append(process.pid)
            process.kill()
            process.wait()
        return process

    monkeypatch.setattr(sandbox.subprocess, "Popen", killed_at_once)

    assert take(clip) == 60
    assert killed
