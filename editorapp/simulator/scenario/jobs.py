"""Jobs as Scenario shows them: eight states over time, progress, what it cost; and the list of jobs.

Sections 2.2, 2.3 and 4 of docs/providers/scenario.md.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from editorapp.core.request_values import as_whole
from editorapp.simulator.protocol import cursor_of, key_of, moment
from editorapp.simulator.scenario.models import NOT_REFUNDED
from editorapp.simulator.state import SimulatedJob
from editorapp.simulator.tables import JsonObject, read_table

STATUSES = (
    "pending",
    "queued",
    "warming-up",
    "in-progress",
    "finalizing",
    "success",
    "failure",
    "canceled",
)
FAILED = ("failure", "canceled")
WARMING_SECONDS = FINALIZING_SECONDS = 0.2
EXPECTED_SECONDS = 20.0  # of a rendering; progress leans on it
WINDOW_SECONDS = 30 * 24 * 3600.0  # of a list with filters
HINTS: dict[str, str] = read_table("words/scenario")["hints"]


def history_of(job: SimulatedJob, now: float) -> list[tuple[float, str]]:
    """Return the states that a job has reached by now, each with its instant, in order."""
    # Even where there is no queue, a job is pending in the instant that it is made.
    queued = job.created_at + max(0.001, job.queue_seconds / 2)
    begins = max(job.leaves_queue_at, job.started_at or 0.0, queued)
    steps = [(job.created_at, "pending"), (queued, "queued")]
    if job.started_at is not None:
        steps += [(begins, "warming-up"), (begins + WARMING_SECONDS, "in-progress")]
    if job.rendered_at is not None:
        earliest = job.leaves_queue_at + job.render_seconds
        made = max(job.rendered_at, begins + WARMING_SECONDS, earliest)
        if job.failure_code:
            steps.append((made, "canceled" if job.failure_code == "cancelled" else "failure"))
        else:
            steps += [(made, "finalizing"), (made + FINALIZING_SECONDS, "success")]
    return [step for step in steps if step[0] <= now] or steps[:1]


def job_of(job: SimulatedJob, now: float) -> JsonObject:
    """Return a job as Scenario describes it."""
    history = history_of(job, now)
    at, status = history[-1]
    return {
        "jobId": job.id,
        "jobType": job.kind,
        "status": status,
        "progress": _progress(history, now),
        "statusHistory": [{"date": moment(when), "status": word} for when, word in history],
        "metadata": _metadata(job, status),
        "billing": _billing(job, status),
        "createdAt": moment(job.created_at),
        "updatedAt": moment(at),
        "authorId": job.client[:25],
        "ownerId": "proj_simulated",
    }


def _metadata(job: SimulatedJob, status: str) -> JsonObject:
    metadata: JsonObject = {"input": job.body}
    if status == "success":
        metadata["assetIds"] = [job.result_id] if job.outputs else []
    if status in FAILED:
        metadata |= _failure_of(job)
    return metadata


def _failure_of(job: SimulatedJob) -> JsonObject:
    told = {"error": job.failure_reason or "The job was canceled"}
    return told | ({"hint": HINTS[job.failure_code]} if job.failure_code in HINTS else {})


def _billing(job: SimulatedJob, status: str) -> JsonObject:
    is_refunded = job.model not in NOT_REFUNDED
    cost = 0 if status in FAILED and is_refunded else job.units
    told: JsonObject = {"cuCost": cost, "cuDiscount": 0}
    return told if is_refunded else told | {"disableRefund": True}


def _progress(history: Sequence[tuple[float, str]], now: float) -> float:
    at, status = history[-1]
    if status == "in-progress":
        return round(min(0.95, 0.05 + 0.9 * (now - at) / EXPECTED_SECONDS), 3)
    return {"success": 1, "failure": 1, "canceled": 1, "finalizing": 0.98}.get(status, 0)


def page_of_jobs(
    jobs: Sequence[SimulatedJob],
    query: Mapping[str, str],
    now: float,
) -> JsonObject:
    """Return a page of a client's jobs, newest first.

    Raises: ValueError, which says what is wrong with the question.
    """
    size = as_whole(query.get("pageSize", "50"))
    if size is None or not 1 <= size <= 100:
        raise ValueError("pageSize must be between 1 and 100")
    after = _limits_in(query, now)
    last = _read(query["paginationToken"]) if "paginationToken" in query else ""
    found = [
        (job, shown)
        for job in jobs
        if (not last or _key(job) < last) and _matches(shown := job_of(job, now), query, after)
    ]
    page = found[:size]
    more = {"nextPaginationToken": cursor_of(_key(page[-1][0]))} if len(found) > size else {}
    return {"jobs": [shown for _job, shown in page]} | more


def _limits_in(query: Mapping[str, str], now: float) -> dict[str, float]:
    """Return since when jobs are shown, by the instant that counts."""
    by_update = any(name in query for name in ("status", "type", "types", "workflowId"))
    if by_update and "createdAfter" in query:
        raise ValueError(
            "createdAfter cannot be combined with status, type, types or workflowId: use updatedAfter"
        )
    if query.get("status", "pending") not in STATUSES:
        raise ValueError(f"status must be one of: {', '.join(STATUSES)}")
    named = ("createdAfter", "updatedAfter")
    after = {name: _instant(query[name]) for name in named if name in query}
    if not after and (by_update or "authorId" in query or query.get("hideResults") == "false"):
        after["updatedAfter" if by_update else "createdAfter"] = now - WINDOW_SECONDS
    return after


def _matches(
    job: Mapping[str, Any],
    query: Mapping[str, str],
    after: Mapping[str, float],
) -> bool:
    kinds = query["types"].split(",") if query.get("types") else [query.get("type")]
    return (
        query.get("status") in (None, job["status"])
        and (kinds in ([None], [""]) or job["jobType"] in kinds)
        and query.get("authorId") in (None, job["authorId"])
        and "workflowId" not in query  # none of these jobs belongs to one
        and _instant(job["createdAt"]) >= after.get("createdAfter", 0.0)
        and _instant(job["updatedAt"]) >= after.get("updatedAfter", 0.0)
    )


def _instant(text: str) -> float:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise ValueError(f"{text!r} is not an ISO 8601 date") from None


def _key(job: SimulatedJob) -> str:
    """By time, and among jobs of one instant by id: a page begins after its last one, whatever came
    meanwhile.
    """
    return f"{job.created_at:020.6f} {job.id}"


def _read(token: str) -> str:
    try:
        return key_of(token)
    except ValueError:
        raise ValueError("paginationToken is not valid") from None
