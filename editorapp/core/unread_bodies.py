"""Unread bodies: what an answer leaves unread of its request is read and dropped, or the client is
told that the connection ends.

Where the rest of a body stands before the next request, a server can only end the connection. Ours
does so without a word, and a client that has sent its next request by then gets no answer to it.
"""

from collections.abc import Iterable
from typing import Any
from wsgiref.types import InputStream, StartResponse, WSGIApplication, WSGIEnvironment

MOST_BYTES = 1_000_000  # read for nothing; whoever has sent more begins a new connection
_AT_ONCE = 64 * 1024


def read_to_the_end(application: WSGIApplication) -> WSGIApplication:
    """Return the application with the body of each request read as its answer begins; where it is too
    long for that, the answer says "Connection: close".
    """

    def answering(environ: WSGIEnvironment, begin: StartResponse) -> Iterable[bytes]:
        def begin_read(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            if _has_body(environ) and not _is_at_end(environ["wsgi.input"]):
                headers = [*headers, ("Connection", "close")]
            return begin(status, headers, *error)

        return application(environ, begin_read)

    return answering


def _has_body(environ: WSGIEnvironment) -> bool:
    length = environ.get("CONTENT_LENGTH") or "0"
    return length != "0" or "HTTP_TRANSFER_ENCODING" in environ


def _is_at_end(body: InputStream) -> bool:
    """Read on in a body, and say whether that was the rest of it; not where its sender is gone."""
    left = MOST_BYTES
    try:
        while left > 0 and (piece := body.read(min(left, _AT_ONCE))):
            left -= len(piece)
    except OSError:
        return False
    return left > 0
