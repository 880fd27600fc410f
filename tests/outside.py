"""The world outside of this machine, all of it on loopback: names that a test answers, TLS servers,
a forward proxy.

No look-up of a name leaves this machine, and no connection is made to any other address than
loopback: both are decided here, before they would happen.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from editorapp.core import ssrf_guard

Answer = Callable[[bytes], bytes]  # a request's head in, an answer out
PUBLIC = "93.184.216.34"


@dataclass
class Outside:
    """What names answer, one list for each look-up (the last is said again), and what was asked and
    connected to.
    """

    names: dict[str, list[Sequence[str]]] = field(default_factory=dict)
    ports: dict[str, int] = field(
        default_factory=dict
    )  # address -> the port on loopback that stands for it
    looked_up: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)

    def look_up(self, host: str) -> Sequence[str]:
        self.looked_up.append(host)
        if host not in self.names:
            raise socket.gaierror(socket.EAI_NONAME, "no such name here")
        said = self.names[host]
        return said.pop(0) if len(said) > 1 else said[0]


def install(monkeypatch: pytest.MonkeyPatch, outside: Outside) -> None:
    """Let every look-up and every connection of this process go through `outside`."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    really_look_up, really_connect = socket.getaddrinfo, httpcore.AnyIOBackend.connect_tcp

    def getaddrinfo(host: Any, port: Any, *more: Any, **named: Any) -> Any:
        text = host.decode() if isinstance(host, bytes) else host
        if text is None or ssrf_guard.literal(text) is not None:
            return really_look_up(host, port, *more, **named)
        return [
            row
            for one in outside.look_up(text)
            for row in really_look_up(one, port, *more, **named)
        ]

    async def connect_tcp(self: Any, host: str, port: int, *more: Any, **named: Any) -> Any:
        outside.connected.append(host)
        if ssrf_guard.literal(host) is None:
            (address, *_others) = outside.look_up(
                host
            )  # a second look-up: what a guard must not leave to others
            outside.connected.append(address)
            host = address
        if not ip_address(host).is_loopback:
            if host not in outside.ports:
                raise httpcore.ConnectError("nobody is there")
            host, port = "127.0.0.1", outside.ports[host]
        return await really_connect(self, host, port, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", connect_tcp)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> Iterator[Outside]:
    made = Outside()
    install(monkeypatch, made)
    yield made
    for host in made.connected:
        assert ssrf_guard.literal(host) is not None or host in made.names, (
            f"{host} was connected to by name"
        )


@dataclass
class Server:
    """A server on loopback: the heads of what it was asked, and its port."""

    asked: list[bytes]
    port: int


async def serving(answer: Answer, *, tls: Path | None = None) -> tuple[asyncio.Server, Server]:
    """Start a server that answers each request with what `answer` makes of its head, and closes."""
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer(asked[-1]))
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # who asks does not trust this server
        finally:
            writer.close()

    context = None
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    return server, Server(asked, server.sockets[0].getsockname()[1])


async def forward_proxy(ports: dict[str, int]) -> tuple[asyncio.Server, Server]:
    """Start a forward proxy, CONNECT and absolute-form, which alone knows to which ports on
    loopback names lead.
    """
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        asked.append(head)
        method, target, _version = head.split(b"\r\n", 1)[0].decode().split(" ")
        host = (
            target.partition(":")[0]
            if method == "CONNECT"
            else target.split("/")[2].partition(":")[0]
        )
        if host not in ports:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
            writer.close()
            return
        back, forth = await asyncio.open_connection("127.0.0.1", ports[host])
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            forth.write(head)
        await asyncio.gather(_pour(reader, forth), _pour(back, writer))

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, Server(asked, server.sockets[0].getsockname()[1])


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


def certificate(path: Path, *names: str) -> Path:
    """Write a certificate for these names and its key, in one file; trust it with `trust`."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(issuer)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


def trust(monkeypatch: pytest.MonkeyPatch, *files: Path) -> None:
    """Trust these certificates and no others."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for file in files:
        context.load_verify_locations(file)
    monkeypatch.setattr(ssrf_guard, "certificates", lambda: context)


def gives(body: bytes, *, content_type: str = "video/mp4") -> Answer:
    """Answer every request with a file."""
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n"
    return lambda _asked: head.encode() + body
