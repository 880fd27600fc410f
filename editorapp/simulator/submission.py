"""Submission of a paid request: read, judged by the provider's rules, its media found, taken."""

import shutil
import time
from pathlib import Path
from typing import Any

from editorapp.providers.contract import GenerationRequest, Task
from editorapp.providers.rules import table
from editorapp.providers.spec import Broken
from editorapp.simulator.echo import without_data
from editorapp.simulator.faults import (
    HTTP_KINDS,
    JOB_KINDS,
    Fault,
    magic,
    under_fault,
)
from editorapp.simulator.http import EarlyAnswer, Request, Response, TooLarge
from editorapp.simulator.protocol import ProviderProtocol, moment
from editorapp.simulator.references import Resolved, Resolver, UnusableReference
from editorapp.simulator.render.result import seconds_of
from editorapp.simulator.spooled_body import SpooledBody
from editorapp.simulator.state import SimulatedJob
from editorapp.simulator.tables import JsonObject

MAX_BODY_BYTES = 280_000_000  # a 200 MB clip in base64, and some
SLOW = ("job", "submit")  # calls whose fault "slow" makes a job late


async def submit(
    protocol: ProviderProtocol,
    request: Request,
    *,
    path: str,
) -> Response:
    """Take a paid request, under whatever fault waits for it. `path` is below the prefix."""
    protocol.faults.posts += 1
    protocol.faults.calls["submit"] += 1
    spooled = SpooledBody(protocol.options.folder / "tmp")
    try:
        body = await spooled.read(request, MAX_BODY_BYTES)
        return await Submission(protocol, request, path, body, spooled).answer()
    except TooLarge:
        return protocol.error(413, "Request body too large")
    except ValueError:
        return protocol.error(400, "Request body is not valid JSON")
    finally:
        spooled.drop()


class Submission:
    """One paid request, as read."""

    def __init__(
        self,
        protocol: ProviderProtocol,
        request: Request,
        path: str,
        body: Any,
        spooled: SpooledBody,
    ) -> None:
        self.protocol = protocol
        self.request, self.client = request, request.client
        self.body, self.logged, self.spooled = body, without_data(body), spooled
        self.wanted, self.broken = protocol.decode(body, path=path)
        self.prompt = self.wanted.prompt if isinstance(self.wanted.prompt, str) else ""
        self.faults = magic(self.prompt)  # that the prompt asks for

    async def answer(self) -> Response:
        """Return the answer; what was asked and answered is noted, whatever becomes of it."""
        protocol, waiting = self.protocol, self.protocol.faults
        self._note_received()
        fault = waiting.take("submit", HTTP_KINDS) or self._worded()
        for_job = waiting.take("submit", JOB_KINDS) or waiting.take("job")
        self.faults = [one for one in self.faults if one.call != "submit"]
        self.faults += [for_job] if for_job else []

        async def act() -> Response:
            answer = await self._accept()
            self.noted["status"] = answer.status
            return answer

        answer = await under_fault(fault, protocol.refuse, act)
        self.noted["status"] = answer.status
        protocol.state.answered(self.post, answer.status)
        return answer

    def _note_received(self) -> None:
        slug, now, key = self.protocol.slug, time.time(), "idempotency-key"
        self.noted: JsonObject = {
            "at": moment(now),
            "provider": slug,
            "body": self.logged,
            "status": None,
        }
        self.protocol.faults.recent.append(self.noted)
        self.post = self.protocol.state.received(
            slug,
            idempotency_key=self.request.headers.get(key, ""),
            prompt=self.prompt,
            body=self.logged,
            at=now,
        )

    def _worded(self) -> Fault | None:
        """Return the fault of this call that the prompt asks for.

        Too many requests is said once: asked again, the job is taken.
        """
        asked = (one for one in self.faults if one.call == "submit" and one.kind in HTTP_KINDS)
        fault = next(asked, None)
        if fault is None or fault.status != 429:
            return fault
        told, this = self.protocol.told_to_wait, (self.client, self.wanted.prompt)
        if this in told:
            told.remove(this)
            return None
        told.add(this)
        return fault

    async def _accept(self) -> Response:
        protocol = self.protocol
        if limited := protocol.limited(self.client):
            return limited
        came_at = time.time()
        if broken := table.refusals(self.broken) or protocol.refusals(self.wanted, None):
            return self._refused(broken)
        job_id, kind, model = protocol.new_job(self.body, self.wanted)
        try:
            found = await self._found(job_id)
        except EarlyAnswer as early:
            shutil.rmtree(self._inputs(job_id), ignore_errors=True)
            return early.response
        job = self._job(found, id=job_id, kind=kind, model=model, created_at=came_at)
        # whole: killed after this, it is the same when it comes back
        protocol.simulation.accept(job)
        protocol.simulation.rates.count(self.client)
        return protocol.accepted(self.request, job)

    async def _found(self, job_id: str) -> Resolved:
        """Return the request's media, judged now that the clip itself is known.

        Raises: EarlyAnswer, with the refusal.
        """
        protocol, wanted, client = self.protocol, self.wanted, self.client
        resolver = Resolver(
            protocol.simulation,
            self._inputs(job_id),
            lambda name, ref: protocol.find(client, name, ref),
            self.spooled,
        )
        try:
            found = await resolver.resolve(wanted)
        except UnusableReference as unusable:
            raise EarlyAnswer(protocol.unusable(wanted, unusable)) from None
        if broken := protocol.refusals(wanted, found):
            raise EarlyAnswer(self._refused(broken))
        if answer := protocol.before_accepting(client, wanted):
            raise EarlyAnswer(answer)
        return found

    def _inputs(self, job_id: str) -> Path:
        return self.protocol.options.folder / "inputs" / job_id

    def _refused(self, broken: list[Broken]) -> Response:
        return self.protocol.error(broken[0].status, broken[0].detail or broken[0].message)

    def _job(self, found: Resolved, **named: Any) -> SimulatedJob:
        protocol, options = self.protocol, self.protocol.options
        slow = (one.seconds for one in self.faults if one.kind == "slow" and one.call in SLOW)
        job = SimulatedJob(
            **named,
            client=self.client,
            wire=protocol.slug,
            queue_seconds=options.queue_seconds,
            render_seconds=options.render_seconds + sum(slow),
            request=without_data(protocol.to_render(self.wanted).to_json()),
            body=self.logged,
            inputs=found.inputs,
            faults=[vars(fault) for fault in self.faults],
            result_id=protocol.new_result_id(),
            lasts_seconds=_lasts(self.wanted, found),
        )
        job.failure_code, job.failure_reason = found.failure or (None, None)
        job.units = protocol.units(job)
        return job


def _lasts(wanted: GenerationRequest, found: Resolved) -> float:
    """Return how long a result will be: as its source, or as long as was asked for."""
    if wanted.task != Task.GENERATE and (source := found.source):
        return float(source.duration_seconds)
    return float(seconds_of(wanted.duration))
