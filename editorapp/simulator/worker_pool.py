"""Worker pool: child processes that do the heavy work (decode, draw, encode), so that the server always answers.

A child that dies, or says nothing for too long, is replaced; what it was doing is tried once more,
then given up.
"""

import asyncio
import contextlib
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from editorapp.simulator.tables import JsonObject

ROOT = Path(__file__).resolve().parent.parent.parent
LONGEST_ANSWER = 1 << 22


class WorkerLost(Exception):
    """The child died or fell silent, twice."""


@dataclass
class WorkerPool:
    """`size` children, started when first needed; tasks wait in order of arrival."""

    size: int
    niceness: int = field(default=10, kw_only=True)
    silence_seconds: float = field(default=120, kw_only=True)

    def __post_init__(self) -> None:
        self._all: set[Process] = set()
        self._idle: asyncio.Queue[Process | None] = asyncio.Queue()
        for _ in range(self.size):
            self._idle.put_nowait(None)

    async def do(
        self, task: JsonObject, *, started: Callable[[], None] = lambda: None
    ) -> JsonObject:
        """Have a child do a task; return its answer. `started` is called when a child takes it up.

        Raises: WorkerLost.
        """
        worker = await self._idle.get()
        try:
            started()
            for _attempt in (1, 2):
                if worker is None or worker.returncode is not None:
                    worker = await self._spawn()
                answer = await self._ask(worker, task)
                if answer is not None:
                    return answer
                self._kill(worker)
                worker = None
            raise WorkerLost(str(task.get("task")))
        except asyncio.CancelledError:
            if worker is not None:
                self._kill(worker)  # it is in the middle of something nobody waits for
            worker = None
            raise
        finally:
            self._idle.put_nowait(worker)

    async def _ask(self, worker: Process, task: JsonObject) -> JsonObject | None:
        assert worker.stdin is not None and worker.stdout is not None
        with contextlib.suppress(OSError, TimeoutError, ValueError):
            worker.stdin.write(json.dumps(task).encode() + b"\n")
            await worker.stdin.drain()
            while True:
                async with asyncio.timeout(self.silence_seconds):
                    line = await worker.stdout.readline()
                if not line:
                    return None
                said = json.loads(line)
                if "answer" in said:
                    return said["answer"]
        return None

    async def _spawn(self) -> Process:
        worker = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "editorapp.simulator.worker",
            str(self.niceness),
            cwd=ROOT,
            stdin=PIPE,
            stdout=PIPE,
            limit=LONGEST_ANSWER,
        )
        self._all.add(worker)
        return worker

    def _kill(self, worker: Process) -> None:
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        self._all.discard(worker)

    async def stop(self) -> None:
        """End all children now."""
        for worker in list(self._all):
            self._kill(worker)
            await worker.wait()
