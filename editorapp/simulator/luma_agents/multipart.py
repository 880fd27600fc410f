"""Multipart bodies: the parts of a form, each with its head as the standard library reads it."""

from email.message import Message
from email.parser import HeaderParser
from typing import TypeAlias

Parts: TypeAlias = dict[str, tuple[Message, bytes]]


def parse_multipart(body: bytes, content_type: str) -> Parts:
    """Return head and bytes of the parts of a multipart/form-data body, by name.

    The bytes are cut out as they are: the library's own reader of bodies would make lines of them.
    """
    boundary = _head_of(f"content-type: {content_type}").get_boundary("")
    parts = {}
    for piece in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:-1]:
        written, _blank, data = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        head = _head_of(written.decode("utf-8", "replace"))
        name = head.get_param("name", header="content-disposition")
        if name and isinstance(name, str):
            parts[name] = head, data
    return parts


def _head_of(text: str) -> Message:
    return HeaderParser().parsestr(text)
