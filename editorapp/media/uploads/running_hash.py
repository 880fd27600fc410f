"""Running hash: that of a file whose pieces are still arriving, so that it need not be read again when the
last one is there.

Kept in this process only: whoever has not seen every piece in order reads the file instead.
"""

import hashlib
import threading
from collections import OrderedDict
from typing import Any

_MOST = 64  # uploads under way at once; of one that was quiet longest the hash is forgotten
_running: OrderedDict[str, tuple[int, Any]] = OrderedDict()
_lock = threading.Lock()


def take(token: str, *, at: int) -> Any:
    """Return the hash of the first `at` bytes of an upload, to go on with; None when it is not
    known here.
    """
    with _lock:
        known = _running.pop(token, None)
    if known is not None and known[0] == at:
        return known[1]
    return hashlib.sha256() if at == 0 else None


def give_back(token: str, digest: Any, *, at: int) -> None:
    """Keep the hash of the first `at` bytes until the next piece comes."""
    with _lock:
        _running[token] = (at, digest)
        while len(_running) > _MOST:
            _running.popitem(last=False)


def result(token: str, *, size: int) -> str | None:
    """Return the hash of the whole file of `size` bytes and forget it; None when it is not known
    here.
    """
    digest = take(token, at=size)
    return str(digest.hexdigest()) if digest is not None and size else None


def forget(token: str) -> None:
    with _lock:
        _running.pop(token, None)
