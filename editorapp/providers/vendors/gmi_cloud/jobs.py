"""Jobs at GMI Cloud: the paid call, how a job is going, what came of it, what its errors mean, and
the list on which a paid call whose answer was lost is looked for (2.3).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx

from editorapp.providers import job_states, output_kinds
from editorapp.providers.contract import (
    Failure,
    Job,
    JobState,
    Listed,
    Listing,
    Output,
    ProviderError,
    Rejected,
    Throttled,
)
from editorapp.providers.http import error_mapping
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.http.typed_readers import Answer, identifier, line, link, mapping
from editorapp.providers.shared_calls import (
    accepted,
    check_about,
    path_part,
    records_in,
    without_result,
)
from editorapp.providers.vendors.gmi_cloud.models import SPEC
from editorapp.providers.vendors.gmi_cloud.parameters import MAX_INLINE_NAME

STATES = job_states.Table(  # 4; "cancelled" is in every table
    "created queued processing success failed", {"dispatched": JobState.QUEUED}
)

TOO_LARGE = (
    f"{SPEC.name} says that the request is too large: trim the clip, or make a smaller copy of it. An admin "
    f"can set how much is put into a request with {MAX_INLINE_NAME}."
)
NO_HDR = (
    f"The account has no access to HDR at {SPEC.name}: turn HDR off, ask GMI for it, or send this to another "
    "provider."
)
BY_THE_HOUR = f"{SPEC.name} takes no more requests for now: it counts them by the hour. This is sent again by itself."
MODERATED = "GMI Cloud could not make this: moderation stopped it. Change the prompt or the source."
NO_RESULT = (
    "GMI Cloud says that it is done, but names no result. Its support can look the request up."
)
HOURLY_WAIT_SECONDS = 60.0
NO_HDR_ACCESS = "hdr_access"  # code of a Rejected: the key is good, its account has no HDR (GE18)
OF_RESULTS = ("video_url", "media_urls")  # the documented fields
# Failures after which a person may send the same again: Luma's own codes, where GMI hands them on,
# and words of being busy. A limit further on arrives as a failed request, too (5, OBS); nothing is
# ever sent again by itself.
PASSING = frozenset({"generation_failed", "output_not_found", "rate_limited"})
BUSY = ("rate limit", "too many requests", "try again", "timed out", "overloaded", "throttl")


async def submit(
    body: dict[str, Any],
    *,
    path: str,
    session: ProviderSession,
    idempotency_key: str,
) -> Job:
    """Send the paid POST, once.

    GMI documents no idempotency; the key is sent all the same, for the day it does (1).

    Raises: see ProviderSession.pay. A body that still names a file of ours is Rejected before anything is
    sent.
    """
    answer = await session.pay(path, body=body, idempotency_key=idempotency_key)
    state = STATES.read(answer.get("status")).state
    return accepted(
        session,
        answer,
        job_id=identifier(answer.get("request_id")),
        state=state,
    )


async def poll(job_id: str, *, session: ProviderSession) -> Job:
    """Ask how a job is going. Free and repeatable.

    Steps may come in any order: "processing", then "queued".

    Raises: NotFound, Unavailable, Throttled, BadCredentials.
    """
    answer = await session.call("GET", f"/requests/{path_part(job_id)}")
    check_about(session, answer, asked=job_id, said=identifier(answer.get("request_id")))
    return _job(answer, job_id)


async def ping(*, session: ProviderSession) -> None:
    """Make the cheapest authenticated read, to see that the key works.

    Raises: BadCredentials, Unavailable, Throttled.
    """
    await session.call("GET", "/models")


def explain(response: httpx.Response, is_paid: bool) -> ProviderError | None:
    """Say what may be done about GMI's own refusals; None where the common reading knows it (5)."""
    status = response.status_code
    if status == 413 and is_paid:  # nothing but the paid request carries a clip
        return Rejected(TOO_LARGE, code="413")
    if status == 403 and "hdr" in error_mapping.detail_of(response).lower():
        return Rejected(NO_HDR, code=NO_HDR_ACCESS)
    if status != 429 or {"retry-after", "x-ratelimit-reset"} & set(response.headers):
        return None
    # Nothing says how long: GMI counts video requests by the hour (1 A).
    return Throttled(
        BY_THE_HOUR,
        code=error_mapping.RATE,
        retry_after_seconds=HOURLY_WAIT_SECONDS,
    )


def _job(answer: Answer, job_id: str) -> Job:
    """Read a request's record (2.2, 4).

    A state that nobody has heard of counts as running, so it is asked again.
    """
    said = STATES.read(answer.get("status"))
    state = said.state
    if state is JobState.FAILED:
        return Job(id=job_id, state=state, failure=_failure(answer, said.end))
    if state is not JobState.DONE:
        return Job(id=job_id, state=state, unknown_state=said.unknown)
    outcome = mapping(answer.get("outcome"))
    found = _outputs(answer, outcome)
    if not any(map(_is_result, found)):
        return without_result(job_id, NO_RESULT)
    chain_id = identifier(outcome.get("generation_id"))
    return Job(id=job_id, state=state, chain_id=chain_id, outputs=found)


def _outputs(answer: Answer, outcome: Answer) -> tuple[Output, ...]:
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
        if one.kind == output_kinds.VIDEO and place not in OF_RESULTS:
            one = replace(one, kind=output_kinds.UNKNOWN)
        found.append(one)
    return output_kinds.without_repeats(found)


def _said(place: str, entry: Answer) -> tuple[Any, ...]:
    """Return what is said of a link: its own type, and the name of its field, unless that is a list
    of all media.
    """
    return entry.get("type"), entry.get("mime_type"), "" if place == "media_urls" else place


def _links(outcome: Answer) -> Iterator[tuple[str, str, Answer]]:
    """Yield field, link and what stands beside it: the documented fields first, then each that ends
    in "url".
    """
    others = [key for key in outcome if isinstance(key, str) and key.endswith(("url", "urls"))]
    for key in dict.fromkeys((*OF_RESULTS, *others)):
        value = outcome.get(key)
        for entry in value if isinstance(value, list) else (value,):
            beside: Answer = entry if isinstance(entry, Mapping) else {"url": entry}
            if url := link(beside.get("url")):
                yield key, url, beside


def _is_result(one: Output) -> bool:
    """Can this be the clip? Where a field beside the documented ones names it, it is none."""
    is_clip = one.kind in (output_kinds.VIDEO, output_kinds.UNKNOWN)
    return is_clip and one.label in OF_RESULTS


def _failure(answer: Answer, end: job_states.End | None) -> Failure:
    """Read why a job failed, in the order of section 5.

    No failure codes and no refunds are documented (8).
    """
    code = line(mapping(answer.get("outcome")).get("error_code"), most=60)
    said = error_mapping.said_in(answer).rstrip(".")
    if end is not None:
        return job_states.ended(end, name=SPEC.name, said=said)
    can_retry = code in PASSING or any(word in said.lower() for word in BUSY)
    reason = _reason(code, said)
    return Failure(
        code=code or "failed",
        reason=reason,
        can_retry=can_retry,
        is_charged=None,
    )


def _reason(code: str, said: str) -> str:
    is_moderated = "moderat" in f"{code} {said}".lower()
    reason = MODERATED if is_moderated else "GMI Cloud could not make this."
    return f'{reason} It says: "{said}".' if said else reason


PATH = "/requests"
MILLISECONDS_FROM = 100_000_000_000  # an epoch as large as this counts milliseconds


async def recent(
    *,
    since: datetime,
    until: datetime,
    session: ProviderSession,
    models: Collection[str],
) -> Listing:
    """Return the account's requests for these models that were made in a window.

    Free and repeatable. The list's paging, its order and how far back it reaches are documented
    nowhere. So what is on it is believed, and what is not on it proves nothing (SPEC.lists_all).

    Raises: Unavailable, also where the answer is no list; Throttled, BadCredentials.
    """
    jobs: list[Listed] = []
    is_whole = True
    for model in sorted(models):
        answer = await session.call("GET", PATH, params={"model_id": model})
        records = records_in(answer, "requests", name=SPEC.name)
        found = [one for record in records if (one := _listed(record)) is not None]
        is_read = len(found) == len(records)
        is_whole = is_whole and is_read and _reaches(answer.get("total"), found, since)
        jobs += [one for one in found if since <= one.created_at <= until]
    return Listing(tuple(jobs), is_whole)


def _listed(record: Any) -> Listed | None:
    """Read one record; None where it has no id or no instant."""
    said = mapping(record)
    job_id, at = identifier(said.get("request_id")), _instant(said.get("created_at"))
    if not job_id or at is None:
        return None
    body = {"model": said.get("model"), "payload": said.get("payload")}
    return Listed(job_id, at, body, PATH)


def _instant(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return None
    seconds = value / 1000 if value >= MILLISECONDS_FROM else value
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return None


def _reaches(total: Any, shown: list[Listed], since: datetime) -> bool:
    """Does what is shown hold all of the window: all there is, or, newest first, back to before it?"""
    times = [one.created_at for one in shown]
    return _are_all(total, len(shown)) or _goes_back_beyond(since, times)


def _are_all(total: Any, shown: int) -> bool:
    return isinstance(total, int) and total <= shown


def _goes_back_beyond(since: datetime, times: list[datetime]) -> bool:
    return bool(times) and times == sorted(times, reverse=True) and times[-1] < since
