"""Rendering of jobs: the life of one from its acceptance to its result, or its failure."""

import asyncio
import logging
import os
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from editorapp.simulator.faults import FAILURES, SPOILS
from editorapp.simulator.options import Options
from editorapp.simulator.prune import drop_old_frames
from editorapp.simulator.state import JobStore, SimulatedJob
from editorapp.simulator.storage import scrambled
from editorapp.simulator.tables import Files, Inputs, JsonObject
from editorapp.simulator.worker_pool import WorkerLost, WorkerPool

logger = logging.getLogger(__name__)


@dataclass
class Renderer:
    """Brings jobs to their end. `_canned` are the canned clips, by how long they last."""

    state: JobStore
    workers: WorkerPool
    options: Options
    _canned: dict[str, asyncio.Task[Files]] = field(default_factory=dict)

    @property
    def _folder(self) -> Path:
        return self.options.folder

    async def follow(self, job: SimulatedJob) -> None:
        """Wait out the queue, then render the job or let it fail."""
        await asyncio.sleep(max(0.0, job.leaves_queue_at - time.time()))
        code = _failure_of(job)
        if code:
            job.started_at = time.time()
            job.fail(code, job.failure_reason or FAILURES[code])
        else:
            await self._render(job)
        self.state.save(job)
        # Inline bytes have done their work; uploaded files stay, for the next job.
        shutil.rmtree(self._folder / "inputs" / job.id, ignore_errors=True)

    async def _render(self, job: SimulatedJob) -> None:
        try:
            await (self._take_canned(job) if self.options.no_render else self._render_anew(job))
        except WorkerLost:
            logger.error("The renderer was lost twice on job %s", job.id)
            job.fail("generation_failed", FAILURES["generation_failed"])
        if any(fault["kind"] == "no_output" for fault in job.faults):
            job.outputs = []
        job.rendered_at = time.time()

    async def _render_anew(self, job: SimulatedJob) -> None:
        def started() -> None:
            job.started_at = time.time()

        folder = self._folder / "outputs" / job.id
        task = self._task(job.id, job.request, folder, job.inputs)
        answer = await self.workers.do(task, started=started)
        if "bug" in answer:
            logger.error("The renderer failed on job %s: %s", job.id, answer["bug"])
        if "failure_code" in answer:
            job.fail(answer["failure_code"], answer["failure_reason"])
        else:
            self._take(job, answer)

    def _take(self, job: SimulatedJob, answer: JsonObject) -> None:
        job.facts = answer["facts"]
        job.outputs = [_placed(job, one) for one in answer["outputs"]]
        if len(job.outputs) > 1:
            self.prune()
        self._spoil(job, (fault["kind"] for fault in job.faults))

    def _spoil(self, job: SimulatedJob, kinds: Iterable[str]) -> None:
        path = self._folder / job.file
        for kind in kinds:
            match kind:
                case "empty":
                    path.write_bytes(b"")
                case "truncated":
                    os.truncate(path, path.stat().st_size // 2)
                case "corrupt":
                    path.write_bytes(scrambled(path.read_bytes()))

    def prune(self) -> None:
        """Drop the archives that are too old or too many."""
        safe_seconds = self.options.url_lifetime
        dropped = drop_old_frames(self.state, time.time(), safe_seconds=safe_seconds)
        if dropped:
            logger.info("%d archives of EXR frames were dropped", dropped)

    def _task(
        self,
        seed: str,
        request: JsonObject,
        folder: Path,
        inputs: Inputs,
    ) -> JsonObject:
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
        spoils = [fault["kind"] for fault in job.faults if fault["call"] != "download"]
        if spoils := [kind for kind in spoils if kind in SPOILS]:
            self._copy_for(job)
            self._spoil(job, spoils)

    def _copy_for(self, job: SimulatedJob) -> None:
        file = f"outputs/{job.id}/video.mp4"
        own = self._folder / file
        own.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._folder / job.file, own)
        job.outputs = [{"type": "video", "file": file}]

    async def _draw_canned(self, lasts: str) -> Files:
        """Return the clip of this length; drawn once."""
        folder = self._folder / "canned" / lasts
        if not (folder / "video.mp4").exists():
            request = {
                "task": "canned",
                "prompt": "A canned result",
                "resolution": "360p",
            }
            # Elsewhere first: killed meanwhile, we would hand out half a clip for ever.
            drawn = folder.with_name(f"{lasts}.{os.getpid()}.part")
            task = self._task("canned", request | {"duration": lasts}, drawn, {})
            await self.workers.do(task)
            drawn.rename(folder)
        return [{"type": "video", "file": f"canned/{lasts}/video.mp4"}]


def _placed(job: SimulatedJob, output: dict[str, str]) -> dict[str, str]:
    return output | {"file": f"outputs/{job.id}/{output['file']}"}


def _failure_of(job: SimulatedJob) -> str | None:
    """Return the code of the failure that a job asked for, or has already."""
    striking = (fault for fault in job.faults if fault["call"] in ("job", "submit"))
    codes = (fault["code"] for fault in striking if fault["kind"] == "fail")
    return next(codes, job.failure_code)
