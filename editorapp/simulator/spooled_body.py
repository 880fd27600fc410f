"""Spooled body: JSON that lies on disk when it is long, as one with a clip in base64 is, so that
memory holds no copy of its long texts.
"""

import asyncio
import base64
import re
import uuid
from collections.abc import Iterator
from mmap import ACCESS_READ, mmap
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any

from editorapp.core import strict_json
from editorapp.simulator.http import Request, TooLarge

LONGEST_IN_MEMORY = 64 * 1024
DECODE_CHARACTERS = 4 * 256 * 1024
# A text of JSON; its content, where much of it comes before any escape.
_TEXT = re.compile(rb'"(?:[^"\\]{0,%d}+(?:\\.[^"\\]*+)*+"|([^"]+)")' % LONGEST_IN_MEMORY, re.DOTALL)


class NotBase64(ValueError):
    """The text is no base64."""


class SpooledBody:
    """One body, and where its long texts lie in it, by the token that stands for each.

    `drop` it when the request is over.
    """

    def __init__(self, folder: Path) -> None:
        self._file = SpooledTemporaryFile(LONGEST_IN_MEMORY, dir=str(folder))  # noqa: SIM115 (see drop)
        self._texts: dict[str, tuple[int, int]] = {}

    async def read(self, request: Request, limit: int) -> Any:
        """Return a request's body as JSON, a token in the place of each long text.

        Raises: TooLarge, when it has more than `limit` bytes; ValueError, when it is no JSON.
        """
        async for piece in request.chunks_within(limit):
            self._file.write(piece)
            await asyncio.sleep(0)  # others are served while a clip arrives
        return strict_json.parse(self._shortened())

    def _shortened(self) -> bytes:
        if self._file.tell() <= LONGEST_IN_MEMORY:
            self._file.seek(0)
            return self._file.read()
        self._file.flush()
        with mmap(self._file.fileno(), 0, access=ACCESS_READ) as body:
            return _TEXT.sub(self._itself_or_token, body)

    def _itself_or_token(self, text: re.Match[bytes]) -> bytes:
        begin, end = text.span(1)
        if begin < 0:
            return text[0]
        if text.string.find(b"\\", begin, end) >= 0:
            raise ValueError("a long text with an escape in it")
        token = uuid.uuid4().hex  # that nobody can guess; well-formed base64, too
        self._texts[token] = begin, end
        return f'"{token}"'.encode()

    def holds(self, text: str) -> bool:
        return text in self._texts

    def decode(self, text: str, target: Path, limit: int) -> None:
        """Write what a text says, or the text that a token stands for, as bytes.

        Raises: NotBase64; TooLarge, when there are more than `limit` bytes. Then no file is left.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with target.open("wb") as out:
                self._write(text, out, limit)
        except (NotBase64, TooLarge):
            target.unlink()
            raise

    def _write(self, text: str, out: IO[bytes], limit: int) -> None:
        for piece in self._pieces(text):
            out.write(_decoded(piece))
            if out.tell() > limit:
                raise TooLarge
        if not out.tell():
            raise NotBase64

    def _pieces(self, text: str) -> Iterator[bytes]:
        if not self.holds(text):
            yield text.encode("ascii", "replace")
            return
        begin, end = self._texts[text]
        self._file.seek(begin)
        for at in range(begin, end, DECODE_CHARACTERS):
            yield self._file.read(min(DECODE_CHARACTERS, end - at))

    def drop(self) -> None:
        self._file.close()


def _decoded(piece: bytes) -> bytes:
    try:
        return base64.b64decode(piece, validate=True)
    except ValueError:
        raise NotBase64 from None
