"""Connections against real sockets: what is kept, what is sent anew, and what each end is called."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import httpx
import pytest

from editorapp.providers.contract import Access, Unavailable
from editorapp.providers.http import connections
from editorapp.providers.http.inline_body import InlineBody
from editorapp.providers.http.session import ProviderSession
from tests import outside
from tests.outside import certificate, forward_proxy, gives, trust

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Odd: a\r\n\r\nok"


@asynccontextmanager
async def serving(talk: Talk) -> AsyncIterator[tuple[str, list[int]]]:
    """Serve connections with `talk`; give the URL and a list with one number for each connection
    made.
    """
    made: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.append(len(made))
        try:
            await talk(reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", made


class Client(ProviderSession):
    """A session whose answers are looked at as they are, before anything is made of them."""

    def __init__(self, url: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(Access(1, "luma-agents", url, "key", headers=headers or {}))

    async def get(self, path: str, **said) -> httpx.Response:
        request = self._request("GET", path, **said)
        return await self._send(connections.for_free, request, path, deadline=5.0)

    async def post_once(self, path: str) -> httpx.Response:
        return await self._pay(path, InlineBody({}), idempotency_key="7")


async def answer_always(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(ANSWER)


async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(ANSWER)


def run(talk: Talk, *, times: int) -> tuple[list[httpx.Response], int]:
    async def scenario() -> tuple[list[httpx.Response], int]:
        async with serving(talk) as (url, made):
            client = Client(url)
            found = []
            for _ in range(times):
                found.append(await client.get("/generations/1"))
                await asyncio.sleep(0.02)
            await client.aclose()
            return found, len(made)

    return asyncio.run(scenario())


def test_one_connection_serves_one_question_after_another():
    answers, connections = run(answer_always, times=5)

    assert [(answer.status_code, answer.text, answer.headers["x-odd"]) for answer in answers] == [
        (200, "ok", "a")
    ] * 5
    assert connections == 1


def test_a_connection_closed_while_idle_is_replaced():
    answers, connections = run(answer_once, times=3)

    assert [answer.text for answer in answers] == ["ok"] * 3
    assert connections == 3


def test_questions_at_the_same_time_do_not_mix():
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            path = head.split()[1]
            await asyncio.sleep(0.01)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(path), path))

    async def scenario() -> list[str]:
        async with serving(echo) as (url, _made):
            client = Client(url)
            answers = await asyncio.gather(
                *(client.get(f"/generations/1{number}") for number in range(50))
            )
            await client.aclose()
            return [answer.text for answer in answers]

    assert asyncio.run(scenario()) == [f"/v1/generations/1{number}" for number in range(50)]


@pytest.mark.parametrize(
    ("says", "error"),
    [
        (b"", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", httpx.RemoteProtocolError),
        (b"not http at all\r\n\r\n", httpx.RemoteProtocolError),
    ],
    ids=["nothing", "half an answer", "another protocol"],
)
def test_a_broken_answer_is_an_error_and_asked_once(says, error):
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(says)

    with pytest.raises(error):
        run(talk, times=1)


def test_an_answer_in_chunks_is_read_whole():
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n"
        )

    answers, _connections = run(talk, times=1)

    assert answers[0].text == "abcde"


def test_a_canceled_question_leaves_no_answer_for_the_next():
    async def slow_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"/slow" in head:
            await asyncio.sleep(0.1)
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate")
        else:
            writer.write(ANSWER)

    async def scenario() -> str:
        async with serving(slow_first) as (url, _made):
            client = Client(url)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.03):
                    await client.get("/slow")
            await asyncio.sleep(0.15)
            answer = await client.get("/generations/1")
            await client.aclose()
            return answer.text

    assert asyncio.run(scenario()) == "ok"


def test_nobody_there_is_a_connect_error():
    async def scenario() -> None:
        await Client("http://127.0.0.1:9").get("/")

    with pytest.raises(httpx.ConnectError):
        asyncio.run(scenario())


@pytest.mark.parametrize("way", ["paid", "free"])
def test_where_a_proxy_stands_between_it_is_used(monkeypatch, tmp_path, way):
    own = certificate(tmp_path / "own.pem", "agents.example.org")
    trust(monkeypatch, own)

    async def scenario() -> tuple[dict, list[bytes]]:
        server, asked = await outside.serving(gives(b'{"id": "a"}'), tls=own)
        proxy, through = await forward_proxy({"agents.example.org": asked.port})
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{through.port}")
        monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")
        async with server, proxy, Client("https://agents.example.org/v1") as client:
            if way == "paid":
                said = await client.pay("/generations", body={}, idempotency_key="7")
            else:
                said = await client.call("GET", "/generations/1")
        return said, [head.split(b"\r\n")[0] for head in through.asked]

    assert asyncio.run(scenario()) == ({"id": "a"}, [b"CONNECT agents.example.org:443 HTTP/1.1"])


@pytest.mark.parametrize("way", ["paid", "free"])
def test_a_proxy_that_lets_nobody_through_is_an_error_of_its_own(monkeypatch, way):
    async def scenario() -> None:
        proxy, through = await forward_proxy({})
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{through.port}")
        async with proxy, Client("https://agents.example.org/v1") as client:
            await (client.post_once("/") if way == "paid" else client.get("/"))

    with pytest.raises(httpx.ProxyError):
        asyncio.run(scenario())


def test_no_proxy_stands_between_this_machine_and_itself(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)

    answers, _connections = run(answer_always, times=1)

    assert answers[0].text == "ok"


def test_what_is_asked_is_what_httpx_would_ask():
    heads = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(ANSWER)

    async def scenario() -> str:
        async with serving(talk) as (url, _made):
            client = Client(url)
            await client.get(
                "/files", params={"limit": 1, "after": "a b"}, headers={"X-Request-Id": "7"}
            )
            await client.aclose()
            return url

    url = asyncio.run(scenario())

    lines = heads[0].decode().lower().split("\r\n")
    assert lines[0] == "get /v1/files?limit=1&after=a+b http/1.1"
    assert {f"host: {url.split('/')[2]}", "authorization: bearer key", "x-request-id: 7"} <= set(
        lines
    )


# The paid post: one connection, one try.


def post(talk: Talk, *, deadline: float = 5.0) -> tuple[httpx.Response, list[bytes], int]:
    """Post to a server that notes what it is sent and then goes on with `talk`."""
    heads: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(2))
        await talk(reader, writer)

    async def scenario() -> tuple[httpx.Response, list[bytes], int]:
        async with serving(serve) as (url, made), asyncio.timeout(deadline):
            client = Client(url)
            try:
                answer = await client.post_once("/generations")
                return answer, heads, len(made)
            finally:
                asked.append(len(made))
                await client.aclose()

    asked.clear()
    return asyncio.run(scenario())


asked: list[int] = []  # how many connections the last post made


def test_a_post_leaves_once_with_its_length_and_keeps_no_connection():
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'HTTP/1.1 201 Created\r\nContent-Length: 11\r\n\r\n{"id": "a"}')
        assert await reader.read() == b""  # it is not used again

    answer, heads, made = post(accept)

    assert (answer.status_code, answer.json(), made) == (201, {"id": "a"}, 1)
    lines = heads[0].decode().lower().split("\r\n")
    assert lines[0] == "post /v1/generations http/1.1"
    assert {
        "content-length: 2",
        "connection: close",
        "idempotency-key: 7",
        "authorization: bearer key",
    } <= set(lines)
    assert lines[-1] == "{}"


@pytest.mark.parametrize(
    "says",
    [
        b"",
        b"HTTP/1.1 201 Created\r\nContent-Le",
        b"HTTP/1.1 201 Created\r\nContent-Length: 9\r\n\r\n{",
    ],
    ids=["nothing", "half a head", "half a body"],
)
def test_a_post_without_a_whole_answer_is_an_error_and_never_sent_again(says):
    async def break_off(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says)

    with pytest.raises(httpx.RemoteProtocolError):
        post(break_off)

    assert asked == [1]


def test_a_post_to_nobody_is_known_never_to_have_left():
    async def scenario() -> None:
        await Client("http://127.0.0.1:9").post_once("/")

    with pytest.raises(httpx.ConnectError):
        asyncio.run(scenario())


@pytest.mark.parametrize(
    "says",
    [
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.0 201 Created\r\n\r\n{}",
        b"HTTP/1.1 201 Created\r\ncontent-length:2\r\nX-Odd:  a \r\n\r\n{}",
    ],
    ids=["a word before it", "in chunks", "until the end", "oddly written"],
)
@pytest.mark.parametrize("cut", [0, 1, 9, 40])
def test_an_answer_is_read_however_it_is_framed_and_cut(says, cut):
    async def answer_in_two(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says[:cut])
        await writer.drain()
        await asyncio.sleep(0.02)
        writer.write(says[cut:])

    answer, _heads, _connections = post(answer_in_two)

    assert (answer.status_code, answer.json()) == (201, {})


@pytest.mark.parametrize(
    "says",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000,
    ],
    ids=["two lengths", "a length below nothing", "far too long", "an endless head"],
)
def test_an_answer_that_cannot_be_trusted_is_an_error(says):
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(says)
        await writer.drain()

    with pytest.raises(httpx.RemoteProtocolError):
        run(talk, times=1)


def test_what_follows_an_answer_unasked_is_not_taken_for_the_next_one():
    async def chatter(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(ANSWER + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")

    answers, connections = run(chatter, times=2)

    assert [answer.text for answer in answers] == ["ok", "ok"]
    assert connections == 2


@pytest.mark.parametrize("way", ["paid", "free"])
def test_a_header_or_a_path_with_a_line_break_never_leaves(way):
    heard = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())
        writer.write(ANSWER)

    async def scenario(path: str = "/", **headers: str) -> None:
        async with serving(talk) as (url, _made), Client(url, headers=headers) as client:
            await (client.post_once(path) if way == "paid" else client.get(path))

    with pytest.raises(httpx.LocalProtocolError):
        asyncio.run(scenario(Organisation="a\r\nX-Evil: b"))
    with pytest.raises(Unavailable):
        asyncio.run(scenario(path="/generations/1 HTTP/1.1\r\nX-Evil: b"))
    assert not any(heard)
