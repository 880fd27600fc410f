"""A JSON body whose stored files are streamed into it as base64: the paid request never lies in memory whole."""

import base64
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from editorapp.core.fault_points import reached
from editorapp.media import store

PIECE_BYTES = 3 * 64 * 1024  # a multiple of 3: pieces of base64 then join without padding
MARK = "stored-file:"


class StoredFile(str):
    """What stands in a body for the bytes of a stored file: a mark and its SHA-256, which is also what we keep.

    A type of its own, so that no text that a person typed can ever be taken for one.
    """

    __slots__ = ()

    @classmethod
    def of(cls, sha256: str) -> "StoredFile":
        return cls(MARK + sha256)

    @property
    def path(self) -> Path:
        return store.path(self.removeprefix(MARK), store.ORIGINAL)


def stored_bytes(body: Any) -> int:
    """Return how many bytes of stored files a body will carry as base64; a file that is gone counts nothing."""
    if isinstance(body, dict):
        return sum(map(stored_bytes, body.values()))
    if isinstance(body, list):
        return sum(map(stored_bytes, body))
    if not isinstance(body, StoredFile):
        return 0
    try:
        return _encoded_size(body.path)
    except FileNotFoundError:
        return 0


class InlineBody:
    """The bytes of a body, in pieces, and how many they are.

    Raises: FileNotFoundError, when a stored file is gone; TypeError, ValueError, when it is no JSON. Both before
    anything is sent.
    """

    def __init__(self, body: Any) -> None:
        files: dict[str, Path] = {}
        written = json.dumps(_marked(body, files), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        self._parts: list[bytes | Path] = []
        for token, path in files.items():
            before, _token, written = written.partition(token)
            self._parts += [before.encode(), path]
        self._parts.append(written.encode())
        self.size = sum(len(one) if isinstance(one, bytes) else _encoded_size(one) for one in self._parts)

    async def pieces(self) -> AsyncIterator[bytes]:
        for part in self._parts:
            if isinstance(part, bytes):
                yield part
                continue
            with part.open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    yield base64.b64encode(piece)
        reached("submit.on_the_wire")


def _marked(value: Any, files: dict[str, Path]) -> Any:
    """Return the body with a token of its own for each stored file, in the order in which they are written."""
    if isinstance(value, dict):
        return {key: _marked(one, files) for key, one in value.items()}
    if isinstance(value, list):
        return [_marked(one, files) for one in value]
    if not isinstance(value, StoredFile):
        return value
    token = uuid.uuid4().hex
    files[token] = value.path
    return token


def _encoded_size(path: Path) -> int:
    return (path.stat().st_size + 2) // 3 * 4
