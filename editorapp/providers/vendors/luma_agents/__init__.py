"""Luma Agents: Ray 3.2 over Luma's own API. Facts are from contracts/luma-agents.md."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

from editorapp.core import retry
from editorapp.providers import field_mapping as bodies
from editorapp.providers import job_states, output_kinds
from editorapp.providers.contract import (
    Failure,
    GenerationRequest,
    Job,
    JobState,
    OutcomeUnknown,
    Output,
    Ref,
    Rejected,
    Task,
    Unavailable,
)
from editorapp.providers.http import answers
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.http.typed_readers import identifier, items, line, link, mapping
from editorapp.providers.rules.unsupported import takes_no
from editorapp.providers.spec import ALL_TASKS, Broken, Model, Spec, of_task
from editorapp.providers.vendors.luma_agents.documents import DOCUMENTS
from editorapp.providers.vendors.luma_agents.parameters import (
    LIMITS,
    MAX_SOURCE_SECONDS,
    MODELS,
    OUTPUT_URL_SECONDS,
    PARAMETERS,
    TYPES,
)
from editorapp.providers.vendors.luma_agents.prices import PRICES
from editorapp.providers.vendors.luma_agents.rules import JUDGED, RULES
from editorapp.providers.vendors.luma_agents.status_words import FAILURES, FILE_STATES, STATES

__all__ = [
    "DOCUMENTS",
    "PRICES",
    "SPEC",
    "decode",
    "encode",
    "endpoint",
    "ping",
    "poll",
    "stage",
    "submit",
]


def _model(task: Task, label: str, summary: str) -> Model:
    parameters, rules = of_task(PARAMETERS, task), of_task(RULES, task)
    others = takes_no(
        "ours.unknown", "ours: no such parameter (2)", parameters, handled=JUDGED[task]
    )
    return Model(
        name=MODELS[0],
        task=task,
        wire=MODELS[0],
        wire_type=TYPES[task],
        label=label,
        summary=summary,
        parameters=parameters,
        rules=(*rules, others),
        limits=replace(LIMITS, max_source_seconds=MAX_SOURCE_SECONDS.get(task)),
        source="2, 3 S, K, D",
    )


SPEC = Spec(
    slug="luma-agents",
    name="Luma Agents",
    base_url="https://agents.lumalabs.ai/v1",
    base_url_name="LUMA_AGENTS_BASE_URL",
    credentials=("LUMA_AGENTS_API_KEY",),
    simulated_key="luma-api-simulated-0000000000000000",
    key_start="luma-api-",
    # 4.1: each poll mints a link for an hour; how long the job itself stays is not stated
    result_kept_seconds=86_400,
    models=(
        _model(
            Task.EDIT,
            "Ray 3.2",
            "Change what a clip shows, and keep its motion as closely as you choose.",
        ),
        _model(
            Task.GENERATE,
            "Ray 3.2",
            "Make a clip from words, from pictures, or from where an earlier one ends.",
        ),
        _model(
            Task.REFRAME,
            "Ray 3.2",
            "Fit a clip to another shape: what lay outside the frame is drawn.",
        ),
    ),
    fallback=Model(
        name="",
        task="",
        wire="",
        label="model",
        parameters=PARAMETERS,
        limits=LIMITS,
        rules=tuple(rule for rule in RULES if rule.tasks == ALL_TASKS),
    ),
)

READY = retry.policy("stage.ready")


def encode(wanted: GenerationRequest, spec: Spec = SPEC) -> dict[str, Any]:
    """Return the exact body of `POST /generations`. Pure; what the page shows is what is sent."""
    return bodies.encode(spec, wanted)


def endpoint(wanted: GenerationRequest) -> str:
    """Return the path, below the base URL, that the body is posted to."""
    return "/generations"


def decode(body: Any, *, path: str = "/generations") -> tuple[GenerationRequest, list[Broken]]:
    """Read such a body back, as the simulator does.

    Unknown keys are ignored: nothing is documented about them.
    """
    word = body.get("type", "image") if isinstance(body, Mapping) else ""
    types = {kind: task for task, kind in TYPES.items()}
    task = types.get(word, str(word)) if isinstance(word, str) else str(word)
    name = body.get("model") if isinstance(body, Mapping) else None
    model = SPEC.find(task, MODELS[0]) or SPEC.fallback
    return bodies.decode(model, body, task=task, name=name, rows=PARAMETERS)


async def stage(
    path: Path, *, name: str, media_type: str, purpose: str, wire: ProviderSession
) -> Ref:
    """Upload a file with the Files API and return the reference to it once Luma says that it is
    ready. Free.

    `purpose` is "input" for the source and "reference" for guide frames. The bytes are streamed
    from disk, to a presigned address, without the key.

    Raises: Rejected, when Luma does not take the file; Unavailable and Throttled, when a later try
            may succeed.
    Source: section 2.6.
    """
    size = path.stat().st_size
    made = await wire.call(
        "POST",
        "/files",
        body={"mime_type": media_type, "size_bytes": size, "filename": name, "purpose": purpose},
    )
    upload, file_id = mapping(made.get("upload")), identifier(made.get("id"))
    url = link(upload.get("url"))
    if not file_id or not url:
        raise Unavailable(f"{SPEC.name} gave no place for the upload.", code="upload")
    headers = {key: str(value) for key, value in mapping(upload.get("headers")).items()}
    await wire.upload(url, path, headers=headers)
    state = await wire.call("POST", f"/files/{_id(file_id)}/complete")
    await _until_ready(file_id, state, wire)
    return Ref(file_id=file_id, media_type=media_type)


async def _until_ready(file_id: str, file: dict[str, Any], wire: ProviderSession) -> None:
    began, looks = time.monotonic(), count(1)
    while job_states.squeezed(file.get("state")) != "ready":
        if FILE_STATES.read(file.get("state")).state is JobState.FAILED:
            reason = (line(file.get("failure_reason"), most=300) or "no reason given").rstrip(".")
            raise Rejected(f"{SPEC.name} does not take this file: {reason}.", code="file_failed")
        if READY.is_over(look := next(looks), time.monotonic() - began):
            raise Unavailable(f"{SPEC.name} has not looked at the upload yet.", code="file_pending")
        await asyncio.sleep(READY.pause_seconds(look))
        file = await wire.call("GET", f"/files/{_id(file_id)}")


async def submit(
    body: dict[str, Any], *, path: str, wire: ProviderSession, idempotency_key: str
) -> Job:
    """Send the paid POST, once.

    Luma documents no idempotency; the key is sent all the same, for the day it does (1.2).

    Raises: see Wire.pay. A body that still names a file of ours is Rejected before anything is
    sent.
    """
    answer = await wire.pay(path, body=body, idempotency_key=idempotency_key)
    job_id = identifier(answer.get("id"))
    if not job_id:
        raise OutcomeUnknown(
            f"{SPEC.name} accepted the request, but gave no id.",
            code="no_id",
            came=answers.as_it_came(answer, secret=wire.access.secret),
        )
    state = STATES.read(answer.get("state")).state
    # Results are read by a poll: whatever ends at once is still running here.
    return Job(id=job_id, state=JobState.QUEUED if state is JobState.QUEUED else JobState.RUNNING)


async def poll(job_id: str, *, wire: ProviderSession) -> Job:
    """Ask how a job is going.

    Free and repeatable; every answer about a finished job carries fresh links.

    Raises: NotFound, Unavailable, Throttled, BadCredentials.
    """
    answer = await wire.call("GET", f"/generations/{_id(job_id)}")
    answers.check_about(
        job_id, identifier(answer.get("id")), answer, name=SPEC.name, secret=wire.access.secret
    )
    return _job(answer, job_id)


async def ping(*, wire: ProviderSession) -> None:
    """Make the cheapest authenticated read, to see that the key works.

    Raises: BadCredentials, Unavailable, Throttled.
    """
    await wire.call("GET", "/files", params={"limit": 1})


def _id(value: str) -> str:
    return quote(value, safe="")


def _job(answer: Mapping[str, Any], job_id: str) -> Job:
    """Read a generation (4.1).

    A state that nobody has heard of counts as running, so that it is asked again.
    """
    said = STATES.read(answer.get("state"))
    return Job(
        id=job_id,
        state=said.state,
        chain_id=job_id if said.state is JobState.DONE else "",
        outputs=_outputs(answer) if said.state is JobState.DONE else (),
        failure=_failure(answer, said.end) if said.state is JobState.FAILED else None,
        unknown_state=said.unknown,
    )


def _outputs(answer: Mapping[str, Any]) -> tuple[Output, ...]:
    """Return what a finished generation names.

    `type` is a free text, and how it labels EXR is not documented (4.1).
    """
    expires_at = datetime.now(UTC) + timedelta(seconds=OUTPUT_URL_SECONDS)
    return output_kinds.without_repeats(
        output_kinds.output(item["url"], item.get("type"), expires_at=expires_at)
        for item in map(mapping, items(answer.get("output")))
        if link(item.get("url"))
    )


def _failure(answer: Mapping[str, Any], end: job_states.End | None) -> Failure:
    """Read why a job failed. An unknown code is final: nothing says that another try would help.

    What the codes mean is documented for a job that "failed", and for no other word (4.2): not what
    another costs.
    """
    reason = line(answer.get("failure_reason"))
    if end is not None:
        return job_states.ended(end, name="Luma", said=reason)
    code = line(answer.get("failure_code"), most=60) or "unknown"
    can_retry, is_charged, sentence = FAILURES.get(code, (False, None, "Luma could not make this."))
    said = f' Luma says: "{reason.rstrip(".")}".' if reason else ""
    return Failure(code=code, reason=sentence + said, can_retry=can_retry, is_charged=is_charged)
