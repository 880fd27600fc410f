"""Rate limits of API clients: how many submits a minute, in a sliding window."""

from collections import defaultdict, deque


class RateLimits:
    """The submits of each client's last minute; `per_minute` 0 means no limit."""

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._windows: defaultdict[str, deque[float]] = defaultdict(deque)

    def left(self, client: str, now: float) -> tuple[int, float]:
        """Return how many submits are left in the client's minute, and when the oldest leaves it."""
        window = self._recent(client, now)
        return self.per_minute - len(window), (window[0] if window else now) + 60

    def _recent(self, client: str, now: float) -> deque[float]:
        window = self._windows[client]
        while window and window[0] <= now - 60:
            window.popleft()
        return window

    def count(self, client: str, now: float) -> None:
        if self.per_minute:
            self._windows[client].append(now)
