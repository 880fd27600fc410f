"""Generation: what was asked for, and what became of it."""

from typing import Any

from django.db import models

from editorapp.core.money import UsdField
from editorapp.generations.models import lists
from editorapp.generations.models.generation_queryset import GenerationQuerySet
from editorapp.generations.states import (
    ACTIVE,
    CANCELABLE,
    FINAL,
    LABELS,
    SETTLEABLE,
    State,
)
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member, Project, Team, User
from editorapp.teams.roles import Act


def length_ms(result: Asset | None) -> int | None:
    """Return how many milliseconds a result plays; None for no result, and for a still."""
    if result is None or not result.is_video:
        return None
    return int(result.duration_seconds * 1000)


class Generation(models.Model):
    """One request and its outcome; a "take" to the viewer.

    What was asked never changes after it is made.
    """

    class Review(models.TextChoices):
        NONE = "", "Not reviewed"
        APPROVED = "approved", "Approved"
        NEEDS_CHANGES = "needs_changes", "Needs changes"

    class Hold(models.TextChoices):
        """Why one that waits was paused."""

        NONE = "", "Somebody paused it"
        DISABLED = "disabled", "Who answers for it was disabled"
        DEMOTED = "demoted", "Who answers for it may not create any more"

    WHY_LEFT = {Hold.DISABLED: "was disabled", Hold.DEMOTED: "got a role that may not create"}
    NOT_HELD = {"held_at": None, "held_by": None, "held_because": Hold.NONE}
    EXPIRING = "result_expiring"  # the failure code of a paid result that waits for too long

    team = models.ForeignKey(
        Team,
        on_delete=models.PROTECT,
        related_name="generations",
        db_index=False,
    )
    created_by = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="generations",
    )
    created_at = models.DateTimeField()
    account = models.ForeignKey(
        ProviderAccount,
        on_delete=models.PROTECT,
        related_name="generations",
        db_index=False,
    )
    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=80)
    task = models.CharField(max_length=16)
    prompt = models.TextField()
    request = models.JSONField()  # GenerationRequest.to_json()
    is_simulated = models.BooleanField()
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="children",
        db_index=False,
    )
    # The draft whose request this is once more, at full quality: see request/finish.py.
    finished_from = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="finished_as",
        db_index=False,
    )
    source_asset = models.ForeignKey(
        Asset,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="generations",
        db_index=False,
    )
    # Pictures of the request, and clips that it continues: who sees the take sees them.
    guides = models.ManyToManyField(Asset, related_name="guided", blank=True)
    project = models.ForeignKey(
        Project,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="generations",
    )
    lineage = models.CharField(max_length=64)  # one key for all that was made from one first source
    estimate_low_usd = UsdField()
    estimate_high_usd = UsdField()  # what is reserved
    estimate_basis = models.CharField(max_length=300)

    # Copied from the newest attempt, for pages.
    attempt_number = models.PositiveIntegerField(default=1)  # which attempt that is
    state = models.CharField(
        max_length=16,
        choices=State.choices,
        default=State.QUEUED,
    )
    state_since = models.DateTimeField()
    failure_code = models.CharField(max_length=60, blank=True)
    failure_message = models.TextField(blank=True)
    can_retry = models.BooleanField(default=False)
    cost_usd = UsdField(null=True, blank=True)  # charged; None until then
    cost_is_estimated = models.BooleanField(default=False)
    # What a later request names to use this result.
    chain_id = models.CharField(max_length=120, blank=True)
    result = models.ForeignKey(
        Asset,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="result_of",
    )
    # How long the result plays, kept here for its index; None for none, and for a still.
    result_ms = models.PositiveIntegerField(null=True, blank=True)
    exr = models.ForeignKey(
        Asset,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    # Whether it is played with the sound of what it was made from: see files/source_sound.py.
    has_source_sound = models.BooleanField(default=False)
    # What came for the result and is not it: unreadable, or far too short or long.
    came = models.ForeignKey(
        Asset,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    # What else the provider named beside the result: [{"kind", "label", "name"}], see
    # files/selection.py.
    extras = models.JSONField(default=list, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    # What is odd about a result that was kept, or about its price.
    warning = models.TextField(blank=True)
    # The same form sent twice makes one generation.
    form_token = models.CharField(max_length=40, blank=True)
    # The same for all that was sent in one go; None for a single one.
    batch = models.UUIDField(null=True, blank=True)
    # Who answers for it, where that is not who made it: it was handed over, or somebody else sent
    # it (again).
    assignee = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    # Somebody paused this one: see queue/parking.py.
    held_at = models.DateTimeField(null=True, blank=True)
    held_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    held_because = models.CharField(
        max_length=16,
        choices=Hold.choices,
        default=Hold.NONE,
        blank=True,
    )
    review = models.CharField(
        max_length=16,
        choices=Review.choices,
        default=Review.NONE,
        blank=True,
    )
    # In the trash since then: see generations/trash.py.
    trashed_at = models.DateTimeField(null=True, blank=True)
    trashed_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    # Its files were deleted then, for good; the row stays, as its lines in the ledger do.
    emptied_at = models.DateTimeField(null=True, blank=True)

    objects = GenerationQuerySet["Generation"].as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "form_token"],
                condition=~models.Q(form_token=""),
                name="one_generation_per_form",
            )
        ]
        indexes = lists.indexes()

    def __str__(self) -> str:
        return f"#{self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row; a new one with the length of the result that it comes with."""
        if self._state.adding:
            self.result_ms = length_ms(self.result)
        super().save(*args, **kwargs)

    def get_state_display(self) -> str:  # type: ignore[no-redef]
        """Return the state in words; Django's own lists all of them anew each time."""
        return LABELS.get(self.state, self.state)

    @property
    def wanted(self) -> GenerationRequest:
        return GenerationRequest.from_json(self.request)

    @property
    def made_from(self) -> Asset | None:
        """The clip that it was made from, where we hold it: its source, or its parent's result."""
        return self.source_asset or (self.parent.result if self.parent else None)

    @property
    def responsible_id(self) -> int:
        """Who answers for it: in line, when it is settled, for the money of its next attempt."""
        return self.assignee_id or self.created_by_id

    @property
    def responsible(self) -> User:
        return self.assignee or self.created_by

    def is_answered_by(self, member: Member, act: Act = Act.ANSWER) -> bool:
        """May this member pause and settle it, or cancel it? Its own person may, and an admin."""
        return self.team_id == member.team_id and member.may_answer_for(self.responsible_id, act)

    @property
    def why_held(self) -> str:
        """Return who paused this one and why, as a sentence; "" where nobody did."""
        if self.held_at is None:
            return ""
        who = str(self.held_by) if self.held_by else ""
        if self.held_because == self.Hold.NONE:
            return f"{who or 'Somebody'} paused it."
        what = self.WHY_LEFT[self.Hold(self.held_because)]
        paused = f"{who} paused it when" if who else "It is paused because"
        then = "It waits until an admin lets it go and answers for it, hands it over or cancels it."
        return f"{paused} {self.responsible} {what}. {then}"

    @property
    def is_trashed(self) -> bool:
        return self.trashed_at is not None

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
    def is_in_unknown_state(self) -> bool:
        """Has the provider said for a while that it is in a state that Rushes does not know?"""
        return self.state == State.RUNNING and self.failure_code == "unknown_state"

    @property
    def can_stop_following(self) -> bool:
        """Is a job of it asked about that may never end? Who may is another question: see
        teams/roles.py.
        """
        return self.state == State.RUNNING

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
    def can_fetch_frames(self) -> bool:
        """Is it done without the EXR frames that were asked for, which are paid?"""
        return self.is_done and self.exr_id is None and self.request.get("exr") is True

    @property
    def can_be_taken_as_it_is(self) -> bool:
        """Did a video come that a person may take for the result, although it is not as it should
        be?
        """
        came = self.came
        return (
            self.state == State.FETCH_FAILED
            and came is not None
            and (came.is_video or self.result_id is not None)
        )

    @property
    def is_expiring(self) -> bool:
        """Has a paid result waited so long that the provider may delete it before it is here?"""
        return self.is_active and self.failure_code == self.EXPIRING

    @property
    def can_try_again(self) -> bool:
        return self.state == State.CANCELED or (self.state == State.FAILED and self.can_retry)

    @property
    def can_be_source(self) -> bool:
        """Can an edit be made from this take?"""
        return self.is_done and self.result_id is not None
