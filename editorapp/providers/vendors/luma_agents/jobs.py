"""Jobs at Luma Agents: the paid call, how a job is going, and what came of it (section 4)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from editorapp.providers import job_states, output_kinds
from editorapp.providers.contract import Failure, Job, JobState, Output
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.http.typed_readers import Answer, identifier, items, line, link, mapping
from editorapp.providers.shared_calls import accepted, check_about, path_part
from editorapp.providers.vendors.luma_agents.parameters import OUTPUT_URL_SECONDS

STATES = job_states.Table("queued processing completed failed", {})  # 4.1
# 4.2: code -> may the same request be sent again, is it charged (None: not documented), what a
# person is told.
FAILURES: dict[str, tuple[bool, bool | None, str]] = {
    "content_moderated": (
        False,
        False,
        "Luma's moderation stopped this. Change the prompt or the source.",
    ),
    "generation_failed": (
        True,
        False,
        "The model failed. Nothing is wrong with the request: try it again.",
    ),
    "output_not_found": (True, False, "The result got lost at Luma. Try it again."),
    "budget_exhausted": (
        False,
        None,
        "The account at Luma ran out of funds on the way. Add funds first.",
    ),
    "image_too_large": (
        False,
        None,
        "A clip or picture is larger than Luma takes. Make it smaller.",
    ),
    "unsupported_format": (
        False,
        None,
        "Luma cannot read this kind of file. Convert it to MP4, PNG or JPEG.",
    ),
    "corrupt_input": (
        False,
        None,
        "Luma could not decode the clip or a picture. Export it anew and upload it.",
    ),
    "invalid_request": (False, None, "Luma found a setting that it does not take."),
    "rate_limited": (True, None, "Luma was too busy. Try it again in a while."),
}


async def submit(
    body: dict[str, Any],
    *,
    path: str,
    session: ProviderSession,
    idempotency_key: str,
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
    check_about(session, answer, asked=job_id, said=identifier(answer.get("id")))
    return _job(answer, job_id)


async def ping(*, session: ProviderSession) -> None:
    """Make the cheapest authenticated read, to see that the key works.

    Raises: BadCredentials, Unavailable, Throttled.
    """
    await session.call("GET", "/files", params={"limit": 1})


def _job(answer: Answer, job_id: str) -> Job:
    """Read a generation (4.1).

    A state that nobody has heard of counts as running, so that it is asked again.
    """
    said = STATES.read(answer.get("state"))
    job = Job(id=job_id, state=said.state, unknown_state=said.unknown)
    if said.state is JobState.DONE:
        return replace(job, chain_id=job_id, outputs=_outputs(answer))
    if said.state is JobState.FAILED:
        return replace(job, failure=_failure(answer, said.end))
    return job


def _outputs(answer: Answer) -> tuple[Output, ...]:
    """Return what a finished generation names.

    `type` is a free text, and how it labels EXR is not documented (4.1).
    """
    expires_at = datetime.now(UTC) + timedelta(seconds=OUTPUT_URL_SECONDS)
    return output_kinds.without_repeats(
        output_kinds.output(item["url"], item.get("type"), expires_at=expires_at)
        for item in map(mapping, items(answer.get("output")))
        if link(item.get("url"))
    )


def _failure(answer: Answer, end: job_states.End | None) -> Failure:
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
    return Failure(
        code=code,
        reason=sentence + said,
        can_retry=can_retry,
        is_charged=is_charged,
    )
