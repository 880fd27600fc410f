"""Links to results: only where results can be, whole or not at all, taken up where they broke off."""

import asyncio
import gzip
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from editorapp.generations.files.download import CutOff, LinkExpired, LinkNotAllowed, download
from editorapp.generations.files.partial import PartialFile, collect
from editorapp.providers.contract import Access

BODY = bytes(range(256)) * 4000


def fetch(
    answer: Callable[[str, dict[str, str]], bytes],
    into: Path | PartialFile,
    *,
    max_bytes: int = 10_000_000,
):
    """Download from a server that answers each connection with the bytes given; return the Range of
    each.
    """
    asked: list[str] = []
    part = into if isinstance(into, PartialFile) else PartialFile.begin(into)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:])
        }
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


def whole(
    _range: str, _headers: dict[str, str], *, cut: int | None = None, etag: str = '"v1"'
) -> bytes:
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
        return (
            head + f"Content-Range: bytes {start}-{len(BODY) - 1}/{len(BODY)}\r\n\r\n"
        ).encode() + part

    asked = fetch(answer, tmp_path / "a.part")

    assert (tmp_path / "a.part").read_bytes() == BODY
    assert asked[0] == "" and asked[1].startswith("bytes=") and asked[1] != "bytes=0-"


def test_a_download_goes_on_where_a_killed_worker_left_it(tmp_path):
    left = PartialFile.begin(tmp_path / "attempt-1-dead.video.part")
    left.progress.validator, left.progress.total, left.progress.received = (
        '"v1"',
        len(BODY),
        300_000,
    )
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
        fetch(
            lambda *_: f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode(),
            tmp_path / "a.part",
        )


def test_a_link_that_is_always_cut_gives_up_for_now(tmp_path):
    with pytest.raises(CutOff):
        fetch(lambda *_: whole("", {}, cut=10, etag=""), tmp_path / "a.part")


def test_a_result_larger_than_allowed_is_not_taken(tmp_path):
    with pytest.raises(LinkNotAllowed):
        fetch(whole, tmp_path / "a.part", max_bytes=1000)


def test_a_result_that_hides_its_length_is_stopped_at_the_limit(tmp_path):
    with pytest.raises(LinkNotAllowed):
        fetch(lambda *_: b"HTTP/1.1 200 OK\r\n\r\n" + BODY, tmp_path / "a.part", max_bytes=1000)


def test_a_redirect_is_not_followed(tmp_path):
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"

    with pytest.raises(CutOff):
        fetch(lambda *_: answer, tmp_path / "a.part")


def packed(content: bytes, *, named: str = "gzip", more: str = "") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {named}\r\nContent-Length: {len(content)}\r\n{more}\r\n"
    return head.encode() + content


RANGES = 'Accept-Ranges: bytes\r\nETag: "v1"\r\n'


@pytest.mark.parametrize(
    ("named", "content"),
    [
        ("gzip", gzip.compress(BODY)),
        ("deflate", zlib.compress(BODY)),
        ("identity", BODY),
        ("gzip", BODY),
    ],
    ids=["gzip", "deflate", "identity", "only said"],
)
def test_a_file_that_comes_compressed_although_nobody_asked_is_unpacked(tmp_path, named, content):
    fetch(lambda _range, headers: packed(content, named=named, more=RANGES), tmp_path / "a.part")

    assert (tmp_path / "a.part").read_bytes() == BODY


def test_a_compressed_file_that_was_cut_begins_anew_and_never_in_its_midst(tmp_path):
    content, answers = gzip.compress(BODY), []

    def answer(asked: str, headers: dict[str, str]) -> bytes:
        answers.append(asked)
        whole = packed(content, more=RANGES)
        return whole[:-2000] if len(answers) == 1 else whole

    fetch(answer, tmp_path / "a.part")

    assert (tmp_path / "a.part").read_bytes() == BODY and answers == ["", ""]


@pytest.mark.parametrize(
    ("named", "content", "words"),
    [
        ("br", BODY, r"\(br\), which nobody asked for"),
        ("gzip", b"\x1f\x8b\x08\x00" + b"\xff" * 99, "broken"),
    ],
    ids=["br", "broken"],
)
def test_what_cannot_be_unpacked_is_tried_later_and_says_so(tmp_path, named, content, words):
    with pytest.raises(CutOff, match=words):
        fetch(lambda _range, headers: packed(content, named=named), tmp_path / "a.part")


def test_a_bomb_is_stopped_at_the_size_of_a_result(tmp_path):
    with pytest.raises(LinkNotAllowed, match="larger than"):
        fetch(
            lambda _range, headers: packed(gzip.compress(bytes(30_000_000))),
            tmp_path / "a.part",
            max_bytes=1_000_000,
        )

    assert (tmp_path / "a.part").stat().st_size <= 1_000_000


@pytest.mark.parametrize(("status", "error"), [(503, CutOff), (429, CutOff), (403, LinkExpired)])
def test_a_link_that_is_refused_says_how_long_to_wait(tmp_path, status, error):
    said = f"HTTP/1.1 {status} No\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n".encode()

    with pytest.raises(error) as raised:
        fetch(lambda _range, headers: said, tmp_path / "a.part")

    assert raised.value.retry_after_seconds == 120
