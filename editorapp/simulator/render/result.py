"""Results: how long a new one lasts, the name of its poster, and the error where there is none."""

from collections.abc import Callable
from typing import TypeAlias

Alive: TypeAlias = Callable[[], None]  # called while a job is rendered
POSTER = "poster.jpg"  # the first frame of a result, beside it


def seconds_of(duration: str | None) -> int:
    """Return how long a new clip is, by what was asked for."""
    return {"9s": 9, "10s": 10}.get(duration or "", 5)


class CannotRender(Exception):
    """The job fails with one of the provider's failure codes."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
