"""What was asked for (Generation) and each paid post made for it (Attempt)."""

import logging
import uuid
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction

from editorapp.core import logs
from editorapp.core.money import UsdField
from editorapp.generations.states import ACTIVE, CANCELABLE, FINAL, SETTLEABLE, TRANSITIONS, State
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member, Team, User

log = logging.getLogger(__name__)


class InvalidTransition(Exception):
    """The table of states does not allow this step."""


class Overtaken(Exception):
    """Somebody else changed the row first; drop what you were about to write."""


def _one_transaction() -> AbstractContextManager[None]:
    """Open a transaction, unless there is one: a step that fails undoes all of that, so it needs no savepoint."""
    return nullcontext() if connection.in_atomic_block else transaction.atomic()


class GenerationQuerySet(models.QuerySet["Generation"]):
    def visible_to(self, member: Member) -> "GenerationQuerySet":
        return self.filter(team_id=member.team_id)


class Generation(models.Model):
    """One request and its outcome; a "take" to the viewer. What was asked never changes after it is made."""

    class Review(models.TextChoices):
        NONE = "", "Not reviewed"
        APPROVED = "approved", "Approved"
        NEEDS_CHANGES = "needs_changes", "Needs changes"

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="generations")
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="generations")
    created_at = models.DateTimeField()
    account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="generations")
    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=80)
    task = models.CharField(max_length=16)
    prompt = models.TextField()
    request = models.JSONField()  # GenerationRequest.to_json()
    is_simulated = models.BooleanField()
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL, related_name="children")
    source_asset = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.PROTECT, related_name="generations")
    lineage = models.CharField(max_length=64)  # one key for all that was made from one first source
    estimate_low_usd = UsdField()
    estimate_high_usd = UsdField()  # what is reserved
    estimate_basis = models.CharField(max_length=300)

    # Copied from the newest attempt, for pages.
    attempt_number = models.PositiveIntegerField(default=1)  # which attempt that is
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    state_since = models.DateTimeField()
    failure_code = models.CharField(max_length=60, blank=True)
    failure_message = models.TextField(blank=True)
    can_retry = models.BooleanField(default=False)
    cost_usd = UsdField(null=True, blank=True)  # charged; None until then
    cost_is_estimated = models.BooleanField(default=False)
    chain_id = models.CharField(max_length=120, blank=True)  # what a later request names to use this result
    result = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.PROTECT, related_name="result_of")
    exr = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    # What came for the result and is not it: unreadable, or far too short or long.
    came = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    finished_at = models.DateTimeField(null=True, blank=True)
    warning = models.TextField(blank=True)  # what is odd about a result that was kept, or about its price
    form_token = models.CharField(max_length=40, blank=True)  # the same form sent twice makes one generation
    batch = models.UUIDField(null=True, blank=True)  # the same for all that was sent in one go; None for a single one
    held_at = models.DateTimeField(null=True, blank=True)  # somebody paused this one: see pausing.py
    held_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    review = models.CharField(max_length=16, choices=Review.choices, default=Review.NONE, blank=True)

    objects = GenerationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "form_token"], condition=~models.Q(form_token=""), name="one_generation_per_form"
            )
        ]
        indexes = [
            models.Index(fields=["team", "-id"], name="generation_newest"),
            models.Index(fields=["team", "state", "-id"], name="generation_by_state"),
            models.Index(fields=["team", "lineage", "-id"], name="generation_by_lineage"),
            models.Index(fields=["team", "review", "-id"], name="generation_by_review"),
            models.Index(fields=["team", "created_by", "-id"], name="generation_by_person"),
            models.Index(fields=["account", "model", "task", "state", "-id"], name="generation_by_kind"),
            models.Index(fields=["chain_id"], name="generation_by_chain_id", condition=~models.Q(chain_id="")),
            models.Index(fields=["batch"], name="generation_by_batch", condition=models.Q(batch__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"take {self.pk}"

    @property
    def wanted(self) -> GenerationRequest:
        return GenerationRequest.from_json(self.request)

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def is_done(self) -> bool:
        return self.state == State.SUCCEEDED

    @property
    def is_unknown(self) -> bool:
        return self.state == State.UNKNOWN

    @property
    def is_failed(self) -> bool:
        return self.state in {State.FAILED, State.LOST, State.FETCH_FAILED}

    @property
    def is_overdue(self) -> bool:
        """Does it take longer than its provider ever should?"""
        return self.state == State.RUNNING and self.failure_code == "overdue"

    @property
    def can_cancel(self) -> bool:
        return self.state in CANCELABLE

    @property
    def can_settle(self) -> bool:
        """Does this wait for a person to say what became of the paid call?"""
        return self.state in SETTLEABLE

    @property
    def can_fetch_again(self) -> bool:
        return self.state == State.FETCH_FAILED

    @property
    def can_be_taken_as_it_is(self) -> bool:
        """Did a video come that a person may take for the result, although it is not as it should be?"""
        came = self.came
        return self.state == State.FETCH_FAILED and came is not None and (came.is_video or self.result_id is not None)

    @property
    def is_expiring(self) -> bool:
        """Has a paid result waited so long that the provider may delete it before it is here?"""
        return self.is_active and self.failure_code == "result_expiring"

    @property
    def can_try_again(self) -> bool:
        return self.state == State.CANCELED or (self.state == State.FAILED and self.can_retry)

    @property
    def can_be_source(self) -> bool:
        """Can an edit be made from this take?"""
        return self.is_done and self.result_id is not None


class Priority(models.IntegerChoices):
    """How what waits for an account is sent: see order.py."""

    FIRST = 0, "Ahead of all"  # an admin put it there
    SINGLE = 1, "Single"
    BATCH = 2, "Batch"


class Attempt(models.Model):
    """One paid post. Its row, never the queue, says what happens next.

    `next_action_at` is both the schedule and the lease: to claim a due row is to push it forward and to set a fresh
    `lease_token`; if the claimer dies, the row simply becomes due again. One that waits to be sent and is never due is
    paused: see pausing.py.
    """

    generation = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveIntegerField()
    account = models.ForeignKey(ProviderAccount, on_delete=models.PROTECT, related_name="attempts")
    state = models.CharField(max_length=16, choices=State.choices, default=State.QUEUED)
    idempotency_key = models.UUIDField(default=uuid.uuid4, unique=True)
    request_body = models.JSONField(null=True, blank=True)  # exactly what was posted; written before the post
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
    progress = models.FloatField(null=True, blank=True)  # 0..1, as last reported; None where the provider tells none
    fetch_count = models.PositiveIntegerField(default=0)
    error_count = models.PositiveIntegerField(default=0)
    last_error = models.TextField(blank=True)
    missing_since = models.DateTimeField(null=True, blank=True)  # the provider has not known the job since then
    flagged_at = models.DateTimeField(null=True, blank=True)  # it takes longer than its provider ever should
    result_urls = models.JSONField(null=True, blank=True)  # [{"kind", "url"}], short-lived; cleared once fetched
    result_expires_at = models.DateTimeField(null=True, blank=True)

    # Its place in line while it waits to be sent.
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    priority = models.PositiveSmallIntegerField(choices=Priority.choices, default=Priority.SINGLE)
    turn = models.BigIntegerField(default=0)  # among one person's; at first the microsecond in which it was queued

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["generation", "number"], name="attempt_numbered"),
            models.UniqueConstraint(fields=["account", "provider_job_id"], name="job_adopted_once"),
        ]
        indexes = [
            # Serves what is due, in flight and unknown. Not a partial index on the states: SQLite matches
            # an index's condition with constants only, and Django sends parameters.
            # The account comes last, so that an account's jobs in flight are counted in the index.
            models.Index(fields=["state", "next_action_at", "account"], name="attempt_due"),
            models.Index(fields=["account", "submit_started_at"], name="attempt_rate"),
            # The line at each account, for order.py, which writes this condition as constants.
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
        if self._state.adding and self.person_id is None:
            self.person_id = self.generation.created_by_id
        if self._state.adding and not self.turn:
            self.turn = turn_of(self.created_at)
        super().save(*args, **kwargs)

    def move(self, to: State, *, now: datetime, shown: dict[str, Any] | None = None, **changes: Any) -> None:
        """Step to another state, only if the row still has the state and the lease that this object was read with.

        Writes: `state`, the given fields of the attempt, the generation's copy of the state and what `shown` adds to
        it, in one transaction.
        Raises: InvalidTransition; Overtaken, when another writer was first.
        """
        if to not in TRANSITIONS[State(self.state)]:
            raise InvalidTransition(f"{self.state} -> {to}")
        if to not in ACTIVE:
            changes["next_action_at"] = None
        with _one_transaction():
            row = Attempt.objects.filter(pk=self.pk, state=self.state, lease_token=self.lease_token)
            if not row.update(state=to, **changes):
                raise Overtaken(f"attempt {self.pk} is no longer {self.state}")
            self.show(to, now=now, **(shown or {}))
        self.note_step(to)
        self.state = to
        for name, value in changes.items():
            setattr(self, name, value)

    def named(self) -> logs.about:
        """Name this attempt in the log lines of a block."""
        return logs.about(self.generation_id, self.pk, self.account_id)

    def note_step(self, to: State) -> None:
        """Write a line for a step."""
        self.note(f"{State(self.state).value} -> {to.value}")

    def note(self, line: str) -> None:
        """Write a line about this attempt, once what it says is committed."""
        if log.isEnabledFor(logging.INFO):
            ids = {"generation": self.generation_id, "attempt": self.pk, "account": self.account_id}
            transaction.on_commit(lambda: log.info(line, extra={"fields": ids}))

    def show(self, state: State, *, now: datetime, **shown: Any) -> None:
        """Copy a state to the generation, for pages; only the newest attempt speaks for it."""
        rows = Generation.objects.filter(pk=self.generation_id, attempt_number=self.number)
        ended = {"finished_at": now if state in FINAL else None}
        rows.update(state=state, state_since=now, **{**ended, **shown})


class Search(models.Model):
    """Where an attempt stands whose outcome was ever unknown: what the provider's own list of jobs said, and when.

    Kept beside the attempt, which is read and written with every poll.
    """

    class Verdict(models.TextChoices):
        LOOKING = "looking", "Being looked for"
        PERSON = "person", "Waits for a person"
        SETTLED = "settled", "Settled"

    attempt = models.OneToOneField(Attempt, primary_key=True, on_delete=models.CASCADE, related_name="search")
    verdict = models.CharField(max_length=8, choices=Verdict.choices, default=Verdict.LOOKING)
    since = models.DateTimeField()  # when its outcome became unknown
    at = models.DateTimeField(null=True, blank=True)  # when the list is asked next; None: not by itself
    looked_at = models.DateTimeField(null=True, blank=True)  # when the list last answered
    looks = models.PositiveIntegerField(default=0)  # how often the whole list was read without it
    failures = models.PositiveIntegerField(default=0)  # how often in a row the list could not be read
    says = models.TextField(blank=True)  # what came of the last look, as a sentence
    candidates = models.JSONField(default=list)  # [{"job_id", "created_at", "likeness"}]

    class Meta:
        indexes = [models.Index(fields=["verdict", "at"], name="search_due")]

    def __str__(self) -> str:
        return f"{self.attempt}: {self.verdict}"

    @property
    def is_looking(self) -> bool:
        return self.verdict == self.Verdict.LOOKING


class Settlement(models.Model):
    """Who decided what became of an attempt's money, when and why; added, never changed."""

    class Outcome(models.TextChoices):
        ADOPTED = "adopted", "It was accepted: its job is followed"
        NEVER_ARRIVED = "never_arrived", "It never arrived: its money is released"
        COUNTED = "counted", "Counted as spent, without a result"
        SENT_AGAIN = "sent_again", "Counted as spent, and sent again"
        CORRECTED = "corrected", "Its cost was corrected"

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="settlements")
    at = models.DateTimeField()
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    person = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )  # None: by itself
    note = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.attempt}: {self.outcome}"

    @property
    def by(self) -> str:
        return str(self.person) if self.person_id else "Rushes, by itself"


def turn_of(at: datetime) -> int:
    """Return the place in line of what is queued at this instant: its microsecond."""
    return int(at.timestamp() * 1_000_000)


class Heartbeat(models.Model):
    """When each part of the engine last gave a sign of life."""

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"


class Lease(models.Model):
    """Who does what only one may do at a time (a provider's sweep, the ticker), and until when."""

    name = models.CharField(max_length=80, primary_key=True)
    holder = models.UUIDField(null=True, blank=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} until {self.until}"


class Pause(models.Model):
    """Nothing is sent to this account before `until`: it said "too many requests", or it does not answer."""

    account = models.OneToOneField(ProviderAccount, primary_key=True, on_delete=models.CASCADE, related_name="pause")
    until = models.DateTimeField()
    reason = models.CharField(max_length=300)

    def __str__(self) -> str:
        return f"{self.account} until {self.until}: {self.reason}"


class BooksCheck(models.Model):
    """What one check of the ledger found: see books.py. Kept for the status page."""

    at = models.DateTimeField(db_index=True)
    seconds = models.FloatField()
    lines = models.PositiveBigIntegerField()
    attempts = models.PositiveBigIntegerField()
    difference_count = models.PositiveIntegerField()
    differences = models.JSONField(default=list)  # the first of them, as sentences

    def __str__(self) -> str:
        return f"{self.difference_count} differences in {self.lines} lines"
