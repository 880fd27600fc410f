"""Decisions about takes; kept for ever, the newest counts."""

from django.db import models

from editorapp.generations.models import Generation
from editorapp.teams.models import User


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
