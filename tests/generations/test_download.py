"""Links to results: only where results can be, whole or not at all, taken up where they broke off."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from editorapp.generations.files.download import CutOff, LinkExpired, NotAllowed, download
from editorapp.generations.files.parts import Part, collect
from editorapp.providers.contract import Access

BODY = bytes(range(256)) * 4000


def fetch(answer: Callable[[str, dict[str, str]], bytes], into: Path | Part, *, max_bytes: int = 10_000_000):
    """Download from a server that answers each connection with the bytes given; return the Range of each."""
    asked: list[str] = []
    part = into if isinstance(into, Part) else Part.begin(into)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])}
        asked.append(headers.get("range", ""))
        writer.write(answer(headers.get("range", ""), headers))
        await writer.drain()
        writer.close()

    async def scenario() -> None:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            access = Access(1, "luma-agents", base + "/v1", "luma-api-x", is_simulated=True)
            try:
                await download(f"{base}/result.mp4", part, access=access, max_bytes=max_bytes)
            finally:
                part.close()

    asyncio.run(scenario())
    return asked


def whole(_range: str, _headers: dict[str, str], *, cut: int | None = None, etag: str = '"v1"') -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(BODY)}\r\nAccept-Ranges: bytes\r\nETag: {etag}\r\n\r\n"
    return head.encode() + (BODY if cut is None else BODY[:cut])


def test_a_file_arrives_byte_for_byte(tmp_path):
    fetch(whole, tmp_path / "a.part")

    assert (tmp_path / "a.part").read_bytes() == BODY


def test_a_cut_download_goes_on_where_it_broke_off(tmp_path):
    def answer(asked: str, headers: dict[str, str]) -> bytes:
        if not asked:
            return whole(asked, headers, cut=300_000)
        start = int(asked.removeprefix("bytes=").rstrip("-"))
        assert headers["if-range"] == '"v1"'
        part = BODY[start : start + 400_000]
        head = f"HTTP/1.1 206 Partial\r\nContent-Length: {len(BODY) - start}\r\n"
        return (head + f"Content-Range: bytes {start}-{len(BODY) - 1}/{len(BODY)}\r\n\r\n").encode() + part

    asked = fetch(answer, tmp_path / "a.part")

    assert (tmp_path / "a.part").read_bytes() == BODY
    assert asked[0] == "" and asked[1].startswith("bytes=") and asked[1] != "bytes=0-"


def test_a_download_goes_on_where_a_killed_worker_left_it(tmp_path):
    left = Part.begin(tmp_path / "attempt-1-dead.video.part")
    left.progress.validator, left.progress.total, left.progress.received = '"v1"', len(BODY), 300_000
    left.write(BODY[:300_000])
    left.sync()
    left.close()
    part = collect(tmp_path, "attempt-1", ".video.part", token="next")

    def answer(asked: str, headers: dict[str, str]) -> bytes:
        head = f"HTTP/1.1 206 Partial\r\nContent-Length: {len(BODY) - 300_000}\r\n"
        head += f"Content-Range: bytes 300000-{len(BODY) - 1}/{len(BODY)}\r\n\r\n"
        return head.encode() + BODY[300_000:]

    asked = fetch(answer, part)

    assert asked == ["bytes=300000-"]
    assert part.path.read_bytes() == BODY


@pytest.mark.parametrize("status", [206, 416])
def test_an_answer_that_does_not_fit_what_came_begins_anew_the_next_time(tmp_path, status):
    answers = iter(
        [
            whole("", {}, cut=1000),
            f"HTTP/1.1 {status} No\r\nContent-Range: bytes 7-8/9\r\nContent-Length: 0\r\n\r\n".encode(),
        ]
    )
    with pytest.raises(CutOff):
        fetch(lambda *_: next(answers), tmp_path / "attempt-1-a.video.part")

    assert collect(tmp_path, "attempt-1", ".video.part", token="b").progress.received == 0


def test_a_file_that_changed_meanwhile_is_taken_from_its_start(tmp_path):
    answers = iter([lambda *a: whole(*a, cut=1000), lambda *a: whole(*a, etag='"v2"')])

    fetch(lambda *asked: next(answers)(*asked), tmp_path / "a.part")

    assert (tmp_path / "a.part").read_bytes() == BODY


def test_without_a_validator_a_cut_download_starts_again(tmp_path):
    answers = iter([whole("", {}, cut=1000, etag='W/"weak"'), whole("", {})])

    asked = fetch(lambda *_: next(answers), tmp_path / "a.part")

    assert asked == ["", ""]
    assert (tmp_path / "a.part").read_bytes() == BODY


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_expired_link_says_so(tmp_path, status):
    with pytest.raises(LinkExpired):
        fetch(lambda *_: f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode(), tmp_path / "a.part")


def test_a_link_that_is_always_cut_gives_up_for_now(tmp_path):
    with pytest.raises(CutOff):
        fetch(lambda *_: whole("", {}, cut=10, etag=""), tmp_path / "a.part")


def test_a_result_larger_than_allowed_is_not_taken(tmp_path):
    with pytest.raises(NotAllowed):
        fetch(whole, tmp_path / "a.part", max_bytes=1000)


def test_a_result_that_hides_its_length_is_stopped_at_the_limit(tmp_path):
    with pytest.raises(NotAllowed):
        fetch(lambda *_: b"HTTP/1.1 200 OK\r\n\r\n" + BODY, tmp_path / "a.part", max_bytes=1000)


def test_a_redirect_is_not_followed(tmp_path):
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"

    with pytest.raises(CutOff):
        fetch(lambda *_: answer, tmp_path / "a.part")
