"""A line between a browser and the server of a test that can be cut at any request, and counts what
came through.
"""

import http.client
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.patience import PATIENCE_SECONDS

NEVER_ARRIVES, HALF_ARRIVES, ANSWER_LOST = "never arrives", "half arrives", "answer lost"
_READ_BYTES = 65_536
_SMALL_BYTES = 5_000_000


class Line:
    """Carries each request to the server, but for those that `cut` says; each is cut once and then
    let through.
    """

    def __init__(self, server_url: str) -> None:
        self.cut = ""  # how the first try of each upload request ends; "": not at all
        self.is_dead = False  # nothing comes through
        self.dies_at = ""  # the request with which it dies
        self.dies_how = NEVER_ARRIVES
        self.waits_at = ""  # the request that is held until `go`
        self.is_waiting, self.go = threading.Event(), threading.Event()
        self.seen: list[str] = []  # "PUT 0 never arrives", in order
        self.piece_bytes = 0  # of bodies of pieces, as the server got them
        self._cut_once: set[str] = set()
        self._lock = threading.Lock()
        self._server = urlsplit(server_url)
        line = self

        class Handler(_Handler):
            def _carry(self) -> None:
                line.carry(self)

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self.url = f"http://localhost:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def carry(self, asked: "_Handler") -> None:
        step = self._step(asked)
        if step and step == self.waits_at:
            self.is_waiting.set()
            self.go.wait(PATIENCE_SECONDS)
        length = int(asked.headers.get("Content-Length") or 0)
        how = self._how(step, length)
        if how == NEVER_ARRIVES:
            asked.hang_up()
            return
        upstream = http.client.HTTPConnection(
            str(self._server.hostname), self._server.port or 80, timeout=PATIENCE_SECONDS
        )
        try:
            upstream.putrequest(
                asked.command, asked.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in asked.headers.items():
                if name.lower() != "connection":
                    upstream.putheader(name, value)
            upstream.putheader("Connection", "close")
            upstream.endheaders()
            self._send(
                asked,
                upstream,
                length // 2 if how == HALF_ARRIVES else length,
                is_piece=step.startswith("PUT"),
            )
            if how == HALF_ARRIVES:
                asked.hang_up()
                return
            answer = upstream.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException):
            asked.hang_up()
            return
        finally:
            upstream.close()
        if how == ANSWER_LOST:
            asked.hang_up()
            return
        asked.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in (
                "connection",
                "transfer-encoding",
                "content-length",
                "server",
                "date",
            ):
                asked.send_header(name, value)
        asked.send_header("Content-Length", str(len(body)))
        # A browser itself sends again what it sent over a connection that it had used before, and
        # hides the cut.
        asked.send_header("Connection", "close")
        asked.end_headers()
        if asked.command != "HEAD":
            asked.wfile.write(body)

    def _step(self, asked: "_Handler") -> str:
        """Name an upload's request; "" for all others."""
        if not asked.path.startswith("/media/uploads"):
            return ""
        if asked.command == "PUT":
            return f"PUT {asked.headers['Upload-Offset']}"
        return f"{asked.command} {asked.path.removeprefix('/media/uploads').rpartition('/')[2] or 'begin'}"

    def _how(self, step: str, length: int) -> str:
        with self._lock:
            how = NEVER_ARRIVES if self.is_dead else ""
            if step and step == self.dies_at and not how:
                self.is_dead, how = True, self.dies_how
            # Halves of halves of a piece would be cut for ever.
            is_rest = self.cut == HALF_ARRIVES and step.startswith("PUT") and length < _SMALL_BYTES
            if (
                not how
                and not is_rest
                and step
                and not step.startswith(("GET", "DELETE"))
                and step not in self._cut_once
                and self.cut
            ):
                self._cut_once.add(step)
                how = self.cut
            if step:
                self.seen.append(f"{step} {how}".strip())
            return how

    def _send(
        self, asked: "_Handler", upstream: http.client.HTTPConnection, left: int, *, is_piece: bool
    ) -> None:
        while left > 0 and (data := asked.rfile.read(min(_READ_BYTES, left))):
            upstream.send(data)
            left -= len(data)
            if is_piece:
                with self._lock:
                    self.piece_bytes += len(data)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _carry(self) -> None:
        raise NotImplementedError

    def hang_up(self) -> None:
        """End the connection as a broken one ends: with a reset, and no answer."""
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.wfile = open("/dev/null", "wb")  # noqa: SIM115
        with suppress(OSError):
            self.connection.close()

    def handle(self) -> None:
        with suppress(OSError):
            super().handle()

    def do_GET(self) -> None:
        self._carry()

    do_POST = do_PUT = do_HEAD = do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def line_to(server_url: str) -> Iterator[Line]:
    line = Line(server_url)
    try:
        yield line
    finally:
        line.close()
