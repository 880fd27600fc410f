"""A proxy on loopback before the simulator that answers as it does, but for what a test spoils on
the way.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx

from tests.patience import PATIENCE_SECONDS

PASSED_ON = ("authorization", "content-type", "accept", "x-request-id", "range", "if-range")
NOT_PASSED_BACK = {"content-length", "connection", "date", "transfer-encoding"}


@dataclass
class Answered:
    """An answer on its way back, to be changed in place.

    `json` is its body where it is JSON, else None.
    """

    method: str
    path: str
    status: int
    headers: dict[str, str]
    content: bytes
    json: Any = None

    def is_(self, method: str, part: str) -> bool:
        return self.method == method and part in self.path


Spoil = Callable[[Answered], None]


@dataclass
class Proxy:
    """`spoil` are changes, each tried on every answer; `posts` counts the paid posts that came
    through.
    """

    target: str
    url: str = ""
    spoil: list[Spoil] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def count(self, method: str, path: str) -> int:
        return sum(
            1
            for asked, where in self.asked
            if asked == method and where.partition("?")[0].endswith(path)
        )


@contextmanager
def before(target: str) -> Iterator[Proxy]:
    """Stand before the simulator for a while."""
    proxy = Proxy(target)
    client = httpx.Client(trust_env=False, timeout=PATIENCE_SECONDS)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            proxy.asked.append((self.command, self.path))
            body = _body_of(self)
            headers = {
                name: value for name, value in self.headers.items() if name.lower() in PASSED_ON
            }
            headers["Host"] = self.headers[
                "Host"
            ]  # so that the simulator's links lead through here
            came = client.request(self.command, target + self.path, content=body, headers=headers)
            back = Answered(
                self.command,
                self.path,
                came.status_code,
                {
                    name: value
                    for name, value in came.headers.items()
                    if name not in NOT_PASSED_BACK
                },
                came.content,
            )
            _spoiled(back, proxy.spoil)
            self.send_response(back.status, "Whatever")
            for name, value in back.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(back.content)))
            self.end_headers()
            self.wfile.write(back.content)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE_SECONDS)
        client.close()


def _body_of(handler: BaseHTTPRequestHandler) -> bytes:
    if handler.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    body = b""
    while size := int(handler.rfile.readline(), 16):
        body += handler.rfile.read(size + 2)[:-2]
    handler.rfile.readline()
    return body


def _spoiled(back: Answered, spoils: list[Spoil]) -> None:
    if back.headers.get("content-type") == "application/json":
        back.json = json.loads(back.content)
    for spoil in spoils:
        spoil(back)
    if back.json is not None:
        back.content = json.dumps(back.json).encode()
