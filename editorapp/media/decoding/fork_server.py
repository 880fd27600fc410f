"""Fork server of the sandbox: `python -m editorapp.media.decoding.fork_server <its end of a pipe>`.

Loads the decoders once, then forks for each job: a question in JSON in, an answer in JSON out. A job runs
with limits, and without network where the system allows it; whatever a hostile file does to it, the
server only sees that it is gone. The server ends when its pipe does, or when the process
that started it is no more.
"""

import contextlib
import ctypes
import errno
import json
import os
import resource
import signal
import sys
from multiprocessing.connection import Connection, wait
from typing import Any, TypeAlias

from editorapp.media.facts import JsonObject
from editorapp.media.refusals import Refusal

Asker: TypeAlias = "Connection[bytes, bytes]"

_LOOK_EVERY_SECONDS = 2.0
_READ_BYTES = 65536
# A job has none of the rights of an administrator: where we are one, it may not read all that we
# may.
_REFUSED_BY_ERROR = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EACCES: "unreadable",
    errno.EPERM: "unreadable",
}
# What a process does to itself, by what it reads: all other signals come from outside.
_OWN_FAULTS = {
    signal.SIGSEGV,
    signal.SIGBUS,
    signal.SIGFPE,
    signal.SIGILL,
    signal.SIGABRT,
    signal.SIGTRAP,
    signal.SIGSYS,
}
# Between the signal that says which limit struck and the one that cannot be told from others.
_CPU_GRACE_SECONDS = 5
_NEW_USER_AND_NETWORK = 0x10000000 | 0x40000000  # CLONE_NEWUSER | CLONE_NEWNET


def main() -> None:
    """Serve jobs until nobody is left to ask for them."""
    # A process with threads cannot be forked safely.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    parent, asker = os.getppid(), Connection(int(sys.argv[1]))
    # Else a killed server would seem to live as long as its job.
    os.register_at_fork(after_in_child=asker.close)
    _load_decoders()
    asker.send_bytes(b'{"ready":true}')
    while (question := _next_question(asker, parent)) is not None:
        asker.send_bytes(json.dumps(_run(json.loads(question), asker, parent)).encode())


def _load_decoders() -> None:
    import av.logging
    from PIL import Image

    import editorapp.media.decoding.jobs  # noqa: F401

    av.logging.set_level(None)
    Image.init()  # forty formats, which each job would load anew: half of what a short clip takes


def _next_question(asker: Asker, parent: int) -> bytes | None:
    while not asker.poll(_LOOK_EVERY_SECONDS):
        if os.getppid() != parent:
            return None
    try:
        return asker.recv_bytes()
    except EOFError:
        return None


def _run(asked: JsonObject, asker: Asker, parent: int) -> Any:
    """Run one job in a fork and return its answer, or that it has none."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        _work(asked, writing)
    os.close(writing)
    said = _listen(reading, asker, parent)
    os.close(reading)
    _, status, used = os.wait4(pid, 0)
    with contextlib.suppress(ValueError):
        return json.loads(said)
    killed_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    used_all = used.ru_utime + used.ru_stime >= asked["limits"]["cpu_seconds"]
    return {"refused": why_ended(killed_by, used_all_time=used_all), "signal": killed_by}


def why_ended(killed_by: int, *, used_all_time: bool) -> str:
    """Return the code for a job that ended without an answer; `killed_by` is 0 where it left by
    itself.

    "interrupted": by somebody else, such as a stop of the server or a machine out of memory,
    whatever the file is.
    """
    if killed_by == signal.SIGXCPU or (killed_by == signal.SIGKILL and used_all_time):
        return "timed_out"
    return "crashed" if killed_by in _OWN_FAULTS | {0} else "interrupted"


def _listen(reading: int, asker: Asker, parent: int) -> bytes:
    """Collect what a job says until it closes its end; end everything when the parent is gone
    meanwhile.
    """
    said = b""
    while True:
        ready = wait([reading, asker], _LOOK_EVERY_SECONDS)
        if os.getppid() != parent or (asker in ready and reading not in ready):
            os.killpg(0, signal.SIGKILL)
        if reading in ready:
            piece = os.read(reading, _READ_BYTES)
            if not piece:
                return said
            said += piece


def _work(asked: JsonObject, writing: int) -> None:
    """Do the job under limits and leave; never returns."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # else it would be an error of the job's own
    with contextlib.suppress(OSError):
        os.write(writing, json.dumps(_answer(asked)).encode())
    os._exit(0)


def _answer(asked: JsonObject) -> JsonObject:
    from editorapp.media.decoding import jobs

    try:
        _limit(asked["limits"])
        return {"done": getattr(jobs, asked["job"])(**asked["arguments"])}
    except Refusal as refusal:
        return {"refused": refusal.code, "message": refusal.message}
    except OSError as error:
        code = _REFUSED_BY_ERROR.get(error.errno or 0, "crashed")
        return {"refused": code, "error": repr(error)}
    except BaseException as error:
        return {"refused": "crashed", "error": repr(error)}


def _limit(limits: dict[str, int]) -> None:
    """Bound what a job may use, and take the network away."""
    cpu = limits["cpu_seconds"]
    for which, value, most in (
        (resource.RLIMIT_CPU, cpu, cpu + _CPU_GRACE_SECONDS),
        (resource.RLIMIT_AS, limits["memory_bytes"], limits["memory_bytes"]),
        (resource.RLIMIT_FSIZE, limits["file_bytes"], limits["file_bytes"]),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_NOFILE, 128, 128),
    ):
        with contextlib.suppress(ValueError, OSError):  # macOS knows no limit on address space
            resource.setrlimit(which, (value, most))
    # Then writing fails with an error that can be told.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    # Refused in some containers: the other limits stay.
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).unshare(_NEW_USER_AND_NETWORK)


if __name__ == "__main__":
    try:
        main()
    except (KeyboardInterrupt, ConnectionError):
        sys.exit(0)
