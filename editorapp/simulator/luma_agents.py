"""The protocol of Luma Agents: generations. Source: contracts/luma-agents.md; rules: the provider's own table."""

import hashlib
import json
import math
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from editorapp.providers import registry, rules
from editorapp.providers.contract import GenerationRequest
from editorapp.simulator.core import HTTP_KINDS, JOB_KINDS, Simulation, under_fault
from editorapp.simulator.faults import FAILURES, Fault, magic
from editorapp.simulator.http import Answer, Request, TooLarge
from editorapp.simulator.luma_files import LumaFiles
from editorapp.simulator.references import Resolved, Unusable, resolve
from editorapp.simulator.state import SimulatedJob

PREFIX = "/luma-agents/v1"
API_VERSION = "2026-04-01"
MAX_BODY_BYTES = 280_000_000  # a 200 MB clip in base64, and some
KEY_ERRORS = {
    # Any key of the right form is its own API client, except those that ask for an error.
    "luma-api-unknown": (401, "Invalid API key"),
    "luma-api-invalid": (401, "Invalid API key"),
    "luma-api-revoked": (401, "API key has been revoked"),
    "luma-api-expired": (401, "API key has expired"),
    "luma-api-suspended": (403, "API client is suspended"),
    "luma-api-deactivated": (403, "API client is deactivated"),
}
BROKE = "luma-api-broke"  # a key whose client has no money: submits answer 402
DETAILS = {
    400: "Invalid request", 401: "Invalid API key", 402: "Insufficient balance. Please add funds to continue.",
    403: "API client is suspended", 404: "Generation not found", 413: "source: video exceeds 200 MB limit",
    422: "source: failed to fetch URL", 429: "Rate limit exceeded", 500: "Internal server error",
    502: "Upstream service unavailable", 503: "Media URL ingestion is unavailable", 504: "Gateway timeout",
}  # fmt: skip


def error(status: int, detail: str, **headers: str) -> Answer:
    return Answer.of_json({"detail": detail}, status, **headers)


def refuse(fault: Fault) -> Answer:
    """Return the documented answer of a status that was asked for."""
    detail = fault.detail or DETAILS.get(fault.status, f"Status {fault.status}")
    answer = error(fault.status, detail)
    retry_after = fault.retry_after
    if fault.status == 429 and retry_after is None:
        retry_after = 60 if detail == "Too many concurrent jobs" else 1
    if retry_after is not None:
        answer.headers["Retry-After"] = str(retry_after)
    return answer


def moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class LumaAgents:
    """Answers everything under PREFIX."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.files = LumaFiles(simulation)
        self.provider = registry.get("luma-agents")
        self._told_to_wait: set[tuple[str, str]] = set()

    async def handle(self, request: Request) -> Answer:
        answer = await self._routed(request)
        self.simulation.faults.by_status[answer.status] += 1
        answer.headers["X-Request-Id"] = request.headers.get("x-request-id") or str(uuid.uuid4())
        answer.headers["X-API-Version"] = API_VERSION
        return answer

    async def _routed(self, request: Request) -> Answer:
        client, refusal = authenticate(request)
        if refusal is not None:
            return refusal
        what, _slash, rest = request.path[len(PREFIX) + 1 :].partition("/")
        if what == "generations":
            if rest and request.method == "GET":
                return await self._poll(request, client, rest)
            if not rest and request.method == "POST":
                return await self._submit(request, client)
        elif what == "files":
            return await self.files.handle(request, client, rest)
        else:
            return error(404, "Not Found")
        return error(405, "Method Not Allowed")

    # Submit

    async def _submit(self, request: Request, client: str) -> Answer:
        faults = self.simulation.faults
        faults.posts += 1
        faults.calls["submit"] += 1
        try:
            body = json.loads(await request.body(MAX_BODY_BYTES))
        except TooLarge:
            return error(413, "Request body too large")
        except ValueError:
            return error(400, "Request body is not valid JSON")
        faults.recent.append({"at": moment(time.time()), "body": without_data(body), "status": None})
        noted = faults.recent[-1]
        prompt = body.get("prompt") if isinstance(body, dict) else None
        words = magic(prompt) if isinstance(prompt, str) else []
        fault = faults.take("submit", kinds=HTTP_KINDS) or self._worded(client, prompt, words)
        for_job = [one for one in words if one.call != "submit"]
        if more := faults.take("submit", kinds=JOB_KINDS) or faults.take("job"):
            for_job.append(more)

        async def act() -> Answer:
            answer = await self._accept(request, client, body, for_job)
            noted["status"] = answer.status
            return answer

        answer = await under_fault(fault, refuse, act)
        noted["status"] = answer.status
        return answer

    def _worded(self, client: str, prompt: Any, words: list[Fault]) -> Fault | None:
        """Return the fault that a prompt asks for. Too many requests is said once: asked again, the job is taken."""
        fault = _taken(words, "submit", HTTP_KINDS)
        if fault is None or fault.status != 429:
            return fault
        if (client, prompt) in self._told_to_wait:
            self._told_to_wait.remove((client, prompt))
            return None
        self._told_to_wait.add((client, prompt))
        return fault

    async def _accept(self, request: Request, client: str, body: Any, faults: list[Fault]) -> Answer:
        now = time.time()
        simulation = self.simulation
        if limited := self._limited(client, now):
            return limited
        wanted, broken = self.provider.decode(body)
        refused = rules.refusals(broken) or rules.refusals(
            rules.check(self.provider.SPEC, wanted, None, only_documented=True)
        )
        if refused:
            return error(refused[0].status, refused[0].detail or refused[0].message)
        job_id = str(uuid.uuid4())
        try:
            found = await resolve(simulation, client, wanted, simulation.options.folder / "inputs" / job_id)
        except Unusable as unusable:
            path = self.provider.SPEC.model_for(wanted).wire_path(unusable.field)
            return error(unusable.status, f"{path}: {unusable.says}")
        # Now that the clip itself is known: its length, on every channel.
        for one in rules.refusals(rules.check(self.provider.SPEC, wanted, found.source, only_documented=True)):
            return error(one.status, one.detail or one.message)
        if client.startswith(BROKE):
            return error(402, DETAILS[402])
        job = self._job(job_id, client, body, wanted, found, faults, now)
        simulation.accept(job)
        simulation.count_submit(client, now)
        return Answer.of_json(self._generation(request, job, "queued"), 201, **self._rate_headers(client, now))

    def _limited(self, client: str, now: float) -> Answer | None:
        left, oldest_leaves = self.simulation.rate(client, now)
        if self.simulation.options.rpm and left <= 0:
            wait = max(1, math.ceil(oldest_leaves - now))
            return error(
                429, "Rate limit exceeded",
                **{"Retry-After": str(wait), "X-RateLimit-Limit": str(self.simulation.options.rpm),
                   "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(math.ceil(oldest_leaves))},
            )  # fmt: skip
        if not self.simulation.has_slot(client, now):
            return error(429, "Too many concurrent jobs", **{"Retry-After": "60"})
        return None

    def _rate_headers(self, client: str, now: float) -> dict[str, str]:
        if not self.simulation.options.rpm:
            return {}  # as when Luma's limiter is down: requests are let through without these headers
        left, _oldest = self.simulation.rate(client, now)
        return {
            "X-RateLimit-Limit": str(self.simulation.options.rpm), "X-RateLimit-Remaining": str(max(0, left)),
            "X-RateLimit-Reset": str(int(now) + 60),
        }  # fmt: skip

    def _job(
        self, job_id: str, client: str, body: dict[str, Any], wanted: GenerationRequest, found: Resolved,
        faults: list[Fault], now: float,
    ) -> SimulatedJob:  # fmt: skip
        options = self.simulation.options
        slow = sum(fault.seconds for fault in faults if fault.kind == "slow" and fault.call in ("job", "submit"))
        job = SimulatedJob(
            id=job_id, client=client, wire="luma-agents", kind=body["type"], model=body["model"], created_at=now,
            queue_seconds=options.queue_seconds, render_seconds=options.render_seconds + slow,
            request=_kept(wanted), inputs=found.inputs, faults=[vars(fault) for fault in faults],
        )  # fmt: skip
        if found.failure:
            job.failure_code, job.failure_reason = found.failure
        return job

    # Poll

    async def _poll(self, request: Request, client: str, job_id: str) -> Answer:
        faults = self.simulation.faults
        faults.calls["poll"] += 1
        job = self.simulation.state.job(client, job_id)
        fault = faults.take("poll") if faults.waiting else None
        if fault is None and job is not None and job.faults:
            fault = self.own_fault(job, "poll")
        if fault is not None and fault.kind == "fail" and job is not None:
            job.fail(fault.code, FAILURES[fault.code], time.time())
            job.queue_seconds = job.render_seconds = 0
            self.simulation.state.save(job)
            fault = None

        async def act() -> Answer:
            if job is None:
                return error(404, "Generation not found")
            return Answer.of_json(self._generation(request, job, job.state(time.time())))

        return await under_fault(fault, refuse, act)

    def own_fault(self, job: SimulatedJob, call: str) -> Fault | None:
        """Return the fault that a job's prompt asked for at this call, used up by one."""
        for kept in job.faults:
            if kept["call"] == call and kept["times"] > 0:
                kept["times"] -= 1
                self.simulation.state.save(job)
                return Fault(**kept)
        return None

    def _generation(self, request: Request, job: SimulatedJob, state: str) -> dict[str, Any]:
        outputs = job.outputs if state == "completed" else []
        failed = state == "failed"
        return {
            "id": job.id,
            "type": job.kind,
            "state": state,
            "model": job.model,
            "created_at": moment(job.created_at),
            "output": [
                {"type": output["type"], "url": self.simulation.link(request, "GET", self._name(job, output))}
                for output in outputs
            ],
            "failure_code": job.failure_code if failed else None,
            "failure_reason": job.failure_reason if failed else None,
        }

    @staticmethod
    def _name(job: SimulatedJob, output: dict[str, str]) -> str:
        """Name an output for storage, with its job first: faults of the job strike its downloads."""
        return f"results/{job.id}/{output['file'].rsplit('/', 1)[-1]}"


def authenticate(request: Request) -> tuple[str, Answer | None]:
    """Return the API client behind a request, or the refusal."""
    word, _space, key = request.headers.get("authorization", "").partition(" ")
    if word != "Bearer" or not key.startswith("luma-api-") or key == "luma-api-":
        return "", error(401, "Missing or invalid API key")
    for prefix, (status, detail) in KEY_ERRORS.items():
        if key.startswith(prefix):
            return "", error(status, detail)
    # Kept with each job: a digest tells clients apart and gives no key away.
    client = hashlib.sha256(key.encode()).hexdigest()[:16]
    return (f"{BROKE}-{client}" if key.startswith(BROKE) else client), None


def _taken(words: list[Fault], call: str, kinds: tuple[str, ...]) -> Fault | None:
    return next((one for one in words if one.call == call and one.kind in kinds), None)


def _kept(wanted: GenerationRequest) -> dict[str, Any]:
    """Return the request as JSON without inline data, which lies on disk."""
    return without_data(wanted.to_json())


def without_data(value: Any) -> Any:
    """Return a body for the log: base64 shortened to its length."""
    if isinstance(value, dict):
        return {
            key: f"({len(part)} characters)" if key == "data" and isinstance(part, str) else without_data(part)
            for key, part in value.items()
        }
    return [without_data(part) for part in value] if isinstance(value, list) else value
