"""Protocol of Luma Agents: generations.

Source: docs/providers/luma-agents.md; rules: the provider's own table.
"""

import math
import re
import time
import uuid
from typing import Any

from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.spec import REFUSE, Broken
from editorapp.providers.vendors.luma_agents.parameters import IMAGE_MODELS
from editorapp.simulator.faults import Fault
from editorapp.simulator.http import Answer, Request, Response
from editorapp.simulator.luma_agents.files import LumaFiles
from editorapp.simulator.protocol import Decoded, moment
from editorapp.simulator.references import Found, UnusableReference
from editorapp.simulator.state import SimulatedJob
from editorapp.simulator.submission import submit
from editorapp.simulator.tables import JsonObject

API_VERSION = "2026-04-01"
NO_SLOT = "Too many concurrent jobs"
IMAGE_TYPES = ("image", "image_edit", "layering")  # 2.1: what Luma makes beside video
NO_IMAGES = "Images are not simulated: this simulator makes video only. Set type to video, video_edit or video_reframe."
IS_IMAGE = Broken("image", "task", REFUSE, NO_IMAGES, detail=NO_IMAGES)
BROKE = "luma-api-broke"  # a key whose client has no money: submits answer 402


class LumaAgents(LumaFiles):
    """Generations and their results."""

    slug = "luma-agents"
    prefix = "/luma-agents/v1"
    upload_folder = "files"
    key_form = re.compile("luma-api-.+")
    special_keys = (BROKE,)
    no_job = "Generation not found"

    async def handle(self, request: Request) -> Response:
        answer = await super().handle(request)
        answer.headers["X-Request-Id"] = request.headers.get("x-request-id") or str(uuid.uuid4())
        answer.headers["X-API-Version"] = API_VERSION
        return answer

    async def route(self, request: Request, path: str) -> Answer:
        self.identify(request)
        what, _slash, rest = path.partition("/")
        if what == "files":
            return await self.answer_file(request, rest)
        if what != "generations":
            return self.error(404, "Not Found")
        if rest and request.method == "GET":
            return await self.poll(request, rest)
        if not rest and request.method == "POST":
            return await submit(self, request, path="/generations")
        return self.error(405, "Method Not Allowed")

    def error(self, status: int, says: str, **headers: str) -> Response:
        return Response.of_json({"detail": says}, status, **headers)

    def refuse(self, fault: Fault) -> Response:
        """Return a status that was asked for, with the headers that belong to it (1.1).

        Too many submits in a minute are told when the window has room again; no job slot, and
        reads, are not.
        """
        answer = super().refuse(fault)
        if fault.status != 429:
            return answer
        if fault.detail == NO_SLOT:
            answer.headers |= {"Retry-After": "60"} if fault.retry_after is None else {}
        elif fault.call == "submit":
            free_at = math.ceil(time.time()) + int(answer.headers["Retry-After"])
            answer.headers |= self.limit_headers(left=0, free_at=free_at)
        return answer

    # Submit

    def decode(self, body: Any, *, path: str) -> Decoded:
        wanted, broken = super().decode(body, path=path)
        is_image = wanted.task in IMAGE_TYPES and wanted.model in (None, *IMAGE_MODELS)
        return wanted, [IS_IMAGE] if is_image else broken

    def find(self, client: str, name: str, ref: Ref) -> Found:
        if ref.generation_id is not None:
            job = self.state.job(client, ref.generation_id)
            return self.result_of(name, job, status=422)
        file = self.state.file(client, ref.file_id or "")
        if file is None:
            raise UnusableReference(name, 404, "file not found")
        if file.state != "ready":
            says = f"file is not ready (state: {file.state})"
            raise UnusableReference(name, 422, says)
        return str(self.state.path_of(file.id)), file.facts or None

    def before_accepting(self, client: str, wanted: GenerationRequest) -> Response | None:
        return self.error(402, self.details[402]) if client.startswith(BROKE) else None

    def new_job(self, body: Any, wanted: GenerationRequest) -> tuple[str, str, str]:
        return str(uuid.uuid4()), body["type"], body["model"]

    def accepted(self, request: Request, job: SimulatedJob) -> Response:
        # Without a limit as when Luma's limiter is down.
        headers = self._limit_after(job) if self.options.rpm else {}
        return Response.of_json(
            self._generation(request, job, "queued"),
            201,
            **headers,
        )

    def _limit_after(self, job: SimulatedJob) -> dict[str, str]:
        left, _oldest = self.simulation.rates.left(job.client)
        return self.limit_headers(left=left, free_at=int(job.created_at) + 60)

    def limit_headers(self, *, left: int, free_at: int) -> dict[str, str]:
        limit = self.options.rpm or self.spec.requests_per_minute
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, left)),
            "X-RateLimit-Reset": str(free_at),
        }

    def crowded(self) -> Response | None:
        return self.error(429, NO_SLOT, **{"Retry-After": "60"})

    # A generation

    def shown(self, request: Request, job: SimulatedJob) -> JsonObject:
        return self._generation(request, job, job.state)

    def _generation(
        self,
        request: Request,
        job: SimulatedJob,
        state: str,
    ) -> JsonObject:
        failed = state == "failed"
        told: JsonObject = {
            "id": job.id,
            "type": job.kind,
            "state": state,
            "model": job.model,
            "created_at": moment(job.created_at),
            "output": [],
            "failure_code": job.failure_code if failed else None,
            "failure_reason": job.failure_reason if failed else None,
        }
        if state == "completed":
            told["output"] = [
                {"type": one["type"], "url": self.result_link(request, job, one["file"])}
                for one in job.outputs
            ]
        return told
