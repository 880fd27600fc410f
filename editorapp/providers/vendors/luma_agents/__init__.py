"""Luma Agents: Ray 3.2 over Luma's own API. Facts are from docs/providers/luma-agents.md."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from editorapp.providers import field_mapping, job_states, output_kinds
from editorapp.providers.contract import (
    Failure,
    GenerationRequest,
    Job,
    JobState,
    Output,
    Ref,
    Task,
    Unavailable,
)
from editorapp.providers.http import answers
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.http.typed_readers import identifier, items, line, link, mapping
from editorapp.providers.rules.unsupported import takes_no
from editorapp.providers.shared_calls import FileState, accepted, path_part, until_ready
from editorapp.providers.spec import Broken, Model, Spec, of_task
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
from editorapp.providers.vendors.luma_agents.rules import COMMON_RULES, RULES
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


def _model(task: Task, summary: str) -> Model:
    parameters, rules = of_task(PARAMETERS, task), RULES[task]
    others = takes_no("ours.unknown", "ours: no such parameter (2)", parameters, rules)
    return Model(
        name=MODELS[0],
        task=task,
        model_id=MODELS[0],
        type_word=TYPES[task],
        label="Ray 3.2",
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
            "Change what a clip shows, and keep its motion as closely as you choose.",
        ),
        _model(
            Task.GENERATE,
            "Make a clip from words, from pictures, or from where an earlier one ends.",
        ),
        _model(
            Task.REFRAME,
            "Fit a clip to another shape: what lay outside the frame is drawn.",
        ),
    ),
    fallback=Model(
        name="",
        task="",
        model_id="",
        label="model",
        parameters=PARAMETERS,
        limits=LIMITS,
        rules=COMMON_RULES,
    ),
)


def encode(wanted: GenerationRequest, spec: Spec = SPEC) -> dict[str, Any]:
    """Return the exact body of `POST /generations`. Pure; what the page shows is what is sent."""
    return field_mapping.encode(spec, wanted)


def endpoint(wanted: GenerationRequest) -> str:
    """Return the path, below the base URL, that the body is posted to."""
    return "/generations"


def decode(body: Any, *, path: str = "/generations") -> tuple[GenerationRequest, list[Broken]]:
    """Read such a body back, as the simulator does.

    Unknown keys are ignored: nothing is documented about them.
    """
    said = body if isinstance(body, Mapping) else {"type": ""}
    word = str(said.get("type", "image"))
    task = {kind: task for task, kind in TYPES.items()}.get(word, word)
    model = SPEC.find(task, MODELS[0]) or SPEC.fallback
    return field_mapping.decode(model, body, task=task, name=said.get("model"), rows=PARAMETERS)


async def stage(
    path: Path, *, name: str, media_type: str, purpose: str, session: ProviderSession
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
    made = await session.call(
        "POST",
        "/files",
        body={"mime_type": media_type, "size_bytes": size, "filename": name, "purpose": purpose},
    )
    upload, file_id = mapping(made.get("upload")), identifier(made.get("id"))
    url = link(upload.get("url"))
    if not file_id or not url:
        raise Unavailable(f"{SPEC.name} gave no place for the upload.", code="upload")
    headers = {key: str(value) for key, value in mapping(upload.get("headers")).items()}
    await session.upload(url, path, headers=headers)
    place = f"/files/{path_part(file_id)}"
    answer = await session.call("POST", f"{place}/complete")
    await until_ready(session, place, answer, _file_state)
    return Ref(file_id=file_id, media_type=media_type)


def _file_state(file: Mapping[str, Any]) -> FileState:
    said = file.get("state")
    is_failed = FILE_STATES.read(said).state is JobState.FAILED
    return FileState(job_states.squeezed(said) == "ready", is_failed, file.get("failure_reason"))


async def submit(
    body: dict[str, Any], *, path: str, session: ProviderSession, idempotency_key: str
) -> Job:
    """Send the paid POST, once.

    Luma documents no idempotency; the key is sent all the same, for the day it does (1.2).

    Raises: see ProviderSession.pay. A body that still names a file of ours is Rejected before anything is
    sent.
    """
    answer = await session.pay(path, body=body, idempotency_key=idempotency_key)
    state = STATES.read(answer.get("state")).state
    return accepted(session, answer, job_id=identifier(answer.get("id")), state=state)


async def poll(job_id: str, *, session: ProviderSession) -> Job:
    """Ask how a job is going.

    Free and repeatable; every answer about a finished job carries fresh links.

    Raises: NotFound, Unavailable, Throttled, BadCredentials.
    """
    answer = await session.call("GET", f"/generations/{path_part(job_id)}")
    answers.check_about(
        job_id, identifier(answer.get("id")), answer, name=SPEC.name, secret=session.access.secret
    )
    return _job(answer, job_id)


async def ping(*, session: ProviderSession) -> None:
    """Make the cheapest authenticated read, to see that the key works.

    Raises: BadCredentials, Unavailable, Throttled.
    """
    await session.call("GET", "/files", params={"limit": 1})


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
