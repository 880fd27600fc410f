"""Simulation: what all protocols share. Options, state, faults, storage, limits and workers."""

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from editorapp.core.fault_points import reached
from editorapp.simulator.faults import Fault, Faults, under_fault
from editorapp.simulator.http import Request, Response, cancel_all
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

# Luma's; a provider with a rule of its own follows that until this is set
DEFAULT_URL_LIFETIME = 3600.0


@dataclass(frozen=True)
class Options:
    """How the simulator behaves.

    Seconds; `rpm` and `concurrent` are per API client, 0 for no limit.
    """

    folder: Path
    queue_seconds: float = 1.0
    render_seconds: float = 0.0
    any_media: bool = False
    no_render: bool = False
    url_lifetime: float = DEFAULT_URL_LIFETIME
    rpm: int = 300
    concurrent: int = 100
    renderers: int = 1


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
        self._renderer = Renderer(
            self.state,
            WorkerPool(options.renderers),
            no_render=options.no_render,
            url_lifetime=options.url_lifetime,
        )
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
        """Return what an uploaded file is; `problem` says where that cannot be told."""
        try:
            (known,) = await self.inspect(str(path))
        except WorkerLost:
            return {"kind": "", "problem": "corrupt_input"}
        return known | {"size_bytes": path.stat().st_size}

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
        return self.signer.link(
            request.origin,
            method,
            name,
            self.link_ends_at(seconds),
        )

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
        fault = self._download_fault(request, job)
        if fault is not None and fault.kind == "expired":
            return denied("Request has expired")
        path = self.options.folder / file
        return await under_fault(
            fault,
            refused,
            lambda: download(path, request, fault),
        )

    def _download_fault(self, request: Request, job: SimulatedJob | None) -> Fault | None:
        fault = self.faults.met("download")
        is_own = fault is None and request.method == "GET"
        return self.own_fault(job, "download") if is_own else fault

    def has_slot(self, client: str, now: float) -> bool:
        most = self.options.concurrent
        return not most or self.state.active_count(client, now) < most

    async def stop(self) -> None:
        """Stop all work. What was not finished is taken up at the next start."""
        await cancel_all([*self._tasks, *self._renderer.drawing])
        children = self._inspector.stop() + self._renderer.workers.stop()
        await asyncio.gather(*(child.wait() for child in children))
        self.state.close()
