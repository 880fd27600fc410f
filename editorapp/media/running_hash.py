"""The hash of a file whose pieces are still arriving: a thread follows behind what was written.

So the file need not be read once more when its last piece is there, and no piece waits for its hash. What is hashed is
what lies in the file. Kept in this process only: whoever has not seen every piece in order hashes the file himself.
"""

import hashlib
import threading
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_BLOCK_BYTES = 256 * 1024
_MOST = 64  # uploads under way at once; of one that was quiet longest the hash is forgotten

# One thread for all: it hashes some ten times faster than pieces arrive.
_follower = ThreadPoolExecutor(max_workers=1, thread_name_prefix="running-hash")
_running: OrderedDict[str, "_Running"] = OrderedDict()
_lock = threading.Lock()


@dataclass
class _Running:
    """The hash of the first `end` bytes of a file, once `last` is done."""

    end: int = 0
    digest: Any = field(default_factory=hashlib.sha256)
    last: "Future[None] | None" = None


def follow(token: str, file: Path, *, start: int, end: int) -> None:
    """Note that the bytes from `start` to before `end` were written, and have them hashed. Returns at once."""
    with _lock:
        running = _running.pop(token, None) or _Running()
        if running.end != start:
            return  # another process took a piece in between
        running.end = end
        running.last = _follower.submit(_add, running.digest, file, start, end)
        _running[token] = running
        while len(_running) > _MOST:
            _running.popitem(last=False)


def result(token: str, *, size: int) -> str | None:
    """Return the hash of the whole file of `size` bytes and forget it; None when it is not known here."""
    with _lock:
        running = _running.pop(token, None)
    if running is None or running.end != size or running.last is None:
        return None
    try:
        running.last.result()
    except OSError:
        return None  # who reads the file now meets the same, and says so
    return str(running.digest.hexdigest())


def forget(token: str) -> None:
    with _lock:
        _running.pop(token, None)


def _add(digest: Any, path: Path, start: int, end: int) -> None:
    """Raises: OSError, also when the file is shorter."""
    block = memoryview(bytearray(_BLOCK_BYTES))
    with path.open("rb", buffering=0) as file:
        file.seek(start)
        while start < end:
            count = file.readinto(block[: end - start])
            if not count:
                raise OSError(f"{path.name} is shorter than it was.")
            digest.update(block[:count])
            start += count
