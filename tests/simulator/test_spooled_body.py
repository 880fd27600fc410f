"""A body with a clip in it is read without the clip ever lying in memory."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import pytest

from editorapp.simulator.http import Request, TooLarge
from editorapp.simulator.spooled_body import LONGEST_IN_MEMORY, NotBase64, SpooledBody

CLIP = bytes(range(256)) * 1000
TEXT = base64.b64encode(CLIP).decode()


def read(body: bytes, spooled: SpooledBody, *, piece: int = 1 << 16, limit: int = 1 << 24) -> Any:
    """Read a body that arrives in pieces of this many bytes."""

    async def go() -> Any:
        reader = asyncio.StreamReader(limit=1 << 24)
        request = Request("POST", "/", {"content-length": str(len(body))}, reader)

        async def arrive() -> None:
            for at in range(0, len(body), piece):
                reader.feed_data(body[at : at + piece])
                await asyncio.sleep(0)
            reader.feed_eof()

        feeding = asyncio.create_task(arrive())
        try:
            return await spooled.read(request, limit)
        finally:
            feeding.cancel()

    return asyncio.run(go())


BODY = {
    "model": "m",
    "payload": {"prompt": 'She said "rain", \\ and \u00e9\u96e8', "source_data": TEXT, "hdr": True},
    "after": ["x", "", None, 1.5],
}


@pytest.mark.parametrize("piece", [1 << 16, 4093, 977])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_long_text_goes_to_disk_and_all_else_stays_what_it_was(
    tmp_path: Path, piece: int, ascii_only: bool
) -> None:
    spooled = SpooledBody(tmp_path)

    body = read(json.dumps(BODY, ensure_ascii=ascii_only).encode(), spooled, piece=piece)

    token = body["payload"]["source_data"]
    assert len(token) == 32 and spooled.holds(token)
    assert {**body, "payload": body["payload"] | {"source_data": TEXT}} == BODY
    spooled.decode(token, tmp_path / "clip.mp4", len(CLIP))
    assert (tmp_path / "clip.mp4").read_bytes() == CLIP
    spooled.drop()
    assert list(tmp_path.glob("*.b64")) == []


def test_small_bodies_are_read_the_same_in_pieces_of_any_size(tmp_path: Path) -> None:
    small = BODY | {"payload": {"prompt": '\\" \\\\" \\u00e9 "quoted"', "data": "QUJD"}}
    written = json.dumps(small).encode()

    for piece in range(1, 20):
        assert read(written, SpooledBody(tmp_path), piece=piece) == small
    assert list(tmp_path.iterdir()) == []


def test_a_short_text_is_decoded_from_memory(tmp_path: Path) -> None:
    SpooledBody(tmp_path).decode("QUJD", tmp_path / "file", 3)

    assert (tmp_path / "file").read_bytes() == b"ABC"


@pytest.mark.parametrize("text", ["", "=", "QUJ", "QUJ!", "Qü=="])
def test_what_is_no_base64_is_said_to_be_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(NotBase64):
        SpooledBody(tmp_path).decode(text, tmp_path / "file", 100)


def test_more_bytes_than_allowed_are_not_written(tmp_path: Path) -> None:
    with pytest.raises(TooLarge):
        SpooledBody(tmp_path).decode("QUJD", tmp_path / "file", 2)
    with pytest.raises(TooLarge):
        read(json.dumps(BODY).encode(), SpooledBody(tmp_path), limit=1000)


@pytest.mark.parametrize(
    "body", [b'{"a": "' + b"x" * (LONGEST_IN_MEMORY + 9), b'{"a": "\xff"}', b"", b"{", b'"\\']
)
def test_what_is_no_json_is_refused(tmp_path: Path, body: bytes) -> None:
    with pytest.raises(ValueError):
        read(body, SpooledBody(tmp_path))
