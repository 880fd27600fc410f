"""Requests in this process: through the real WSGI handler, with all middleware and a session in the
database, as a server would hand them over.

Time is the CPU time of this process.
"""

import gzip
import io
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test.utils import CaptureQueriesContext

from editorapp.core import garbage
from editorapp.teams.models import Member

BATCH = 10  # requests between two looks at the clock
TOKEN = "b" * 32

# Style sheets and scripts as they lie: hashed names would need a collectstatic first.
PLAIN = {
    **settings.STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


@dataclass(frozen=True)
class Answer:
    """What came of one request."""

    status: str
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body, unpacked where it came compressed."""
        is_packed = self.headers.get("Content-Encoding") == "gzip"
        return (gzip.decompress(self.body) if is_packed else self.body).decode()


@dataclass
class Visitor:
    """A browser in which a member is signed in."""

    member: Member
    handler: WSGIHandler = field(default_factory=lambda: _server())

    def __post_init__(self) -> None:
        cookies = {settings.SESSION_COOKIE_NAME: _session(self.member)}
        cookies[settings.CSRF_COOKIE_NAME] = TOKEN
        self.environ = {
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "8000",
            "wsgi.url_scheme": "http",
            "HTTP_HOST": "localhost",
            "HTTP_ACCEPT_ENCODING": "gzip",
            "HTTP_X_CSRFTOKEN": TOKEN,
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        }

    def get(self, address: str, *, is_part: bool = False, **headers: str) -> Answer:
        """Ask for an address; `is_part`, as htmx does."""
        return self._ask("GET", address, b"", headers | _as_htmx(is_part))

    def post(self, address: str, fields: dict[str, str], *, is_part: bool = False) -> Answer:
        """Send a form."""
        form = {"CONTENT_TYPE": "application/x-www-form-urlencoded"}
        return self._ask("POST", address, urlencode(fields).encode(), form | _as_htmx(is_part))

    def _ask(self, method: str, address: str, body: bytes, headers: dict[str, str]) -> Answer:
        path, _, query = address.partition("?")
        environ = self.environ | headers
        environ |= {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}
        environ["CONTENT_LENGTH"] = str(len(body))
        files = {"wsgi.input": io.BytesIO(body), "wsgi.errors": io.StringIO()}
        said: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], _error: object = None) -> None:
            said.extend((status, dict(headers)))

        parts = self.handler(environ | files, start)  # type: ignore[arg-type]
        found = b"".join(parts)
        parts.close()  # type: ignore[attr-defined]
        return Answer(said[0], said[1], found)


def _server() -> WSGIHandler:
    """Return the handler as editorapp/wsgi.py begins it."""
    handler = WSGIHandler()
    garbage.keep_loaded()
    return handler


def _as_htmx(is_part: bool) -> dict[str, str]:
    return {"HTTP_HX_REQUEST": "true"} if is_part else {}


def cpu_ms(ask: Callable[[], object]) -> float:
    """Return the milliseconds of CPU that one request costs, over a batch of them."""
    started = time.process_time_ns()
    for _ in range(BATCH):
        ask()
    return (time.process_time_ns() - started) / BATCH / 1e6


def queries(ask: Callable[[], object]) -> int:
    """Return how many queries a request makes, once what is kept for two seconds is known."""
    ask()
    with CaptureQueriesContext(connection) as asked:
        ask()
    return len(asked)


def _session(member: Member) -> str:
    """Sign a person in, as their browser's cookie would say it."""
    session = SessionStore()
    session["_auth_user_id"] = str(member.user_id)
    session["_auth_user_backend"] = settings.AUTHENTICATION_BACKENDS[0]
    session["_auth_user_hash"] = member.user.get_session_auth_hash()
    session.save()
    assert session.session_key
    return session.session_key
