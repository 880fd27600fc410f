"""Lantern's service on loopback: takes a slide, and shows it back as it came.

Every request is kept.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BASE = "/lantern/magic"


@dataclass
class Lantern:
    url: str = ""
    wishes: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    slide: bytes = b""
    polls: int = 0


@contextmanager
def shining() -> Iterator[Lantern]:
    """Run the service for as long as the block lasts."""
    lantern = Lantern()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(lantern))
    lantern.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield lantern
    server.shutdown()
    server.server_close()
    thread.join()


def _handler(lantern: Lantern) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            said = json.loads(self._body() or b"{}")
            lantern.keys.add(self.headers["Authorization"])
            if self.path == f"{BASE}/slides":
                self._answer(
                    201, {"slide": "slide-1", "put": f"{lantern.url}{BASE}/slides/slide-1"}
                )
            elif self.path == f"{BASE}/glow.v1/shine":
                lantern.wishes.append(said)
                self._answer(202, {"show": "show-1", "state": "lit"})
            else:
                self._answer(404, {"error": "no such place"})

        def do_PUT(self) -> None:
            lantern.slide = self._body()
            self._answer(200, {})

        def do_GET(self) -> None:
            if self.path == f"{BASE}/film.mp4":
                self._send(200, "video/mp4", lantern.slide)
            elif self.path == f"{BASE}/shows/show-1":
                lantern.polls += 1
                done = {"show": "show-1", "state": "shown", "film": f"{lantern.url}{BASE}/film.mp4"}
                self._answer(200, done if lantern.polls > 1 else {"show": "show-1", "state": "lit"})
            else:
                self._answer(404, {"error": "no such place"})

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))

        def _answer(self, status: int, said: dict[str, Any]) -> None:
            self._send(status, "application/json", json.dumps(said).encode())

        def _send(self, status: int, kind: str, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Keep the test's output clean."""

    return Handler
