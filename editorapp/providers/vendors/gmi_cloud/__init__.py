"""GMI Cloud's request queue: Ray 3.2 through GMI, which passes it on to Luma.

Facts are from docs/providers/gmi-cloud.md.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from editorapp.media import sandbox
from editorapp.media.refusals import Refusal
from editorapp.providers import field_mapping, job_states, output_kinds
from editorapp.providers.contract import (
    Failure,
    GenerationRequest,
    Job,
    JobState,
    Output,
    ProviderError,
    Quote,
    Ref,
    Rejected,
    Task,
    Throttled,
    Unavailable,
)
from editorapp.providers.http import answers
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.http.typed_readers import identifier, line, link, mapping, web_link
from editorapp.providers.rules.unsupported import takes_no
from editorapp.providers.shared_calls import accepted, path_part
from editorapp.providers.spec import ALL_TASKS, REFUSE, Broken, Model, Spec, of_task
from editorapp.providers.vendors.gmi_cloud.documents import DOCUMENTS
from editorapp.providers.vendors.gmi_cloud.listing import recent
from editorapp.providers.vendors.gmi_cloud.parameters import (
    LIMITS,
    MAX_INLINE_NAME,
    MAX_SOURCE_SECONDS,
    MODEL_IDS,
    NAME,
    PARAMETERS,
    TASKS,
)
from editorapp.providers.vendors.gmi_cloud.prices import PRICES
from editorapp.providers.vendors.gmi_cloud.quotes import quote_of
from editorapp.providers.vendors.gmi_cloud.rules import INVALID, NO_MODEL, RULES
from editorapp.providers.vendors.gmi_cloud.status_words import STATES

__all__ = [
    "DOCUMENTS",
    "PRICES",
    "SPEC",
    "decode",
    "encode",
    "endpoint",
    "explain",
    "ping",
    "poll",
    "quote",
    "recent",
    "stage",
    "submit",
]


def _model(task: Task, summary: str, source: str, *, is_priced_by_asking: bool = False) -> Model:
    parameters, rules = of_task(PARAMETERS, task), RULES[task]
    others = takes_no("ours.unknown", f"ours: no such parameter ({source})", parameters, rules)
    return Model(
        name=NAME,
        task=task,
        model_id=MODEL_IDS[task],
        label="Ray 3.2",
        summary=summary,
        parameters=parameters,
        rules=(*rules, others),
        limits=replace(LIMITS, max_source_seconds=MAX_SOURCE_SECONDS.get(task)),
        source=source,
        is_priced_by_asking=is_priced_by_asking,
    )


SPEC = Spec(
    slug="gmi-cloud",
    name="GMI Cloud",
    base_url="https://console.gmicloud.ai/api/v1/ie/requestqueue/apikey",
    base_url_name="GMI_BASE_URL",
    credentials=("GMI_API_KEY",),
    headers={"X-Organization-ID": "GMI_ORG_ID"},
    also_read=(MAX_INLINE_NAME,),
    simulated_key="gmi-simulated-0000000000000000",
    # 2.6: expiry not stated; links seen in the wild stayed valid for a session
    result_kept_seconds=86_400,
    models=(
        _model(
            Task.EDIT,
            "Change what a clip shows, and keep its motion as closely as you choose.",
            "3.1 S2",
        ),
        _model(
            Task.GENERATE,
            "Make a clip from words, from pictures, or from where an earlier one ends.",
            "3.2 PG",
            is_priced_by_asking=True,
        ),
        _model(
            Task.REFRAME,
            "Fit a clip to another shape: what lay outside the frame is drawn.",
            "3.3 PR",
            is_priced_by_asking=True,
        ),
    ),
    fallback=Model(
        name="",
        task="",
        model_id="",
        label="model",
        limits=LIMITS,
        rules=(NO_MODEL,),
        parameters=tuple(row for row in PARAMETERS if row.tasks == ALL_TASKS),
    ),
)

UPLOADS = {
    "image/jpeg": "jpeg",
    "image/png": "png",
}  # 2.4: media type -> what the upload helper calls it
HOURLY_WAIT_SECONDS = 60.0
NO_HDR_ACCESS = "hdr_access"  # code of a Rejected: the key is good, its account has no HDR (GE18)
# Failures after which a person may send the same again: Luma's own codes, where GMI hands them on,
# and words of being busy. A limit further on arrives as a failed request, too (5, OBS); nothing is
# ever sent again by itself.
PASSING = frozenset({"generation_failed", "output_not_found", "rate_limited"})
BUSY = ("rate limit", "too many requests", "try again", "timed out", "overloaded", "throttl")


def encode(wanted: GenerationRequest, spec: Spec = SPEC) -> dict[str, Any]:
    """Return the exact body of `POST /requests`. Pure; what the page shows is what is sent."""
    return field_mapping.encode(spec, wanted)


def endpoint(wanted: GenerationRequest) -> str:
    """Return the path, below the base URL, that the body is posted to; the same for every model."""
    return "/requests"


def decode(body: Any, *, path: str = "/requests") -> tuple[GenerationRequest, list[Broken]]:
    """Read such a body back, as the simulator does.

    What has no place in it is refused by name (GE15).
    """
    said = body if isinstance(body, Mapping) else {}
    word = said.get("model")
    task = TASKS.get(word, "") if isinstance(word, str) else ""
    wanted, broken = field_mapping.decode(
        SPEC.find(task, NAME) or SPEC.fallback,
        body,
        task=task,
        name=NAME if task else word,
        unknown=lambda place: _rule_of_unknown(task, place),
    )
    if task and not isinstance(said.get("payload"), Mapping):
        missing = "There is no payload.", "payload is required"
        broken.append(Broken(_FIELD_RULES[task], "prompt", REFUSE, missing[0], detail=missing[1]))
    return wanted, [replace(one, detail=f"{INVALID}: {one.detail}") for one in broken]


_FIELD_RULES: dict[str, str] = {Task.EDIT: "GE15", Task.GENERATE: "GG7", Task.REFRAME: "GR1"}
_URL_RULES: dict[str, str] = {Task.EDIT: "GE5", Task.REFRAME: "GR3"}


def _rule_of_unknown(task: str, place: str) -> str | None:
    """Return the rule that a place breaks where no row reads; nothing is said of bodies for unknown
    models.
    """
    field = place.removeprefix("payload.")
    if not task:
        return None
    if field in ("source_url", "video_url"):
        return _URL_RULES.get(task, _FIELD_RULES[task])
    if task == Task.EDIT and field in ("keyframes", "keyframe_indexes", "end_frame_url"):
        return "GE17"
    if task == Task.REFRAME and field in ("hdr", "exr_export"):
        return "GR4"
    return _FIELD_RULES[task]


async def stage(
    path: Path, *, name: str, media_type: str, purpose: str, session: ProviderSession
) -> Ref:
    """Put a picture where GMI reads it, with the upload helper, and return its public address.

    Free.

    JPEG and PNG go as they are; another picture is sent as PNG, for the helper takes no WebP. A
    clip has no address
    here: it travels in the request.

    Raises: Rejected, for what is no picture; Unavailable and Throttled, when a later try may
            succeed.
    Source: section 2.4.
    """
    if not media_type.startswith("image/"):
        raise Rejected(
            f"{SPEC.name} takes no clip by address; it is sent in the request.",
            code="not_a_picture",
        )
    if media_type in UPLOADS:
        return await _uploaded(path, media_type, session)
    with TemporaryDirectory() as folder:
        picture = Path(folder) / "picture.png"
        await asyncio.to_thread(_as_png, path, picture)
        return await _uploaded(picture, "image/png", session)


async def _uploaded(path: Path, media_type: str, session: ProviderSession) -> Ref:
    place = await session.call("POST", "/upload-url", body={"file_type": UPLOADS[media_type]})
    upload_url, public_url = link(place.get("upload_url")), web_link(place.get("public_url"))
    if not upload_url or not public_url:
        raise Unavailable(f"{SPEC.name} gave no place for the upload.", code="upload")
    await session.upload(upload_url, path, headers={"Content-Type": media_type})
    return Ref(url=public_url, media_type=media_type)


def _as_png(path: Path, target: Path) -> None:
    """Write a picture as PNG. Raises: Rejected; Unavailable, when this machine cannot just now."""
    try:
        sandbox.run("as_png", path=str(path.resolve()), out=str(target.resolve()))
    except Refusal as refusal:
        if refusal.is_ours:
            raise Unavailable(refusal.message, code=refusal.code) from refusal
        raise Rejected(
            "This picture cannot be read. Save it as PNG, and upload it anew.", code="image"
        ) from refusal


async def submit(
    body: dict[str, Any], *, path: str, session: ProviderSession, idempotency_key: str
) -> Job:
    """Send the paid POST, once.

    GMI documents no idempotency; the key is sent all the same, for the day it does (1).

    Raises: see ProviderSession.pay. A body that still names a file of ours is Rejected before anything is
    sent.
    """
    answer = await session.pay(path, body=body, idempotency_key=idempotency_key)
    state = STATES.read(answer.get("status")).state
    return accepted(session, answer, job_id=identifier(answer.get("request_id")), state=state)


async def poll(job_id: str, *, session: ProviderSession) -> Job:
    """Ask how a job is going. Free and repeatable.

    Steps may come in any order: "processing", then "queued".

    Raises: NotFound, Unavailable, Throttled, BadCredentials.
    """
    answer = await session.call("GET", f"/requests/{path_part(job_id)}")
    said = identifier(answer.get("request_id"))
    answers.check_about(job_id, said, answer, name=SPEC.name, secret=session.access.secret)
    return _job(answer, job_id)


async def ping(*, session: ProviderSession) -> None:
    """Make the cheapest authenticated read, to see that the key works.

    Raises: BadCredentials, Unavailable, Throttled.
    """
    await session.call("GET", "/models")


async def quote(
    wanted: GenerationRequest,
    *,
    seconds: Decimal | None,
    session: ProviderSession,
    spec: Spec = SPEC,
) -> Quote:
    """Ask for the live price of a model and say what this request would cost. Free.

    Raises: ProviderError, where it cannot be told; NotFound, Unavailable, Throttled,
    BadCredentials.
    """
    model = await session.call("GET", f"/models/{path_part(spec.model_for(wanted).model_id)}")
    return quote_of(wanted, model.get("price_info"), seconds=seconds)


def explain(response: httpx.Response, is_paid: bool) -> ProviderError | None:
    """Say what may be done about GMI's own refusals; None where the common reading knows it (5)."""
    if response.status_code == 413 and is_paid:  # nothing but the paid request carries a clip
        return Rejected(
            f"{SPEC.name} says that the request is too large: trim the clip, or make a smaller copy of it. An admin "
            f"can set how much is put into a request with {MAX_INLINE_NAME}.",
            code="413",
        )
    if response.status_code == 403 and "hdr" in answers.detail_of(response).lower():
        return Rejected(
            f"The account has no access to HDR at {SPEC.name}: turn HDR off, ask GMI for it, or send this to another "
            "provider.",
            code=NO_HDR_ACCESS,
        )
    if response.status_code != 429 or {"retry-after", "x-ratelimit-reset"} & set(response.headers):
        return None
    # Nothing says how long: GMI counts video requests by the hour (1 A).
    says = f"{SPEC.name} takes no more requests for now: it counts them by the hour. This is sent again by itself."
    return Throttled(says, code=answers.RATE, retry_after_seconds=HOURLY_WAIT_SECONDS)


def _job(answer: Mapping[str, Any], job_id: str) -> Job:
    """Read a request's record (2.2, 4).

    A state that nobody has heard of counts as running, so it is asked again.
    """
    said = STATES.read(answer.get("status"))
    outcome, state = mapping(answer.get("outcome")), said.state
    if state is JobState.FAILED:
        return Job(id=job_id, state=state, failure=_failure(answer, said.end))
    if state is not JobState.DONE:
        return Job(id=job_id, state=state, unknown_state=said.unknown)
    found = _outputs(answer, outcome)
    if not any(_is_result(one) for one in found):
        reason = "GMI Cloud says that it is done, but names no result. Its support can look the request up."
        failure = Failure(code="no_output", reason=reason, can_retry=False, is_charged=None)
        return Job(id=job_id, state=JobState.FAILED, failure=failure)
    return Job(
        id=job_id, state=state, chain_id=identifier(outcome.get("generation_id")), outputs=found
    )


def _outputs(answer: Mapping[str, Any], outcome: Mapping[str, Any]) -> tuple[Output, ...]:
    """Return what a finished request names: `video_url`, `media_urls`, then what other fields name
    (2.2).

    A clip is only what the first two name. Where EXR frames lie is not documented, so all links are
    asked. None of them may be what the request itself named: its own source, or a frame (`payload`
    is its echo).
    """
    sent, found = output_kinds.Sent(answer.get("payload")), []
    for place, url, entry in _links(outcome):
        if sent.names(url, entry.get("id")):
            continue
        one = output_kinds.output(url, *_said(place, entry), label=place)
        is_documented = place in ("video_url", "media_urls")
        found.append(
            one
            if is_documented or one.kind != output_kinds.VIDEO
            else replace(one, kind=output_kinds.UNKNOWN)
        )
    return output_kinds.without_repeats(found)


def _said(place: str, entry: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what is said of a link: its own type, and the name of its field, unless that is a list
    of all media.
    """
    return entry.get("type"), entry.get("mime_type"), "" if place == "media_urls" else place


def _links(outcome: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield field, link and what stands beside it: the documented fields first, then each that ends
    in "url".
    """
    others = [key for key in outcome if isinstance(key, str) and key.endswith(("url", "urls"))]
    for key in dict.fromkeys(("video_url", "media_urls", *others)):
        value = outcome.get(key)
        for entry in value if isinstance(value, list) else (value,):
            beside: Mapping[str, Any] = entry if isinstance(entry, Mapping) else {"url": entry}
            if url := link(beside.get("url")):
                yield key, url, beside


def _is_result(one: Output) -> bool:
    """Can this be the clip? Where a field beside the documented ones names it, it is none."""
    return one.label in ("video_url", "media_urls") and one.kind in (
        output_kinds.VIDEO,
        output_kinds.UNKNOWN,
    )


def _failure(answer: Mapping[str, Any], end: job_states.End | None) -> Failure:
    """Read why a job failed, in the order of section 5.

    No failure codes and no refunds are documented (8).
    """
    code = line(mapping(answer.get("outcome")).get("error_code"), most=60)
    said = answers.said_in(answer).rstrip(".")
    if end is not None:
        return job_states.ended(end, name=SPEC.name, said=said)
    reason = "GMI Cloud could not make this."
    if "moderat" in f"{code} {said}".lower():
        reason = (
            "GMI Cloud could not make this: moderation stopped it. Change the prompt or the source."
        )
    reason += f' It says: "{said}".' if said else ""
    can_retry = code in PASSING or any(word in said.lower() for word in BUSY)
    return Failure(code=code or "failed", reason=reason, can_retry=can_retry, is_charged=None)
