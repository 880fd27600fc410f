"""Which rows are due, and the claim on them: to claim is to push the schedule forward, so a crash
ends by itself.
"""

import uuid
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet

from editorapp.core.locks import unlocked
from editorapp.generations.coordination import lease_holder
from editorapp.generations.models import Attempt, Pause
from editorapp.generations.states import IN_FLIGHT, State
from editorapp.providers.models import ProviderAccount

SWEPT = (
    State.QUEUED,
    State.SUBMITTING,
    State.RUNNING,
)  # what the sweep looks after; files have lanes of their own
POLL_LEASE = timedelta(seconds=15)
# What a claimer needs; the bodies and links would be read from JSON at every turn.
CLAIMED = (
    "generation_id",
    "number",
    "account_id",
    "state",
    "provider_job_id",
    "submitted_at",
    "provider_done_at",
    "poll_count",
    "error_count",
    "missing_since",
)
RATE_WINDOW = timedelta(seconds=60)
LONGEST_POST = CONTINUOUS = timedelta(hours=1)
TAKEN = timedelta(
    seconds=30
)  # within this, what a sweep took to send is written down as sent, or can be taken anew


LOOK = ("id", "generation_id", "account_id", "provider_job_id", "submitted_at")


class DuePoll(NamedTuple):
    """A job that was claimed for a poll: all that asking for it and scheduling the next poll needs."""

    pk: int
    generation_id: int
    account_id: int
    provider_job_id: str
    submitted_at: datetime | None
    lease_token: uuid.UUID


def due(accounts: Collection[int], state: str, *, now: datetime) -> QuerySet[Attempt]:
    """Return the accounts' rows in a state that somebody should look at, the longest waiting first."""
    rows = Attempt.objects.filter(state=state, next_action_at__lte=now, account_id__in=accounts)
    return rows.order_by("next_action_at")


def is_anything_new(accounts: Collection[int], *, now: datetime) -> bool:
    """Is there something to post, or a post whose worker is gone?"""
    return _is_any((State.QUEUED, State.SUBMITTING), accounts, now)


def claim(
    rows: QuerySet[Attempt], *, most: int, due_by: datetime, until: datetime
) -> list[Attempt]:
    """Take up to `most` of these rows, due by then, until then; each comes back with its fresh
    token.

    One statement claims them, and only those that nobody pushed forward since they were read. So of
    two claimers each row has one, on any database, and no write lock is held where there is nothing
    to do.
    """
    found = list(rows.only(*CLAIMED)[:most]) if most > 0 else []
    if not found:
        return []
    token, states = lease_holder.holder(), {attempt.state for attempt in found}
    same = Attempt.objects.filter(pk__in=[attempt.pk for attempt in found])
    free = same.filter(state__in=states, next_action_at__lte=due_by)
    if free.update(lease_token=token, next_action_at=until) < len(found):
        ours = set(same.filter(lease_token=token).values_list("pk", flat=True))
        found = [attempt for attempt in found if attempt.pk in ours]
    for attempt in found:
        attempt.lease_token, attempt.next_action_at = token, until
    return found


def claim_polls(
    accounts: Collection[int], *, most: int, due_by: datetime, skip: Collection[int]
) -> list[DuePoll]:
    """Take up to `most` running jobs that are due by then, but those in `skip`, which are being
    asked for already.

    As `claim`, in plain statements: this is done several times a second, and building them cost
    more than they do.
    """
    if most <= 0 or not accounts:
        return []
    due_at, token = connection.ops.adapt_datetimefield_value(due_by), lease_holder.holder()
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(LOOK)} FROM {_TABLE} WHERE state = '{State.RUNNING}' AND next_action_at <= %s "
            f"AND account_id IN ({_marks(accounts)}) ORDER BY next_action_at LIMIT %s",
            [due_at, *accounts, most + len(skip)],
        )
        found = [row for row in cursor.fetchall() if row[0] not in skip][:most]
        if not found:
            return []
        ids, until = (
            [row[0] for row in found],
            connection.ops.adapt_datetimefield_value(due_by + POLL_LEASE),
        )
        free, values = _marks(ids), [_token(token), until, *ids, due_at]
        if connection.features.has_select_for_update:  # the order of all locks: see core/locks.py
            free = f"SELECT id FROM {_TABLE} WHERE id IN ({free}) ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"
        cursor.execute(
            f"UPDATE {_TABLE} SET lease_token = %s, next_action_at = %s WHERE id IN ({free}) "
            f"AND state = '{State.RUNNING}' AND next_action_at <= %s",
            values,
        )
        changed = cursor.rowcount
    if changed < len(found):
        ours = set(
            Attempt.objects.filter(pk__in=ids, lease_token=token).values_list("pk", flat=True)
        )
        found = [row for row in found if row[0] in ours]
    return [
        DuePoll(pk, generation, account, job or "", _aware(at), token)
        for pk, generation, account, job, at in found
    ]


_TABLE = Attempt._meta.db_table


def _marks(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _token(token: uuid.UUID) -> Any:
    return Attempt._meta.get_field("lease_token").get_db_prep_value(token, connection)


def _aware(at: datetime | None) -> datetime | None:
    """SQLite keeps instants without their zone, which is UTC."""
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def held(looks: Sequence[DuePoll]) -> dict[int, Attempt]:
    """Read the attempts of these claims whole, by their ids; those that somebody took over
    meanwhile are left out.
    """
    tokens = {look.pk: look.lease_token for look in looks}
    rows = Attempt.objects.filter(pk__in=tokens, state=State.RUNNING).select_related("generation")
    rows = rows.defer("request_body", "generation__request", "generation__prompt")
    return {attempt.pk: attempt for attempt in rows if attempt.lease_token == tokens[attempt.pk]}


def count_running(accounts: Collection[int]) -> int:
    return Attempt.objects.filter(
        state=State.RUNNING, next_action_at__isnull=False, account_id__in=accounts
    ).count()


def hold_polls(account_id: int, *, until: datetime) -> None:
    """Ask for none of an account's jobs before then, but those whose own next poll is being written
    just now.
    """
    rows = Attempt.objects.filter(
        state=State.RUNNING, next_action_at__lt=until, account_id=account_id
    )
    with transaction.atomic():
        unlocked(rows).update(next_action_at=until)


def is_due_by(accounts: Collection[int], at: datetime) -> bool:
    """Is the sweep needed for these accounts until then?"""
    return _is_any(SWEPT, accounts, at)


def _is_any(states: Sequence[str], accounts: Collection[int], at: datetime) -> bool:
    """Is anything due? Each state is one step in the index."""
    if not accounts:
        return False
    one = f"SELECT 1 FROM {_TABLE} WHERE state = %s AND next_action_at <= %s AND account_id IN ({_marks(accounts)})"
    with connection.cursor() as cursor:
        for state in states:
            cursor.execute(
                f"{one} LIMIT 1",
                [str(state), connection.ops.adapt_datetimefield_value(at), *accounts],
            )
            if cursor.fetchone():
                return True
    return False


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
    return Attempt.objects.filter(
        TAKES_SLOT, state__in=IN_FLIGHT, next_action_at__gt=EVER
    ).order_by()


def free_slots(account: ProviderAccount, *, now: datetime) -> int:
    """Return how many posts the account's limits allow now: its concurrent jobs, and its requests
    in a minute.

    What a sweep has taken and not written down as sent yet counts as sent: see reached.py. None
    with an account that is paused, switched off, or has no readable key: what is queued waits until
    it has.
    """
    if (
        account.paused_at
        or account.problem
        or Pause.objects.filter(account=account, until__gt=now).exists()
    ):
        return 0
    # Both counted in an index: attempt_due and attempt_rate.
    in_flight = taking_slots().filter(account=account).count()
    rows = Attempt.objects.filter(account=account).order_by()
    is_taken = Q(
        submit_started_at__gt=now - TAKEN,
        state=State.QUEUED,
        next_action_at__gt=now,
        lease_token__isnull=False,
    )
    # Not what lies further ahead: the clock was set back since.
    started = rows.filter(
        submit_started_at__gt=now - RATE_WINDOW, submit_started_at__lte=now + RATE_WINDOW
    )
    lately = started.aggregate(all=Count("pk"), taken=Count("pk", filter=is_taken))
    free = account.max_concurrent - in_flight - lately["taken"]
    return max(0, min(free, account.requests_per_minute - lately["all"]))


def pause(account_id: int, *, now: datetime, seconds: float, reason: str) -> Pause:
    """Send nothing to an account for a while; a longer pause stays.

    Return the pause: since when nothing was taken.
    """
    until = now + timedelta(seconds=seconds)
    said = {"until": until, "reason": reason[:300], "since": now, "tries": 1}
    with transaction.atomic():  # two who pause it at once do so one after the other
        rows = Pause.objects.select_for_update(no_key=True)
        row, is_new = rows.get_or_create(account_id=account_id, defaults=said)
        if is_new:
            return row
        is_long_ago = (
            now - row.until > CONTINUOUS
        )  # nobody tried in between: this is another outage
        if row.since is None or is_long_ago or has_taken_any(account_id, since=row.since):
            row.since, row.tries = now, 1
        elif row.until <= now:  # of those that fail at once, one counts
            row.tries += 1
        if row.until < until:
            row.until, row.reason = until, reason[:300]
        row.save(update_fields=["until", "reason", "since", "tries"])
    return row


def has_taken_any(account_id: int, *, since: datetime) -> bool:
    """Has an account accepted a post since then? Counted in the index attempt_rate."""
    sent = Attempt.objects.filter(account_id=account_id, submit_started_at__gt=since - LONGEST_POST)
    return sent.filter(submitted_at__gt=since).exists()
