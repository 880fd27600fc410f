"""Jobs at Scenario: the paid call, how a job is going, what came of it, what its errors mean, and
the list on which a paid call whose answer was lost is looked for, page by page (2.3).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from editorapp.core.money import LONGEST_SAID
from editorapp.providers import job_states, output_kinds
from editorapp.providers.contract import (
    Failure,
    Job,
    JobState,
    Listed,
    Listing,
    NotFound,
    Output,
    ProviderError,
    Rejected,
    Throttled,
)
from editorapp.providers.http import error_mapping, response_body, retry_after
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.http.typed_readers import (
    Answer,
    amount,
    identifier,
    items,
    line,
    link,
    mapping,
    share,
)
from editorapp.providers.job_states import squeezed
from editorapp.providers.shared_calls import (
    accepted,
    check_about,
    path_part,
    records_in,
    without_result,
)
from editorapp.providers.vendors.scenario.models import SPEC

# Section 4; the last two common words stand in Scenario's guide only. "canceled" is in every table.
STATES = job_states.Table(
    "pending queued in-progress success failure processing failed",
    {"warming-up": JobState.RUNNING, "finalizing": JobState.RUNNING},
)
LINK_LIFETIME = timedelta(hours=24)  # at the least (2.8)
NO_MODEL = "model_access"  # code of a Rejected: the plan does not include the model
MICRO = Decimal("0.000001")
MOST_ASSETS = 12  # of one job that are asked for
MODERATED = "Moderation stopped this. Change the prompt or the source."


async def submit(
    body: dict[str, Any],
    *,
    path: str,
    session: ProviderSession,
    idempotency_key: str,
) -> Job:
    """Send the paid POST, once. Scenario documents no idempotency; the key is sent all the same.

    Raises: see ProviderSession.pay. A body that still names a file of ours is Rejected before anything is
    sent.
    """
    answer = await session.pay(path, body=body, idempotency_key=idempotency_key)
    job = _of(answer)
    state = STATES.read(job.get("status")).state
    return accepted(session, answer, job_id=job_id_of(job), state=state)


async def poll(job_id: str, *, session: ProviderSession) -> Job:
    """Ask how a job is going.

    Free and repeatable; a finished job's results are read anew, each with a fresh link.

    Raises: NotFound, Unavailable, Throttled, BadCredentials.
    """
    answer = await session.call("GET", f"/jobs/{path_part(job_id)}")
    job = _of(answer)
    check_about(session, answer, asked=job_id, said=job_id_of(job))
    said = STATES.read(job.get("status"))
    cost, odd = cost_of(job, session.access.unit_price_usd)
    if said.state is JobState.DONE:
        return replace(await _finished(job_id, job, session), cost_usd=cost, odd_cost=odd)
    if said.state is JobState.FAILED:
        failure = _failure(job, said.end)
        failed = Job(id=job_id, state=said.state, failure=failure)
        is_free = failure.is_charged is False
        return failed if is_free else replace(failed, cost_usd=cost, odd_cost=odd)
    progress = share(job.get("progress"))
    return Job(id=job_id, state=said.state, progress=progress, unknown_state=said.unknown)


async def ping(*, session: ProviderSession) -> None:
    """Make the cheapest authenticated read, to see that the key works.

    Raises: BadCredentials, Unavailable, Throttled.
    """
    await session.call("GET", "/jobs", params={"pageSize": 1, "hideResults": "true"})


def explain(response: httpx.Response, is_paid: bool) -> ProviderError | None:
    """Return what an error of Scenario's own means; None where the common reading knows it (section
    5).

    Its error bodies are not described, so each is looked for where the sources say that it has been
    seen.
    """
    body = response_body.json_in(response)
    if not isinstance(body, Mapping):
        return None
    details = mapping(body.get("details"))
    if response.status_code == 429 and details.get("actionName"):
        return _all_slots_taken(response, details)
    if response.status_code == 403 and "ModelAccessRestrictedError" in response.text:
        return _restricted({**body, **details})
    return None


def _all_slots_taken(response: httpx.Response, details: Answer) -> Throttled:
    says = f"{SPEC.name} is working on as many jobs as this plan allows at once{_limit(details)}"
    return Throttled(
        f"{says}; this is sent again by itself.",
        code=error_mapping.CONCURRENCY,
        retry_after_seconds=retry_after.wait_of(response),
    )


def _limit(details: Answer) -> str:
    limit = details.get("actionLimit")
    is_told = isinstance(limit, int | float | str)
    return f" ({details['actionName']}: {limit})"[:80] if is_told else ""


def _restricted(said: Answer) -> ProviderError:
    """A model that the plan does not include: the key is good, another provider may have it."""
    return Rejected(
        f"The plan of this account at {SPEC.name} does not include {_label_of(said.get('modelId'))}."
        f"{_needs_plan(said)} An admin can change the plan, or send this to another provider.",
        code=NO_MODEL,
    )


def _needs_plan(said: Answer) -> str:
    plan = said.get("requiredPlan")
    return f" It needs the {str(plan)[:40]} plan." if plan else ""


def _label_of(model_id: Any) -> str:
    labels = (model.label for model in SPEC.models if model.model_id == model_id)
    return next(labels, "this model")


def job_id_of(job: Answer) -> str:
    """Return a job's id. An older sample of Scenario's has it under `id` (7.8)."""
    return identifier(job.get("jobId")) or identifier(job.get("id"))


def cost_of(job: Answer, unit_price: Decimal | None) -> tuple[Decimal | None, str]:
    """Return what Scenario says that a job cost: its units at the account's price of one, to a
    millionth of a dollar.

    `cuCost` is the generation alone; what was paid on top of it stands in `cuCostDetails` (2.2 K).
    Where any of that is no figure there is no cost, and the second value is what came. The discount
    is not taken off: nothing says whether `cuCost` is before or after it, and this is the larger.
    """
    billing = mapping(job.get("billing"))
    if billing.get("cuCost") is None or unit_price is None:
        return None, ""
    units = Decimal(0)
    for said in (billing["cuCost"], *mapping(billing.get("cuCostDetails")).values()):
        figure = amount(said)
        if figure is None and said is not None:
            return None, f"{str(said)[:LONGEST_SAID]} {SPEC.unit}"
        units += figure or 0
    return (units * unit_price).quantize(MICRO), ""


def _of(answer: Answer) -> Answer:
    return mapping(answer.get("job"))


async def _finished(job_id: str, job: Answer, session: ProviderSession) -> Job:
    """Read the result of a finished job; while it is not ready, the job is still running.

    The result is the first clip among the job's assets that the job was not given itself, and that
    clip's id is the one to go on from. What follows it is not asked for: only its ids are told of.
    Raises: NotFound, where a result is named that is not there: it is paid, so it is looked for a
            while longer.
    """
    others: list[Output] = []  # that are no clip for certain
    gone: NotFound | None = None
    unclear_id, is_pending = "", False
    ids = _made_by(job)
    for at, asset_id in enumerate(ids):
        try:
            asset = await _asset(asset_id, session)
        except NotFound as error:
            gone = error
            continue
        is_pending = is_pending or squeezed(asset.get("status")) == "pending"
        if not _is_ready(asset):
            continue
        one = _output(asset)
        if one.kind == output_kinds.VIDEO:
            later = [Output(output_kinds.UNKNOWN, "", label=other) for other in ids[at + 1 :]]
            return _done(job_id, asset_id, (one, *others, *later))
        others.append(one)
        if one.kind == output_kinds.UNKNOWN:
            unclear_id = unclear_id or asset_id
    if is_pending:
        return Job(id=job_id, state=JobState.RUNNING, progress=1.0)
    if unclear_id:
        return _done(job_id, unclear_id, tuple(others))
    if gone is not None:
        raise gone
    return without_result(
        job_id,
        f"{SPEC.name} finished without a result. "
        f"Ask Scenario about job {job_id} before you pay for another try.",
    )


def _made_by(job: Answer) -> list[str]:
    """Return the ids of what a job made: its assets, but for those that it was given itself."""
    metadata = mapping(job.get("metadata"))
    sent = output_kinds.Sent(metadata.get("input"))
    ids = dict.fromkeys(map(identifier, items(metadata.get("assetIds"))))
    return [one for one in ids if one and not sent.names("", one)][:MOST_ASSETS]


async def _asset(asset_id: str, session: ProviderSession) -> Answer:
    answer = await session.call("GET", f"/assets/{path_part(asset_id)}")
    asset = mapping(answer.get("asset"))
    check_about(session, answer, asked=asset_id, said=identifier(asset.get("id")))
    return asset


def _is_ready(asset: Answer) -> bool:
    status = asset.get("status")
    is_over = STATES.read(status).state is JobState.FAILED
    return squeezed(status) != "pending" and not is_over and bool(link(asset.get("url")))


def _output(asset: Answer) -> Output:
    return output_kinds.output(
        asset["url"],
        asset.get("kind"),
        asset.get("mimeType"),
        expires_at=datetime.now(UTC) + LINK_LIFETIME,
    )


def _done(job_id: str, asset_id: str, found: tuple[Output, ...]) -> Job:
    return Job(id=job_id, state=JobState.DONE, chain_id=asset_id, outputs=found)


def _failure(job: Answer, end: job_states.End | None) -> Failure:
    """Read why a job failed: Scenario's own words and its advice.

    There are no codes to tell failures apart.

    Failed and canceled jobs are refunded, unless `billing.disableRefund` says that this model's are
    not. Of other ends nothing is documented.
    """
    metadata, billing = mapping(job.get("metadata")), mapping(job.get("billing"))
    error, hint = line(metadata.get("error")), line(metadata.get("hint"))
    is_charged = billing.get("disableRefund") is True
    if end is not None:
        charged = is_charged if end.code == "canceled" or is_charged else None
        return job_states.ended(end, name=SPEC.name, said=error, is_charged=charged)
    is_moderated = "moderat" in f"{error} {hint}".lower()
    first = MODERATED if is_moderated else "The job failed."
    return Failure(
        code="content_moderated" if is_moderated else "failure",
        reason=" ".join([first, *_explained(error, hint, is_charged)]),
        can_retry=not is_moderated and not is_charged,
        is_charged=is_charged,
    )


def _explained(error: str, hint: str, is_charged: bool) -> Iterator[str]:
    if error:
        yield f'Scenario says: "{error.rstrip(".")}".'
    if hint:
        yield f"{hint.rstrip('.')}."
    if is_charged:
        yield "It is charged: Scenario refunds no failures of this model."


PAGE_SIZE, MAX_PAGES = 100, 100
# the type of every job of these models (2.2); others are uploads and the like
OURS = (
    "custom",
    None,
)


async def recent(
    *,
    since: datetime,
    until: datetime,
    session: ProviderSession,
    models: Collection[str],
) -> Listing:
    """Return the project's jobs that were made in a window. Free and repeatable.

    A job shows its inputs, and no word of its model: `models` narrows nothing here.
    Raises: Unavailable, also where an answer is no page of jobs; Throttled, BadCredentials.
    """
    asked = {"createdAfter": since.astimezone(UTC).isoformat(), "pageSize": PAGE_SIZE}
    jobs: list[Listed] = []
    is_whole, token, seen = True, "", {""}
    for _ in range(MAX_PAGES):
        params = asked | ({"paginationToken": token} if token else {})
        page = await session.call("GET", "/jobs", params=params)
        records = records_in(page, "jobs", name=SPEC.name)
        found = [one for record in records if (one := _listed(record)) is not None]
        is_whole = is_whole and len(found) == len(records)
        jobs += [one for one, kind in found if kind in OURS and since <= one.created_at <= until]
        token = page.get("nextPaginationToken") or ""
        if not isinstance(token, str) or token in seen:
            return Listing(tuple(jobs), is_whole and token == "")
        seen.add(token)
    return Listing(tuple(jobs), False)


def _listed(record: Any) -> tuple[Listed, Any] | None:
    """Read one job and its type; None where it has no id or no instant."""
    job = mapping(record)
    job_id, at = job_id_of(job), _instant(job.get("createdAt"))
    if not job_id or at is None:
        return None
    body = mapping(job.get("metadata")).get("input")
    return Listed(job_id, at, body), job.get("jobType")


def _instant(value: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
