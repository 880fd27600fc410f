"""Whatever a job does, the process that asked gets an answer, and nothing runs on when it is gone."""

import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from editorapp.core import retry
from editorapp.media import sandbox
from editorapp.media.decoding import fork_server
from editorapp.media.refusals import Refusal
from tests.environment import ROOT
from tests.media.clips import make_clip
from tests.patience import PATIENCE_SECONDS, awaited

UNCHANGED = sandbox.SandboxLimits()


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    return make_clip(folder / "a.mp4", frames=60, size=(640, 360), options={"preset": "ultrafast"})


def take(clip: Path, limits: sandbox.SandboxLimits = UNCHANGED) -> int:
    facts = sandbox.run("take", limits=limits, path=str(clip), max_seconds=600, expect="video")[
        "facts"
    ]
    return facts["frame_count"]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_job_out_of_time_is_stopped_and_said_so(clip: Path) -> None:
    take(clip)
    helper = sandbox._pool.idle[-1].process.pid

    with pytest.raises(Refusal) as refused:
        take(clip, sandbox.SandboxLimits(wall_seconds=0.001))

    assert refused.value.code == "timed_out"
    assert awaited(lambda: not is_running(helper))
    assert take(clip) == 60


def test_a_job_without_memory_fails_alone(clip: Path) -> None:
    with pytest.raises(Refusal) as refused:
        take(clip, sandbox.SandboxLimits(memory_bytes=50_000_000))

    assert refused.value.code in {"crashed", "no_frames", "damaged", "truncated"}
    assert take(clip) == 60


def test_a_job_that_writes_too_much_is_refused(clip: Path, tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        sandbox.run(
            "take",
            limits=sandbox.SandboxLimits(file_bytes=100),
            path=str(clip),
            max_seconds=600,
            expect="video",
            out=str(tmp_path),
        )

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
from editorapp.core import retry
from editorapp.media import sandbox
from editorapp.media.decoding import fork_server
ask = lambda: sandbox.run("take", path={str(clip)!r}, max_seconds=600, expect="video")
ask()
print(sandbox._pool.idle[-1].process.pid, flush=True)
if {how == "killed at work"}:
    while True: ask()
time.sleep(60)
"""
    parent = subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    helper = int(parent.stdout.readline())
    assert is_running(helper)

    parent.kill()
    parent.wait()

    assert awaited(lambda: not is_running(helper))


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


def children(pid: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(folder.name))
    return found


def is_limited(job: int) -> bool:
    """Has a job begun its work?"""
    with suppress(OSError):
        return resource.prlimit(job, resource.RLIMIT_NOFILE) == (128, 128)
    return False


class AtWork:
    """A job that waits in the middle of its work: it has opened a file that nobody writes to."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "picture.png"
        os.mkfifo(self.path)
        self.seen: set[int] = set()
        self.ended: list[str] = []
        self.thread = threading.Thread(target=self._ask, args=(folder / "out.png",))
        self.thread.start()

    def _ask(self, out: Path) -> None:
        try:
            sandbox.run("as_png", path=str(self.path), out=str(out))
            self.ended.append("done")
        except Refusal as refusal:
            self.ended.append(refusal.code)

    def pids(self) -> tuple[int, int]:
        """Wait for a job that was not seen before; return its helper and the job."""
        helper, job = awaited(lambda: next(self._unseen(), None), "a job")
        self.seen.add(job)
        return helper, job

    def _unseen(self) -> Iterator[tuple[int, int]]:
        for helper in children(os.getpid()):
            for job in children(helper):
                if job not in self.seen and is_limited(job):
                    yield helper, job

    def result(self) -> str:
        self.thread.join(PATIENCE_SECONDS)
        return self.ended[0]


@pytest.mark.parametrize(
    ("who", "by"),
    [
        ("its job", signal.SIGKILL),
        ("its job", signal.SIGTERM),
        ("its job", signal.SIGINT),
        ("its helper", signal.SIGKILL),
    ],
)
def test_what_somebody_else_killed_is_done_again_and_is_not_the_files_fault(
    who: str, by: signal.Signals, tmp_path: Path, real_media: Path
) -> None:
    work = AtWork(tmp_path)
    helper, job = work.pids()
    (tmp_path / "real.png").write_bytes((real_media / "coffee.png").read_bytes())
    os.rename(tmp_path / "real.png", work.path)

    os.kill(job if who == "its job" else helper, by)

    assert work.result() == "done"
    assert (tmp_path / "out.png").exists() and awaited(lambda: not is_running(job))


def test_what_is_killed_each_time_ends_as_something_that_passes(tmp_path: Path) -> None:
    work = AtWork(tmp_path)

    for _ in range(retry.policy("decode.killed").tries):
        os.kill(work.pids()[1], signal.SIGKILL)

    assert work.result() == "interrupted" and Refusal("interrupted").is_passing


@pytest.mark.parametrize(
    ("by", "code"),
    [
        (signal.SIGSEGV, "crashed"),
        (signal.SIGBUS, "crashed"),
        (signal.SIGABRT, "crashed"),
        (signal.SIGXCPU, "timed_out"),
    ],
)
def test_what_a_file_does_to_its_decoder_is_the_files_fault_at_once(
    by: signal.Signals, code: str, tmp_path
) -> None:
    work = AtWork(tmp_path)

    os.kill(work.pids()[1], by)

    assert work.result() == code


def test_the_limit_on_time_strikes_by_a_signal_of_its_own_before_the_one_that_others_send(
    tmp_path: Path,
) -> None:
    work = AtWork(tmp_path)
    job = work.pids()[1]

    soft, hard = resource.prlimit(job, resource.RLIMIT_CPU)

    os.kill(job, signal.SIGABRT)
    assert work.result() == "crashed"
    assert 0 < soft < hard
    assert fork_server.why_ended(signal.SIGKILL, used_all_time=True) == "timed_out"
    assert fork_server.why_ended(signal.SIGKILL, used_all_time=False) == "interrupted"
    assert fork_server.why_ended(0, used_all_time=False) == "crashed"
