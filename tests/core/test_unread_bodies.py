"""What an answer leaves unread of its request: read to the end, or said to end the connection."""

from io import BytesIO
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest

from editorapp.core.unread_bodies import MOST_BYTES, read_to_the_end


class GoneSender(BytesIO):
    """A body whose sender went away."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size == 0:
            return b""
        raise OSError("connection reset")


def asked(body: BytesIO, *, reads: int = 0, **environ: str) -> list[tuple[str, str]]:
    """Send a request to an application that reads some bytes of it; return its answer's headers."""
    said: list[tuple[str, str]] = []

    def application(given: WSGIEnvironment, start: StartResponse) -> list[bytes]:
        given["wsgi.input"].read(reads)
        start("400 Bad Request", [("Content-Type", "text/plain")])
        return [b"no"]

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
        said.extend(headers)

    answered = read_to_the_end(application)({**environ, "wsgi.input": body}, start)

    assert list(answered) == [b"no"] and said[0] == ("Content-Type", "text/plain")
    return said[1:]


@pytest.mark.parametrize("reads", [0, 10, MOST_BYTES - 1])
def test_what_is_left_of_a_body_is_read(reads):
    body = BytesIO(b"[" * (MOST_BYTES - 1))

    assert asked(body, reads=reads, CONTENT_LENGTH=str(MOST_BYTES - 1)) == []

    assert body.read() == b""


def test_of_a_body_in_chunks_too():
    body = BytesIO(b"[" * 1000)

    assert asked(body, HTTP_TRANSFER_ENCODING="chunked") == []

    assert body.read() == b""


def test_a_body_that_is_too_long_ends_the_connection_and_is_not_read_whole():
    body = BytesIO(b"[" * (3 * MOST_BYTES))

    assert asked(body, CONTENT_LENGTH=str(3 * MOST_BYTES)) == [("Connection", "close")]

    assert body.tell() == MOST_BYTES


def test_a_long_body_that_was_read_leaves_the_connection_open():
    size = 3 * MOST_BYTES

    assert asked(BytesIO(b"[" * size), reads=size, CONTENT_LENGTH=str(size)) == []


@pytest.mark.parametrize("length", ["", "0"])
def test_a_request_without_a_body_is_not_read(length):
    body = BytesIO(b"the next request")

    assert asked(body, CONTENT_LENGTH=length) == []

    assert body.read() == b"the next request"


def test_a_sender_that_is_gone_is_no_fault_of_ours():
    assert asked(GoneSender(), CONTENT_LENGTH="10") == [("Connection", "close")]
