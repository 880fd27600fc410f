"""The lean client against real sockets: what is kept, what is sent anew, and what each end is called."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from editorapp.providers.lean import LeanClient, can_be_direct

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Odd: a\r\n\r\nok"


@asynccontextmanager
async def serving(talk: Talk) -> AsyncIterator[tuple[str, list[int]]]:
    """Serve connections with `talk`; give the URL and a list with one number for each connection made."""
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


def client_of(url: str) -> LeanClient:
    return LeanClient(url, headers={"Authorization": "Bearer key"}, verify=ssl.create_default_context())


async def answer_always(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(ANSWER)


async def answer_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(ANSWER)


def run(talk: Talk, *, times: int) -> tuple[list[httpx.Response], int]:
    async def scenario() -> tuple[list[httpx.Response], int]:
        async with serving(talk) as (url, made):
            client = client_of(url)
            found = []
            for _ in range(times):
                found.append(await client.get("/generations/1"))
                await asyncio.sleep(0.02)
            await client.aclose()
            return found, len(made)

    return asyncio.run(scenario())


def test_one_connection_serves_one_question_after_another():
    answers, connections = run(answer_always, times=5)

    assert [(answer.status_code, answer.text, answer.headers["x-odd"]) for answer in answers] == [(200, "ok", "a")] * 5
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
            client = client_of(url)
            answers = await asyncio.gather(*(client.get(f"/generations/1{number}") for number in range(50)))
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
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n")

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
            client = client_of(url)
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
        await client_of("http://127.0.0.1:9").get("/")

    with pytest.raises(httpx.ConnectError):
        asyncio.run(scenario())


def test_where_a_proxy_stands_between_the_usual_way_is_taken(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://proxy.example.org:3128")
    monkeypatch.setenv("no_proxy", "localhost,127.0.0.1")

    assert not can_be_direct("https://agents.lumalabs.ai/v1")
    assert can_be_direct("http://127.0.0.1:8001/v1")


def test_what_is_asked_is_what_httpx_would_ask():
    heads = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(ANSWER)

    async def scenario() -> str:
        async with serving(talk) as (url, _made):
            client = client_of(url)
            await client.get("/files", params={"limit": 1, "after": "a b"}, headers={"X-Request-Id": "7"})
            await client.aclose()
            return url

    url = asyncio.run(scenario())

    lines = heads[0].decode().lower().split("\r\n")
    assert lines[0] == "get /v1/files?limit=1&after=a+b http/1.1"
    assert {f"host: {url.split('/')[2]}", "authorization: bearer key", "x-request-id: 7"} <= set(lines)
