"""Reconciliation: what is kept of an outcome that was unknown: where its search stands, and who settled it."""

from django.db import models

from editorapp.generations.models.attempt import Attempt
from editorapp.teams.models import User


class Search(models.Model):
    """Where an attempt stands whose outcome was ever unknown: what the provider's own list of jobs
    said, and when.

    Kept beside the attempt, which is read and written with every poll.
    """

    class Verdict(models.TextChoices):
        LOOKING = "looking", "Being looked for"
        PERSON = "person", "Waits for a person"
        SETTLED = "settled", "Settled"

    attempt = models.OneToOneField(
        Attempt,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="search",
    )
    verdict = models.CharField(
        max_length=8,
        choices=Verdict.choices,
        default=Verdict.LOOKING,
    )
    since = models.DateTimeField()  # when its outcome became unknown
    # When the list is asked next; None: not by itself.
    at = models.DateTimeField(null=True, blank=True)
    looked_at = models.DateTimeField(null=True, blank=True)  # when the list last answered
    looks = models.PositiveIntegerField(default=0)  # how often the whole list was read without it
    # How often in a row the list could not be read.
    failures = models.PositiveIntegerField(default=0)
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
        STOPPED = "stopped", "No longer followed: its money stays held"

    attempt = models.ForeignKey(
        Attempt,
        on_delete=models.PROTECT,
        related_name="settlements",
    )
    at = models.DateTimeField()
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    # None: by itself.
    person = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    note = models.TextField(blank=True)

    def __str__(self) -> str:
        return f"{self.attempt}: {self.outcome}"

    @property
    def by(self) -> str:
        return str(self.person) if self.person_id else "Rushes, by itself"
