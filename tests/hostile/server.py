"""A raw server on loopback that speaks each provider's protocol just well enough, and misbehaves
where it is told to.

It knows no HTTP library: an answer is any bytes, in any pieces, and any end of the connection. Most
rows have an address of their own, so what one does to its account is its own affair. Those that do
nothing to it share one, where a row is told by the prompt that is posted and by its job's id.
"""

import asyncio
import json
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from tests.patience import PATIENCE_SECONDS

WHOLE, HEAD = "whole", "head"  # how much of a request is read before the answer
HANGS_SECONDS = 20.0  # an answer that hangs, should nobody close the connection


@dataclass(frozen=True)
class Reply:
    """What is sent: pieces, each at once; pauses before them as numbers of seconds; and how the
    connection ends.
    """

    pieces: tuple[bytes | float, ...] = ()
    end: str = "keep"

    @classmethod
    def of(
        cls, status: int, body: bytes, headers: dict[str, str] | None = None, *, end: str = "keep"
    ) -> Self:
        """Make an ordinary answer.

        A header given takes the place of the usual one; "" leaves it out.
        """
        usual = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        lines = [f"{name}: {value}" for name, value in (usual | (headers or {})).items() if value]
        head = "\r\n".join([f"HTTP/1.1 {status} Whatever", *lines]) + "\r\n\r\n"
        return cls((head.encode("latin-1", "surrogateescape") + body,), end)

    @classmethod
    def json(cls, status: int, document: Any, headers: dict[str, str] | None = None) -> Self:
        return cls.of(status, json.dumps(document).encode(), headers)


@dataclass
class Asked:
    """A request as it came.

    `number` counts the calls of its kind at this row, from 1; `at` is the engine's clock.
    """

    call: str
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    number: int
    at: datetime

    @property
    def last(self) -> str:
        """The last part of the path: an id, or a file's name."""
        return self.path.rpartition("/")[2]


@dataclass(frozen=True)
class Spoil:
    """How a call is answered, for the first `times` calls of its kind (None: for ever); then as it
    should be.

    `answer` is given what was asked, the answer of a well-behaved provider, and the place; `after`
    says how much of the request is read before.
    """

    answer: Callable[[Asked, Reply, "Place"], Reply]
    after: str = WHOLE
    times: int | None = None
    is_about_a_field: bool = False  # which each adapter reads for itself
    is_refusal: bool = False  # after which an account may be left alone for a while

    def is_on(self, number: int) -> bool:
        return self.times is None or number <= self.times


@dataclass
class Place:
    """One row's provider: its wire, how it misbehaves, and what it was asked."""

    wire: "Any"
    spoil: dict[str, Spoil]
    base: str  # http://127.0.0.1:port/key
    job: str  # the id of its one job
    other_port: int = 0  # of another server on this machine
    asked: list[Asked] = field(default_factory=list)
    jobs: list[dict[str, Any]] = field(
        default_factory=list
    )  # what was accepted, as its list shows it
    files: dict[str, bytes] = field(default_factory=dict)

    def count(self, call: str) -> int:
        return Counter(one.call for one in self.asked)[call]


class Server:
    """The places, by the first part of the path, behind one socket."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.places: dict[str, Place] = {}  # by the first part of the path
        self.sharing: list[Place] = []  # behind SHARED
        self.strangers = 0  # requests to a second socket, which nobody has any business with
        self._clock = clock
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self.port = self.other_port = 0

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(PATIENCE_SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE_SECONDS)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._listen())
        self._loop.run_forever()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _listen(self) -> None:
        ours = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**22, backlog=1024)
        other = await asyncio.start_server(self._stranger, "127.0.0.1", 0)
        self.port, self.other_port = (one.sockets[0].getsockname()[1] for one in (ours, other))
        self._ready.set()

    async def _stranger(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.strangers += 1
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while await self._one(reader, writer):
                pass
        with suppress(Exception):
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Read a request and answer it. Say whether the connection goes on."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip("\r\n").split("\r\n")
        method, target, _version = first.split(" ", 2)
        headers = {
            name.lower(): value.strip()
            for name, _colon, value in (line.partition(":") for line in lines)
        }
        path, _mark, query = target.partition("?")
        _empty, key, rest = path.split("/", 2)
        body = await _body(reader, headers) if key == SHARED else b""
        place = self._sharing(path, body) if key == SHARED else self.places[key]
        if place is None:
            return await _send(Reply.json(404, {"detail": "Not found"}), writer)
        call = place.wire.call_of(method, "/" + rest, query)
        asked = Asked(
            call, method, "/" + rest, query, headers, body, place.count(call) + 1, self._clock()
        )
        place.asked.append(asked)
        spoil = place.spoil.get(call)
        if spoil is None or not spoil.is_on(asked.number):
            spoil = GOOD
        good = Reply()
        if spoil.after == WHOLE:
            asked.body = body or await _body(reader, headers)
            good = place.wire.answer(place, asked)
        return await _send(spoil.answer(asked, good, place), writer)

    def _sharing(self, path: str, body: bytes) -> Place | None:
        return next(
            (one for one in self.sharing if one.job in path or one.job.encode() in body), None
        )


SHARED = "shared"  # the first part of the path of all that share an account
GOOD = Spoil(lambda asked, good, place: good)


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") != "chunked":
        return await reader.readexactly(int(headers.get("content-length", 0)))
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readexactly(2)
    return body


async def _send(reply: Reply, writer: asyncio.StreamWriter) -> bool:
    for piece in reply.pieces:
        if isinstance(piece, bytes):
            writer.write(piece)
            await writer.drain()
        else:
            await asyncio.sleep(piece)
    if reply.end == "hang":
        await asyncio.sleep(HANGS_SECONDS)
    if reply.end == "reset":
        ours: socket.socket = writer.get_extra_info("socket")
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    return reply.end == "keep"


@contextmanager
def serving(clock: Callable[[], datetime]) -> Iterator[Server]:
    with Server(clock) as server:
        yield server
