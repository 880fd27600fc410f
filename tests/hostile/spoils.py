"""Ways to misbehave, as values: a status, a field that says something else, other bytes, another
end.
"""

import gzip
import json
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

from tests.hostile.server import HEAD, WHOLE, Asked, Place, Reply, Spoil
from tests.hostile.wires import put


class Token(str):
    """A JSON token as it stands, which Python would not write: NaN, 1e400."""


def status(code: int, body: Any = None, *, times: int | None = None, **headers: str) -> Spoil:
    """Answer with a status. A body is bytes, or a document."""
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    content = body if isinstance(body, bytes) else json.dumps(body or {"detail": "No."}).encode()
    return Spoil(
        lambda asked, good, place: Reply.of(code, content, said),
        times=times,
        is_refusal=code >= 300,
    )


def raw(
    *pieces: bytes | float, end: str = "close", after: str = WHOLE, times: int | None = None
) -> Spoil:
    """Send these bytes in place of an answer."""
    return Spoil(lambda asked, good, place: Reply(pieces, end), after=after, times=times)


def at_head(*, end: str) -> Spoil:
    """End the connection before the request's body is read."""
    return raw(end=end, after=HEAD)


def body(
    change: Callable[[bytes], bytes], *, code: int = 200, times: int | None = None, **headers: str
) -> Spoil:
    """Answer with the good answer's body, changed."""
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return Spoil(
        lambda asked, good, place: Reply.of(code, change(body_of(good)), said), times=times
    )


def says(value: bytes, *, code: int = 200, times: int | None = None, **headers: str) -> Spoil:
    """Answer 200 with this body."""
    return body(lambda good: value, code=code, times=times, **headers)


def field(times: int | None = None, /, **values: Any) -> Spoil:
    """Answer well, but that these fields say something else; a function is given the place."""

    def answer(asked: Asked, good: Reply, place: Place) -> Reply:
        document = json.loads(body_of(good))
        for name, value in values.items():
            path = place.wire.paths[asked.call, name]
            document = put(document, path, value(place) if callable(value) else value)
        return Reply.of(200, dumped(document))

    return Spoil(answer, times=times, is_about_a_field=True)


def dumped(document: Any) -> bytes:
    """Write a document as JSON with its tokens as they stand."""
    tokens: list[str] = []

    def marked(value: Any) -> Any:
        if isinstance(value, Token):
            tokens.append(value)
            return f"@@{len(tokens) - 1}@@"
        if isinstance(value, dict):
            return {key: marked(one) for key, one in value.items()}
        return [marked(one) for one in value] if isinstance(value, list) else value

    text = json.dumps(marked(document))
    for number, token in enumerate(tokens):
        text = text.replace(f'"@@{number}@@"', token)
    return text.encode()


def body_of(reply: Reply) -> bytes:
    (whole,) = reply.pieces
    assert isinstance(whole, bytes)
    return whole.partition(b"\r\n\r\n")[2]


def chunked(*pieces: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in pieces) + b"0\r\n\r\n"


def head(*lines: bytes, first: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join([first, *lines]) + b"\r\n\r\n"


def deflated(content: bytes) -> bytes:
    return zlib.compress(content)


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content)


HTML = (
    b"<!doctype html><html><head><title>502</title></head><body><h1>Bad gateway</h1></body></html>"
)
DEEP = b"[" * 100_000 + b"]" * 100_000
LARGE = b'{"padding": "' + b"x" * 20_000_000 + b'"}'
HALF_EMOJI = "The model failed \ud83d"  # cut in the middle of its last character
ODD_TEXTS = {
    "half a character": HALF_EMOJI,
    "a NUL": "The model\x00 failed",
    "control characters": "The model \x1b[31mfailed\x07\x08\r\n\u202eagain\u2028",
    "a tag": "<script>alert(1)</script> The model failed",
    "a megabyte": "The model failed. " * 60_000,
}
ODD_VALUES = {
    "null": None,
    "a number": 7,
    "a huge number": Token("1e400"),
    "not a number": Token("NaN"),
    "true": True,
    "a list": ["a", 1, None],
    "an object": {"a": {"b": [1]}},
    "an empty text": "",
}


@cache
@cache
def bomb(size: int = 600_000_000) -> bytes:
    """Return a gzip of so many blanks: a thousandth of them."""
    packer = zlib.compressobj(9, wbits=31)
    blank = b" " * 1_000_000
    return b"".join(packer.compress(blank) for _ in range(size // len(blank))) + packer.flush()
