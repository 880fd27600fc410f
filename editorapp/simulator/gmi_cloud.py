"""Protocol of GMI Cloud's request queue.

Source: docs/providers/gmi-cloud.md; rules: the provider's own table.

Where the contract states nothing (error texts, the live prices of generate and reframe), the words
and figures are this simulator's own.
"""

import json
import re
import time
import uuid
from collections.abc import Iterator
from typing import Any

from editorapp.core import strict_json
from editorapp.providers.contract import GenerationRequest, Ref, Task
from editorapp.providers.spec import Model, Parameter
from editorapp.simulator.http import Answer, Request, Response, TooLarge
from editorapp.simulator.protocol import ProviderProtocol
from editorapp.simulator.references import Found, UnusableReference
from editorapp.simulator.render.result import POSTER
from editorapp.simulator.state import SimulatedJob
from editorapp.simulator.storage import check_content_type, denied, store
from editorapp.simulator.submission import submit
from editorapp.simulator.tables import JsonObject

UPLOAD_SECONDS = 899
MAX_UPLOAD_BYTES = 200_000_000
MAX_LISTED = 100
# What the upload helper takes, and the content type that its link is signed for (2.4).
FILE_TYPES = {
    "jpeg": "image/jpeg",
    "jpg": "image/jpg",
    "png": "image/png",
    "mp4": "video/mp4",
    "mp3": "audio/mpeg",
    "wav": "audio/wav",
}
# The documented defaults of payload fields (3.1 to 3.3); None where there is none. Ids and data
# default to "".
DEFAULTS: JsonObject = {
    "resolution": "720p",
    "aspect_ratio": "16:9",
    "duration": "5s",
    "pose_strength": "None",
    "source_generation_id": "",
    "hdr": False,
    "exr_export": False,
    "loop": False,
    "face_enabled": False,
}
BROKE, NO_HDR = "gmi-broke", "gmi-nohdr"
# The simulated live prices: what `GET models/{id}` says. An edit's is the published one of its
# cheapest quality.
PER_BLOCK = {"pricing_type": "per_block", "unit": "5s block"}
PRICES = {
    Task.EDIT: {"price": "0.72", **PER_BLOCK},
    Task.GENERATE: {"price": "0.15", **PER_BLOCK},
    Task.REFRAME: {"price": "0.06", "pricing_type": "per_second", "unit": "second"},
}


class GmiCloud(ProviderProtocol):
    """Requests, models and the upload helper."""

    slug = "gmi-cloud"
    prefix = "/gmi-cloud/api/v1/ie/requestqueue/apikey"
    upload_folder = "uploads"
    key_form = re.compile(r"[A-Za-z0-9._~+/=-]{16,}")
    special_keys = (BROKE, NO_HDR)
    usual_key = "gmi"
    no_job = "request not found"
    no_generation = "generation not found for this API key"

    async def route(self, request: Request, path: str) -> Answer:
        self.identify(request)
        what, _slash, rest = path.partition("/")
        match (request.method, what, bool(rest)):
            case ("POST", "requests", False):
                return await submit(self, request, path="/requests")
            case ("GET", "requests", True):
                return await self.poll(request, rest)
            case ("GET", "requests", False):
                return await self._requests(request)
            case ("GET", "models", True):
                return await self.call("price", lambda: self._model(rest))
            case ("GET", "models", False):
                return {"model_ids": [one.model_id for one in self.spec.models]}
            case ("POST", "upload-url", False):
                return await self._upload_url(request)
        return self.error(405 if what in ("requests", "models", "upload-url") else 404, "not found")

    def error(self, status: int, says: str, **headers: str) -> Response:
        """Return an error in one of the two shapes seen (5): text, or on the server's side an
        object.
        """
        told = _of_server(status, says) if status >= 500 else says
        return Response.of_json({"error": told}, status, **headers)

    # Submit

    def find(self, client: str, name: str, ref: Ref) -> Found:
        job = self.state.job_of_result(client, ref.generation_id or "")
        return self.result_of(name, job, status=400)

    def unusable(self, wanted: GenerationRequest, found: UnusableReference) -> Response:
        place = self._place_of(wanted, found.field)
        # The queue knows one status for a bad payload.
        status = 400 if found.status == 422 else found.status
        return self.error(status, f"{self.details[400]}: {place}: {found.says}")

    def _place_of(self, wanted: GenerationRequest, name: str) -> str:
        row = self.spec.model_for(wanted).parameter(name)
        ref: Ref | None = getattr(wanted, name, None)
        return row.carriers[ref.carriers[0]] if row is not None and ref is not None else name

    def before_accepting(self, client: str, wanted: GenerationRequest) -> Response | None:
        if any(len(ref.carriers) > 1 for _name, ref in wanted.refs()):
            # GMI calls them alternatives and states no more. Which one it would take is not to be
            # guessed at.
            return self.error(400, f"{self.details[400]}: give one of two alternatives")
        if wanted.hdr and client.startswith(NO_HDR):
            return self.error(403, "HDR is not enabled for this organization")
        return self.error(402, self.details[402]) if client.startswith(BROKE) else None

    def new_job(self, body: Any, wanted: GenerationRequest) -> tuple[str, str, str]:
        return str(uuid.uuid4()), str(wanted.task), body["model"]

    def accepted(self, request: Request, job: SimulatedJob) -> Response:
        """Say "processing", as the page does; a poll may then say "queued"."""
        told = {"request_id": job.id, "status": "processing", "model": job.model}
        instants = dict.fromkeys(("created_at", "queued_at", "updated_at"), int(job.created_at))
        return Response.of_json(told | instants)

    # Requests

    async def _requests(self, request: Request) -> Response:
        model = request.query.get("model_id", "")
        jobs = self.state.jobs_of(request.client, self.slug)

        def shown(jobs: list[SimulatedJob]) -> JsonObject:
            records = [self.shown(request, job) for job in jobs[:MAX_LISTED]]
            return {"requests": records, "total": len(jobs)}

        return await self.listed([job for job in jobs if model in ("", job.model)], shown)

    def shown(self, request: Request, job: SimulatedJob) -> JsonObject:
        status = status_of(job)
        return {
            "request_id": job.id,
            "org_id": job.client,
            "model": job.model,
            "status": status,
            "is_public": False,
            "qworker_id": "" if status == "queued" else f"qworker-{job.id[:8]}",
            "payload": job.body.get("payload", {}),
            "outcome": self._outcome(request, job, status),
            "created_at": int(job.created_at),
            "queued_at": int(job.created_at),
            "updated_at": int(job.rendered_at or job.started_at or job.created_at),
        }

    def _outcome(
        self,
        request: Request,
        job: SimulatedJob,
        status: str,
    ) -> JsonObject:
        if status in ("failed", "cancelled"):
            told = {"error": job.failure_reason, "error_code": job.failure_code}
            return told | {"error_source": "upstream"}
        if status != "success":
            return {}
        outcome: JsonObject = {"generation_id": job.result_id}
        links = [self.result_link(request, job, output["file"]) for output in job.outputs]
        if links:
            outcome["video_url"] = links[0]
            outcome["thumbnail_image_url"] = self.result_link(request, job, POSTER)
        # Where GMI puts EXR is not stated (2.2): here it is a further entry of the generic list.
        media = [{"id": str(number), "url": link} for number, link in enumerate(links)]
        return outcome | {"media_urls": media}

    # Models

    def _model(self, wire_name: str) -> Answer:
        model = self.model_of(wire_name)
        return self.error(404, "model not found") if model is None else _schema_of(model)

    # The upload helper

    async def _upload_url(self, request: Request) -> Response:
        try:
            body = strict_json.parse(await request.body(1 << 16))
        except (TooLarge, ValueError):
            self.faults.calls["upload"] += 1
            return self.error(400, "invalid request body")
        return await self.call("upload", lambda: self._place(request, body))

    def _place(self, request: Request, body: Any) -> Answer:
        kind = body.get("file_type") if isinstance(body, dict) else None
        if not isinstance(kind, str) or kind not in FILE_TYPES:
            return self.error(400, f"file_type must be one of {', '.join(FILE_TYPES)}")
        name = f"{uuid.uuid4()}.{kind}"
        link = self.simulation.link(
            request,
            "PUT",
            f"uploads/{name}",
            seconds=UPLOAD_SECONDS,
        )
        public = self.simulation.public.url(request.origin, name)
        return {"upload_url": link, "public_url": public}

    async def receive(self, request: Request, name: str) -> Response:
        if not request.header("content-type"):
            return denied(
                "Content-Type is required",
                code="MissingContentType",
                status=400,
            )
        check_content_type(request, FILE_TYPES.get(name.rpartition(".")[2]))
        return await store(
            request,
            self.simulation.public.path(name),
            MAX_UPLOAD_BYTES,
            too_large="The upload is too large",
        )


def _of_server(status: int, says: str) -> JsonObject:
    return {"message": says, "details": json.dumps({"status": status})}


def _schema_of(model: Model) -> JsonObject:
    return {
        "model_id": model.model_id,
        "parameters": _parameters_of(model),
        "price_info": PRICES[Task(model.task)],
    }


def _parameters_of(model: Model) -> list[JsonObject]:
    rows = (row for row in model.parameters if row.field != "model")
    return [one for row in rows for one in _described(row)]


def _described(row: Parameter) -> Iterator[JsonObject]:
    """Yield what the schema says of a row: one entry for each place in the payload.

    Of several ways to give one thing the first is marked as required, "unless" one of the others is
    given (3.1).
    """
    places = list(row.carriers.values()) or [row.path]
    first, *others = [place.partition(".")[2] for place in places]
    words = [word for word in row.nothing if word]
    said = {
        "type": str(row.kind),
        "options": [*words, *row.choices],
        "default": DEFAULTS.get(first),
    }
    entry = {"name": first, "required": row.is_required, **said}
    alternatives = [one for one in others if not one.endswith("_media_type")]
    yield entry | ({"unless": alternatives} if row.is_required and alternatives else {})
    for name in others:
        yield {"name": name, "required": False, **said}


def status_of(job: SimulatedJob) -> str:
    """Return the queue's word for where a request is (4): it waits, then a worker has it, then it
    is worked on.
    """
    match job.state:
        case "queued":
            return "queued" if _is_early(job) else "dispatched"
        case "failed" if job.failure_code == "cancelled":
            return "cancelled"
        case "completed":
            return "success"
        case state:
            return state


def _is_early(job: SimulatedJob) -> bool:
    return time.time() < job.created_at + job.queue_seconds / 2
