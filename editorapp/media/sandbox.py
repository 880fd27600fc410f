"""Sandbox: decoding jobs run in a child process with limits, which answer whatever the file does.

Each of our processes keeps a few helpers (decoding/fork_server.py) that have the decoders loaded and fork for each
job: starting Python and the decoders anew would cost half a second a file, this costs some
milliseconds.
"""

import atexit
import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

from editorapp.core import retry
from editorapp.media.facts import JsonObject
from editorapp.media.refusals import SENTENCES, Refusal

log = logging.getLogger(__name__)
_ROOT = Path(__file__).resolve().parent.parent.parent
_HANDED_ON = {"PATH", "LANG", "LC_ALL", "TMPDIR"}
_SET = {
    "PYTHONPATH": str(_ROOT),
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
}
_MAX_HELPERS = 4
_START_SECONDS = 60
_TELL_SECONDS = 1.0
_KILLED = retry.policy("decode.killed")
_GONE = (EOFError, ConnectionError)  # the other end of a pipe is closed


@dataclass(frozen=True)
class SandboxLimits:
    """What one job may use. `wall_seconds` is enforced from outside, the others by the system."""

    wall_seconds: float = 120
    cpu_seconds: int = 180
    memory_bytes: int = 6_000_000_000  # address space, of which decoding 4K touches a fraction
    file_bytes: int = 400_000_000


class _Helper:
    """One helper process: asked one thing at a time."""

    def __init__(self) -> None:
        self.pipe, theirs = Pipe()
        with theirs:
            place = theirs.fileno()
            self.process = subprocess.Popen(
                [sys.executable, "-m", "editorapp.media.decoding.fork_server", str(place)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                cwd=_ROOT,
                start_new_session=True,
                pass_fds=[place],
            )
        try:
            self._said(_START_SECONDS)
        except TimeoutError as error:
            self.kill()
            raise RuntimeError("The decoding helper did not start.") from error
        except _GONE:
            self.kill()
            raise

    def ask(
        self,
        question: JsonObject,
        wall_seconds: float,
        meanwhile: Callable[[], None] | None,
    ) -> Any:
        """Send a job and wait for its answer; `meanwhile` is called each second until it comes.

        Raises: TimeoutError; one of _GONE, when the helper is.
        """
        self.pipe.send_bytes(json.dumps(question, default=str).encode())
        ends = time.monotonic() + wall_seconds
        while meanwhile is not None and not self.pipe.poll(_TELL_SECONDS):
            if time.monotonic() > ends:
                raise TimeoutError
            meanwhile()
        return self._said(max(0.0, ends - time.monotonic()))

    def _said(self, seconds: float) -> Any:
        if not self.pipe.poll(seconds):
            raise TimeoutError
        return json.loads(self.pipe.recv_bytes())

    def kill(self) -> None:
        """End the helper and the job it runs: they are a process group of their own."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.pipe.close()


def _environment() -> dict[str, str]:
    """Return nothing of our environment but what finding Python's modules needs: no keys where
    hostile files are read.
    """
    handed_on = {name: value for name, value in os.environ.items() if name in _HANDED_ON}
    return handed_on | _SET


class _Pool:
    def __init__(self) -> None:
        self.idle: list[_Helper] = []
        self.lock = threading.Lock()
        self.places = threading.BoundedSemaphore(_MAX_HELPERS)

    def take(self) -> _Helper:
        with self.lock:
            while self.idle:
                helper = self.idle.pop()
                if helper.process.poll() is None:
                    return helper
                helper.kill()
        return _Helper()

    def give_back(self, helper: _Helper) -> None:
        with self.lock:
            self.idle.append(helper)

    def close(self) -> None:
        with self.lock:
            for helper in self.idle:
                helper.kill()
            self.idle.clear()


_pool = _Pool()


def _forget() -> None:
    """In a forked process the helpers belong to the parent: talking to them would mix up two
    conversations.
    """
    global _pool
    _pool = _Pool()


os.register_at_fork(after_in_child=_forget)
atexit.register(lambda: _pool.close())


def run(
    job: str,
    *,
    limits: SandboxLimits = SandboxLimits(),
    meanwhile: Callable[[], None] | None = None,
    **arguments: Any,
) -> Any:
    """Run a job of decoding/jobs.py and return what it returns; `meanwhile` is called about each
    second while it runs.

    Raises: Refusal, also when the job crashed or used up its limits; "interrupted", when it was
    killed from outside each time that it was begun.
    """
    question = {"job": job, "arguments": arguments, "limits": asdict(limits)}
    failures = 0
    with _pool.places:
        while True:
            try:
                return _result(job, _ask(question, limits.wall_seconds, meanwhile))
            except Refusal as refusal:
                failures += 1
                if refusal.code != "interrupted" or failures >= _KILLED.tries:
                    raise
            time.sleep(_KILLED.pause_seconds(failures))


def _ask(
    question: JsonObject,
    wall_seconds: float,
    meanwhile: Callable[[], None] | None = None,
) -> Any:
    """Have one helper do a job; a helper that did not answer is ended. Raises: Refusal."""
    pool = _pool
    try:
        helper = pool.take()
    except _GONE as error:  # killed while it started
        raise Refusal("interrupted") from error
    try:
        answer = helper.ask(question, wall_seconds, meanwhile)
    except TimeoutError as error:
        helper.kill()
        log.warning("media job %s took longer than %s s", question["job"], wall_seconds)
        raise Refusal("timed_out") from error
    except _GONE as error:  # it only forks: what ends it is never the file
        helper.kill()
        log.warning("media job %s lost its helper", question["job"])
        raise Refusal("interrupted") from error
    except BaseException:
        helper.kill()  # also when a task's own time limit struck: nothing may run on
        raise
    pool.give_back(helper)
    return answer


def _result(job: str, answer: JsonObject) -> Any:
    if "done" in answer:
        return answer["done"]
    code = answer["refused"]
    if reason := _reason(answer):
        log.warning("media job %s failed: %s", job, reason)
    raise Refusal.retold(code, answer.get("message") or SENTENCES[code])


def _reason(answer: JsonObject) -> str:
    return f"signal {answer['signal']}" if "signal" in answer else answer.get("error", "")
