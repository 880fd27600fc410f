"""Decisions about takes: each reviewer's newest counts, by the team's rule; all are kept."""

from django.db import models

from editorapp.generations.models import Generation
from editorapp.teams.models import Team, User


class Decision(models.Model):
    """One person's verdict on a take."""

    class Verdict(models.TextChoices):
        APPROVED = "approved", "Approved"
        NEEDS_CHANGES = "needs_changes", "Needs changes"

    generation = models.ForeignKey(
        Generation,
        on_delete=models.CASCADE,
        related_name="decisions",
    )
    verdict = models.CharField(max_length=16, choices=Verdict.choices)
    note = models.TextField(max_length=4000, blank=True)
    decided_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} by {self.decided_by}"


class ApprovalRule(models.Model):
    """When a take of a team counts as approved; a team without a row has the first kind."""

    class Kind(models.TextChoices):
        ONE = "one", "one reviewer approves it"
        ALL_ASKED = "all_asked", "all who were asked approve it"
        PERSON = "person", "one named person approves it"

    team = models.OneToOneField(Team, on_delete=models.CASCADE, related_name="approval_rule")
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.ONE)
    person = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(person__isnull=False) | ~models.Q(kind="person"),
                name="a_named_person_has_a_name",
            )
        ]

    def __str__(self) -> str:
        return self.words

    @property
    def words(self) -> str:
        """The rule in a sentence."""
        if self.kind == self.Kind.PERSON:
            return f"A take counts as approved once {self.person} approves it."
        if self.kind == self.Kind.ALL_ASKED:
            return "A take counts as approved once all who were asked approve it."
        return "A take counts as approved once one reviewer approves it."


class ReviewRequest(models.Model):
    """Somebody was asked to review a take; it stands until they have decided."""

    generation = models.ForeignKey(
        Generation,
        on_delete=models.CASCADE,
        related_name="review_requests",
    )
    reviewer = models.ForeignKey(User, on_delete=models.CASCADE, related_name="review_requests")
    asked_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["generation", "reviewer"], name="asked_once"),
        ]
        indexes = [
            models.Index(
                fields=["reviewer", "asked_at", "id"],
                name="review_asked_oldest",
                condition=models.Q(decided_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.reviewer} was asked about #{self.generation_id}"


class Seen(models.Model):
    """A reviewer has looked at a take in a round, and gone on."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    generation = models.ForeignKey(Generation, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "generation"], name="seen_once"),
        ]
        indexes = [models.Index(fields=["user", "-at", "-id"], name="seen_latest")]

    def __str__(self) -> str:
        return f"{self.user} saw #{self.generation_id}"
