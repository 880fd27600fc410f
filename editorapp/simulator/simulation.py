"""Simulation: what all protocols share. State, faults, storage, limits and workers."""

import asyncio
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from editorapp.core.fault_points import reached
from editorapp.simulator.faults import Fault, Faults, under_fault
from editorapp.simulator.http import Request, Response
from editorapp.simulator.options import Options
from editorapp.simulator.rate_limits import RateLimits
from editorapp.simulator.rendering import Renderer
from editorapp.simulator.state import JobStore, SimulatedJob
from editorapp.simulator.storage import (
    PublicFiles,
    Signer,
    denied,
    download,
    refused,
)
from editorapp.simulator.tables import JsonObject
from editorapp.simulator.worker_pool import WorkerLost, WorkerPool

UNKNOWN: JsonObject = {"kind": "", "problem": "corrupt_input"}


class Simulation:
    """One simulator, for all protocols."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.state = JobStore(options.folder)
        self.signer = Signer(options.folder)
        self.public = PublicFiles(options.folder / "public")
        self.faults = Faults()
        self.rates = RateLimits(options.rpm)
        self._inspector = WorkerPool(1, niceness=2)
        self._renderer = Renderer(self.state, WorkerPool(options.renderers), options)
        self._tasks: set[asyncio.Task[None]] = set()

    def resume(self) -> None:
        """Take up again what a restart interrupted."""
        self._renderer.prune()
        for job in self.state.unrendered():
            self.start(self._renderer.follow(job))

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this work beside what is being answered, until the simulator stops."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def accept(self, job: SimulatedJob) -> None:
        """Remember a job and set it going."""
        reached("simulator.received")
        self.faults.accepted += 1
        self.state.save(job)
        reached("simulator.accepted")
        self.start(self._renderer.follow(job))

    async def inspect(self, *paths: str) -> list[JsonObject]:
        """Return what each of these files really is. Raises: WorkerLost."""
        answer = await self._inspector.do({"task": "inspect", "paths": paths})
        facts: list[JsonObject] = answer["all"]
        return facts

    async def inspect_upload(self, path: Path) -> JsonObject:
        """Return what an uploaded file is; UNKNOWN where that cannot be told."""
        size = path.stat().st_size
        try:
            (known,) = await self.inspect(str(path))
        except WorkerLost:
            return UNKNOWN
        return known | {"size_bytes": size}

    def link(
        self,
        request: Request,
        method: str,
        name: str,
        *,
        seconds: float | None = None,
    ) -> str:
        """Return a presigned URL as seen from the caller, good for the configured lifetime or the
        seconds given.
        """
        until = self.link_ends_at(seconds)
        return self.signer.link(request.origin, method, name, until)

    def link_ends_at(self, seconds: float | None = None) -> float:
        """Return when a link ends that is made now."""
        return time.time() + (self.options.url_lifetime if seconds is None else seconds)

    def own_fault(self, job: SimulatedJob | None, call: str) -> Fault | None:
        """Return the fault that a job's prompt asked for at this call, used up by one."""
        if job is None:
            return None
        for kept in job.faults:
            if kept["call"] == call and kept["times"] > 0:
                kept["times"] -= 1
                self.state.save(job)
                return Fault(**kept)
        return None

    async def deliver(
        self,
        request: Request,
        file: str,
        job: SimulatedJob | None,
    ) -> Response:
        """Serve a stored file, under whatever fault waits for downloads or for this job's."""
        fault = self.faults.met("download")
        if fault is None and request.method == "GET":
            fault = self.own_fault(job, "download")
        if fault is not None and fault.kind == "expired":
            return denied("Request has expired")
        path = self.options.folder / file
        return await under_fault(
            fault,
            refused,
            lambda: download(path, request, fault),
        )

    async def stop(self) -> None:
        """End the children. What was not finished is taken up at the next start."""
        await self._inspector.stop()
        await self._renderer.workers.stop()
        self.state.close()
