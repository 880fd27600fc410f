"""GMI Cloud's list of an account's own requests: where a paid call whose answer was lost is looked
for (2.3).

Its paging, its order and how far back it reaches are documented nowhere. So what is on it is
believed, and what is not on it proves nothing (SPEC.lists_all).
"""

from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any

from editorapp.providers.contract import Listed, Listing
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.http.typed_readers import identifier, mapping
from editorapp.providers.shared_calls import records_in
from editorapp.providers.vendors.gmi_cloud.models import SPEC

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

    Free and repeatable.

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
    if isinstance(total, int) and total <= len(shown):
        return True
    times = [one.created_at for one in shown]
    return bool(times) and times == sorted(times, reverse=True) and times[-1] < since
