"""Timing: the seconds that each step of taking a file in took, for the browser and whoever measures."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Timing:
    """Seconds by name: "hash", "measure", "store"."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def on(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - began

    def header(self) -> str:
        """Return the value of a Server-Timing header, which browsers show in their network panel."""
        return ", ".join(
            f"{name};dur={seconds * 1000:.1f}" for name, seconds in self.seconds.items()
        )
