"""Response body: a provider's answer read whole, unpacked, within bounds, and the JSON object in it, clean."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

from editorapp.core.content_encoding import CannotUnpack, is_packed, unpack
from editorapp.core.logs import secrets
from editorapp.core.sanitizing import JsonNotReadable, clean_text, parse_json
from editorapp.providers.contract import OutcomeUnknown, Unreadable

MAX_ANSWER_BYTES = 16 * 1024 * 1024  # as it comes, and again unpacked
LONGEST_CAME = 2_000  # characters that are kept of an answer that makes no sense
LONGEST_KEY = 500
# An extension of a response: why its content cannot be unpacked; there is none then.
PROBLEM = "problem"
# What no longer says anything of an answer that was read whole and unpacked.
_SPENT = (b"content-encoding", b"transfer-encoding", b"content-length")


class TooLong(httpx.RemoteProtocolError):
    """An answer is longer than any that a provider gives."""


async def read_whole(response: httpx.Response) -> httpx.Response:
    """Return a streamed answer with its content, unpacked.

    Raises: TooLong.
    """
    announced = response.headers.get("Content-Length", "")
    _check_length(int(announced) if announced.isdecimal() else 0)
    response.stream = _BoundedStream(response.stream)
    packed = response.headers.get("Content-Encoding", "")
    if packed:  # httpx would unpack any amount
        content = b"".join([piece async for piece in response.aiter_raw()])
    else:
        content = await response.aread()
    return _unpacked(response, content, packed) if is_packed(content, packed) else response


class _BoundedStream(httpx.AsyncByteStream):
    """The bytes of an answer as they come, and no more of them than are taken in."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for piece in self._stream:
            size += len(piece)
            _check_length(size)
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


def _unpacked(response: httpx.Response, content: bytes, packed: str) -> httpx.Response:
    problem = ""
    try:
        content = unpack(content, packed, most=MAX_ANSWER_BYTES)
    except CannotUnpack as error:
        content, problem = b"", str(error)
    return httpx.Response(
        response.status_code,
        headers=[line for line in response.headers.raw if line[0].lower() not in _SPENT],
        content=content,
        extensions={PROBLEM: problem},
    )


def _check_length(size: int) -> None:
    if size > MAX_ANSWER_BYTES:
        raise TooLong("The answer is too long.")


def json_in(response: httpx.Response) -> Any:
    """Return the JSON of an answer, clean, whatever its status; None where it holds none."""
    try:
        return parse_json(response.content)
    except JsonNotReadable:
        return None


def object_in(
    response: httpx.Response,
    *,
    name: str,
    secret: str = "",
    is_paid: bool = False,
) -> dict[str, Any]:
    """Return the JSON object of a 2xx answer, clean; {} where there is no content.

    Raises: OutcomeUnknown on the paid POST, else Unreadable, when the answer cannot be read; both
    with what came.
    """
    problem: str = response.extensions.get(PROBLEM, "")
    if not problem and not is_paid and (response.status_code == 204 or not response.content):
        return {}
    if not problem:
        try:
            return _object(response.content)
        except JsonNotReadable as error:
            problem = str(error)
    came = as_it_came(response.content[: LONGEST_CAME * 4].decode(errors="replace"), secret=secret)
    if is_paid:
        says = f"{name} accepted something, but its answer cannot be read. {problem}"
        raise OutcomeUnknown(says, code="unreadable", came=came)
    says = f"{name} gave an answer that cannot be read. {problem}"
    raise Unreadable(says, code="unreadable", came=came)


def _object(content: bytes) -> dict[str, Any]:
    body = parse_json(content)
    if not isinstance(body, dict):
        raise JsonNotReadable("It is no JSON object.")
    return body


def as_it_came(answer: Any, *, secret: str = "") -> str:
    """Return an answer, or what was made of it, as a text to keep: cut, clean, without the key and
    without links' keys.

    What looks like a secret is hidden first, and what may be the first half of one is left out with
    the cut.
    """
    is_text = isinstance(answer, str)
    text = answer if is_text else json.dumps(answer, ensure_ascii=False, default=str)
    shown = secrets.without(without_key(text[: LONGEST_CAME * 4], secret))
    if len(text) > LONGEST_CAME * 4:
        shown = shown[:-LONGEST_KEY] + "…"
    return clean_text(shown, most=LONGEST_CAME)


def without_key(text: str, secret: str) -> str:
    parts = (secret, *secret.split(":"))  # "key:secret" where the key has two parts
    for part in filter(None, parts):
        text = text.replace(part, "***")
    return text
