"""An upload's bytes in a file of this machine: its length says how far the upload has come."""

import fcntl
import os
import secrets
from pathlib import Path
from typing import Protocol

from editorapp.core.fault_points import reached
from editorapp.media import running_hash, store

# Larger reads are no faster, and each of the server's threads keeps what one took.
READ_BYTES = 256 * 1024


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
            end = at + _copy(body, file.fileno(), length)
            reached("upload.piece_written")
            running_hash.follow(self._token, path(self._token), start=at, end=end)
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


def _copy(body: Body, handle: int, length: int) -> int:
    left = length
    while left > 0 and (data := read(body, min(left, READ_BYTES))):
        left -= len(data)
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view) :]
        reached("upload.piece_half")
    return length - left
