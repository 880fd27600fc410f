"""Recording: what a provider answered, word for word, for whoever listens: to hold it against the
documents, and for nothing else.

Nobody listens to ordinary work. What is heard stays in memory: it holds keys of links and words of
prompts, and only what documents/compare.py makes of it is kept.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

# in place of a path: these lie where the provider says
LINK, UPLOAD = "(link to a file)", "(upload address)"
MOST_HEARD = 500  # of one piece of work


@dataclass(frozen=True)
class Exchange:
    """One call and its answer.

    `url` is the whole address of a link or an upload, and "" for an ordinary call.
    """

    method: str
    path: str  # below the base URL, or LINK, or UPLOAD
    status: int
    headers: Mapping[str, str]
    content: bytes
    at: datetime
    params: tuple[str, ...] = ()  # the names of what was asked in the query
    url: str = ""


_heard: ContextVar[list[Exchange] | None] = ContextVar("heard", default=None)


@contextmanager
def listening() -> Iterator[list[Exchange]]:
    """Collect every exchange with a provider that this block, and what it awaits, makes."""
    heard: list[Exchange] = []
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


def note(
    method: str,
    path: str,
    answer: httpx.Response,
    *,
    params: Mapping[str, object] | None = None,
    url: str = "",
) -> None:
    """Note an exchange where somebody listens. Of a file only its head is noted."""
    heard = _heard.get()
    if heard is None or len(heard) >= MOST_HEARD:
        return
    exchange = Exchange(
        method=method,
        path=path,
        status=answer.status_code,
        headers=answer.headers,
        content=b"" if path == LINK else answer.content,
        at=datetime.now(UTC),
        params=tuple(sorted(params or ())),
        url=url,
    )
    heard.append(exchange)
