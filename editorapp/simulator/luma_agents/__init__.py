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
from editorapp.simulator.http import Request, Response
from editorapp.simulator.luma_agents.files import LumaFiles
from editorapp.simulator.protocol import Decoded, ProviderProtocol, moment
from editorapp.simulator.references import Found, UnusableReference
from editorapp.simulator.simulation import Simulation
from editorapp.simulator.state import SimulatedFile, SimulatedJob
from editorapp.simulator.submission import submit
from editorapp.simulator.tables import JsonObject

API_VERSION = "2026-04-01"
NO_SLOT = "Too many concurrent jobs"
IMAGE_TYPES = ("image", "image_edit", "layering")  # 2.1: what Luma makes beside video
NO_IMAGES = "Images are not simulated: this simulator makes video only. Set type to video, video_edit or video_reframe."
IS_IMAGE = Broken("image", "task", REFUSE, NO_IMAGES, detail=NO_IMAGES)
BROKE = "luma-api-broke"  # a key whose client has no money: submits answer 402


class LumaAgents(ProviderProtocol):
    """Generations and their results; files are LumaFiles'."""

    slug = "luma-agents"
    prefix = "/luma-agents/v1"
    upload_folder = "files"
    key_form = re.compile("luma-api-.+")
    special_keys = (BROKE,)

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation)
        self.files = LumaFiles(simulation)

    def resume(self) -> None:
        self.files.resume()

    async def receive(self, request: Request, name: str) -> Response:
        return await self.files.receive(request, name)

    async def handle(self, request: Request) -> Response:
        answer = await super().handle(request)
        answer.headers["X-Request-Id"] = request.headers.get("x-request-id") or str(uuid.uuid4())
        answer.headers["X-API-Version"] = API_VERSION
        return answer

    async def route(self, request: Request, path: str) -> Response:
        client = self.client_of(request)
        what, _slash, rest = path.partition("/")
        if what == "files":
            return await self.files.handle(request, client, rest)
        if what != "generations":
            return self.error(404, "Not Found")
        if rest and request.method == "GET":
            return await self._poll(request, client, rest)
        if not rest and request.method == "POST":
            return await submit(self, request, client, path="/generations")
        return self.error(405, "Method Not Allowed")

    async def _poll(self, request: Request, client: str, job_id: str) -> Response:
        return await self.poll(
            client,
            job_id,
            unknown="Generation not found",
            shown=lambda job: self._generation(request, job, job.state(time.time())),
        )

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
        state = self.simulation.state
        if ref.generation_id is not None:
            return self.result_of(
                name,
                state.job(client, ref.generation_id),
                status=422,
            )
        file = self._ready_file(client, name, ref)
        return str(state.path_of(file.id)), file.facts or None

    def _ready_file(self, client: str, name: str, ref: Ref) -> SimulatedFile:
        file = self.simulation.state.file(client, ref.file_id or "")
        if file is None:
            raise UnusableReference(name, 404, "file not found")
        if file.state != "ready":
            raise UnusableReference(
                name,
                422,
                f"file is not ready (state: {file.state})",
            )
        return file

    def before_accepting(self, client: str, wanted: GenerationRequest) -> Response | None:
        return self.error(402, self.details[402]) if client.startswith(BROKE) else None

    def new_job(self, body: Any, wanted: GenerationRequest) -> tuple[str, str, str]:
        return str(uuid.uuid4()), body["type"], body["model"]

    def accepted(
        self,
        request: Request,
        job: SimulatedJob,
        client: str,
        now: float,
    ) -> Response:
        headers = self._limits_left(client, now)
        return Response.of_json(
            self._generation(request, job, "queued"),
            201,
            **headers,
        )

    def _limits_left(self, client: str, now: float) -> dict[str, str]:
        if not self.simulation.options.rpm:
            return {}  # as when Luma's limiter is down
        left, _oldest = self.simulation.rates.left(client, now)
        return self.limit_headers(left=left, free_at=int(now) + 60)

    def limit_headers(self, *, left: int, free_at: int) -> dict[str, str]:
        limit = self.simulation.options.rpm or self.spec.requests_per_minute
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(max(0, left)),
            "X-RateLimit-Reset": str(free_at),
        }

    def crowded(self) -> Response | None:
        return self.error(429, NO_SLOT, **{"Retry-After": "60"})

    # A generation

    def _generation(
        self,
        request: Request,
        job: SimulatedJob,
        state: str,
    ) -> JsonObject:
        outputs = job.outputs if state == "completed" else []
        failed = state == "failed"
        return {
            "id": job.id,
            "type": job.kind,
            "state": state,
            "model": job.model,
            "created_at": moment(job.created_at),
            "output": [
                {
                    "type": one["type"],
                    "url": self.result_link(
                        request,
                        job,
                        one["file"],
                    ),
                }
                for one in outputs
            ],
            "failure_code": job.failure_code if failed else None,
            "failure_reason": job.failure_reason if failed else None,
        }
