"""HTTP/1.1 server on asyncio, small, that can also misbehave: hang, reset, cut off, trickle.

One event loop holds thousands of open connections; a poll costs it a fraction of a millisecond.
"""

import asyncio
import contextlib
import json
import re
import socket
import struct
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from editorapp.core.request_values import as_whole
from editorapp.simulator.tables import JsonObject

MAX_HEAD_BYTES = 64 * 1024
CHUNK_BYTES = 256 * 1024
TOO_LONG = "Request header fields too large"
IDLE_SECONDS = 120
TRICKLE_STEPS = 50
GONE = (
    asyncio.CancelledError,  # the server itself goes
    ConnectionError,
    asyncio.IncompleteReadError,
    asyncio.LimitOverrunError,
    TimeoutError,
    ValueError,
)
_HEX = re.compile(rb"[0-9A-Fa-f]{1,12}")


class BadRequest(Exception):
    """What came cannot be read as an HTTP request: the answer has this status, then the connection
    closes.
    """

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class TooLarge(Exception):
    """The body is larger than the handler takes."""


async def within(limit: int, pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Yield pieces. Raises: TooLarge, when together they have more than `limit` bytes."""
    size = 0
    async for piece in pieces:
        size += len(piece)
        if size > limit:
            raise TooLarge
        yield piece


class Hang(Exception):
    """Answer nothing and keep the connection open until the caller gives up."""


class Reset(Exception):
    """Close the connection at once, without an answer."""


@dataclass
class Response:
    """What goes back. A file is streamed.

    `cut_at` ends the connection after that many bytes of it; over `spread_seconds` it trickles in.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    file: Path | None = None
    start: int = 0
    length: int = 0
    cut_at: int | None = None
    spread_seconds: float = 0.0

    @classmethod
    def of_json(cls, value: Any, status: int = 200, **headers: str) -> "Response":
        body = json.dumps(value, separators=(",", ":")).encode()
        return cls(status, body, {"Content-Type": "application/json", **headers})


Answer: TypeAlias = Response | JsonObject
Act: TypeAlias = Callable[[], Answer | Awaitable[Answer]]


class EarlyAnswer(Exception):
    """What was asked ends here, with this answer."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


async def answered(act: Act) -> Response:
    """Return the answer of an act, whether it returns it, whole or as the JSON that it tells, or
    raises it as an EarlyAnswer.
    """
    try:
        answer = act()
        told = await answer if isinstance(answer, Awaitable) else answer
    except EarlyAnswer as early:
        return early.response
    return told if isinstance(told, Response) else Response.of_json(told)


class Request:
    """One request as read off the connection; header names in lower case.

    The body is still on the connection until read.
    """

    def __init__(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        reader: StreamReader,
    ) -> None:
        parts = _split(target)
        self.method = method
        self.path = unquote(parts.path)
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True)) if parts.query else {}
        self.headers = headers
        self.peer = ""
        self.client = ""  # the API client behind it, once its protocol knows
        self.before_body: Callable[[], None] = lambda: None
        self._reader = reader
        self._chunked = headers.get("transfer-encoding", "").lower() == "chunked"
        self._left = 0 if self._chunked else _length(headers.get("content-length", "0"))
        self.is_read = not self._chunked and not self._left

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    @property
    def keeps_connection(self) -> bool:
        return self.is_read and self.header("connection").lower() != "close"

    @property
    def origin(self) -> str:
        """Return the scheme, host and port that the caller used."""
        return f"http://{self.headers.get('host', '127.0.0.1')}"

    async def chunks(self) -> AsyncIterator[bytes]:
        """Yield the body piece by piece.

        Raises: asyncio.IncompleteReadError, when the caller stops in the middle.
        """
        if self.is_read:
            return
        self.before_body()
        if self._chunked:
            async for piece in self._pieces_of_chunks():
                yield piece
        while self._left:
            piece = await self._piece(self._left)
            self._left -= len(piece)
            yield piece
        self.is_read = True

    async def _pieces_of_chunks(self) -> AsyncIterator[bytes]:
        while size := _chunk_size(await self._reader.readuntil(b"\r\n")):
            while size:
                piece = await self._piece(size)
                size -= len(piece)
                yield piece
            await self._reader.readexactly(2)
        while await self._reader.readuntil(b"\r\n") != b"\r\n":
            pass

    async def _piece(self, wanted: int) -> bytes:
        piece = await self._reader.read(min(wanted, CHUNK_BYTES))
        if not piece:
            raise asyncio.IncompleteReadError(b"", wanted)
        return piece

    async def chunks_within(self, limit: int) -> AsyncIterator[bytes]:
        """Yield the body piece by piece.

        Raises: TooLarge, when it has more than `limit` bytes.
        """
        if self._left > limit:  # as announced
            raise TooLarge
        async for piece in within(limit, self.chunks()):
            yield piece

    async def body(self, limit: int) -> bytes:
        """Return the whole body. Raises: TooLarge, when it has more than `limit` bytes."""
        return b"".join([piece async for piece in self.chunks_within(limit)])

    async def wait_until_gone(self) -> None:
        """Wait until the caller closes the connection."""
        while await self._reader.read(CHUNK_BYTES):
            pass


def _split(target: str) -> SplitResult:
    try:
        return urlsplit(target)
    except ValueError as error:
        raise BadRequest(400, "Bad request target") from error


def _length(text: str) -> int:
    if (length := as_whole(text)) is None:
        raise BadRequest(400, "Content-Length is not a number")
    return length


def _chunk_size(line: bytes) -> int:
    size = line.split(b";")[0].strip()
    if not _HEX.fullmatch(size):
        raise BadRequest(400, "A chunk's size is not a number")
    return int(size, 16)


Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


class Server:
    """Accepts connections and hands each request to `handler`."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler

    async def start(self, host: str, port: int) -> int:
        """Listen; return the port (a free one, when 0 was asked for).

        Raises: OSError, when the port is taken.
        """
        server = await asyncio.start_server(
            self._serve,
            host,
            port,
            backlog=2048,
            limit=1 << 20,
        )
        self.stop_listening = server.close
        return server.sockets[0].getsockname()[1]

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        peer = _peer_of(writer)
        _send_at_once(writer)
        try:
            with contextlib.suppress(*GONE):
                while await self._one(reader, writer, peer):
                    pass
        finally:
            writer.close()

    async def _one(
        self,
        reader: StreamReader,
        writer: StreamWriter,
        peer: str,
    ) -> bool:
        """Serve one request; return whether the connection goes on."""
        try:
            request = await _read_head(reader)
            request.peer = peer
            if request.header("expect").lower() == "100-continue":
                request.before_body = lambda: writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            answer = await self._handler(request)
        except BadRequest as error:  # head or body are written in a way that nobody can read
            refusal = Response.of_json({"detail": str(error)}, error.status)
            await _send(writer, refusal, keep=False)
            return False
        except Hang:
            await request.wait_until_gone()
            return False
        except Reset:
            _reset(writer)
            return False
        return await _finish(writer, request, answer)


def _peer_of(writer: StreamWriter) -> str:
    peer = writer.get_extra_info("peername")
    return peer[0] if peer else ""


def _send_at_once(writer: StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(
        socket.IPPROTO_TCP,
        socket.TCP_NODELAY,
        1,
    )


async def _finish(writer: StreamWriter, request: Request, answer: Response) -> bool:
    """Send the answer; return whether the connection goes on."""
    keep = request.keeps_connection
    await _send(writer, answer, keep=keep, with_body=request.method != "HEAD")
    if not request.is_read:
        await _discard(request)
    return keep and answer.cut_at is None


async def _read_head(reader: StreamReader) -> Request:
    try:
        async with asyncio.timeout(IDLE_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as error:
        raise BadRequest(431, TOO_LONG) from error
    if len(head) > MAX_HEAD_BYTES:
        raise BadRequest(431, TOO_LONG)
    first, *lines = head[:-4].decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise BadRequest(400, "Bad request line")
    return Request(words[0], words[1], dict(map(_header, lines)), reader)


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise BadRequest(400, "Bad header line")
    return name.lower(), value.strip()


_PHRASES = {status.value: status.phrase for status in HTTPStatus}


def _head(answer: Response, *, keep: bool) -> bytes:
    headers = answer.headers | {"Date": formatdate(usegmt=True)}
    if answer.status != 204:
        headers["Content-Length"] = str(answer.length if answer.file else len(answer.body))
    if not keep:
        headers["Connection"] = "close"
    lines = [f"HTTP/1.1 {answer.status} {_PHRASES.get(answer.status, 'Status')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


async def _send(
    writer: StreamWriter,
    answer: Response,
    *,
    keep: bool,
    with_body: bool = True,
) -> None:
    has_bytes = with_body and answer.file is None
    writer.write(_head(answer, keep=keep) + (answer.body if has_bytes else b""))
    if answer.file is not None and with_body:
        await _send_file(writer, answer, answer.file)
    await writer.drain()


async def _send_file(writer: StreamWriter, answer: Response, path: Path) -> None:
    left = answer.length if answer.cut_at is None else min(answer.length, answer.cut_at)
    step = max(1, answer.length // TRICKLE_STEPS) if answer.spread_seconds else CHUNK_BYTES
    with path.open("rb") as file:
        file.seek(answer.start)
        while left and (piece := file.read(min(left, step))):
            left -= len(piece)
            writer.write(piece)
            await writer.drain()
            if answer.spread_seconds:
                await asyncio.sleep(answer.spread_seconds / TRICKLE_STEPS)


async def _discard(request: Request) -> None:
    """Read on for a moment, so that a caller still sending sees the answer and not a broken pipe."""
    with contextlib.suppress(TimeoutError, BadRequest):
        async with asyncio.timeout(2):
            async for _piece in request.chunks():
                pass


def _reset(writer: StreamWriter) -> None:
    # Linger 0 makes the kernel send RST instead of FIN: the caller sees "connection reset by peer".
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
