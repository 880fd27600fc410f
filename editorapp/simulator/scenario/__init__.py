"""The protocol of Scenario: generations and jobs.

Source: docs/providers/scenario.md; rules: the provider's own table.

Where Scenario is silent and Luma behind it refuses, this refuses too, as it does an unknown
parameter: a job that is taken here should be one that would be made there.
"""

import base64
import binascii
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from editorapp.core import strict_json
from editorapp.providers.contract import CONTROL_VALUES, GenerationRequest, Ref, Task
from editorapp.providers.rules import table
from editorapp.providers.spec import Broken, Spec
from editorapp.simulator.core import Simulation
from editorapp.simulator.http import Request, Response, TooLarge
from editorapp.simulator.protocol import ProviderProtocol, Put
from editorapp.simulator.references import Found, Resolved, UnusableReference
from editorapp.simulator.scenario.assets import ScenarioAssets
from editorapp.simulator.scenario.ids import new_id
from editorapp.simulator.scenario.jobs import job_of, page_of_jobs
from editorapp.simulator.scenario.models import (
    KEYFRAME_KEYS,
    PACKS,
    RESTRICTED_PLAN,
    limits_of_team,
    schema_of,
    units_of,
)
from editorapp.simulator.scenario.uploads import ScenarioUploads
from editorapp.simulator.state import SimulatedJob

PUBLIC_TOKEN = "public-auth-token"  # reads a model's schema without a key
KEY_ERRORS = {
    "api_unknown": (401, "Invalid API key or secret"),
    "api_revoked": (401, "This API key has been revoked"),
    "api_wrongscope": (403, "This API key has no access to this project"),
}
RESTRICTED = "api_restricted"  # a key whose plan includes none of these models
ERRORS = {
    400: "BadRequestError",
    401: "UnauthorizedError",
    403: "ForbiddenError",
    404: "NotFoundError",
    409: "ConflictError",
    413: "PayloadTooLargeError",
    422: "UnprocessableEntityError",
    429: "TooManyRequestsError",
    500: "InternalServerError",
}
MAX_JSON_BYTES = 9_000_000  # a picture of 6 MB in base64, and some


class Scenario(ProviderProtocol):
    """Generations, jobs, models and prices; assets and uploads are ScenarioAssets'."""

    slug = "scenario"
    prefix = "/scenario"
    about = """Below <code>/scenario/v1</code>, with HTTP Basic. Any key that starts with <code>api_</code> is taken,
with any secret; <code>api_unknown…</code>, <code>api_revoked…</code>, <code>api_wrongscope…</code> and
<code>api_restricted…</code> (no model in the plan) answer as they say. Prices in CU are this simulator's own."""
    details = {
        400: "Bad request",
        401: "Invalid API key or secret",
        403: "Forbidden",
        404: "Not found",
        429: "Too many requests",
        500: "Internal server error",
    }

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation)
        spec: Spec = self.provider.SPEC
        known = (
            replace(one, limits=replace(one.limits, keyframe_keys=KEYFRAME_KEYS))
            for one in spec.models
        )
        self.spec = replace(spec, models=tuple(known))
        self.assets, self.files = ScenarioAssets(self), ScenarioUploads(self)

    @property
    def uploads(self) -> Mapping[str, Put]:
        return {"scenario": self.files.put_part}

    def resume(self) -> None:
        self.files.resume()

    def error(self, status: int, says: str, **headers: str) -> Response:
        return Response.of_json(
            {"error": ERRORS.get(status, "Error"), "message": says}, status, **headers
        )

    async def handle(self, request: Request) -> Response:
        part, _slash, path = request.path[len(self.prefix) + 1 :].partition("/")
        if part == "cdn":
            return await self.assets.download(request)
        answer = await self._routed(request, path) if part == "v1" else self.error(404, "Not found")
        self.simulation.faults.by_status[answer.status] += 1
        answer.headers.setdefault(
            "X-Request-Id", request.headers.get("x-request-id") or secrets.token_hex(8)
        )
        return answer

    async def _routed(self, request: Request, path: str) -> Response:
        what, _slash, rest = path.partition("/")
        if what == "models" and request.headers.get("authorization") == PUBLIC_TOKEN:
            return self._model(request, rest)
        client, refusal = self._authenticated(request)
        if refusal is not None:
            return refusal
        try:
            if what == "generate" and rest.startswith("custom/") and request.method == "POST":
                return await self._generate(request, client, path=f"/{path}")
            if what == "assets":
                return await self.assets.handle(request, client, rest)
            if what == "uploads":
                return await self.files.handle(request, client, rest)
            if what == "jobs":
                return await self._jobs(request, client, rest)
        except TooLarge:
            return self.error(413, "Request body too large")
        except ValueError:
            return self.error(400, "Request body is not a JSON object")
        return self._read(request, what, rest)

    def _authenticated(self, request: Request) -> tuple[str, Response | None]:
        """Return the API client behind a request, or the refusal."""
        word, _space, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            key, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            key = colon = secret = ""
        if word != "Basic" or not colon or not secret or not key.startswith("api_"):
            return "", self.error(401, "Missing or invalid credentials")
        for beginning, (status, says) in KEY_ERRORS.items():
            if key.startswith(beginning):
                return "", self.error(status, says)
        client = "scenario-" + hashlib.sha256(key.encode()).hexdigest()[:16]
        return (f"{client}-{RESTRICTED}" if key.startswith(RESTRICTED) else client), None

    # What is read

    def _read(self, request: Request, what: str, rest: str) -> Response:
        if request.method != "GET":
            return self.error(404, "Not found")
        if what == "models" and rest:
            return self._model(request, rest)
        if (what, rest) == ("oscu", "prices"):
            return Response.of_json({"prices": PACKS})
        team, _slash, word = rest.partition("/")
        if what == "teams" and team and word == "limits":
            return Response.of_json(
                limits_of_team(parallel_jobs=self.simulation.options.concurrent)
            )
        return self.error(404, "Not found")

    def _model(self, request: Request, model_id: str) -> Response:
        model = next((one for one in self.spec.models if one.model_id == model_id), None)
        if model is None or request.method != "GET":
            return self.error(404, f"Model {model_id} not found")
        return Response.of_json({"model": schema_of(model)})

    # Generate

    async def _generate(self, request: Request, client: str, *, path: str) -> Response:
        model_id = path.rpartition("/")[2]
        if all(one.model_id != model_id for one in self.spec.models):
            return self.error(404, f"Model {model_id} not found")
        if client.endswith(RESTRICTED):
            details = {"modelId": model_id, "requiredPlan": RESTRICTED_PLAN}
            says = "The plan does not include this model"
            return Response.of_json(
                {"error": "ModelAccessRestrictedError", "message": says, "details": details}, 403
            )
        if "dryRun" in request.query:
            return await self._dry_run(request, client, path)
        return await self.submit(request, client, path=path)

    async def _dry_run(self, request: Request, client: str, path: str) -> Response:
        """Price a body without judging it: what cannot be read costs what the default would."""
        if request.query["dryRun"] not in ("true", "api"):
            return self.error(400, "dryRun must be true or api")
        wanted, _misread = self.decode(await self.json_of(request), path=path)
        units = units_of(wanted, self._seconds_of(client, wanted))
        return await self.priced(lambda: Response.of_json(_cost(units), 269))

    def _seconds_of(self, client: str, wanted: GenerationRequest) -> float:
        try:
            known = (
                self.find(client, "source", wanted.source)[1] if wanted.source is not None else None
            )
        except UnusableReference:
            known = None
        return float((known or {}).get("duration_seconds") or 5.0)

    async def json_of(self, request: Request) -> dict[str, Any]:
        """Return the body as an object. Raises: TooLarge; ValueError, when it is none."""
        body = strict_json.parse(await request.body(MAX_JSON_BYTES) or b"{}")
        if not isinstance(body, dict):
            raise ValueError("no object")
        return body

    def decode(self, body: Any, *, path: str) -> tuple[GenerationRequest, list[Broken]]:
        """Read a body. A control's value without its switch has no effect and breaks nothing, but
        for its range (7).
        """
        wanted, broken = self.provider.decode(body, path=path, spec=self.spec)
        idle = {
            f"{name}_enabled": False
            for name, value in CONTROL_VALUES.items()
            if getattr(wanted, value) is not None and getattr(wanted, f"{name}_enabled") is None
        }
        return replace(wanted, **idle), broken

    def refusals(self, wanted: GenerationRequest, found: Resolved | None) -> list[Broken]:
        source = found.source if found else None
        return table.refusals(table.check(self.spec, wanted, source))

    def limited(self, client: str, now: float) -> Response | None:
        if limited := super().limited(client, now):
            return limited
        if self.simulation.has_slot(client, now):
            return None
        details = {
            "actionName": "parallelCustomJobs",
            "actionLimit": self.simulation.options.concurrent,
        }
        says = "Too many jobs in parallel for this plan"
        return Response.of_json({"error": ERRORS[429], "message": says, "details": details}, 429)

    def find(self, client: str, name: str, ref: Ref | None) -> Found:
        return self.assets.find(client, name, (ref.file_id if ref is not None else None) or "")

    def new_job(self, body: Any, wanted: GenerationRequest) -> tuple[str, str, str]:
        return new_id("job"), "custom", self.spec.model_for(wanted).model_id

    def new_result_id(self) -> str:
        return new_id("asset")

    def to_render(self, wanted: GenerationRequest) -> GenerationRequest:
        """Return the request with what the model does where nothing is said."""
        changed: dict[str, Any] = {}
        if (
            wanted.task in (Task.EDIT, Task.MODIFY)
            and wanted.strength is None
            and not wanted.auto_controls
        ):
            changed["strength"] = "adhere_1"
        if str(wanted.model).startswith("ray-flash-2-"):
            changed["resolution"] = str(wanted.model).rpartition("-")[2]
        return replace(wanted, **changed)

    def units(self, job: SimulatedJob, client: str) -> float:
        taken = GenerationRequest.from_json(job.request)
        return units_of(taken, self._seconds_of(client, taken))

    def accepted(self, request: Request, job: SimulatedJob, client: str, now: float) -> Response:
        return Response.of_json({"job": job_of(job, job.created_at)} | _cost(job.units))

    # Jobs

    async def _jobs(self, request: Request, client: str, rest: str) -> Response:
        job_id, _slash, action = rest.partition("/")
        if not job_id and request.method == "GET":
            return await self.listed(
                list(self.simulation.state.jobs_of(client, self.slug)),
                lambda jobs: self._page(request, jobs),
            )
        if job_id and not action and request.method == "GET":
            return await self.poll(
                client,
                job_id,
                unknown=f"Job {job_id} not found",
                shown=lambda job: Response.of_json({"job": job_of(job, time.time())}),
            )
        if job_id and action == "action" and request.method == "POST":
            return await self._act(request, client, job_id)
        return self.error(404, "Not found")

    def _page(self, request: Request, jobs: list[SimulatedJob]) -> Response:
        page = page_of_jobs(jobs, request.query, time.time())
        return self.error(400, page) if isinstance(page, str) else Response.of_json(page)

    async def _act(self, request: Request, client: str, job_id: str) -> Response:
        body = await self.json_of(request)
        if self.simulation.state.job(client, job_id) is None:
            return self.error(404, f"Job {job_id} not found")
        return self.error(
            400,
            "Cannot cancel this type of job"
            if body.get("action") == "cancel"
            else "Unknown action",
        )


def _cost(units: float) -> dict[str, Any]:
    return {
        "creativeUnitsCost": units,
        "creativeUnitsDiscount": 0,
        "costDetails": {"custom-generation": units},
    }
