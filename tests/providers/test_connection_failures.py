"""Every way in which a connection can fail, against a raw socket, as the libraries raise it: was the
request never sent, or is that unknown?

Where a library cannot tell whether the request's last byte left, the answer is "unknown".
"""

import asyncio
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from editorapp.providers.contract import Access, OutcomeUnknown, Unavailable
from editorapp.providers.http import connections, session
from editorapp.providers.http.connections import NEVER_SENT
from editorapp.providers.http.session import ProviderSession
from tests.outside import certificate
from tests.patience import PATIENCE_SECONDS
from tests.providers.talk import KEY

NEVER, UNKNOWN = "never sent", "unknown"
LARGE = b"x" * 8_000_000  # more than the buffers between two sockets hold
DEADLINE_SECONDS = 1.0

Act = Callable[["Server", socket.socket], None]


class Server:
    """A raw socket on loopback: what it does with each connection, and what each one sent."""

    def __init__(self, act: Act, folder: Path) -> None:
        self.act, self.folder = act, folder
        self.sent: list[bytes] = []
        self.is_over = threading.Event()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        while True:
            try:
                connection, _peer = self.listening.accept()
            except OSError:
                return  # closed
            with connection, suppress(OSError):
                self.act(self, connection)

    def read(self, connection: socket.socket) -> None:
        """Read one request whole."""
        came = b""
        while b"\r\n\r\n" not in came:
            came += connection.recv(65536)
        head, _, body = came.partition(b"\r\n\r\n")
        lines = [line.split(b": ") for line in head.lower().split(b"\r\n")[1:]]
        length = int(dict(lines).get(b"content-length", 0))
        size = len(body)
        while size < length:
            size += len(connection.recv(65536))
        self.sent.append(head)

    def close(self) -> None:
        self.is_over.set()
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.thread.join(5)


def resets(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def resets_before(server: Server, connection: socket.socket) -> None:
    server.sent.append(connection.recv(10))
    resets(connection)


def resets_after(server: Server, connection: socket.socket) -> None:
    server.read(connection)
    resets(connection)


def is_silent(server: Server, connection: socket.socket) -> None:
    server.read(connection)
    server.is_over.wait(PATIENCE_SECONDS)


def says(*answer: bytes) -> Act:
    def act(server: Server, connection: socket.socket) -> None:
        server.read(connection)
        for piece in answer:
            connection.sendall(piece)
            time.sleep(0.01)

    return act


def shows_a_strange_certificate(server: Server, connection: socket.socket) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(server.folder / "strange.pem", "localhost"))
    with context.wrap_socket(connection, server_side=True) as secure:
        server.sent.append(secure.recv(10))


def speaks_no_tls(_server: Server, connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def shakes_no_hand(server: Server, connection: socket.socket) -> None:
    connection.recv(65536)
    server.is_over.wait(PATIENCE_SECONDS)


# what goes wrong: what the server does, the address ("" for the server's own), the verdict
HEAD = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
FAILURES: dict[str, tuple[Act, str, str]] = {
    "refused": (says(), "http://127.0.0.1:9", NEVER),
    "name not found": (says(), "https://no-such-host.invalid", NEVER),
    "no address": (says(), "agents.example.org", NEVER),
    "TLS: another certificate": (shows_a_strange_certificate, "https", NEVER),
    "TLS: none spoken": (speaks_no_tls, "https", NEVER),
    "TLS: silence": (shakes_no_hand, "https", NEVER),
    "reset before the last byte": (resets_before, "", UNKNOWN),
    "reset after the last byte": (resets_after, "", UNKNOWN),
    "silence": (is_silent, "", UNKNOWN),
    "half a head": (says(HEAD[:30]), "", UNKNOWN),
    "half a body": (says(HEAD + b'Content-Length: 20\r\n\r\n{"id"'), "", UNKNOWN),
    "half a body in chunks": (
        says(HEAD + b'Transfer-Encoding: chunked\r\n\r\n14\r\n{"id"'),
        "",
        UNKNOWN,
    ),
    "garbage": (says(b"\x16\x03\x01\x02 no HTTP at all\r\n\r\n"), "", UNKNOWN),
    "closed without an answer": (says(), "", UNKNOWN),
    "closed after a word": (says(b"HTTP/1.1 100 Continue\r\n\r\n"), "", UNKNOWN),
}
EACH_FAILURE = pytest.mark.parametrize(
    ("act", "address", "verdict"), FAILURES.values(), ids=FAILURES
)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "CALL_STEPS", httpx.Timeout(None, connect=0.5).as_dict())
    monkeypatch.setattr(session, "PAID_DEADLINE_SECONDS", DEADLINE_SECONDS)
    monkeypatch.setattr(session, "FREE_DEADLINE_SECONDS", DEADLINE_SECONDS)


@contextmanager
def failing(act: Act, address: str, folder: Path) -> Iterator[tuple[Server, Access]]:
    server = Server(act, folder)
    own = f"{address or 'http'}://127.0.0.1:{server.port}"
    url = address if "." in address else own
    try:
        yield server, Access(1, "luma-agents", f"{url}/v1", KEY)
    finally:
        server.close()


def body_for(act: Act) -> bytes:
    return LARGE if act is resets_before else b"x"


@EACH_FAILURE
@pytest.mark.parametrize("method", ["POST", "GET"])
@pytest.mark.parametrize("make", [connections.for_paid, connections.for_free])
def test_an_error_says_never_sent_only_where_that_is_certain(
    make: Any, method: str, act: Act, address: str, verdict: str, tmp_path: Path
) -> None:
    async def scenario(access: Access) -> None:
        async with ProviderSession(access) as provider:
            content = body_for(act) if method == "POST" else b""
            request = provider._request(method, "/generations", content=content)
            await provider._send(make, request, "/generations", deadline=DEADLINE_SECONDS)

    with (
        failing(act, address, tmp_path) as (server, access),
        pytest.raises((httpx.HTTPError, TimeoutError)) as raised,
    ):
        asyncio.run(scenario(access))

    assert (NEVER if isinstance(raised.value, NEVER_SENT) else UNKNOWN) == verdict
    assert len(server.sent) == (verdict == UNKNOWN)  # asked once, by whichever library


@EACH_FAILURE
def test_a_paid_call_is_made_once_and_unknown_unless_it_was_certainly_never_sent(
    act: Act, address: str, verdict: str, tmp_path: Path
) -> None:
    async def scenario(access: Access) -> None:
        async with ProviderSession(access) as provider:
            body = {"prompt": body_for(act).decode()}
            await provider.pay("/generations", body=body, idempotency_key="k")

    with (
        failing(act, address, tmp_path) as (server, access),
        pytest.raises(Unavailable if verdict == NEVER else OutcomeUnknown),
    ):
        asyncio.run(scenario(access))

    assert len(server.sent) == (verdict == UNKNOWN)


@EACH_FAILURE
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_free_call_can_be_made_again_whatever_happened(
    method: str, act: Act, address: str, verdict: str, tmp_path: Path
) -> None:
    async def scenario(access: Access) -> None:
        async with ProviderSession(access) as provider:
            body = body_for(act).decode() if method == "POST" else None
            await provider.call(method, "/generations/1", body=body)

    with failing(act, address, tmp_path) as (_server, access), pytest.raises(Unavailable):
        asyncio.run(scenario(access))
