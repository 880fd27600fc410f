"""Provider protocol: what all simulated providers do alike, and what each must say of itself.

A protocol says how its requests and answers look: it fills in the methods below that raise or
return little here. A large one is written in parts, each a class on top of the one before.
"""

import base64
import hashlib
import math
import re
import time
import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import ModuleType
from typing import Any, TypeAlias

from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.rules import table
from editorapp.providers.spec import Broken, Model, Spec
from editorapp.simulator.echo import filled
from editorapp.simulator.faults import FAILURES, Fault, under_fault
from editorapp.simulator.http import Act, Answer, EarlyAnswer, Request, Response, answered
from editorapp.simulator.references import Found, Resolved, UnusableReference
from editorapp.simulator.simulation import Simulation
from editorapp.simulator.state import SimulatedJob
from editorapp.simulator.storage import no_such_key, refused
from editorapp.simulator.tables import JsonObject, read_table

Decoded: TypeAlias = tuple[GenerationRequest, list[Broken]]


class ProviderProtocol(ABC):
    """Answers everything under `prefix`. To add one, name it in server.PROTOCOLS."""

    slug: str  # of the provider whose rules and bodies these are
    prefix: str
    no_job: str  # for a job of an unknown id, which belongs in the braces
    no_generation = "generation not found"
    only_documented = True  # are the rules refused by that its documents state; not all of ours
    upload_folder: str  # of its presigned uploads in the storage
    key_form: re.Pattern[str]  # of a bearer token
    special_keys: tuple[str, ...] = ()  # beginnings that a client's name keeps
    usual_key = ""  # the beginning of a client's name for all other keys

    def __init__(self, simulation: Simulation) -> None:
        self.simulation, self.options = simulation, simulation.options
        self.state, self.faults = simulation.state, simulation.faults
        self.provider: ModuleType = registry.get(self.slug)
        self.spec: Spec = self.provider.SPEC
        words = read_table(f"words/{self.slug}")
        self.about: str = words["about"]  # HTML for the page of faults: keys, and what they do
        self.no_key: str = words["no_key"]  # for a key that is missing or has another form
        # By the beginning of a key that asks for an error: status, words.
        self.key_errors: dict[str, tuple[int, str]] = words["key_errors"]
        # The provider's words for a status that was asked for.
        self.details = {int(status): says for status, says in words["details"].items()}
        self.told_to_wait: set[tuple[str, Any]] = set()

    def resume(self) -> None:  # noqa: B027 (most have nothing to take up)
        """Take up what a restart interrupted, beside the jobs."""

    async def handle(self, request: Request) -> Response:
        """Answer a request under the prefix."""
        path = request.path[len(self.prefix) + 1 :]
        answer = await answered(lambda: self.route(request, path))
        self.faults.by_status[answer.status] += 1
        return answer

    @abstractmethod
    async def route(self, request: Request, path: str) -> Answer:
        """Answer a request for a path below the prefix. Raises: EarlyAnswer."""

    @abstractmethod
    def error(self, status: int, says: str, **headers: str) -> Response:
        """Return an error in the protocol's shape."""

    def identify(self, request: Request) -> None:
        """Note the API client behind a request. Raises: EarlyAnswer, with the refusal."""
        key = self.key_in(request.header("authorization"))
        if not key:
            raise EarlyAnswer(self.error(401, self.no_key))
        for beginning, refusal in self.key_errors.items():
            if key.startswith(beginning):
                raise EarlyAnswer(self.error(*refusal))
        kind = next(filter(key.startswith, self.special_keys), self.usual_key)
        # Kept with each job: a digest tells clients apart and gives no key away.
        digest = hashlib.sha256(key.encode()).hexdigest()
        request.client = f"{kind}-{digest[:16]}".lstrip("-")

    def key_in(self, authorization: str) -> str:
        """Return the API key in a header of this value; "" where there is none."""
        word, _space, key = authorization.partition(" ")
        return key if word == "Bearer" and self.key_form.fullmatch(key) else ""

    def model_of(self, wire_name: str) -> Model | None:
        return next((one for one in self.spec.models if one.model_id == wire_name), None)

    def refuse(self, fault: Fault) -> Response:
        """Return the documented answer of a status that was asked for."""
        says = fault.detail or self._detail_of(fault.status)
        return self.error(fault.status, says, **_retry_headers(fault))

    def _detail_of(self, status: int) -> str:
        return self.details.get(status, f"Status {status}")

    async def call(self, name: str, act: Act) -> Response:
        """Act as one call of this name, under whatever fault waits for it."""
        return await self.faults.under(name, self.refuse, act)

    # Uploads

    async def put(self, request: Request, name: str) -> Response:
        """Take the bytes of a presigned upload, on the storage's side: no API key, and errors in
        XML.
        """
        return await self.faults.under(
            "put",
            refused,
            lambda: self.receive(request, name),
        )

    async def receive(self, request: Request, name: str) -> Response:
        """Take the bytes of an upload to this name in the upload folder."""
        return no_such_key()

    # What a paid request is judged and shown by

    @abstractmethod
    def find(self, client: str, name: str, ref: Ref) -> Found:
        """Return the file behind an id, and what is known of it.

        Raises: UnusableReference, with 404 for an unknown id.
        """

    def result_of(
        self,
        name: str,
        job: SimulatedJob | None,
        *,
        status: int,
    ) -> Found:
        """Return the result of an earlier job.

        Raises: UnusableReference: 404 without such a job, `status` before it has a result.
        """
        if job is None:
            raise UnusableReference(name, 404, self.no_generation)
        if job.state != "completed" or not job.outputs:
            raise UnusableReference(name, status, "generation is not completed")
        return str(self.options.folder / job.file), job.facts or None

    @abstractmethod
    def new_job(self, body: Any, wanted: GenerationRequest) -> tuple[str, str, str]:
        """Return a new job's id and the words for its kind and model, as answers repeat them."""

    @abstractmethod
    def accepted(self, request: Request, job: SimulatedJob) -> Response:
        """Return the answer to a request that was taken just now."""

    def new_result_id(self) -> str:
        """Return what a later request names the result by, where that is not the job's own id."""
        return str(uuid.uuid4())

    def units(self, job: SimulatedJob) -> float:
        """Return what a job costs, in the provider's own unit; 0 where it has none."""
        return 0.0

    def decode(self, body: Any, *, path: str) -> Decoded:
        """Return what a body says, and what in it cannot be read."""
        decoded: Decoded = self.provider.decode(body, path=path)
        return decoded

    def refusals(self, wanted: GenerationRequest, found: Resolved | None) -> list[Broken]:
        """Return what the provider itself would refuse: our own cautions are none of its business."""
        source, only_documented = found.source if found else None, self.only_documented
        broken = table.check(self.spec, wanted, source, only_documented=only_documented)
        return table.refusals(broken)

    def to_render(self, wanted: GenerationRequest) -> GenerationRequest:
        """Return the request with what the model does where nothing is said, if that is not the
        same everywhere.
        """
        return wanted

    def before_accepting(self, client: str, wanted: GenerationRequest) -> Response | None:
        """Return an answer that ends the matter without a job: no money, no access.

        All rules are kept by now.
        """
        return None

    def unusable(self, wanted: GenerationRequest, found: UnusableReference) -> Response:
        """Return the refusal of a clip or picture that is not there or cannot be fetched."""
        path = self.spec.model_for(wanted).body_path(found.field)
        return self.error(found.status, f"{path}: {found.says}")

    def limited(self, client: str) -> Response | None:
        """Return the refusal of a client that asks too often or has too many jobs."""
        left, free_at = self.simulation.rates.left(client)
        if self.options.rpm and left <= 0:
            wait = {"Retry-After": str(max(1, math.ceil(free_at - time.time())))}
            headers = wait | self.limit_headers(left=0, free_at=math.ceil(free_at))
            return self.error(429, self.details[429], **headers)
        most = self.options.concurrent
        has_slot = not most or self.state.active_count(client) < most
        return None if has_slot else self.crowded()

    def limit_headers(self, *, left: int, free_at: int) -> dict[str, str]:
        """Return the headers of the limit by the minute; `free_at` is in seconds since 1970."""
        return {}

    def crowded(self) -> Response | None:
        """Return the refusal of a client that has too many jobs, where the provider knows one."""
        return None

    # Poll, price, list

    @abstractmethod
    def shown(self, request: Request, job: SimulatedJob) -> JsonObject:
        """Return the answer to a poll of a job."""

    async def poll(self, request: Request, job_id: str) -> Response:
        """Answer how a job is going, under whatever fault waits for it; 404 where there is none."""
        job = self.state.job(request.client, job_id)
        fault = self.faults.met("poll") or self.simulation.own_fault(job, "poll")
        if fault is not None and fault.kind == "fail" and job is not None:
            self._fail(job, fault.code)
            fault = None

        def act() -> Answer:
            unknown = self.error(404, self.no_job.format(job_id))
            return unknown if job is None else self.shown(request, job)

        return await under_fault(fault, self.refuse, act)

    def _fail(self, job: SimulatedJob, code: str) -> None:
        job.fail(code, FAILURES[code])
        job.queue_seconds = job.render_seconds = 0
        self.state.save(job)

    async def listed(
        self, jobs: list[SimulatedJob], shown: Callable[[list[SimulatedJob]], Answer]
    ) -> Response:
        """Show a client's jobs, under whatever fault waits for the list."""
        fault = self.faults.met("list")
        if fault is not None:
            jobs = self._told_wrongly(jobs, fault)
        return await under_fault(fault, self.refuse, lambda: shown(jobs))

    def _told_wrongly(self, jobs: list[SimulatedJob], fault: Fault) -> list[SimulatedJob]:
        match fault.kind:
            case "lag":
                return [job for job in jobs if job.created_at < time.time() - fault.seconds]
            case "bare":
                return [replace(job, body={}) for job in jobs]
            case "filled":
                return [
                    replace(job, body=filled(job.body, self.model_of(job.model))) for job in jobs
                ]
        return jobs

    def result_link(self, request: Request, job: SimulatedJob, file: str) -> str:
        """Return a fresh link to a result.

        Its job comes first in the name: faults of the job strike its downloads.
        """
        name = f"results/{job.id}/{file.rpartition('/')[2]}"
        return self.simulation.link(request, "GET", name)


def _retry_headers(fault: Fault) -> dict[str, str]:
    if fault.retry_after is not None:
        return {"Retry-After": str(fault.retry_after)}
    return {"Retry-After": "1"} if fault.status == 429 else {}


def moment(at: float | None) -> str | None:
    """Return an instant as providers write it; None for none."""
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def cursor_of(key: str) -> str:
    """Return the word with which a list goes on behind the item of this key."""
    return base64.urlsafe_b64encode(key.encode()).decode()


def key_of(cursor: str) -> str:
    """Return the key of the item behind which a list goes on. Raises: ValueError, when there is none."""
    return base64.urlsafe_b64decode(cursor).decode()
