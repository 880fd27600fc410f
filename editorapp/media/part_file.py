"""An upload's bytes in a file of this machine: its length says how far the upload has come."""

import fcntl
import os
import secrets
from pathlib import Path
from typing import Any, Protocol

from editorapp.core.fault_points import reached
from editorapp.media import running_hash, store
from editorapp.media.followers import Batch, Follower

# Larger reads are no faster, and each of the server's threads keeps what one took.
READ_BYTES = 128 * 1024
_BATCH = 4  # reads that are handed on together


class Body(Protocol):
    """What a request's body is read from."""

    def read(self, size: int = ..., /) -> bytes: ...


def path(token: str) -> Path:
    """Return where the bytes of an upload are collected."""
    return store.incoming() / f"{token}.part"


class PartFile:
    """The pieces of one upload, one after the other in one file."""

    def __init__(self, token: str) -> None:
        self._token = token

    def offset(self) -> int:
        try:
            return path(self._token).stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, body: Body, *, at: int, length: int) -> int | None:
        """Write a piece that begins at `at` and return the new offset; None, when the file does not end there.

        A piece that breaks off leaves what came: the next goes on from there. Raises: Refusal "disk_full".
        """
        with store.telling_full_disk(), open(path(self._token), "ab") as file:
            fcntl.flock(file, fcntl.LOCK_EX)  # a browser that tries again may overlap with itself
            if file.seek(0, os.SEEK_END) != at:
                return None
            digest = running_hash.take(self._token, at=at)
            end = at + _copy(body, file.fileno(), length, digest)
            reached("upload.piece_written")
            if digest is not None:
                running_hash.give_back(self._token, digest, at=end)
            return end

    def whole(self, size: int) -> Path:
        """Return the whole file, under a name of its own. Raises: FileNotFoundError, when somebody else has it."""
        claimed = path(self._token).with_suffix(f".{secrets.token_hex(4)}.taking")
        os.rename(path(self._token), claimed)
        return claimed

    def forget(self) -> None:
        running_hash.forget(self._token)
        path(self._token).unlink(missing_ok=True)


def read(body: Body, size: int) -> bytes:
    """Return the next bytes of a request's body; b"" at its end, and when the browser went away."""
    try:
        return body.read(size)
    except OSError as error:
        if error.errno is not None:
            raise
        return b""


def _copy(body: Body, handle: int, length: int, digest: Any) -> int:
    """Write and hash what comes, each in a thread behind the one that reads; return how many bytes came."""
    left = length
    with (
        Follower(lambda batch: _write(handle, batch)) as writer,
        Follower(lambda batch: _hash(digest, batch)) as hasher,
    ):
        while left > 0:
            batch: Batch = []
            while left > 0 and len(batch) < _BATCH and (data := read(body, min(left, READ_BYTES))):
                left -= len(data)
                batch.append(data)
            if not batch:
                break
            writer.put(batch)
            if digest is not None:
                hasher.put(batch)
            reached("upload.piece_half")
    return length - left


def _hash(digest: Any, batch: Batch) -> None:
    for data in batch:
        digest.update(data)


def _write(handle: int, batch: Batch) -> None:
    for data in batch:
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
