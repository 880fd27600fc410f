"""Requests that the server of a test is still answering: a closed page leaves what it had asked
under way.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started

from tests.patience import PATIENCE_SECONDS


class Requests:
    """How many requests have come over HTTP, and are not answered yet."""

    def __init__(self) -> None:
        self._count = 0
        self._changed = threading.Condition()

    def started(self, sender: type, **_signal: Any) -> None:
        self._add(1 if issubclass(sender, WSGIHandler) else 0)

    def finished(self, sender: type | None, **_signal: Any) -> None:
        self._add(-1 if sender and issubclass(sender, WSGIHandler) else 0)

    def _add(self, number: int) -> None:
        with self._changed:
            self._count += number
            self._changed.notify_all()

    def wait(self) -> bool:
        """Wait until each is answered; False when one is not."""
        with self._changed:
            return self._changed.wait_for(lambda: self._count <= 0, timeout=PATIENCE_SECONDS)


@contextmanager
def watched() -> Iterator[Requests]:
    """Yield the requests that come to a server from here on.

    Those of Django's test client are answered at once.
    """
    requests = Requests()
    request_started.connect(requests.started)
    request_finished.connect(requests.finished)
    try:
        yield requests
    finally:
        request_started.disconnect(requests.started)
        request_finished.disconnect(requests.finished)
