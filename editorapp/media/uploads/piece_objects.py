"""Piece objects: an upload's bytes as objects in the bucket. Any machine can take the next piece, and any can
finish.

Each object is a stretch of the file, and its name says which and what is in it:
"incoming/<token>/<first byte>-<length>-<hash>". How far the upload has come is what the stretches
cover without a gap, so a piece that comes twice, or overlaps, changes nothing. The machine that
takes a piece also keeps it in a file of its own: where one machine took them all, nothing needs to
be fetched back.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from editorapp.core.fault_points import reached
from editorapp.media import layout, store
from editorapp.media.backends.s3 import MediaStorage
from editorapp.media.refusals import Refusal
from editorapp.media.uploads.part_file import (
    Body,
    arriving,
    crc32_of,
    locked,
    path,
    taking_name,
)

OBJECT_BYTES = 2 * 1024 * 1024  # lies in memory once for each piece that is being taken


@dataclass(frozen=True, order=True)
class _Stretch:
    start: int
    size: int
    sha256: str

    @property
    def end(self) -> int:
        return self.start + self.size

    @property
    def name(self) -> str:
        return f"{self.start:015d}-{self.size}-{self.sha256}"

    @classmethod
    def named(cls, name: str) -> "_Stretch":
        start, size, sha256 = name.split("-")
        return cls(int(start), int(size), sha256)


class PieceObjects:
    """The pieces of one upload."""

    def __init__(self, token: str, storage: MediaStorage) -> None:
        self._path, self._storage = path(token), storage
        self._prefix = f"{layout.INCOMING}{token}/"

    def _names(self) -> list[str]:
        return [name for name, _size, _at in self._storage.list(self._prefix)]

    def _stretches(self) -> list[_Stretch]:
        """Return what covers the file from its first byte on, in order and up to the first gap."""
        chain: list[_Stretch] = []
        end = 0
        for one in sorted(map(_Stretch.named, self._names())):
            if one.start > end:
                break
            if one.end > end:
                chain.append(one)
                end = one.end
        return chain

    def offset(self) -> int:
        chain = self._stretches()
        return chain[-1].end if chain else 0

    def append(self, body: Body, *, at: int, length: int) -> int | None:
        """Put a piece that begins at `at` into the bucket and return the new offset; None, when it
        belongs elsewhere.

        Raises: Refusal; what was put before it stays.
        """
        if self.offset() != at:
            return None
        end = at + length
        with store.telling_full_disk():
            while at < end and (data := b"".join(arriving(body, min(OBJECT_BYTES, end - at)))):
                one = _Stretch(at, len(data), _hash(data))
                with self._own_copy() as copy:
                    _write(copy, data, at)
                self._storage.put_bytes(self._prefix + one.name, data, one.sha256)
                at = one.end
                reached("upload.piece_half")
            reached("upload.piece_written")
        return at

    def checksum(self, size: int) -> int:
        """Return the CRC-32 of the first `size` bytes, which have arrived. Raises: Refusal."""
        with store.telling_full_disk(), self._own_copy() as copy:
            self._bring_here(copy)
            return crc32_of(self._path, size)

    def _bring_here(self, copy: int) -> None:
        """Have on this machine all that has arrived and nothing else, each stretch compared with
        its hash.
        """
        end = 0
        for one in self._stretches():
            if _hash(os.pread(copy, one.size, one.start)) != one.sha256:
                _write(copy, self._fetched(one), one.start)
            end = one.end
        os.ftruncate(copy, end)

    def _fetched(self, one: _Stretch) -> bytes:
        data = b"".join(self._storage.get(self._prefix + one.name))
        if _hash(data) != one.sha256:
            raise Refusal("storage_damaged")
        return data

    def whole(self) -> Path:
        """Return the whole file on this machine, under a name that may be used up.

        Raises: Refusal.
        """
        with store.telling_full_disk(), self._own_copy() as copy:
            self._bring_here(copy)
        claimed = taking_name(self._path)
        os.rename(self._path, claimed)
        return claimed

    def forget(self) -> None:
        self._path.unlink(missing_ok=True)
        for name in self._names():
            self._storage.forget(self._prefix + name)

    @contextmanager
    def _own_copy(self) -> Iterator[int]:
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            with locked(handle):
                yield handle
        finally:
            os.close(handle)


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write(handle: int, data: bytes, at: int) -> None:
    view = memoryview(data)
    while view:
        count = os.pwrite(handle, view, at)
        view, at = view[count:], at + count
