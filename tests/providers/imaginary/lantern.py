"""Lantern, a provider that nobody has: everything that Rushes needs to know of one, in one module.

Its service takes pictures that move, in blocks of 4 s; key and secret go in Basic authorization.
"""

from datetime import date
from pathlib import Path
from typing import Any

from editorapp.providers import field_mapping
from editorapp.providers.contract import (
    Failure,
    GenerationRequest,
    Job,
    JobState,
    Output,
    Ref,
    Task,
)
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.prices import Counted, Prices, key, table
from editorapp.providers.rules.shared import media, settings
from editorapp.providers.rules.shared_fixes import to
from editorapp.providers.rules.unsupported import takes_no
from editorapp.providers.shared_calls import accepted
from editorapp.providers.shared_parameters import parameter
from editorapp.providers.spec import Auth, Broken, Limits, Model, Rule, Spec

SIZES = ("540p", "720p")
PARAMETERS = (
    parameter(
        "prompt",
        "wish",
        "lantern 1",
        "What the light should fall on.",
        high=400,
        is_required=True,
    ),
    parameter(
        "source",
        "slide",
        "lantern 1",
        "The clip to shine through.",
        carriers={"file_id": "slide", "generation_id": "slide"},
        is_required=True,
    ),
    parameter(
        "resolution",
        "glass.size",
        "lantern 2",
        "How fine the glass is.",
        choices=SIZES,
        values={"540p": 540, "720p": 720},
        default="540p",
    ),
    parameter(
        "strength",
        "glass.tint",
        "lantern 2",
        "How deep the colour is.",
        choices=("adhere_1", "flex_2"),
        default="flex_2",
    ),
)
RULES = (
    Rule(
        id="L1",
        field="prompt",
        source="lantern 1",
        summary="The wish has 1 to 400 characters.",
        message="{name} takes wishes of 1 to {limits.prompt_max} characters.",
        detail="wish: length",
        broken=lambda case: not 1 <= len(str(case.wanted.prompt or "")) <= case.limits.prompt_max,
    ),
    media.SOURCE_NEEDED.adopt("L2", "lantern 1", "slide: missing", message="{name} needs a clip."),
    media.SOURCE_LENGTH.adopt(
        "L3",
        "lantern 3",
        "slide: too long",
        summary="A slide lasts up to 12 s.",
        message="{name} shines through {longest:g} s, not {seconds} s.",
    ),
    settings.RESOLUTION.adopt(
        "L4",
        "lantern 2",
        "glass.size: unknown",
        summary="The glass is 540p or 720p.",
        fixes=(to("Use 540p", resolution="540p"),),
    ),
    media.SOURCE_SIDE.adopt("L6", "lantern 3", "slide: too large"),
    media.SOURCE_SMALL.adopt("L7", "lantern 3", "slide: too small"),
    media.SOURCE_FPS.adopt("L8", "lantern 3", "slide: too fast"),
    media.SOURCE_SIZE.adopt("L9", "lantern 3", "slide: too heavy"),
    takes_no("L5", "ours: no such parameter", PARAMETERS),
)
LIMITS = Limits(
    max_source_seconds=12,
    max_source_side=1920,
    min_source_side=90,
    max_source_fps=30,
    prompt_max=400,
    resolutions=SIZES,
)
GLOW = Model(
    name="glow-1",
    task=Task.EDIT,
    model_id="glow.v1",
    label="Glow 1",
    summary="Shine new light through a clip.",
    parameters=PARAMETERS,
    rules=RULES,
    limits=LIMITS,
    source="lantern",
)
SPEC = Spec(
    slug="lantern",
    name="Lantern",
    base_url="https://lantern.example.org/magic",
    base_url_name="LANTERN_BASE_URL",
    credentials=("LANTERN_KEY", "LANTERN_SECRET"),
    auth=Auth.BASIC,
    simulated_key="lantern:simulated",
    models=(GLOW,),
    fallback=Model(
        name="",
        task="",
        model_id="",
        label="model",
        parameters=PARAMETERS,
        rules=RULES,
        limits=LIMITS,
    ),
)
PRICES: Prices = {
    key(Task.EDIT, "glow-1"): table(
        Counted.BLOCKS,
        ("4s",),
        as_of=date(2026, 11, 1),
        source="lantern 4",
        sdr={"540p": "0.10", "720p": "0.25"},
    ),
}
STATES = {"lit": JobState.RUNNING, "shown": JobState.DONE, "broken": JobState.FAILED}


def encode(wanted: GenerationRequest, spec: Spec = SPEC) -> dict[str, Any]:
    return field_mapping.encode(spec, wanted)


def endpoint(wanted: GenerationRequest) -> str:
    return f"/{GLOW.model_id}/shine"


def decode(body: Any, *, path: str = "/glow.v1/shine") -> tuple[GenerationRequest, list[Broken]]:
    return field_mapping.decode(GLOW, body, task=GLOW.task, name=GLOW.name)


async def stage(
    path: Path, *, name: str, media_type: str, purpose: str, session: ProviderSession
) -> Ref:
    made = await session.call(
        "POST", "/slides", body={"name": name, "kind": media_type, "bytes": path.stat().st_size}
    )
    await session.upload(made["put"], path, headers={"Content-Type": media_type})
    return Ref(file_id=made["slide"])


async def submit(
    body: dict[str, Any], *, path: str, session: ProviderSession, idempotency_key: str
) -> Job:
    answer = await session.pay(path, body=body, idempotency_key=idempotency_key)
    return accepted(session, answer, job_id=answer.get("show", ""), state=JobState.RUNNING)


async def poll(job_id: str, *, session: ProviderSession) -> Job:
    return _job(await session.call("GET", f"/shows/{job_id}"))


async def ping(*, session: ProviderSession) -> None:
    await session.call("GET", "/slides")


def _job(answer: dict[str, Any]) -> Job:
    state = STATES.get(str(answer.get("state")), JobState.RUNNING)
    failure = Failure(
        "broken", "The lantern broke. Try it again.", can_retry=True, is_charged=False
    )
    return Job(
        id=answer["show"],
        state=state,
        chain_id=f"show-of-{answer['show']}" if state is JobState.DONE else "",
        outputs=(Output("video", answer["film"]),) if state is JobState.DONE else (),
        failure=failure if state is JobState.FAILED else None,
    )
