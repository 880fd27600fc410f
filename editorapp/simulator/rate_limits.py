"""Rate limits of API clients: how many submits a minute, in a sliding window."""

import time
from collections import defaultdict, deque


class RateLimits:
    """The submits of each client's last minute; `per_minute` 0 means no limit."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._windows: defaultdict[str, deque[float]] = defaultdict(deque)

    def left(self, client: str) -> tuple[int, float]:
        """Return how many submits are left in the client's minute, and when the oldest leaves it."""
        window, now = self._windows[client], time.time()
        while window and window[0] <= now - 60:
            window.popleft()
        return self.per_minute - len(window), (window[0] if window else now) + 60

    def count(self, client: str) -> None:
        if self.per_minute:
            self._windows[client].append(time.time())
