"""Lantern, a provider that nobody has: everything that Rushes needs to know of one, in one module.

Its service takes pictures that move, in blocks of 4 s; key and secret go in Basic authorization.
"""

from datetime import date
from pathlib import Path
from typing import Any

from editorapp.providers import field_mapping as bodies
from editorapp.providers.contract import (
    Failure,
    GenerationRequest,
    Job,
    JobState,
    OutcomeUnknown,
    Output,
    Ref,
    Task,
)
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.prices import Counted, Prices, key, table
from editorapp.providers.rules import conditions as ask
from editorapp.providers.rules.unsupported import takes_no
from editorapp.providers.spec import (
    Auth,
    Broken,
    Fix,
    Limits,
    Model,
    Parameter,
    ParameterKind,
    Rule,
    Spec,
)

SIZES = ("540p", "720p")
PARAMETERS = (
    Parameter(
        field="prompt",
        wire="wish",
        kind=ParameterKind.TEXT,
        low=1,
        high=400,
        unit="characters",
        label="Prompt",
        help="What the light should fall on.",
        source="lantern 1",
        is_required=True,
    ),
    Parameter(
        field="source",
        wire="slide",
        kind=ParameterKind.REF,
        carriers={"file_id": "slide", "generation_id": "slide"},
        label="Source",
        help="The clip to shine through.",
        source="lantern 1",
        is_required=True,
    ),
    Parameter(
        field="resolution",
        wire="glass.size",
        kind=ParameterKind.CHOICE,
        choices=SIZES,
        values={"540p": 540, "720p": 720},
        label="Resolution",
        help="How fine the glass is.",
        default="540p",
        source="lantern 2",
    ),
    Parameter(
        field="strength",
        wire="glass.tint",
        kind=ParameterKind.CHOICE,
        choices=("adhere_1", "flex_2"),
        label="Strength",
        help="How deep the colour is.",
        default="flex_2",
        source="lantern 2",
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
        broken=lambda wanted, source, limits: (
            not 1 <= len(str(wanted.prompt or "")) <= limits.prompt_max
        ),
    ),
    Rule(
        id="L2",
        field="source",
        source="lantern 1",
        summary="There is a slide.",
        message="{name} needs a clip.",
        broken=lambda wanted, source, limits: wanted.source is None,
        detail="slide: missing",
    ),
    Rule(
        id="L3",
        field="source",
        source="lantern 3",
        summary="A slide lasts up to 12 s.",
        broken=ask.too_long,
        message="{name} shines through {limits.max_source_seconds:g} s, not {source.duration_seconds:.2f} s.",
        detail="slide: too long",
        mends=lambda wanted, source, limits, words: (
            Fix("Trim to the first 12 s", {"trim_to_seconds": "12"}),
        ),
    ),
    Rule(
        id="L4",
        field="resolution",
        source="lantern 2",
        summary="The glass is 540p or 720p.",
        broken=ask.not_one_of("resolution", lambda limits: limits.resolutions),
        message="{name} has no glass of {value}: choose {choices}.",
        detail="glass.size: unknown",
        mends=lambda wanted, source, limits, words: (Fix("Use 540p", {"resolution": "540p"}),),
    ),
    takes_no("L5", "ours: no such parameter", PARAMETERS),
)
LIMITS = Limits(max_source_seconds=12, prompt_max=400, resolutions=SIZES)
GLOW = Model(
    name="glow-1",
    task=Task.EDIT,
    wire="glow.v1",
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
        name="", task="", wire="", label="model", parameters=PARAMETERS, rules=RULES, limits=LIMITS
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
    return bodies.encode(spec, wanted)


def endpoint(wanted: GenerationRequest) -> str:
    return f"/{GLOW.wire}/shine"


def decode(body: Any, *, path: str = "/glow.v1/shine") -> tuple[GenerationRequest, list[Broken]]:
    return bodies.decode(GLOW, body, task=GLOW.task, name=GLOW.name)


async def stage(
    path: Path, *, name: str, media_type: str, purpose: str, wire: ProviderSession
) -> Ref:
    made = await wire.call(
        "POST", "/slides", body={"name": name, "kind": media_type, "bytes": path.stat().st_size}
    )
    await wire.upload(made["put"], path, headers={"Content-Type": media_type})
    return Ref(file_id=made["slide"])


async def submit(
    body: dict[str, Any], *, path: str, wire: ProviderSession, idempotency_key: str
) -> Job:
    answer = await wire.pay(path, body=body, idempotency_key=idempotency_key)
    if not isinstance(answer.get("show"), str):
        raise OutcomeUnknown(f"{SPEC.name} took the wish, but named no show.", code="no_id")
    return _job(answer)


async def poll(job_id: str, *, wire: ProviderSession) -> Job:
    return _job(await wire.call("GET", f"/shows/{job_id}"))


async def ping(*, wire: ProviderSession) -> None:
    await wire.call("GET", "/slides")


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
