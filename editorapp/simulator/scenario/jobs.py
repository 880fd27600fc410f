"""How Scenario shows a job: eight states over time, progress, what it cost; and the list of jobs.

Sections 2.2, 2.3 and 4 of docs/providers/scenario.md.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from editorapp.core.request_values import as_whole
from editorapp.simulator.protocol import moment
from editorapp.simulator.scenario.models import NOT_REFUNDED
from editorapp.simulator.state import SimulatedJob

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
WARMING_SECONDS = FINALIZING_SECONDS = 0.2
EXPECTED_SECONDS = 20.0  # of a rendering; progress leans on it
WINDOW_SECONDS = 30 * 24 * 3600.0  # of a list with filters
HINTS = {
    "content_moderated": "Change the prompt or the inputs and try again",
    "corrupt_input": "Export the input again and upload it anew",
    "unsupported_format": "Use an MP4 or WebM video, or a PNG or JPEG image",
    "image_too_large": "Use a smaller image",
    "rate_limited": "Wait a moment and try again",
    "generation_failed": "Try again",
}


def history_of(job: SimulatedJob, now: float) -> list[tuple[float, str]]:
    """Return the states that a job has reached by now, each with its instant, in order."""
    begins = max(job.created_at + job.queue_seconds, job.started_at or 0.0)
    # Even where there is no queue, a job is pending in the instant that it is made.
    queued = job.created_at + max(0.001, job.queue_seconds / 2)
    begins = max(begins, queued)
    steps = [(job.created_at, "pending"), (queued, "queued")]
    if job.started_at is not None:
        steps += [(begins, "warming-up"), (begins + WARMING_SECONDS, "in-progress")]
    if job.rendered_at is not None:
        made = max(
            job.rendered_at,
            begins + WARMING_SECONDS,
            job.created_at + job.queue_seconds + job.render_seconds,
        )
        if job.failure_code:
            steps.append((made, "canceled" if job.failure_code == "cancelled" else "failure"))
        else:
            steps += [(made, "finalizing"), (made + FINALIZING_SECONDS, "success")]
    return [step for step in steps if step[0] <= now] or steps[:1]


def job_of(job: SimulatedJob, now: float) -> dict[str, Any]:
    """Return a job as Scenario describes it."""
    history = history_of(job, now)
    at, status = history[-1]
    metadata: dict[str, Any] = {"input": job.body}
    billing: dict[str, Any] = {"cuCost": job.units, "cuDiscount": 0}
    if job.model in NOT_REFUNDED:
        billing["disableRefund"] = True
    if status == "success":
        metadata["assetIds"] = [job.result_id] if job.outputs else []
    if status in ("failure", "canceled"):
        metadata["error"] = job.failure_reason or "The job was canceled"
        if job.failure_code in HINTS:
            metadata["hint"] = HINTS[job.failure_code]
        if job.model not in NOT_REFUNDED:
            billing["cuCost"] = 0
    return {
        "jobId": job.id,
        "jobType": job.kind,
        "status": status,
        "progress": _progress(history, now),
        "statusHistory": [{"date": moment(when), "status": word} for when, word in history],
        "metadata": metadata,
        "billing": billing,
        "createdAt": moment(job.created_at),
        "updatedAt": moment(at),
        "authorId": job.client[:25],
        "ownerId": "proj_simulated",
    }


def _progress(history: Sequence[tuple[float, str]], now: float) -> float:
    at, status = history[-1]
    if status in ("success", "failure", "canceled"):
        return 1
    if status == "finalizing":
        return 0.98
    return (
        round(min(0.95, 0.05 + 0.9 * (now - at) / EXPECTED_SECONDS), 3)
        if status == "in-progress"
        else 0
    )


def page_of_jobs(
    jobs: Sequence[SimulatedJob], asked: Mapping[str, str], now: float
) -> dict[str, Any] | str:
    """Return a page of a client's jobs, newest first, or what is wrong with the question."""
    size = as_whole(asked.get("pageSize", "50"))
    if size is None or not 1 <= size <= 100:
        return "pageSize must be between 1 and 100"
    by_update = any(name in asked for name in ("status", "type", "types", "workflowId"))
    if by_update and "createdAfter" in asked:
        return "createdAfter cannot be combined with status, type, types or workflowId: use updatedAfter"
    if asked.get("status", "pending") not in STATUSES:
        return f"status must be one of: {', '.join(STATUSES)}"
    try:
        after = {
            name: _instant(asked[name])
            for name in ("createdAfter", "updatedAfter")
            if name in asked
        }
        last = _read(asked["paginationToken"]) if "paginationToken" in asked else ""
    except ValueError as error:
        return str(error)
    if not after and (by_update or "authorId" in asked or asked.get("hideResults") == "false"):
        after = {"updatedAfter" if by_update else "createdAfter": now - WINDOW_SECONDS}
    shown = [job_of(job, now) for job in jobs if not last or _key(job) < last]
    found = [one for one in shown if _matches(one, asked, after)]
    page, more = found[:size], len(found) > size
    answer: dict[str, Any] = {"jobs": page}
    if more:
        by_id = {job.id: job for job in jobs}
        answer["nextPaginationToken"] = _token(_key(by_id[page[-1]["jobId"]]))
    return answer


def _matches(job: Mapping[str, Any], asked: Mapping[str, str], after: Mapping[str, float]) -> bool:
    kinds = (
        asked["types"].split(",")
        if asked.get("types")
        else [asked["type"]]
        if asked.get("type")
        else []
    )
    return (
        asked.get("status") in (None, job["status"])
        and (not kinds or job["jobType"] in kinds)
        and asked.get("authorId") in (None, job["authorId"])
        and "workflowId" not in asked  # none of these jobs belongs to one
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


def _token(last: str) -> str:
    return base64.urlsafe_b64encode(last.encode()).decode()


def _read(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token).decode()
    except (binascii.Error, ValueError):
        raise ValueError("paginationToken is not valid") from None
