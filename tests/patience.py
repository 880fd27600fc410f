"""How long a test waits for what is sure to come from another process or thread: a render, a server
that starts, a signal, an end.

How long such things take is no test: that is measured in tests/bench. One limit stands here for all
of them, far beyond what a loaded machine needs, so that it ends only what hangs. It is less than
what pytest gives to one test (see pyproject.toml): what was awaited is said before that.
"""

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_SECONDS = 240.0
PAUSE_SECONDS = 0.03

Found = TypeVar("Found")


def awaited(ask: Callable[[], Found], what: str = "it") -> Found:
    """Ask again and again until the answer is true, and return it.

    Raises: AssertionError with `what` was awaited, when it has not come in all that time.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while not (found := ask()):
        assert time.monotonic() < until, f"{what} has not come within {PATIENCE_SECONDS:g} s"
        time.sleep(PAUSE_SECONDS)
    return found
