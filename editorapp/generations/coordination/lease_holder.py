"""Lease holder: who holds a lease, so that whoever else runs on the same machine can see that the holder is dead.

A holder is a UUID that says where it lives: 5 bytes for the machine since its last start (and the
container's own numbering of processes), 3 for the process, 4 for when that began, and 4 by chance,
so that one process can be several holders. A process number alone would not do: it is given to
somebody else one day.
"""

import hashlib
import os
import secrets
import socket
import uuid
from functools import lru_cache
from pathlib import Path

_DEAD = {"Z", "X"}  # a zombie holds nothing any more; its parent has not looked yet


def holder() -> uuid.UUID:
    """Return a new holder that lives in this process.

    Where there is no /proc, one whose death nobody can see.
    """
    lives = _here(os.getpid())
    return uuid.UUID(bytes=lives + secrets.token_bytes(4)) if lives else uuid.uuid4()


def is_gone(one: uuid.UUID | None) -> bool:
    """Is this a holder of this machine whose process has ended? False where that cannot be known."""
    if one is None or one.bytes[:5] != _machine():
        return False
    return _began(int.from_bytes(one.bytes[5:8], "big")) != one.bytes[8:12]


@lru_cache(maxsize=2)
def _here(pid: int) -> bytes:
    began = _began(pid)
    return b"" if began is None else _machine() + pid.to_bytes(3, "big") + began


@lru_cache(maxsize=1)
def _machine() -> bytes:
    """Name this machine, since its last start, and the space in which its process numbers count."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        return secrets.token_bytes(5)
    return hashlib.sha256(f"{socket.gethostname()}\n{boot}\n{space}".encode()).digest()[:5]


def _began(pid: int) -> bytes | None:
    """Return when a process began, in the kernel's ticks; None where it is not there any more."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()  # behind its name
    except OSError:
        return None
    return None if said[0] in _DEAD else (int(said[19]) % 2**32).to_bytes(4, "big")
