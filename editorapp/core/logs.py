"""Log lines: JSON for machines or text for people, each with what it is about, none with a secret.

The ids come from where the work is: the middleware binds the request's, the queue hands it on with
each task, and the engine binds the attempt that it works on. Imports nothing of Django: the web
server's own lines are written by it too.
"""

import base64
import json
import logging
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, NamedTuple

HIDDEN = "[hidden]"
SHORTEST_SECRET = 8  # anything shorter would also be hidden where it is a common word
REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{8,64}")
_SECRET_NAME = re.compile(r"(KEY|KEYS|SECRET|TOKEN|PASSWORD|WEBHOOK)$")


class About(NamedTuple):
    """What the engine works on."""

    generation: int
    attempt: int
    account: int


_request: ContextVar[str] = ContextVar("request", default="")
_about: ContextVar[About | None] = ContextVar("about", default=None)


@contextmanager
def request(request_id: str) -> Iterator[None]:
    """Name the request that the lines of this block belong to."""
    token = _request.set(request_id)
    try:
        yield
    finally:
        _request.reset(token)


def take_request(request_id: str) -> None:
    """Name the request that all further lines of this thread belong to; "" for none."""
    _request.set(request_id)


def request_id() -> str:
    return _request.get()


def clean_request_id(given: str) -> str:
    """Return the id that a caller gave, or a new one where it is none: it is written into logs and
    headers.
    """
    return given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


class about:  # noqa: N801  used like a function; a class costs a third of a generator in the engine's inner loop
    """Name the attempt that the lines of a block belong to."""

    __slots__ = ("_token", "_what")

    def __init__(self, generation: int, attempt: int, account: int) -> None:
        self._what = About(generation, attempt, account)

    def __enter__(self) -> None:
        self._token = _about.set(self._what)

    def __exit__(self, *error: object) -> None:
        _about.reset(self._token)


class Secrets:
    """What must never be written: values that we know, and what looks like one."""

    LOOKS = (
        (re.compile(r"(https?://[^\s\"'<>?]+)\?[^\s\"'<>]*"), rf"\1?{HIDDEN}"),  # presigned links
        (re.compile(r"(\w+://)[^/\s:@]*:[^/\s@]+@"), rf"\1{HIDDEN}@"),
        (
            re.compile(r"(?i)(authorization[\"']?\s*[:=,]\s*b?[\"']?)(?:[a-z]+ +)?[^\s\"',}\]]+"),
            rf"\1{HIDDEN}",
        ),
        (re.compile(r"(?i)\b(bearer|basic) +(?=\S*[0-9=_-])[a-z0-9._~+/=-]{8,}"), rf"\1 {HIDDEN}"),
        (
            re.compile(r"(?i)([?&](?:x-\w+-[\w-]+|sig|signature|token|key|policy)=)[^&\s\"']+"),
            rf"\1{HIDDEN}",
        ),
        # One-time links. File names made of a hash are none.
        (re.compile(r"/(?![0-9a-f]{40,64}\b)[A-Za-z0-9_-]{40,}"), f"/{HIDDEN}"),
        # PostgreSQL quotes the whole row, prompt included.
        (re.compile(r"(Failing row contains \().*", re.S), rf"\1{HIDDEN})"),
    )

    def __init__(self) -> None:
        self._values: set[str] = set()
        self._known: re.Pattern[str] | None = None

    def hide(self, value: str) -> None:
        """Never write this value again, nor its parts ("key:secret"), nor what a header makes of
        it.
        """
        if value in self._values:
            return
        forms = {value, *value.split(":"), base64.b64encode(value.encode()).decode()}
        if new := {form for form in forms if len(form) >= SHORTEST_SECRET} - self._values:
            self._values = self._values | new
            longest_first = sorted(self._values, key=len, reverse=True)
            self._known = re.compile("|".join(map(re.escape, longest_first)))

    def hide_environment(self) -> None:
        """Never write what the environment holds under a secret's name."""
        for name, value in os.environ.items():
            if _SECRET_NAME.search(name):
                for one in value.split(","):
                    self.hide(one.strip())

    def without(self, text: str) -> str:
        """Return a text in which nothing secret is left."""
        if self._known is not None:
            text = self._known.sub(HIDDEN, text)
        for looks, instead in self.LOOKS:
            text = looks.sub(instead, text)
        return text


secrets = Secrets()
secrets.hide_environment()


class LogFormatter(logging.Formatter):
    """One record as one line of JSON, or as text for a person's terminal."""

    def __init__(self, kind: str = "text") -> None:
        super().__init__()
        if kind not in ("json", "text"):
            raise ValueError(f"RUSHES_LOG_FORMAT is json or text, not {kind!r}.")
        self.kind = kind

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        if record.exc_info:
            fields["exception"] = secrets.without(self.formatException(record.exc_info))
        if record.stack_info:
            fields["stack"] = secrets.without(record.stack_info)
        line = json.dumps(fields, ensure_ascii=False) if self.kind == "json" else _as_text(fields)
        return line.encode(errors="replace").decode()  # half a character would lose the line


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    """Return what a line holds, secrets hidden in each value: hidden in the finished JSON, they
    could break it.
    """
    fields: dict[str, Any] = {
        "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname,
        "logger": record.name,
        "process": record.process,
        "message": secrets.without(_message_of(record)),
    }
    if request := _request.get():
        fields["request"] = request
    if (what := _about.get()) is not None:
        fields |= what._asdict()
    for name, value in getattr(record, "fields", {}).items():  # logging's extra={"fields": {...}}
        fields[name] = secrets.without(value) if isinstance(value, str) else value
    return fields


def _message_of(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # a wrong number of arguments must not lose the line
        return f"{record.msg} {record.args}"


def _as_text(fields: dict[str, Any]) -> str:
    words = {name: value for name, value in fields.items() if name not in _SHOWN}
    line = f"{fields['at']} {fields['level']} {fields['logger']} {fields['message']}"
    if words:
        line += f" [{' '.join(f'{name}={value}' for name, value in words.items())}]"
    return "\n".join([line, *(fields[name] for name in ("exception", "stack") if name in fields)])


_SHOWN = frozenset({"at", "level", "logger", "process", "message", "exception", "stack"})
