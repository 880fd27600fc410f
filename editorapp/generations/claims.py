"""Which rows are due, and the claim on them: to claim is to push the schedule forward, so a crash ends by itself."""

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min, QuerySet

from editorapp.generations.models import Attempt, Pause
from editorapp.generations.states import IN_FLIGHT, State
from editorapp.providers.models import ProviderAccount

SWEPT = (State.QUEUED, State.SUBMITTING, State.RUNNING)  # what the sweep looks after; files have lanes of their own
POLL_LEASE = timedelta(seconds=15)
# What a claimer needs; the bodies and links would be read from JSON at every poll.
CLAIMED = (
    "generation_id", "number", "account_id", "state", "provider_job_id", "submitted_at", "provider_done_at",
    "poll_count", "error_count", "missing_since",
)  # fmt: skip
RATE_WINDOW = timedelta(seconds=60)


def due(accounts: Collection[int], state: str, *, now: datetime) -> QuerySet[Attempt]:
    """Return the accounts' rows in a state that somebody should look at, the longest waiting first."""
    rows = Attempt.objects.filter(state=state, next_action_at__lte=now, account_id__in=accounts)
    return rows.order_by("next_action_at")


def due_states(accounts: Collection[int], *, now: datetime) -> set[str]:
    """Return in which states rows are due: the one question that an idle turn asks."""
    rows = Attempt.objects.filter(state__in=SWEPT, next_action_at__lte=now, account_id__in=accounts)
    return set(rows.order_by().values_list("state", flat=True).distinct())


def claim(rows: QuerySet[Attempt], *, most: int, now: datetime, lease: timedelta) -> list[Attempt]:
    """Take up to `most` of these rows for as long as the lease; each comes back with its fresh token.

    Rows that another claimer holds at this instant are passed over (on SQLite writers take turns anyhow).
    """
    if most <= 0:
        return []
    token, until = uuid.uuid4(), now + lease
    with transaction.atomic():
        found = list(rows.select_for_update(skip_locked=True, of=("self",)).only(*CLAIMED)[:most])
        if found:
            mine = Attempt.objects.filter(pk__in=[attempt.pk for attempt in found])
            mine.update(lease_token=token, next_action_at=until)
    for attempt in found:
        attempt.lease_token, attempt.next_action_at = token, until
    return found


def next_due_at(accounts: Collection[int]) -> datetime | None:
    """Return when the engine is next needed for these accounts; None when nothing is in flight."""
    rows = Attempt.objects.filter(state__in=SWEPT, account_id__in=accounts)
    return rows.aggregate(first=Min("next_action_at"))["first"]


def free_slots(account: ProviderAccount, *, now: datetime) -> int:
    """Return how many posts the account's limits allow now: its concurrent jobs, and its requests in a minute."""
    if Pause.objects.filter(account=account, until__gt=now).exists():
        return 0
    mine = Attempt.objects.filter(account=account)
    in_flight = mine.filter(state__in=IN_FLIGHT).count()
    lately = mine.filter(submit_started_at__gt=now - RATE_WINDOW).count()
    return max(0, min(account.max_concurrent - in_flight, account.requests_per_minute - lately))


def pause(account_id: int, *, now: datetime, seconds: float, reason: str) -> None:
    """Send nothing to an account for a while; a longer pause stays."""
    until = now + timedelta(seconds=seconds)
    if Pause.objects.filter(account_id=account_id, until__gte=until).exists():
        return
    Pause.objects.update_or_create(account_id=account_id, defaults={"until": until, "reason": reason[:300]})
