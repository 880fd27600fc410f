"""Protocol of Scenario: generations and jobs.

Source: docs/providers/scenario.md; rules: the provider's own table.

Where Scenario is silent and Luma behind it refuses, this refuses too, as it does an unknown
parameter: a job that is taken here should be one that would be made there.
"""

import base64
import secrets
import time
from contextlib import suppress
from dataclasses import replace
from typing import Any

from editorapp.providers.contract import (
    CONTROL_VALUES,
    GenerationRequest,
    Ref,
    Task,
)
from editorapp.providers.spec import Model
from editorapp.simulator.http import Answer, Request, Response, TooLarge, answered
from editorapp.simulator.protocol import Decoded
from editorapp.simulator.references import UnusableReference
from editorapp.simulator.scenario.assets import json_of, new_id
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
from editorapp.simulator.simulation import Simulation
from editorapp.simulator.state import SimulatedJob
from editorapp.simulator.submission import submit
from editorapp.simulator.tables import JsonObject, read_table

PUBLIC_TOKEN = "public-auth-token"  # reads a model's schema without a key
RESTRICTED = "api_restricted"  # a key whose plan includes none of these models
ERRORS: dict[str, str] = read_table("words/scenario")["errors"]


class Scenario(ScenarioUploads):
    """Generations, jobs, models and prices."""

    slug = "scenario"
    prefix = "/scenario"
    no_job = "Job {} not found"
    only_documented = False
    special_keys = (RESTRICTED,)
    usual_key = "scenario"

    def __init__(self, simulation: Simulation) -> None:
        super().__init__(simulation)
        self.spec = replace(self.spec, models=tuple(map(_with_keyframes, self.spec.models)))

    def error(self, status: int, says: str, **headers: str) -> Response:
        return Response.of_json(_error(status, says), status, **headers)

    async def handle(self, request: Request) -> Response:
        if request.path.removeprefix(self.prefix).split("/")[1] == "cdn":
            return await answered(lambda: self.download(request))
        answer = await super().handle(request)
        request_id = request.headers.get("x-request-id") or secrets.token_hex(8)
        answer.headers["X-Request-Id"] = request_id
        return answer

    async def route(self, request: Request, path: str) -> Answer:
        version, what, rest = (*path.split("/", 2), "", "")[:3]
        if version != "v1":
            return self.error(404, "Not found")
        if what == "models" and request.headers.get("authorization") == PUBLIC_TOKEN:
            return self._model(request, rest)
        self.identify(request)
        try:
            return await self._answer(request, what, rest)
        except TooLarge:
            return self.error(413, "Request body too large")
        except ValueError:
            return self.error(400, "Request body is not a JSON object")

    async def _answer(self, request: Request, what: str, rest: str) -> Answer:
        name, _slash, word = rest.partition("/")
        match (request.method, what, name, word):
            case (_, "assets", _, _):
                return await self.answer_asset(request, rest)
            case (_, "uploads", _, _):
                return await self.answer_upload(request, rest)
            case (_, "jobs", _, _):
                return await self._jobs(request, rest)
            case ("POST", "generate", "custom", _) if rest != "custom":
                return await self._generate(request, path=f"/generate/{rest}")
            case ("GET", "models", _, _) if rest:
                return self._model(request, rest)
            case ("GET", "oscu", "prices", "") if rest == "prices":
                return {"prices": PACKS}
            case ("GET", "teams", _, "limits") if name:
                return limits_of_team(self.options.concurrent)
        return self.error(404, "Not found")

    def key_in(self, authorization: str) -> str:
        word, _space, encoded = authorization.partition(" ")
        key, _colon, secret = _decoded(encoded).partition(":")
        return key if word == "Basic" and secret and key.startswith("api_") else ""

    def _model(self, request: Request, model_id: str) -> Answer:
        model = self.model_of(model_id)
        if model is None or request.method != "GET":
            return self.error(404, f"Model {model_id} not found")
        return {"model": schema_of(model)}

    # Generate

    async def _generate(self, request: Request, *, path: str) -> Response:
        model_id = path.rpartition("/")[2]
        if self.model_of(model_id) is None:
            return self.error(404, f"Model {model_id} not found")
        if request.client.startswith(RESTRICTED):
            return _restricted(model_id)
        if "dryRun" in request.query:
            return await self._dry_run(request, path)
        return await submit(self, request, path=path)

    async def _dry_run(self, request: Request, path: str) -> Response:
        """Price a body without judging it: what cannot be read costs what the default would."""
        if request.query["dryRun"] not in ("true", "api"):
            return self.error(400, "dryRun must be true or api")
        wanted, _misread = self.decode(await json_of(request), path=path)
        cost = _cost(self._price(request.client, wanted))
        return await self.call("price", lambda: Response.of_json(cost, 269))

    def _price(self, client: str, wanted: GenerationRequest) -> float:
        known = None
        with suppress(UnusableReference):
            _file, known = self.find(client, "source", wanted.source or Ref())
        return units_of(wanted, float((known or {}).get("duration_seconds") or 5.0))

    def decode(self, body: Any, *, path: str) -> Decoded:
        """Read a body. A control's value without its switch has no effect and breaks nothing, but
        for its range (7).
        """
        wanted, broken = self.provider.decode(body, path=path, spec=self.spec)
        idle = {f"{name}_enabled": False for name in CONTROL_VALUES if _is_idle(wanted, name)}
        return replace(wanted, **idle), broken

    def crowded(self) -> Response | None:
        most = self.options.concurrent
        details = {"actionName": "parallelCustomJobs", "actionLimit": most}
        told = _error(429, "Too many jobs in parallel for this plan", details)
        return Response.of_json(told, 429)

    def new_job(self, body: Any, wanted: GenerationRequest) -> tuple[str, str, str]:
        return new_id("job"), "custom", self.spec.model_for(wanted).model_id

    def new_result_id(self) -> str:
        return new_id("asset")

    def to_render(self, wanted: GenerationRequest) -> GenerationRequest:
        """Return the request with what the model does where nothing is said."""
        if _lacks_strength(wanted):
            wanted = replace(wanted, strength="adhere_1")
        return _in_size_of_model(wanted)

    def units(self, job: SimulatedJob) -> float:
        return self._price(job.client, GenerationRequest.from_json(job.request))

    def accepted(self, request: Request, job: SimulatedJob) -> Response:
        return Response.of_json({"job": job_of(job, job.created_at)} | _cost(job.units))

    # Jobs

    async def _jobs(self, request: Request, rest: str) -> Response:
        job_id, _slash, action = rest.partition("/")
        match (request.method, job_id, action):
            case ("GET", "", _):
                jobs = self.state.jobs_of(request.client, self.slug)
                return await self.listed(jobs, lambda jobs: self._page(request, jobs))
            case ("GET", _, ""):
                return await self.poll(request, job_id)
            case ("POST", _, "action") if job_id:
                return await self._act_on_job(request, job_id)
        return self.error(404, "Not found")

    def shown(self, request: Request, job: SimulatedJob) -> JsonObject:
        return {"job": job_of(job, time.time())}

    def _page(self, request: Request, jobs: list[SimulatedJob]) -> Answer:
        try:
            return page_of_jobs(jobs, request.query, time.time())
        except ValueError as error:
            return self.error(400, str(error))

    async def _act_on_job(self, request: Request, job_id: str) -> Response:
        body = await json_of(request)
        if self.state.job(request.client, job_id) is None:
            return self.error(404, self.no_job.format(job_id))
        is_cancel = body.get("action") == "cancel"
        return self.error(400, "Cannot cancel this type of job" if is_cancel else "Unknown action")


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except ValueError:
        return ""


def _in_size_of_model(wanted: GenerationRequest) -> GenerationRequest:
    """Say the size that the name of a model ends with: "ray-flash-2-540p"."""
    ray_flash, _dash, resolution = str(wanted.model).rpartition("-")
    return replace(wanted, resolution=resolution) if ray_flash == "ray-flash-2" else wanted


def _lacks_strength(wanted: GenerationRequest) -> bool:
    is_edit = wanted.task in (Task.EDIT, Task.MODIFY)
    return is_edit and wanted.strength is None and not wanted.auto_controls


def _is_idle(wanted: GenerationRequest, control: str) -> bool:
    value = getattr(wanted, CONTROL_VALUES[control])
    return value is not None and getattr(wanted, f"{control}_enabled") is None


def _with_keyframes(model: Model) -> Model:
    return replace(model, limits=replace(model.limits, keyframe_keys=KEYFRAME_KEYS))


def _error(status: int, says: str, details: JsonObject | None = None) -> JsonObject:
    told = {"error": ERRORS.get(str(status), "Error"), "message": says}
    return told | ({"details": details} if details else {})


def _restricted(model_id: str) -> Response:
    details = {"modelId": model_id, "requiredPlan": RESTRICTED_PLAN}
    told = _error(403, "The plan does not include this model", details)
    return Response.of_json(told | {"error": "ModelAccessRestrictedError"}, 403)


def _cost(units: float) -> JsonObject:
    return {
        "creativeUnitsCost": units,
        "creativeUnitsDiscount": 0,
        "costDetails": {"custom-generation": units},
    }
