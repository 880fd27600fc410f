"""A real socket that misbehaves on demand, and an httpx transport that answers what it is told."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx

from editorapp.providers.contract import Access
from editorapp.providers.http.session import ProviderSession

KEY = "luma-api-secret-9f8e7d6c5b4a"
Handler = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


def access(base_url: str = "https://agents.example.org/v1", *, secret: str = KEY) -> Access:
    return Access(1, "luma-agents", base_url, secret)


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(coroutine)


def answering(
    *answers: httpx.Response | Exception, to: Access | None = None
) -> tuple[ProviderSession, list[httpx.Request]]:
    """Return a wire on which the answers come one after another, and the list that its requests are
    kept in.

    `to` is the account that is spoken to; without it, one of Luma's.
    """
    left, seen = list(answers), []

    async def handle(request: httpx.Request) -> httpx.Response:
        await request.aread()
        seen.append(request)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return ProviderSession(to or access(), transport=httpx.MockTransport(handle)), seen


def says(status: int, body: Any = None, **headers: str) -> httpx.Response:
    return httpx.Response(
        status, json=body, headers={key.replace("_", "-"): value for key, value in headers.items()}
    )


@asynccontextmanager
async def socket_that(handle: Handler) -> Any:
    """Serve on loopback; `handle` gets each request whole (as its Content-Length says) and the
    writer.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (
                    int(line.split(b":")[1])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length")
                ),
                0,
            )
            await handle(head + await reader.readexactly(length), writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def http(status: int, body: Any) -> bytes:
    content = json.dumps(body).encode()
    return b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
        status,
        len(content),
        content,
    )
