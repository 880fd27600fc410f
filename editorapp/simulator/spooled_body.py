"""Spooled body: JSON whose long texts (a clip in base64) go to disk as they arrive, so that memory
holds no copy.
"""

import asyncio
import base64
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from editorapp.core import strict_json
from editorapp.simulator.http import Request, TooLarge

LONGEST_IN_MEMORY = 64 * 1024
DECODE_CHARACTERS = 4 * 256 * 1024
_END = re.compile(rb'["\\]')


class NotBase64(ValueError):
    """The text is no base64."""


UNUSABLE = (NotBase64, TooLarge)


class SpooledBody:
    """The long texts of one body, by the token that stands for each.

    `drop` them when the request is over.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: dict[str, Path] = {}

    def new(self) -> tuple[str, IO[bytes]]:
        """Return a token that nobody can guess, itself well-formed base64, and the file for its
        text.
        """
        token = uuid.uuid4().hex
        self._folder.mkdir(parents=True, exist_ok=True)
        self._files[token] = self._folder / f"{token}.b64"
        return token, self._files[token].open("wb")

    def holds(self, text: str) -> bool:
        return text in self._files

    def decode(self, text: str, target: Path, limit: int) -> None:
        """Write what a text says, or the text that a token stands for, as bytes.

        Raises: NotBase64; TooLarge, when there are more than `limit` bytes. Then no file is left.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._decode(text, target, limit)
        except UNUSABLE:
            target.unlink()
            raise

    def _decode(self, text: str, target: Path, limit: int) -> None:
        with target.open("wb") as out:
            size = self._write(text, out, limit)
        if not size:
            raise NotBase64

    def _write(self, text: str, out: IO[bytes], limit: int) -> int:
        size = 0
        for piece in self._pieces(text):
            decoded = _decoded(piece)
            size += len(decoded)
            if size > limit:
                raise TooLarge
            out.write(decoded)
        return size

    def _pieces(self, text: str) -> Iterator[bytes]:
        if not self.holds(text):
            yield text.encode("ascii", "replace")
            return
        with self._files[text].open("rb") as file:
            while piece := file.read(DECODE_CHARACTERS):
                yield piece

    def drop(self) -> None:
        for path in self._files.values():
            path.unlink(missing_ok=True)
        self._files.clear()


def _decoded(piece: bytes) -> bytes:
    try:
        return base64.b64decode(piece, validate=True)
    except ValueError:
        raise NotBase64 from None


@dataclass
class _Reader:
    """Splits a JSON text at its quotation marks.

    A text that grows long without an escape in it goes to a file.
    """

    _spooled: SpooledBody
    _kept: bytearray = field(default_factory=bytearray)
    _in_text: bool = False
    _begin: int = 0  # where the present text begins in what is kept
    _is_plain: bool = True  # it has no escape in it so far
    _after_backslash: bool = False
    _file: IO[bytes] | None = None

    def feed(self, piece: bytes) -> None:
        at = 0
        while at < len(piece):
            if self._after_backslash:
                self._kept.append(piece[at])
                self._after_backslash, at = False, at + 1
            elif not self._in_text:
                at = self._to_quotation_mark(piece, at)
            else:
                at = self._through_text(piece, at)

    def _to_quotation_mark(self, piece: bytes, at: int) -> int:
        end = piece.find(b'"', at)
        end = len(piece) if end < 0 else end + 1
        self._kept += piece[at:end]
        if piece[end - 1 : end] == b'"':
            self._in_text, self._is_plain, self._begin = True, True, len(self._kept)
        return end

    def _through_text(self, piece: bytes, at: int) -> int:
        found = _END.search(piece, at)
        end = found.start() if found else len(piece)
        self._keep(piece[at:end])
        if found is None:
            return end
        if piece[end : end + 1] == b'"':
            self._in_text = False
            self.close()
        else:
            if self._file is not None:
                raise ValueError("a long text with an escape in it")
            self._is_plain, self._after_backslash = False, True
        self._kept.append(piece[end])
        return end + 1

    def _keep(self, text: bytes) -> None:
        is_in_memory = self._file is None and self._is_plain
        if is_in_memory and len(self._kept) - self._begin + len(text) > LONGEST_IN_MEMORY:
            self._move_to_file()
        if self._file is not None:
            self._file.write(text)
        else:
            self._kept += text

    def _move_to_file(self) -> None:
        token, self._file = self._spooled.new()
        self._file.write(self._kept[self._begin :])
        self._kept[self._begin :] = token.encode()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def value(self) -> Any:
        return strict_json.parse(self._kept)


async def read_json(request: Request, limit: int, spooled: SpooledBody) -> Any:
    """Return the body as JSON; a long text in it is a token for a file in `spooled`.

    Raises: TooLarge, when it has more than `limit` bytes; ValueError, when it is no JSON.
    """
    reader = _Reader(spooled)
    try:
        async for piece in request.chunks_within(limit):
            reader.feed(piece)
            await asyncio.sleep(0)  # others are served while a clip arrives
    finally:
        reader.close()
    return reader.value()
