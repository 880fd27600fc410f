"""Consumer threads: they work on blocks of bytes from a bounded queue while the next are being read."""

import queue
import threading
from collections.abc import Callable

# Batches that may wait for one consumer: its memory is bounded, and who reads waits for it.
_AHEAD = 4

Batch = list[bytes]


class ConsumerThread:
    """Does `work` with each batch, in order, in a thread of its own; whatever that raises is raised
    to the reader.

    Everything that was put is done when the context is left.
    """

    def __init__(self, work: Callable[[Batch], None]) -> None:
        self._work = work
        self._error: BaseException | None = None
        self._batches: queue.Queue[Batch | None] = queue.Queue(_AHEAD)
        self._thread = threading.Thread(target=self._run, name="consumer", daemon=True)

    def put(self, batch: Batch) -> None:
        """Hand over a batch. Raises: what an earlier one met."""
        if self._error is not None:
            raise self._error
        self._batches.put(batch)

    def _run(self) -> None:
        while (batch := self._batches.get()) is not None:
            if self._error is None:
                try:
                    self._work(batch)
                except BaseException as error:
                    self._error = error

    def __enter__(self) -> "ConsumerThread":
        self._thread.start()
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._batches.put(None)
        self._thread.join()
        if kind is None and self._error is not None:
            raise self._error
