"""Answers: a take that was made because of a note, and whether the note's author is content."""

from django.db import models
from django.db.models import Q

from editorapp.generations.models import Generation
from editorapp.review.models.comments import Comment
from editorapp.review.models.decisions import Decision
from editorapp.teams.models import User


class Answer(models.Model):
    """A take answers a note on the take that it was made from: a comment, or what stands beside a
    verdict.
    """

    class AnswerOutcome(models.TextChoices):
        OPEN = "", "Not judged yet"
        YES = "yes", "It does what was asked"
        NO = "no", "Not yet"

    generation = models.ForeignKey(Generation, on_delete=models.CASCADE, related_name="answers")
    comment = models.ForeignKey(
        Comment,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="answers",
    )
    decision = models.ForeignKey(
        Decision,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="answers",
    )
    outcome = models.CharField(max_length=4, choices=AnswerOutcome.choices, blank=True, default="")
    judged_at = models.DateTimeField(null=True, blank=True)
    judged_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["generation", "comment"], name="answers_once"),
            models.UniqueConstraint(fields=["generation", "decision"], name="answers_verdict_once"),
            models.CheckConstraint(
                condition=Q(comment__isnull=False, decision__isnull=True)
                | Q(comment__isnull=True, decision__isnull=False),
                name="an_answer_is_to_one_note",
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.generation_id} answers {self.note}"

    @property
    def note(self) -> Comment | Decision:
        """Return what it answers."""
        found = self.comment or self.decision
        assert found is not None, "held by the constraint an_answer_is_to_one_note"
        return found
