"""Claims: which rows are due, and who has them. To claim is to push the schedule forward, so a crash
ends by itself.
"""

import uuid
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.db.models import Q, QuerySet

from editorapp.core.locks import locked, unlocked
from editorapp.generations.coordination import lease_holder
from editorapp.generations.models import Attempt, Fields, Generation
from editorapp.generations.models.prepared import written
from editorapp.generations.states import State

# What the sweep looks after; files have lanes of their own.
SWEPT = (State.QUEUED, State.SUBMITTING, State.RUNNING)
POLL_LEASE = timedelta(seconds=15)
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
    rows = Attempt.objects.filter(
        state=state,
        next_action_at__lte=now,
        account_id__in=accounts,
    )
    return rows.order_by("next_action_at")


def claim(rows: QuerySet[Attempt], *, now: datetime, until: datetime) -> Attempt | None:
    """Take the first of these rows that are due, until then; it comes back with its fresh token.

    One statement claims it, and only if nobody pushed it forward since it was read. So of two
    claimers one has it, on any database, and no write lock is held where there is nothing to do.
    """
    found = rows.first()
    if found is None:
        return None
    free = Q(state=found.state, next_action_at__lte=now)
    taken = take([found], free, {"next_action_at": until})
    return taken[0] if taken else None


def take(found: list[Attempt], free: Q, changes: Fields) -> list[Attempt]:
    """Give these rows a fresh lease, where they are still free; return those that have it."""
    token = lease_holder.holder()
    changes = {**changes, "lease_token": token}
    ids = [attempt.pk for attempt in found]
    same = Attempt.objects.filter(pk__in=ids)
    if same.filter(free).update(**changes) < len(found):
        ours = _ours(ids, token)
        found = [attempt for attempt in found if attempt.pk in ours]
    for attempt in found:
        for name, value in changes.items():
            setattr(attempt, name, value)
    return found


def _ours(ids: Sequence[int], token: uuid.UUID) -> set[int]:
    """Return which of these rows have this lease."""
    rows = Attempt.objects.filter(pk__in=ids, lease_token=token)
    return set(rows.values_list("pk", flat=True))


def claim_polls(
    accounts: Collection[int],
    *,
    most: int,
    due_by: datetime,
    skip: Collection[int],
) -> list[DuePoll]:
    """Take up to `most` running jobs that are due by then, but those in `skip`, which are being
    asked for already.

    As `claim`, in plain statements: this is done several times a second, and building them cost
    more than they do.
    """
    if most <= 0 or not accounts:
        return []
    at_accounts = f"account_id IN ({_marks(accounts)})"
    statement = f"{_DUE} AND {at_accounts} ORDER BY next_action_at LIMIT %s"
    values = [_instant(due_by), *accounts, most + len(skip)]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found = [row for row in cursor.fetchall() if row[0] not in skip][:most]
    return _claimed(found, due_by) if found else []


def _claimed(found: list[tuple[Any, ...]], due_by: datetime) -> list[DuePoll]:
    """Claim these rows, in the columns of `LOOK`; return those that nobody took meanwhile."""
    token = lease_holder.holder()
    ids = [row[0] for row in found]
    lease = [written(Attempt, "lease_token", token), _instant(due_by + POLL_LEASE)]
    with connection.cursor() as cursor:
        cursor.execute(_claim_statement(ids), [*lease, *ids, _instant(due_by)])
        changed = cursor.rowcount
    if changed < len(found):
        ours = _ours(ids, token)
        found = [row for row in found if row[0] in ours]
    return [
        DuePoll(pk, generation, account, job or "", _aware(at), token)
        for pk, generation, account, job, at in found
    ]


_TABLE = Attempt._meta.db_table
_RUNNING = f"state = '{State.RUNNING}' AND next_action_at <= %s"
_CLAIM = "lease_token = %s, next_action_at = %s"
_DUE = f"SELECT {', '.join(LOOK)} FROM {_TABLE} WHERE {_RUNNING}"


def _claim_statement(ids: Collection[int]) -> str:
    return f"UPDATE {_TABLE} SET {_CLAIM} WHERE id IN ({_free(ids)}) AND {_RUNNING}"


def _free(ids: Collection[int]) -> str:
    """Name these rows; where rows can be locked, those that nobody else has locked."""
    marks = _marks(ids)
    if not connection.features.has_select_for_update:
        return marks
    locks = "ORDER BY id FOR NO KEY UPDATE SKIP LOCKED"  # the order of all locks: core/locks.py
    return f"SELECT id FROM {_TABLE} WHERE id IN ({marks}) {locks}"


def _marks(values: Collection[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _instant(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def _aware(at: datetime | None) -> datetime | None:
    """SQLite keeps instants without their zone, which is UTC."""
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def held(looks: Sequence[Attempt | DuePoll]) -> dict[int, Attempt]:
    """Read the attempts of these claims whole, by their ids; those that somebody took over
    meanwhile are left out.
    """
    tokens = {look.pk: look.lease_token for look in looks}
    rows = Attempt.objects.filter(pk__in=tokens, state=State.RUNNING).select_related("generation")
    rows = rows.defer("request_body", "generation__request", "generation__prompt")
    return {attempt.pk: attempt for attempt in rows if attempt.lease_token == tokens[attempt.pk]}


def count_running(accounts: Collection[int]) -> int:
    return Attempt.objects.filter(
        state=State.RUNNING,
        next_action_at__isnull=False,
        account_id__in=accounts,
    ).count()


def hold_polls(account_id: int, *, until: datetime) -> None:
    """Ask for none of an account's jobs before then, but those whose own next poll is being written
    just now.
    """
    rows = Attempt.objects.filter(
        state=State.RUNNING,
        next_action_at__lt=until,
        account_id=account_id,
    )
    with transaction.atomic():
        unlocked(rows).update(next_action_at=until)


def is_due_by(
    accounts: Collection[int],
    at: datetime,
    states: Sequence[str] = SWEPT,
) -> bool:
    """Is the sweep needed for these accounts until then? Each state is one step in the index."""
    if not accounts:
        return False
    due = "state = %s AND next_action_at <= %s"
    one = f"SELECT 1 FROM {_TABLE} WHERE {due} AND account_id IN ({_marks(accounts)}) LIMIT 1"
    with connection.cursor() as cursor:
        for state in states:
            cursor.execute(one, [str(state), _instant(at), *accounts])
            if cursor.fetchone():
                return True
    return False


def lock(attempt_ids: Collection[int]) -> None:
    """Lock attempts and then their generations, before their money: see core/locks.py.

    Call it inside a transaction.
    """
    locked(Attempt.objects.filter(pk__in=attempt_ids))
    locked(Generation.objects.filter(attempts__in=attempt_ids))
