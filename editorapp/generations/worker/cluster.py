"""Workers of the queue: django-q2's cluster, with queues that survive a killed worker, and an end
without harm.
"""

import fcntl
import os
import tempfile
import time
from multiprocessing.reduction import ForkingPickler
from typing import Any

from django_q import cluster
from django_q.queues import Queue

from editorapp.generations.coordination import shutdown
from editorapp.teams import audit_origin

ORPHANED_SECONDS = 1.0  # so often a worker that waits looks whether it has been left behind


class KernelLock:
    """A lock between forked processes that the kernel opens when its holder dies.

    A worker waits for its next task inside the lock of the tasks' pipe. The standard library's lock
    would stay shut for ever if that worker is killed, and every other worker would stand before it;
    only a restart of all, paid calls among it, would help.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (open for as long as the lock is)

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        if block and timeout is None:
            fcntl.lockf(self._file, fcntl.LOCK_EX)
            return True
        until = time.monotonic() + (timeout or 0.0)
        while not self._is_taken():
            if not block or time.monotonic() >= until:
                return False
            time.sleep(0.01)
        return True

    def _is_taken(self) -> bool:
        """Take the lock, where nobody else has it now."""
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def release(self) -> None:
        fcntl.lockf(self._file, fcntl.LOCK_UN)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *error: object) -> None:
        self.release()


class SturdyQueue(Queue):
    """django-q2's queue between the cluster's processes, with locks that die with their holders."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rlock = KernelLock()
        self._wlock = KernelLock()
        self._home = os.getpid()

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Wait for the next task, for as long as the process lives that made this queue and forked
        us.

        Raises: SystemExit, when that one was killed: nobody else would ever end us.
        """
        if not block or timeout is not None:
            return super().get(block, timeout)
        with self._rlock:
            while not self._reader.poll(ORPHANED_SECONDS):
                if os.getpid() != self._home != os.getppid():
                    raise SystemExit(0)
            found = self._reader.recv_bytes()
        self._sem.release()
        self.size.increment(-1)
        return ForkingPickler.loads(found)


class Cluster(cluster.Cluster):
    """A cluster that tells its workers when it is asked to end, so that they begin nothing new."""

    def sig_handler(self, signum: int, frame: Any) -> None:
        shutdown.ask()
        super().sig_handler(signum, frame)


def run() -> None:
    """Start the cluster of this process and return once it has ended."""
    cluster.Queue = SturdyQueue
    with audit_origin.this_process_is(audit_origin.ENGINE):  # and its workers: forked from it
        Cluster().start()
