"""Inline body: JSON whose stored files are streamed into it as base64: the paid request never lies in
memory whole.
"""

import base64
import json
import re
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from editorapp.core.fault_points import reached
from editorapp.media import outgoing, store

PIECE_BYTES = 3 * 64 * 1024  # a multiple of 3: pieces of base64 then join without padding
MARK = "stored-file:"
STORED = re.compile(re.escape(MARK) + r"([0-9a-f]{64})")


class StoredFile(str):
    """What stands in a body for the bytes of a stored file: a mark and its SHA-256, which is also
    what we keep.

    A type of its own, so that no text that a person typed can ever be taken for one.
    """

    __slots__ = ()

    @classmethod
    def of(cls, sha256: str) -> "StoredFile":
        return cls(MARK + sha256)

    @property
    def sha256(self) -> str:
        return self.removeprefix(MARK)


def as_written(body: Any) -> Any:
    """Return a body that was read from its row with its stored files told from texts again."""

    def told(value: Any) -> Any:
        return StoredFile(value) if isinstance(value, str) and STORED.fullmatch(value) else value

    return _changed(body, told)


def _changed(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return a body with each value that holds no others changed, in order."""
    if isinstance(value, dict):
        return {key: _changed(one, change) for key, one in value.items()}
    if isinstance(value, list):
        return [_changed(one, change) for one in value]
    return change(value)


def stored_bytes(body: Any) -> int:
    """Return how many bytes of stored files a body will carry as base64; a file that is gone counts
    nothing.

    What their rows say: this is asked inside transactions, where no bucket may be.
    """
    wanted = [one.sha256 for one in stored_files(body)]
    if not wanted:
        return 0
    sizes = outgoing.sizes(set(wanted))
    return sum(_encoded(sizes.get(sha256, 0)) for sha256 in wanted)


def stored_files(body: Any) -> Iterator[StoredFile]:
    """Yield the stored files that a body names, in order."""
    if isinstance(body, StoredFile):
        yield body
    elif isinstance(body, dict | list):
        for one in body.values() if isinstance(body, dict) else body:
            yield from stored_files(one)


class InlineBody:
    """The bytes of a body, in pieces, and how many they are.

    Close it once they are sent: it holds the files.

    A file that lies in a bucket is brought here first, which takes a while.
    Raises: Refusal, when a stored file is gone or cannot be brought here; TypeError, ValueError,
            when the body is no
    JSON. Both before anything is sent.
    """

    def __init__(self, body: Any) -> None:
        with ExitStack() as held:
            self._parts = _parts_of(body, held)
            self.size = sum(map(_size_of, self._parts))
            self._held = held.pop_all()

    def close(self) -> None:
        self._held.close()

    async def pieces(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            for piece in (part,) if isinstance(part, bytes) else _pieces_of(part):
                yield piece
        reached("submit.on_the_wire")


def _pieces_of(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield base64.b64encode(piece)


def _parts_of(body: Any, held: ExitStack) -> list[bytes | Path]:
    """Return a body as JSON, cut where its stored files stand, and these in their places."""
    files: dict[str, Path] = {}

    def marked(value: Any) -> Any:
        if not isinstance(value, StoredFile):
            return value
        token = uuid.uuid4().hex
        (files[token],) = held.enter_context(store.held(value.sha256, store.ORIGINAL))
        return token

    changed = _changed(body, marked)
    written = json.dumps(
        changed,
        ensure_ascii=False,
        allow_nan=False,
        separators=(",", ":"),
    )
    parts: list[bytes | Path] = []
    for token, path in files.items():
        before, _token, written = written.partition(token)
        parts += [before.encode(), path]
    return [*parts, written.encode()]


def _size_of(part: bytes | Path) -> int:
    return len(part) if isinstance(part, bytes) else _encoded(part.stat().st_size)


def _encoded(size_bytes: int) -> int:
    return (size_bytes + 2) // 3 * 4
