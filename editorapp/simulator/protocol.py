"""What every protocol does alike with a paid request: read it, judge it by the provider's rules,
find its media.

A protocol says how its requests and answers look: it fills in the methods below that raise or
return little here.
"""

import math
import re
import shutil
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest, Ref, Task
from editorapp.providers.rules import table
from editorapp.providers.spec import Broken, ParameterKind, Spec
from editorapp.simulator.core import HTTP_KINDS, JOB_KINDS, Simulation, under_fault
from editorapp.simulator.faults import FAILURES, Fault, magic
from editorapp.simulator.http import Request, Response, TooLarge
from editorapp.simulator.references import Found, Resolved, UnusableReference, resolve
from editorapp.simulator.render.result import SECONDS
from editorapp.simulator.spooled_body import SpooledBody, read_json
from editorapp.simulator.state import SimulatedJob

MAX_BODY_BYTES = 280_000_000  # a 200 MB clip in base64, and some
Put = Callable[[Request, str], Awaitable[Response]]


class ProviderProtocol(ABC):
    """Answers everything under `prefix`. To add one, name it in server.WIRES."""

    slug: str  # of the provider whose rules and bodies these are
    prefix: str
    about: str  # HTML for the page of faults: keys, and what they do
    details: Mapping[int, str] = {}  # the provider's words for a status that was asked for

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self.provider: ModuleType = registry.get(self.slug)
        self.spec: Spec = self.provider.SPEC
        self._told_to_wait: set[tuple[str, Any]] = set()

    @property
    def uploads(self) -> Mapping[str, Put]:
        """Return who takes the PUT of a presigned upload, by the storage's folder."""
        return {}

    def resume(self) -> None:  # noqa: B027 (most have nothing to take up)
        """Take up what a restart interrupted, beside the jobs."""

    @abstractmethod
    async def handle(self, request: Request) -> Response:
        """Answer a request under the prefix."""

    @abstractmethod
    def error(self, status: int, says: str, **headers: str) -> Response:
        """Return an error in the protocol's shape."""

    @abstractmethod
    def find(self, client: str, name: str, ref: Ref) -> Found:
        """Return the file behind an id, and what is known of it.

        Raises: Unusable, with 404 for an unknown id.
        """

    @abstractmethod
    def new_job(self, body: Any, wanted: GenerationRequest) -> tuple[str, str, str]:
        """Return a new job's id and the words for its kind and model, as answers repeat them."""

    def units(self, job: SimulatedJob, client: str) -> float:
        """Return what a job costs, in the provider's own unit; 0 where it has none."""
        return 0.0

    @abstractmethod
    def accepted(self, request: Request, job: SimulatedJob, client: str, now: float) -> Response:
        """Return the answer to a request that was taken."""

    def new_result_id(self) -> str:
        """Return what a later request names the result by, where that is not the job's own id."""
        return str(uuid.uuid4())

    def decode(self, body: Any, *, path: str) -> tuple[GenerationRequest, list[Broken]]:
        """Return what a body says, and what in it cannot be read."""
        decoded: tuple[GenerationRequest, list[Broken]] = self.provider.decode(body, path=path)
        return decoded

    def refusals(self, wanted: GenerationRequest, found: Resolved | None) -> list[Broken]:
        """Return what the provider itself would refuse: our own cautions are none of its business."""
        source = found.source if found else None
        return table.refusals(table.check(self.spec, wanted, source, only_documented=True))

    def to_render(self, wanted: GenerationRequest) -> GenerationRequest:
        """Return the request with what the model does where nothing is said, if that is not the
        same everywhere.
        """
        return wanted

    def before_accepting(
        self, request: Request, client: str, wanted: GenerationRequest, found: Resolved
    ) -> Response | None:
        """Return an answer that ends the matter without a job: no money, a dry run.

        All rules are kept by now.
        """
        return None

    def unusable(self, wanted: GenerationRequest, found: UnusableReference) -> Response:
        """Return the refusal of a clip or picture that is not there or cannot be fetched."""
        path = self.spec.model_for(wanted).wire_path(found.field)
        return self.error(found.status, f"{path}: {found.says}")

    def limited(self, client: str, now: float) -> Response | None:
        """Return the refusal of a client that asks too often or has too many jobs."""
        left, oldest_leaves = self.simulation.rate(client, now)
        if self.simulation.options.rpm and left <= 0:
            wait = max(1, math.ceil(oldest_leaves - now))
            return self.error(
                429, self.details.get(429, "Rate limit exceeded"), **{"Retry-After": str(wait)}
            )
        return None

    def refuse(self, fault: Fault) -> Response:
        """Return the documented answer of a status that was asked for."""
        answer = self.error(
            fault.status, fault.detail or self.details.get(fault.status, f"Status {fault.status}")
        )
        retry_after = 1 if fault.status == 429 and fault.retry_after is None else fault.retry_after
        if retry_after is not None:
            answer.headers["Retry-After"] = str(retry_after)
        return answer

    # Submit

    async def submit(self, request: Request, client: str, *, path: str) -> Response:
        """Take a paid request, under whatever fault waits for it. `path` is below the prefix."""
        faults = self.simulation.faults
        faults.posts += 1
        faults.calls["submit"] += 1
        spilled = SpooledBody(self.simulation.options.folder / "tmp")
        try:
            body = await read_json(request, MAX_BODY_BYTES, spilled)
            return await self._under_its_faults(request, client, path, body, spilled)
        except TooLarge:
            return self.error(413, "Request body too large")
        except ValueError:
            return self.error(400, "Request body is not valid JSON")
        finally:
            spilled.drop()

    async def _under_its_faults(
        self, request: Request, client: str, path: str, body: Any, spilled: SpooledBody
    ) -> Response:
        faults = self.simulation.faults
        faults.recent.append(
            {
                "at": moment(time.time()),
                "provider": self.slug,
                "body": without_data(body),
                "status": None,
            }
        )
        noted = faults.recent[-1]
        wanted, broken = self.decode(body, path=path)
        prompt = wanted.prompt if isinstance(wanted.prompt, str) else ""
        words = magic(prompt)
        kept, key = self.simulation.state, request.headers.get("idempotency-key", "")
        post = kept.received(
            self.slug, idempotency_key=key, prompt=prompt, body=noted["body"], at=time.time()
        )
        fault = faults.take("submit", kinds=HTTP_KINDS) or self._worded(
            client, wanted.prompt, words
        )
        for_job = [one for one in words if one.call != "submit"]
        if more := faults.take("submit", kinds=JOB_KINDS) or faults.take("job"):
            for_job.append(more)

        async def act() -> Response:
            answer = await self._accept(request, client, body, wanted, broken, for_job, spilled)
            noted["status"] = answer.status
            return answer

        answer = await under_fault(fault, self.refuse, act)
        noted["status"] = answer.status
        kept.answered(post, answer.status)
        return answer

    def _worded(self, client: str, prompt: Any, words: list[Fault]) -> Fault | None:
        """Return the fault that a prompt asks for.

        Too many requests is said once: asked again, the job is taken.
        """
        fault = next(
            (one for one in words if one.call == "submit" and one.kind in HTTP_KINDS), None
        )
        if fault is None or fault.status != 429:
            return fault
        if (client, prompt) in self._told_to_wait:
            self._told_to_wait.remove((client, prompt))
            return None
        self._told_to_wait.add((client, prompt))
        return fault

    async def _accept(
        self,
        request: Request,
        client: str,
        body: Any,
        wanted: GenerationRequest,
        broken: list[Broken],
        faults: list[Fault],
        spilled: SpooledBody,
    ) -> Response:
        now = time.time()
        simulation = self.simulation
        if limited := self.limited(client, now):
            return limited
        for one in table.refusals(broken) or self.refusals(wanted, None):
            return self._broken(one)
        job_id, kind, model = self.new_job(body, wanted)
        inputs = simulation.options.folder / "inputs" / job_id
        try:
            found = await resolve(
                simulation,
                wanted,
                inputs,
                find=lambda name, ref: self.find(client, name, ref),
                spilled=spilled,
            )
            answer = self._ended(request, client, wanted, found)
        except UnusableReference as unusable:
            answer = self.unusable(wanted, unusable)
        if answer is not None:
            shutil.rmtree(inputs, ignore_errors=True)
            return answer
        slow = sum(
            fault.seconds
            for fault in faults
            if fault.kind == "slow" and fault.call in ("job", "submit")
        )
        job = SimulatedJob(
            id=job_id,
            client=client,
            wire=self.slug,
            kind=kind,
            model=model,
            created_at=now,
            queue_seconds=simulation.options.queue_seconds,
            render_seconds=simulation.options.render_seconds + slow,
            request=without_data(self.to_render(wanted).to_json()),
            body=without_data(body),
            inputs=found.inputs,
            faults=[vars(fault) for fault in faults],
            result_id=self.new_result_id(),
            lasts_seconds=_lasts(wanted, found),
        )
        if found.failure:
            job.failure_code, job.failure_reason = found.failure
        job.units = self.units(job, client)
        simulation.accept(job)  # whole: killed after this, it is the same job when it comes back
        simulation.count_submit(client, now)
        return self.accepted(request, job, client, now)

    def _ended(
        self, request: Request, client: str, wanted: GenerationRequest, found: Resolved
    ) -> Response | None:
        """Return what ends the matter without a job, now that the clip itself is known: its length
        and shape.
        """
        for one in self.refusals(wanted, found):
            return self._broken(one)
        return self.before_accepting(request, client, wanted, found)

    def _broken(self, one: Broken) -> Response:
        return self.error(one.status, one.detail or one.message)

    # Poll

    async def poll(
        self, client: str, job_id: str, *, unknown: str, shown: Callable[[SimulatedJob], Response]
    ) -> Response:
        """Answer how a job is going, under whatever fault waits for it; 404 with `unknown` where
        there is no job.
        """
        faults = self.simulation.faults
        faults.calls["poll"] += 1
        job = self.simulation.state.job(client, job_id)
        fault = faults.take("poll") if faults.waiting else None
        if fault is None and job is not None and job.faults:
            fault = self.simulation.own_fault(job, "poll")
        if fault is not None and fault.kind == "fail" and job is not None:
            job.fail(fault.code, FAILURES[fault.code], time.time())
            job.queue_seconds = job.render_seconds = 0
            self.simulation.state.save(job)
            fault = None

        async def act() -> Response:
            return self.error(404, unknown) if job is None else shown(job)

        return await under_fault(fault, self.refuse, act)

    # Price

    async def priced(self, answer: Callable[[], Response]) -> Response:
        """Tell a price, under whatever fault waits for it."""
        faults = self.simulation.faults
        faults.calls["price"] += 1

        async def act() -> Response:
            return answer()

        return await under_fault(faults.take("price") if faults.waiting else None, self.refuse, act)

    # List

    async def listed(
        self, jobs: list[SimulatedJob], shown: Callable[[list[SimulatedJob]], Response]
    ) -> Response:
        """Show a client's jobs, under whatever fault waits for the list."""
        faults = self.simulation.faults
        faults.calls["list"] += 1
        fault = faults.take("list") if faults.waiting else None
        kind = fault.kind if fault else ""
        if fault is not None and kind == "lag":
            jobs = [job for job in jobs if job.created_at < time.time() - fault.seconds]
        if kind == "bare":
            jobs = [replace(job, body={}) for job in jobs]
        if kind == "filled":
            jobs = [replace(job, body=self._filled(job)) for job in jobs]

        async def act() -> Response:
            return shown(jobs)

        return await under_fault(fault, self.refuse, act)

    def _filled(self, job: SimulatedJob) -> dict[str, Any]:
        """Return a job's body as a provider may echo it: every default written out, in another
        order.
        """
        rows = next((model.parameters for model in self.spec.models if model.wire == job.model), ())
        body = _reversed(job.body)
        for row in rows:
            default = re.split("[,;]", row.default)[0]
            if default in row.choices or (default == "off" and row.kind is ParameterKind.FLAG):
                *above, key = row.path
                place = body
                for name in above:
                    place = place.setdefault(name, {})
                place.setdefault(
                    key, False if default == "off" else row.values.get(default, default)
                )
        return body

    def result_link(self, request: Request, job: SimulatedJob, output: dict[str, str]) -> str:
        """Return a fresh link to a result.

        Its job comes first in the name: faults of the job strike its downloads.
        """
        return self.simulation.link(
            request, "GET", f"results/{job.id}/{output['file'].rsplit('/', 1)[-1]}"
        )


def _lasts(wanted: GenerationRequest, found: Resolved) -> float:
    """Return how long a result will be: as its source, or as long as was asked for."""
    if wanted.task != Task.GENERATE and found.source is not None:
        return float(found.source.duration_seconds)
    return float(SECONDS.get(wanted.duration or "", 5))


def moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _reversed(value: Any) -> Any:
    """Return a body with its keys in the opposite order."""
    if not isinstance(value, dict):
        return value
    return {key: _reversed(value[key]) for key in reversed(value)}


def without_data(value: Any) -> Any:
    """Return a body for the log: base64 shortened to its length.

    A request's inline data lies on disk.
    """
    if isinstance(value, dict):
        return {
            key: f"({len(part)} characters)"
            if _is_data(key) and isinstance(part, str)
            else without_data(part)
            for key, part in value.items()
        }
    return [without_data(part) for part in value] if isinstance(value, list) else value


def _is_data(key: Any) -> bool:
    return isinstance(key, str) and (key == "data" or key.endswith("_data"))
