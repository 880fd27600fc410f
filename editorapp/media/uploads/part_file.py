"""Part file: an upload's bytes in a file of this machine; its length says how far the upload has come."""

import fcntl
import os
import secrets
import shutil
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from editorapp.core.fault_points import reached
from editorapp.media import store
from editorapp.media.backends.files import blocks
from editorapp.media.uploads import running_hash

# Larger reads are no faster, and each of the server's threads keeps what one took.
_READ_BYTES = 128 * 1024
_BATCH = 4  # reads that are handed on together
_AHEAD = 4  # batches that may wait to be written and hashed: memory is bounded, and who reads waits

Batch = list[bytes]


class Body(Protocol):
    """What a request's body is read from."""

    def read(self, size: int = ..., /) -> bytes: ...


def path(token: str) -> Path:
    """Return where the bytes of an upload are collected."""
    return store.incoming() / f"{token}.part"


def taking_name(path: Path) -> Path:
    """Return a name that nobody uses, for a file that is being taken in."""
    return path.with_suffix(f".{secrets.token_hex(4)}.taking")


class PartFile:
    """The pieces of one upload, one after the other in one file."""

    def __init__(self, token: str) -> None:
        self._token, self._path = token, path(token)

    def offset(self) -> int:
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, body: Body, *, at: int, length: int) -> int | None:
        """Write a piece that begins at `at` and return the new offset; None, when the file does not
        end there.

        A piece that breaks off leaves what came: the next goes on from there. Raises: Refusal
        "disk_full".
        """
        with store.telling_full_disk(), open(self._path, "ab") as file:
            with locked(file.fileno()):
                if file.seek(0, os.SEEK_END) != at:
                    return None
            digest = running_hash.take(self._token, at=at)
            try:
                end = at + _copy(body, file.fileno(), at=at, length=length, digest=digest)
            except _Overtaken:
                return None
            reached("upload.piece_written")
            if digest is not None:
                running_hash.give_back(self._token, digest, at=end)
            return end

    def checksum(self, size: int) -> int:
        return crc32_of(self._path, size)

    def whole(self) -> Path:
        """Return the whole file under a second name, which may be used up: the pieces stay until
        they are forgotten.
        """
        taking = taking_name(self._path)
        try:
            os.link(self._path, taking)
        except OSError:  # a file system without links
            with store.telling_full_disk():
                shutil.copyfile(self._path, taking)
        return taking

    def forget(self) -> None:
        running_hash.forget(self._token)
        self._path.unlink(missing_ok=True)


class _Overtaken(Exception):
    """Another request has written meanwhile."""


@contextmanager
def locked(handle: int) -> Iterator[None]:
    """Hold an open file alone, for one write: never while a request's body is waited for, which may
    be for ever.
    """
    fcntl.flock(handle, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(handle, fcntl.LOCK_UN)


def crc32_of(file: Path, size: int) -> int:
    """Return the CRC-32 of the first bytes of a file, as zip and PNG have it."""
    crc = 0
    with file.open("rb") as opened:
        for data in blocks(opened.read, size):
            crc = zlib.crc32(data, crc)
    return crc


def arriving(body: Body, size: int) -> Iterator[bytes]:
    """Yield so many bytes of a request's body; fewer only at its end, or when the browser went
    away.
    """
    return blocks(partial(_read, body), size, most=_READ_BYTES)


def _read(body: Body, count: int) -> bytes:
    try:
        return body.read(count)
    except OSError as error:
        if error.errno is not None and not isinstance(error, ConnectionError):
            raise
        return b""


def _copy(body: Body, handle: int, *, at: int, length: int, digest: Any) -> int:
    """Write and hash what comes, each in a thread behind the one that reads; return how many bytes
    came.

    Raises: _Overtaken, when the browser has sent them once more meanwhile, because this connection
    seemed dead to it.
    """
    end, is_broken = at, False

    def write(batch: Batch) -> None:
        nonlocal end, is_broken
        if is_broken:  # what comes after a gap would lie in the wrong place
            return
        is_broken = True
        with locked(handle):
            if os.lseek(handle, 0, os.SEEK_END) != end:
                raise _Overtaken
            end += _write(handle, batch)
        is_broken = False

    came = arriving(body, length)
    working: deque[list[Future[None]]] = deque()
    with ThreadPoolExecutor(max_workers=1) as writer, ThreadPoolExecutor(max_workers=1) as hasher:
        while batch := list(islice(came, _BATCH)):
            working.append([writer.submit(write, batch)])
            if digest is not None:
                working[-1].append(hasher.submit(_hash, digest, batch))
            reached("upload.piece_half")
            if len(working) > _AHEAD:
                _finish(working.popleft())
        for batch_work in working:
            _finish(batch_work)
    return end - at


def _finish(batch_work: list[Future[None]]) -> None:
    """Wait for what is being done with a batch. Raises: what that met."""
    for one in batch_work:
        one.result()


def _hash(digest: Any, batch: Batch) -> None:
    for data in batch:
        digest.update(data)


def _write(handle: int, batch: Batch) -> int:
    for data in batch:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
    return sum(map(len, batch))
