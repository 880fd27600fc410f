"""Scenario's list of jobs, page by page: where a paid call whose answer was lost is looked for
(2.3).
"""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from editorapp.providers.contract import Listed, Listing
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.http.typed_readers import mapping
from editorapp.providers.shared_calls import records_in
from editorapp.providers.vendors.scenario.jobs import job_id_of
from editorapp.providers.vendors.scenario.models import SPEC

PAGE_SIZE, MAX_PAGES = 100, 100
OURS = (
    "custom",
    None,
)  # the type of every job of these models (2.2); others are uploads and the like


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
