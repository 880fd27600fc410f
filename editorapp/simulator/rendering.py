"""Rendering of jobs: the life of one from its acceptance to its result, or its failure."""

import asyncio
import logging
import os
import shutil
import time
from pathlib import Path
from typing import Any

from editorapp.simulator.faults import FAILURES, SPOILS
from editorapp.simulator.prune import drop_old_frames
from editorapp.simulator.state import JobStore, SimulatedJob
from editorapp.simulator.storage import scrambled
from editorapp.simulator.worker_pool import WorkerLost, WorkerPool

logger = logging.getLogger(__name__)


class Renderer:
    """Brings jobs to their end. `drawing` are the canned clips, by how long they last."""

    def __init__(
        self, state: JobStore, workers: WorkerPool, *, no_render: bool, url_lifetime: float
    ) -> None:
        self.workers = workers
        self._state, self._folder = state, state.folder
        self._no_render, self._url_lifetime = no_render, url_lifetime
        self._canned: dict[str, asyncio.Task[list[dict[str, str]]]] = {}

    @property
    def drawing(self) -> list[asyncio.Task[list[dict[str, str]]]]:
        return list(self._canned.values())

    async def follow(self, job: SimulatedJob) -> None:
        """Wait out the queue, then render the job or let it fail."""
        await asyncio.sleep(max(0.0, job.created_at + job.queue_seconds - time.time()))
        code = next(
            (one["code"] for one in _striking(job) if one["kind"] == "fail"), job.failure_code
        )
        if code:
            job.started_at = time.time()
            job.fail(code, job.failure_reason or FAILURES[code], time.time())
        else:
            await self._render(job)
        self._state.save(job)
        # Inline bytes have done their work; uploaded files stay, for the next job.
        shutil.rmtree(self._folder / "inputs" / job.id, ignore_errors=True)

    async def _render(self, job: SimulatedJob) -> None:
        try:
            await (self._take_canned(job) if self._no_render else self._render_for_real(job))
            if any(fault["kind"] == "no_output" for fault in job.faults):
                job.outputs = []
        except WorkerLost:
            logger.error("The renderer was lost twice on job %s", job.id)
            job.fail("generation_failed", FAILURES["generation_failed"], time.time())
        job.rendered_at = time.time()

    async def _render_for_real(self, job: SimulatedJob) -> None:
        def started() -> None:
            job.started_at = time.time()

        task = self._task(job.id, job.request, job.inputs, self._folder / "outputs" / job.id)
        answer = await self.workers.do(task, started=started)
        if answer.get("failure_code"):
            if answer.get("bug"):
                logger.error("The renderer failed on job %s: %s", job.id, answer["bug"])
            job.fail(answer["failure_code"], answer["failure_reason"], time.time())
            return
        job.facts = answer["facts"]
        job.outputs = [
            one | {"file": f"outputs/{job.id}/{one['file']}"} for one in answer["outputs"]
        ]
        if len(job.outputs) > 1:
            self.prune()
        for fault in job.faults:
            _spoil(self._folder / job.outputs[0]["file"], fault["kind"])

    def prune(self) -> None:
        """Drop the archives that are too old or too many."""
        dropped = drop_old_frames(self._state, time.time(), safe_seconds=self._url_lifetime)
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
            # The clip that stands for media nobody gave; the worker that needs it first draws it.
            "sample": str(self._folder / "sample.mp4"),
        }

    # One canned clip for all

    async def _take_canned(self, job: SimulatedJob) -> None:
        """Give a job the tiny clip that stands for every result of its length; a copy of its own
        where it asked for a spoiled result.
        """
        job.started_at = time.time()
        lasts = f"{job.lasts_seconds:.2f}"
        if lasts not in self._canned:
            self._canned[lasts] = asyncio.ensure_future(self._draw_canned(lasts))
        job.outputs = await asyncio.shield(self._canned[lasts])
        spoils = [
            fault["kind"]
            for fault in job.faults
            if fault["kind"] in SPOILS and fault["call"] != "download"
        ]
        if spoils:
            self._spoil_own_copy(job, spoils)

    def _spoil_own_copy(self, job: SimulatedJob, spoils: list[str]) -> None:
        canned, file = job.outputs[0]["file"], f"outputs/{job.id}/video.mp4"
        own = self._folder / file
        own.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._folder / canned, own)
        for kind in spoils:
            _spoil(own, kind)
        job.outputs = [{"type": "video", "file": file}]

    async def _draw_canned(self, lasts: str) -> list[dict[str, str]]:
        """Return the clip of this length; drawn once."""
        folder = self._folder / "canned" / lasts
        if not (folder / "video.mp4").exists():
            request = {"task": "canned", "prompt": "A canned result", "resolution": "360p"}
            # Elsewhere first: killed meanwhile, we would hand out half a clip for ever.
            drawn = folder.with_name(f"{lasts}.{os.getpid()}.part")
            task = self._task("canned", request | {"duration": lasts}, {}, drawn)
            await self.workers.do(task)
            drawn.rename(folder)
        return [{"type": "video", "file": f"canned/{lasts}/video.mp4"}]


def _striking(job: SimulatedJob) -> list[dict[str, Any]]:
    return [fault for fault in job.faults if fault["call"] in ("job", "submit")]


def _spoil(path: Path, kind: str) -> None:
    if kind == "empty":
        path.write_bytes(b"")
    elif kind == "truncated":
        os.truncate(path, path.stat().st_size // 2)
    elif kind == "corrupt":
        path.write_bytes(scrambled(path.read_bytes()))
