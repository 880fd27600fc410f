"""Slots: how many posts an account's limits allow now, and what takes them."""

from datetime import UTC, datetime, timedelta

from django.db.models import Count, Q, QuerySet

from editorapp.core.compiled_query import CompiledQuery
from editorapp.generations.models import Attempt, Pause
from editorapp.generations.states import IN_FLIGHT, State
from editorapp.providers.models import ProviderAccount

RATE_WINDOW = timedelta(seconds=60)
# Within this, what a sweep took to send is written down as sent, or can be taken anew.
TAKEN = timedelta(seconds=30)
# Of what is in flight. What is done there (a fresh link is asked for) and what is flagged as
# overdue takes no slot: a job that never ends must not keep good ones waiting. Where it does take
# one there, the provider says so with a 429.
TAKES_SLOT = Q(flagged_at=None, provider_done_at=None)


# Before everything that is ever scheduled. SQLite takes a comparison to the index of what is due,
# and "is not null" to all attempts that an account ever had.
EVER = datetime(2000, 1, 1, tzinfo=UTC)


def taking_slots() -> QuerySet[Attempt]:
    """Return the attempts that take one of their account's slots: what is being sent, and what is
    being made.
    """
    rows = Attempt.objects.filter(TAKES_SLOT, state__in=IN_FLIGHT, next_action_at__gt=EVER)
    return rows.order_by()


def in_flight(account: ProviderAccount) -> int:
    """Count the slots that an account's attempts take: in the index attempt_due."""
    return sum(_taken(account.pk))


@CompiledQuery
def _taken(account: int) -> "QuerySet[Attempt, int]":
    rows = taking_slots().filter(account_id=account).values("account_id")
    return rows.annotate(count=Count("pk")).values_list("count", flat=True)


def free_slots(account: ProviderAccount, *, now: datetime) -> int:
    """Return how many posts the account's limits allow now: its concurrent jobs, and its requests
    in a minute.

    What a sweep has taken and not written down as sent yet counts as sent: see engine/account_snapshot.py. None
    with an account that is paused, switched off, or has no readable key: what is queued waits until
    it has.
    """
    rests = Pause.objects.filter(account=account, until__gt=now)
    if account.paused_at or account.problem or rests.exists():
        return 0
    return room(account, in_flight(account), now=now)


def room(account: ProviderAccount, busy: int, *, now: datetime) -> int:
    """Return how many posts the limits allow of an account that is not held up, where so many are
    in flight: one query.
    """
    is_taken = Q(
        submit_started_at__gt=now - TAKEN,
        state=State.QUEUED,
        next_action_at__gt=now,
        lease_token__isnull=False,
    )
    # In the index attempt_rate. Not what lies further ahead: the clock was set back since.
    started = Attempt.objects.filter(
        account=account,
        submit_started_at__gt=now - RATE_WINDOW,
        submit_started_at__lte=now + RATE_WINDOW,
    )
    sent = started.order_by().aggregate(all=Count("pk"), taken=Count("pk", filter=is_taken))
    free = account.max_concurrent - busy - sent["taken"]
    return max(0, min(free, account.requests_per_minute - sent["all"]))
