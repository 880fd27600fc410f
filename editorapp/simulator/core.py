"""What every protocol shares: options, state, faults, storage, and the life of a job from
acceptance to result.
"""

import asyncio
import logging
import os
import shutil
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from editorapp.core.fault_points import reached
from editorapp.simulator.faults import FAILURES, Fault, Faults
from editorapp.simulator.http import Hang, Request, Reset, Response
from editorapp.simulator.prune import drop_old_frames
from editorapp.simulator.state import JobStore, SimulatedJob
from editorapp.simulator.storage import PublicFiles, Signer, denied, download, scrambled
from editorapp.simulator.worker_pool import WorkerLost, WorkerPool

logger = logging.getLogger(__name__)
DEFAULT_URL_LIFETIME = (
    3600.0  # Luma's; a provider with a rule of its own follows that until this is set
)
JOB_KINDS = ("fail", "slow", "corrupt", "truncated", "empty", "no_output")
SPOILS = ("corrupt", "truncated", "empty")
HTTP_KINDS = ("status", "hang", "hang_before", "reset", "accept_then_reset", "slow")


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
    """State, faults, storage and renderers, for all wires."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.state = JobStore(options.folder)
        self.signer = Signer(options.folder)
        self.public = PublicFiles(options.folder / "public")
        self.faults = Faults()
        self.inspector = WorkerPool(1, niceness=2)
        self.renderers = WorkerPool(options.renderers)
        self._windows: dict[str, deque[float]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._canned: dict[
            str, asyncio.Task[list[dict[str, str]]]
        ] = {}  # by how long the clip lasts

    @property
    def sample(self) -> Path:
        """The clip that stands for media nobody gave; the worker that needs it first draws it."""
        return self.options.folder / "sample.mp4"

    def resume(self) -> None:
        """Take up again what a restart interrupted."""
        self._tidy()
        for job in self.state.unrendered():
            self._follow(job)

    def accept(self, job: SimulatedJob) -> None:
        """Remember a job and set it going."""
        reached("simulator.received")
        self.faults.accepted += 1
        self.state.save(job)
        reached("simulator.accepted")
        self._follow(job)

    def link(
        self, request: Request, method: str, name: str, *, seconds: float | None = None
    ) -> str:
        """Return a presigned URL as seen from the caller, good for the configured lifetime or the
        seconds given.
        """
        lifetime = self.options.url_lifetime if seconds is None else seconds
        return self.signer.link(request.origin, method, name, time.time() + lifetime)

    def own_fault(self, job: SimulatedJob, call: str) -> Fault | None:
        """Return the fault that a job's prompt asked for at this call, used up by one."""
        for kept in job.faults:
            if kept["call"] == call and kept["times"] > 0:
                kept["times"] -= 1
                self.state.save(job)
                return Fault(**kept)
        return None

    async def deliver(self, request: Request, path: Path, job: SimulatedJob | None) -> Response:
        """Serve a stored file, under whatever fault waits for downloads or for this job's."""
        self.faults.calls["download"] += 1
        fault = self.faults.take("download")
        if fault is None and job is not None and job.faults and request.method == "GET":
            fault = self.own_fault(job, "download")
        if fault is not None and fault.kind == "expired":
            return denied("Request has expired")

        async def act() -> Response:
            return download(path, request, fault)

        def refuse(fault: Fault) -> Response:
            return denied(
                fault.detail or "Refused on demand", code="SimulatedFault", status=fault.status
            )

        return await under_fault(fault, refuse, act)

    # Limits

    def rate(self, client: str, now: float) -> tuple[int, float]:
        """Return how many submits are left in the client's sliding minute, and when the oldest
        leaves it.
        """
        window = self._windows.setdefault(client, deque())
        while window and window[0] <= now - 60:
            window.popleft()
        return self.options.rpm - len(window), (window[0] if window else now) + 60

    def count_submit(self, client: str, now: float) -> None:
        if self.options.rpm:
            self._windows.setdefault(client, deque()).append(now)

    def has_slot(self, client: str, now: float) -> bool:
        return (
            not self.options.concurrent
            or self.state.active_count(client, now) < self.options.concurrent
        )

    # The life of a job

    def _follow(self, job: SimulatedJob) -> None:
        task = asyncio.ensure_future(self._run(job))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, job: SimulatedJob) -> None:
        await asyncio.sleep(max(0.0, job.created_at + job.queue_seconds - time.time()))
        failure = next(
            (
                one
                for one in job.faults
                if one["kind"] == "fail" and one["call"] in ("job", "submit")
            ),
            None,
        )
        if failure or job.failure_code:
            code = failure["code"] if failure else job.failure_code or ""
            job.started_at = time.time()
            job.fail(code, job.failure_reason or FAILURES[code], time.time())
        else:
            await self._render(job)
        self.state.save(job)
        # Inline bytes have done their work; uploaded files stay, for the next job.
        shutil.rmtree(self.options.folder / "inputs" / job.id, ignore_errors=True)

    async def _render(self, job: SimulatedJob) -> None:
        def started() -> None:
            job.started_at = time.time()

        try:
            if self.options.no_render:
                started()
                job.outputs = self._own_if_spoiled(
                    job, await self._canned_clip(f"{job.lasts_seconds:.2f}")
                )
            else:
                await self._render_for_real(job, started)
            if any(fault["kind"] == "no_output" for fault in job.faults):
                job.outputs = []
        except WorkerLost:
            logger.error("The renderer was lost twice on job %s", job.id)
            job.fail("generation_failed", FAILURES["generation_failed"], time.time())
        job.rendered_at = time.time()

    async def _render_for_real(self, job: SimulatedJob, started: Callable[[], None]) -> None:
        folder = self.options.folder / "outputs" / job.id
        answer = await self.renderers.do(
            self._task(job.id, job.request, job.inputs, folder), started=started
        )
        if answer.get("failure_code"):
            if answer.get("bug"):
                logger.error("The renderer failed on job %s: %s", job.id, answer["bug"])
            job.fail(answer["failure_code"], answer["failure_reason"], time.time())
            return
        job.outputs = [
            {"type": output["type"], "file": f"outputs/{job.id}/{output['file']}"}
            for output in answer["outputs"]
        ]
        job.facts = answer["facts"]
        if len(job.outputs) > 1:
            self._tidy()
        for fault in job.faults:
            _spoil(self.options.folder / job.outputs[0]["file"], fault["kind"])

    def _tidy(self) -> None:
        dropped = drop_old_frames(self.state, time.time(), safe_seconds=self.options.url_lifetime)
        if dropped:
            logger.info("%d archives of EXR frames were dropped", dropped)

    def _task(
        self, seed: str, request: dict[str, Any], inputs: dict[str, str], folder: Path
    ) -> dict[str, Any]:
        return {
            "task": "render",
            "seed": seed,
            "request": request,
            "inputs": inputs,
            "folder": str(folder),
            "sample": str(self.sample),
        }

    async def _canned_clip(self, lasts: str) -> list[dict[str, str]]:
        """Return the one tiny clip that stands for every result of this length; drawn once."""
        if lasts not in self._canned:
            self._canned[lasts] = asyncio.ensure_future(self._draw_canned(lasts))
        return await asyncio.shield(self._canned[lasts])

    def _own_if_spoiled(
        self, job: SimulatedJob, canned: list[dict[str, str]]
    ) -> list[dict[str, str]]:
        """Return the canned clip, or for a job that asked for a spoiled result a copy of its own."""
        spoils = [
            fault["kind"]
            for fault in job.faults
            if fault["kind"] in SPOILS and fault["call"] != "download"
        ]
        if not spoils:
            return canned
        file = f"outputs/{job.id}/video.mp4"
        (self.options.folder / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.options.folder / canned[0]["file"], self.options.folder / file)
        for kind in spoils:
            _spoil(self.options.folder / file, kind)
        return [{"type": "video", "file": file}]

    async def _draw_canned(self, lasts: str) -> list[dict[str, str]]:
        folder = self.options.folder / "canned" / lasts
        if not (folder / "video.mp4").exists():
            request = {
                "task": "canned",
                "prompt": "A canned result",
                "resolution": "360p",
                "duration": lasts,
            }
            # Elsewhere first: killed meanwhile, we would hand out half a clip for ever.
            drawn = folder.with_name(f"{lasts}.{os.getpid()}.part")
            await self.renderers.do(self._task("canned", request, {}, drawn))
            drawn.rename(folder)
        return [{"type": "video", "file": f"canned/{lasts}/video.mp4"}]

    async def stop(self) -> None:
        """Stop all work. What was not finished is taken up at the next start."""
        tasks = [*self._tasks, *self._canned.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        children = self.inspector.stop() + self.renderers.stop()
        await asyncio.gather(*(child.wait() for child in children))
        self.state.close()


def _spoil(path: Path, kind: str) -> None:
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "truncated":
        with path.open("r+b") as file:
            file.truncate(path.stat().st_size // 2)
    elif kind == "corrupt":
        path.write_bytes(scrambled(path.read_bytes()))


async def under_fault(
    fault: Fault | None, refuse: Callable[[Fault], Response], act: Callable[[], Awaitable[Response]]
) -> Response:
    """Act under a fault: refuse, hang, reset or be slow, before or after the act.

    Raises: Hang, Reset.
    """
    kind = fault.kind if fault else ""
    if fault is None:
        return await act()
    if kind == "status":
        return refuse(fault)
    if kind == "hang_before":
        raise Hang
    if kind == "reset":
        raise Reset
    if kind == "slow":
        await asyncio.sleep(fault.seconds)
    answer = await act()
    if kind == "hang":
        raise Hang
    if kind == "accept_then_reset":
        raise Reset
    return answer
