"""Retry-After: how long a provider asks to be left alone, within sensible bounds."""

import math
import re
import time
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

import httpx

MIN_WAIT_SECONDS, MAX_WAIT_SECONDS, DEFAULT_WAIT_SECONDS = 1.0, 600.0, 5.0


def wait_of(response: httpx.Response) -> float:
    """Return how long to wait after a 429, in seconds: what the answer asks for, within sensible
    bounds.

    Without a Retry-After, X-RateLimit-Reset (unix seconds) is asked.
    """
    wait = wait_asked(response.headers)
    return _wait_for_reset(response.headers) if wait is None else wait


def _wait_for_reset(headers: Mapping[str, str]) -> float:
    reset = _figure(headers.get("X-RateLimit-Reset", ""))
    return DEFAULT_WAIT_SECONDS if reset is None else _within(reset - time.time())


def wait_asked(headers: Mapping[str, str]) -> float | None:
    """Return for how many seconds a refusal asks to be left alone: Retry-After as seconds or as a
    date, within bounds.

    None where it does not ask, or not in a way that means anything.
    """
    wait = _seconds_said(headers.get("Retry-After", "").strip())
    return None if wait is None else _within(wait)


def _seconds_said(text: str) -> float | None:
    wait = _figure(text)
    if wait is None and (at := instant(text)) is not None:
        wait = at - time.time()
    return wait


def _within(wait: float) -> float:
    return min(max(wait, MIN_WAIT_SECONDS), MAX_WAIT_SECONDS)


_FIGURE = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?")


def _figure(text: str) -> float | None:
    value = float(text) if _FIGURE.fullmatch(text) else math.inf
    return value if math.isfinite(value) else None


def instant(text: str) -> float | None:
    """Return a header's date as unix seconds; None where it is none.

    The library's parser stumbles over zones and years in all these ways.
    """
    try:
        at = parsedate_to_datetime(text[:100])
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError, OSError):
        return None
