"""Ask small questions often, and send one small paid post, on asyncio's own transports: answers as
httpx reads them.

httpx's usual way looks through its pool, builds a request of many parts and wraps each read and
write in scopes of its own. Measured for a poll on loopback: 0.74 ms of CPU through a client with a
pool of 8, 0.08 ms through this. Hundreds of jobs are polled every two seconds, so this is most of
what following them costs. An answer of known length is read here; any other (in chunks, until the
connection ends, of another status than is usual) is read by h11.
"""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.request import getproxies, proxy_bypass

import h11
import httpx

from editorapp.core.content_encoding import IDENTITY, CannotUnpack, unpack
from editorapp.core.fault_points import reached
from editorapp.core.sanitizing import parse_json

CONNECT_SECONDS = 5.0
MAX_HEAD_BYTES = 64 * 1024
MAX_BODY_BYTES = 16 * 1024 * 1024
MAX_IDLE = 64

Headers = list[tuple[bytes, bytes]]
# What no longer says anything of an answer that was read whole and unpacked.
_SPENT = (b"content-encoding", b"transfer-encoding", b"content-length")


class TooLong(httpx.RemoteProtocolError):
    """An answer is longer than any that a provider gives."""


def can_be_direct(url: str) -> bool:
    """Say whether this machine talks to the address itself: lean connections know no proxy."""
    parts = httpx.URL(url)
    proxies = getproxies()
    return not (proxies.get(parts.scheme) or proxies.get("all")) or bool(proxy_bypass(parts.host))


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, unpacked. What is rarely looked at is made when it is.

    `problem` is a sentence where it came packed in a way that cannot be read; there is no content
    then.
    """

    status_code: int
    raw_headers: Headers
    content: bytes
    problem: str = ""

    @classmethod
    def of(cls, status_code: int, raw_headers: Headers, content: bytes) -> "Answer":
        """Make an answer of what came, however it came packed."""
        said = b", ".join(
            value for name, value in raw_headers if name.lower() == b"content-encoding"
        )
        problem = ""
        if said or content.startswith(b"\x1f\x8b"):
            try:
                content = unpack(content, said.decode("latin-1"), most=MAX_BODY_BYTES)
            except CannotUnpack as error:
                content, problem = b"", str(error)
        return cls(status_code, raw_headers, content, problem)

    @property
    def is_success(self) -> bool:
        return 200 <= self.status_code < 300

    @property
    def headers(self) -> httpx.Headers:
        return httpx.Headers(self.raw_headers)

    @property
    def text(self) -> str:
        return self.as_httpx().text

    def json(self) -> Any:
        """Return the JSON in it, clean. Raises: NotReadable."""
        return parse_json(self.content)

    def as_httpx(self) -> httpx.Response:
        headers = [(name, value) for name, value in self.raw_headers if name.lower() not in _SPENT]
        return httpx.Response(self.status_code, headers=headers, content=self.content)


class _Connection(asyncio.Protocol):
    """One connection: one question at a time, and its answer."""

    def __init__(self) -> None:
        self.is_used = False
        self._transport: asyncio.Transport | None = None
        self._came = bytearray()
        self._needed = 0  # bytes of the answer in all, once its head is read and names its length
        self._head: tuple[int, Headers, int] | None = None  # status, headers, where the body begins
        self._slow: _ByH11 | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._is_kept = False
        self._is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    async def exchange(
        self, method: bytes, target: bytes, headers: Headers, body: bytes = b""
    ) -> Answer:
        """Raises: OSError, httpx.RemoteProtocolError."""
        assert self._transport is not None
        self._came.clear()
        self._head, self._slow, self._is_kept = None, None, False
        self._answer = asyncio.get_running_loop().create_future()
        self._asked = (method, target, headers)
        lines = [
            method + b" " + target + b" HTTP/1.1",
            *(name + b": " + value for name, value in headers),
        ]
        if self._is_lost or self._transport.is_closing():
            raise ConnectionResetError("The connection is closed.")
        self._transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + body)
        if body:
            reached("submit.on_the_wire")
        try:
            return await self._answer
        finally:
            self._answer = None
            self.is_used = True

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self.close()  # nobody has asked for anything
            return
        try:
            self._read(data)
        except (h11.RemoteProtocolError, httpx.RemoteProtocolError, ValueError) as error:
            self._fail(
                error
                if isinstance(error, httpx.HTTPError)
                else httpx.RemoteProtocolError(str(error))
            )

    def eof_received(self) -> None:
        self.connection_lost(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._is_lost, self._is_kept = True, False
        if self._answer is None or self._answer.done():
            return
        if error is not None:
            self._fail(error)
            return
        try:
            slow = self._slow or self._handed_over()
            slow.read(b"")
            if slow.answer is None:
                raise httpx.RemoteProtocolError(
                    "The connection was closed in the midst of an answer."
                )
            self._finish(slow.answer)
        except (h11.RemoteProtocolError, httpx.RemoteProtocolError) as broken:
            self._fail(
                broken
                if isinstance(broken, httpx.HTTPError)
                else httpx.RemoteProtocolError(str(broken))
            )

    def _read(self, data: bytes) -> None:
        if self._slow is not None:
            self._slow.read(data)
            self._finish(self._slow.answer)
            return
        self._came += data
        if self._head is None and not self._read_head():
            return
        if self._head is not None and len(self._came) >= self._needed:
            status, headers, begins = self._head
            self._is_kept = self._is_kept and len(self._came) == self._needed
            self._finish(Answer.of(status, headers, bytes(self._came[begins : self._needed])))

    def _read_head(self) -> bool:
        """Read the head once it is whole.

        Say whether there is an answer of known length to go on with.
        """
        ends = self._came.find(b"\r\n\r\n")
        if ends < 0:
            if len(self._came) > MAX_HEAD_BYTES:
                raise httpx.RemoteProtocolError("The answer's head is too long.")
            return False
        head = _plain_head(bytes(self._came[:ends]))
        if head is None:
            slow = self._handed_over()
            self._finish(slow.answer)
            return False
        status, headers, length, self._is_kept = head
        if length > MAX_BODY_BYTES:
            raise TooLong("The answer is too long.")
        self._head, self._needed = (status, headers, ends + 4), ends + 4 + length
        return True

    def _handed_over(self) -> "_ByH11":
        self._slow = _ByH11(*self._asked)
        self._slow.read(bytes(self._came))
        return self._slow

    def _finish(self, answer: Answer | None) -> None:
        if answer is None or self._answer is None or self._answer.done():
            return
        if self._slow is not None:
            self._is_kept = self._slow.can_go_on and not self._is_lost
        self._answer.set_result(answer)

    def _fail(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        self.close()

    def can_be_kept(self) -> bool:
        """May another question be asked on this connection?"""
        return (
            self._is_kept
            and not self._is_lost
            and self._transport is not None
            and not self._transport.is_closing()
        )

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close it now, whatever is under way: the next answer on it would be the wrong one."""
        if self._transport is not None:
            self._transport.abort()


def _plain_head(head: bytes) -> tuple[int, Headers, int, bool] | None:
    """Read a head that is as simple as most: status, headers, length, is the connection kept.

    None where h11 must.
    """
    first, *lines = head.split(b"\r\n")
    if not first.startswith(b"HTTP/1.1 ") or not first[9:12].isdigit() or first[9:10] == b"1":
        return None
    status, length, is_kept = int(first[9:12]), -1, True
    headers: Headers = []
    for line in lines:
        name, colon, value = line.partition(b":")
        key, value = name.lower(), value.strip()
        if not colon or not name or name[0] in b" \t" or name[-1] in b" \t":
            return None
        if key == b"content-length":
            if length >= 0 or not value.isdigit():
                return None
            length = int(value)
        elif key in (b"transfer-encoding", b"upgrade"):
            return None
        elif key == b"connection":
            is_kept = value.lower() == b"keep-alive"
        headers.append((name, value))
    if length < 0 or status in (204, 304):
        return None
    return status, headers, length, is_kept


class _ByH11:
    """An answer of any other kind."""

    def __init__(self, method: bytes, target: bytes, headers: Headers) -> None:
        self.answer: Answer | None = None
        self._http = h11.Connection(h11.CLIENT)
        # Only so that h11 knows what is answered: it has left already, with its body.
        said = [(name, value) for name, value in headers if name.lower() != b"content-length"]
        self._http.send(h11.Request(method=method, target=target, headers=said))
        self._http.send(h11.EndOfMessage())
        self._status, self._headers, self._body = 0, Headers(), bytearray()

    @property
    def can_go_on(self) -> bool:
        http = self._http
        return (
            http.our_state is h11.DONE
            and http.their_state is h11.DONE
            and not http.trailing_data[0]
        )

    def read(self, data: bytes) -> None:
        """Read on; b"" says that the connection has ended.

        Raises: h11.RemoteProtocolError, and httpx's.
        """
        self._http.receive_data(data)
        while self.answer is None:
            event = self._http.next_event()
            if event is h11.NEED_DATA or event is h11.PAUSED:
                return
            if isinstance(event, h11.Response):
                self._status, self._headers = event.status_code, list(event.headers.raw_items())
            elif isinstance(event, h11.Data):
                self._body += event.data
                if len(self._body) > MAX_BODY_BYTES:
                    raise TooLong("The answer is too long.")
            elif isinstance(event, h11.EndOfMessage):
                self.answer = Answer.of(self._status, self._headers, bytes(self._body))
            elif isinstance(event, h11.ConnectionClosed):
                raise httpx.RemoteProtocolError("The connection was closed without an answer.")


class LeanClient:
    """Connections to one origin that are kept and taken again, last used first.

    A GET on a stale one is sent anew.
    """

    def __init__(
        self, base_url: str, *, headers: Mapping[str, str], verify: ssl.SSLContext
    ) -> None:
        url = httpx.URL(base_url)
        self._host, self._port = url.host, url.port or (443 if url.scheme == "https" else 80)
        self._tls = verify if url.scheme == "https" else None
        self._path = url.raw_path.rstrip(b"/")
        # httpx writes them: the host with its port, header names and values as bytes.
        self._headers: Headers = _safe(
            httpx.Request("GET", url, headers={**IDENTITY, **headers}).headers.raw
        )
        self._idle: list[_Connection] = []

    async def get(
        self,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask for a path below the base URL and read the whole answer.

        Raises: httpx.ConnectError, ConnectTimeout, ReadError, RemoteProtocolError. Deadlines are
        the caller's.
        """
        target, sent = self._target(path, params), self._sent(headers)
        while True:
            connection = self._idle.pop() if self._idle else await self._connect()
            was_used = connection.is_used
            try:
                answer = await connection.exchange(b"GET", target, sent)
            except (OSError, httpx.RemoteProtocolError) as error:
                connection.close()
                if was_used:
                    continue  # closed by the other side while it was idle
                raise _as_httpx(error) from error
            except BaseException:  # canceled half-way
                connection.abort()
                raise
            if len(self._idle) < MAX_IDLE and connection.can_be_kept():
                self._idle.append(connection)
            else:
                connection.close()
            return answer

    async def post_once(
        self,
        path: str,
        *,
        content: bytes,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str],
    ) -> Answer:
        """Post on a connection of its own, exactly once, and read the whole answer.

        Raises: httpx.ConnectError and ConnectTimeout, before a byte has left; ReadError,
        RemoteProtocolError.
        """
        connection = await self._connect()
        sent = self._sent({**headers, "Content-Length": str(len(content)), "Connection": "close"})
        try:
            return await connection.exchange(b"POST", self._target(path, params), sent, content)
        except (OSError, httpx.RemoteProtocolError) as error:
            raise _as_httpx(error) from error
        finally:
            connection.abort()

    def _target(self, path: str, params: Mapping[str, Any] | None) -> bytes:
        if not path.isascii() or not path.isprintable() or " " in path:
            raise httpx.InvalidURL("A path holds what no path may hold.")
        target = self._path + path.encode()
        return target + b"?" + str(httpx.QueryParams(params)).encode() if params else target

    def _sent(self, headers: Mapping[str, str] | None) -> Headers:
        return [
            *self._headers,
            *_safe([(name.encode(), value.encode()) for name, value in (headers or {}).items()]),
        ]

    async def _connect(self) -> _Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                _transport, connection = await loop.create_connection(
                    _Connection, self._host, self._port, ssl=self._tls
                )
        except TimeoutError as error:
            raise httpx.ConnectTimeout("No connection in time.") from error
        except OSError as error:
            raise httpx.ConnectError(str(error)) from error
        return connection

    async def aclose(self) -> None:
        for connection in self._idle:
            connection.close()
        self._idle.clear()
        await asyncio.sleep(
            0
        )  # a turn of the loop, in which the transports let go of their sockets


def _safe(headers: Headers) -> Headers:
    """Return headers that end where they should. Raises: httpx.LocalProtocolError."""
    for name, value in headers:
        if b"\n" in value or b"\r" in value or b"\0" in value or b"\n" in name or b"\r" in name:
            raise httpx.LocalProtocolError("A header holds a line break.")
    return headers


def _as_httpx(error: Exception) -> httpx.HTTPError:
    return error if isinstance(error, httpx.HTTPError) else httpx.ReadError(str(error))
