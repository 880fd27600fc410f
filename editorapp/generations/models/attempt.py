"""Attempts: each paid post that was made for a generation, and the one way in which its state moves."""

import logging
import uuid
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction

from editorapp.core import logs
from editorapp.core.constants_in_sql import one_of
from editorapp.costs import fruitless
from editorapp.generations.models.generation import Generation, length_ms
from editorapp.generations.models.prepared import Fields, update_each
from editorapp.generations.signals import came_to
from editorapp.generations.states import (
    ACTIVE,
    CANCELABLE,
    FINAL,
    FRUITLESS,
    IN_FLIGHT,
    NEEDS_A_PERSON,
    TO_FETCH,
    TRANSITIONS,
    State,
)
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import User

log = logging.getLogger(__name__)

TOLD = FINAL | NEEDS_A_PERSON  # where a take comes to, for people


class InvalidTransition(Exception):
    """The table of states does not allow this step."""


class Overtaken(Exception):
    """Somebody else changed the row first; drop what you were about to write."""


def _undone_together(steps: Sequence["Transition"]) -> AbstractContextManager[None]:
    """Undo all steps where one fails; one alone, where its caller's transaction does, needs no
    savepoint.
    """
    is_safe = len(steps) == 1 and connection.in_atomic_block
    return nullcontext() if is_safe else transaction.atomic()


class Priority(models.IntegerChoices):
    """How what waits for an account is sent: see queue/fair_order.py."""

    FIRST = 0, "Ahead of all"  # an admin put it there
    SINGLE = 1, "Single"
    BATCH = 2, "Batch"


class Attempt(models.Model):
    """One paid post. Its row, never the queue, says what happens next.

    `next_action_at` is both the schedule and the lease: to claim a due row is to push it forward
    and to set a fresh
    `lease_token`; if the claimer dies, the row simply becomes due again. One that waits to be sent
    and is never due is
    paused: see queue/parking.py.
    """

    generation = models.ForeignKey(
        Generation,
        on_delete=models.PROTECT,
        related_name="attempts",
    )
    number = models.PositiveIntegerField()
    account = models.ForeignKey(
        ProviderAccount,
        on_delete=models.PROTECT,
        related_name="attempts",
    )
    state = models.CharField(
        max_length=16,
        choices=State.choices,
        default=State.QUEUED,
    )
    idempotency_key = models.UUIDField(default=uuid.uuid4, unique=True)
    # Exactly what was posted; written before the post.
    request_body = models.JSONField(null=True, blank=True)
    request_sha256 = models.CharField(max_length=64, blank=True)
    provider_job_id = models.CharField(max_length=120, null=True, blank=True)
    next_action_at = models.DateTimeField(null=True, blank=True)  # None: nobody needs to look
    lease_token = models.UUIDField(null=True, blank=True)
    created_at = models.DateTimeField()
    submit_started_at = models.DateTimeField(null=True, blank=True)
    # Set by a restore from a backup: when the lost installation may have sent it.
    perhaps_sent_from = models.DateTimeField(null=True, blank=True)
    perhaps_sent_until = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    provider_done_at = models.DateTimeField(null=True, blank=True)  # when we learned it
    recorded_at = models.DateTimeField(null=True, blank=True)
    poll_count = models.PositiveIntegerField(default=0)
    # 0..1, as last reported; None where the provider tells none.
    progress = models.FloatField(null=True, blank=True)
    fetch_count = models.PositiveIntegerField(default=0)
    error_count = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    # What comes before the post fails since then.
    failing_since = models.DateTimeField(null=True, blank=True)
    # The provider has not known the job since then.
    missing_since = models.DateTimeField(null=True, blank=True)
    # It takes longer than its provider ever should.
    flagged_at = models.DateTimeField(null=True, blank=True)
    # Answers in a row that could not be read or kept; or 0 with a word in `odd_answer`, for a state
    # that nobody knows.
    odd_count = models.PositiveIntegerField(default=0)
    odd_since = models.DateTimeField(null=True, blank=True)
    odd_answer = models.TextField(blank=True)  # what came, cut, clean and without a key
    # [{"kind", "url"}], short-lived; cleared once fetched.
    result_urls = models.JSONField(null=True, blank=True)
    result_expires_at = models.DateTimeField(null=True, blank=True)

    # Its place in line while it waits to be sent. The person is also whose money it is in the
    # ledger.
    person = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.SINGLE)
    # Among one person's; at first the microsecond in which it was queued.
    turn = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["generation", "number"], name="attempt_numbered"),
            models.UniqueConstraint(fields=["account", "provider_job_id"], name="job_adopted_once"),
        ]
        indexes = [
            # Serves what is due, in flight and unknown. Not a partial index on the states: SQLite
            # matches an index's condition with constants only, and Django sends parameters. The
            # account and what frees a slot come last, so that taken slots are counted in the index.
            models.Index(
                fields=["state", "next_action_at", "account", "flagged_at", "provider_done_at"],
                name="attempt_due",
            ),
            models.Index(fields=["account", "submit_started_at"], name="attempt_rate"),
            # What is not sent yet, whether it waits or not: for the pulse of the queue.
            models.Index(
                fields=["account", "state"],
                name="attempt_unsent",
                condition=one_of("state", CANCELABLE),
            ),
            # For the status page: what is under way or needs a person, and the oldest of it.
            models.Index(
                fields=["account", "state"],
                name="attempt_watched",
                condition=one_of("state", ACTIVE | NEEDS_A_PERSON),
            ),
            models.Index(
                fields=["submit_started_at"],
                name="attempt_in_flight",
                condition=one_of("state", IN_FLIGHT),
            ),
            models.Index(
                fields=["result_expires_at"],
                name="attempt_to_fetch",
                condition=one_of("state", TO_FETCH),
            ),
            # The line at each account, for queue/fair_order.py, which writes this condition as constants.
            models.Index(
                fields=["account", "person", "priority", "turn", "id"],
                name="attempt_in_line",
                condition=models.Q(state="queued", next_action_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.generation_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row; a new one waits behind what its person queued before."""
        if self._state.adding:
            self._line_up()
        super().save(*args, **kwargs)

    def _line_up(self) -> None:
        if self.person_id is None:
            self.person_id = self.generation.responsible_id
        if not self.turn:
            self.turn = turn_of(self.created_at)

    def move(
        self,
        to: State,
        *,
        now: datetime,
        shown: Fields | None = None,
        **changes: Any,
    ) -> None:
        """Step to another state, as `move` below."""
        move(to, [Transition(self, changes, shown or {})], now=now)

    def as_read(self) -> models.QuerySet["Attempt"]:
        """Return this row, if it still has the state and the lease that it was read with."""
        return Attempt.objects.filter(**self._as_it_was())

    def _as_it_was(self) -> Fields:
        return {"id": self.pk, "state": self.state, "lease_token": self.lease_token}

    def shown_on(self) -> models.QuerySet[Generation]:
        """Return its generation's row, if this is the newest attempt: only that one speaks for it."""
        return Generation.objects.filter(pk=self.generation_id, attempt_number=self.number)

    def kept_until(self, now: datetime) -> datetime:
        """Return until when the provider is counted on to have the result."""
        kept = timedelta(seconds=self.account.spec.result_kept_seconds)
        return (self.provider_done_at or now) + kept

    def named(self) -> logs.about:
        """Name this attempt in the log lines of a block."""
        return logs.about(self.generation_id, self.pk, self.account_id)

    def note(self, line: str) -> None:
        """Write a line about this attempt, once what it says is committed."""

        def write() -> None:
            with self.named():
                log.info(line)

        transaction.on_commit(write)


@dataclass(frozen=True)
class Transition:
    """One attempt's step: what changes on it, and what its generation shows.

    All that are made together name the same fields.
    """

    attempt: Attempt
    changes: Fields = field(default_factory=dict)
    shown: Fields = field(default_factory=dict)


def move(to: State, steps: Sequence[Transition], *, now: datetime) -> None:
    """Step all these attempts, only if each row still has the state and the lease that it was read
    with.

    Writes: `state`, the given fields of each attempt, its generation's copy of the state and what
            is shown beside it, and whether what was spent on it was spent in vain, in the caller's
            transaction or one of its own.
    Raises: InvalidTransition; Overtaken, when another writer was first at any of them. Nothing is
            written then.
    """
    if not steps:
        return
    for one in steps:
        if to not in TRANSITIONS[State(one.attempt.state)]:
            raise InvalidTransition(f"{one.attempt.state} -> {to}")
    with _undone_together(steps):
        _write(to, steps, now=now)
    for one in steps:
        one.attempt.note(f"{State(one.attempt.state).value} -> {to.value}")
        for name, value in _changes(to, one).items():
            setattr(one.attempt, name, value)


def _changes(to: State, step: Transition) -> Fields:
    """Return all that changes on an attempt: its lease is given back, unless the step names one."""
    always = {"state": to} | ({} if to in ACTIVE else {"next_action_at": None})
    return {"lease_token": None} | step.changes | always


def _write(to: State, steps: Sequence[Transition], *, now: datetime) -> None:
    """Write attempts, then generations, each by their keys: the order of all locks (core/locks.py).

    Raises: Overtaken.
    """
    state = {
        "state": to,
        "state_since": now,
        "finished_at": now if to in FINAL else None,
    }
    moved = []
    shown = []
    for one in sorted(steps, key=lambda one: one.attempt.pk):
        row = one.attempt
        moved.append((_changes(to, one), row._as_it_was()))
        its = {"id": row.generation_id, "attempt_number": row.number}
        shown.append((state | one.shown | _length(one.shown), its))
    if update_each(Attempt, moved) < len(moved):
        raise Overtaken(f"of the attempts {[row['id'] for _, row in moved]} one was changed")
    update_each(Generation, sorted(shown, key=lambda row: row[1]["id"]))
    _count_fruitless(to, [one.attempt for one in steps])
    if to in TOLD:
        ids = [one.attempt.generation_id for one in steps]
        came_to.send_robust(Attempt, takes=ids, state=to, now=now)


def _count_fruitless(to: State, came: Sequence[Attempt]) -> None:
    """Let the ledger count what is spent on attempts that brought nothing, or no longer do so.

    After attempts and generations: what it locks comes later (core/locks.py).
    """
    if to in FRUITLESS:
        fruitless.add([one.pk for one in came])
    elif again := [one.pk for one in came if one.state in FRUITLESS]:
        fruitless.remove(again)


def _length(shown: Fields) -> Fields:
    """Return the length of the result that is shown from now on, where it is another."""
    return {"result_ms": length_ms(shown["result"])} if "result" in shown else {}


def turn_of(at: datetime) -> int:
    """Return the place in line of what is queued at this instant: its microsecond."""
    return int(at.timestamp() * 1_000_000)


def newest(generation: Generation, *, is_locked: bool = False) -> Attempt:
    """Return the attempt that speaks for a generation, locked until the transaction ends where that
    is asked for.
    """
    rows = Attempt.objects.filter(generation=generation).order_by("-number")
    rows = rows.select_related("account", "generation")
    rows = rows.select_for_update(no_key=True, of=("self",)) if is_locked else rows
    return rows[:1].get()
