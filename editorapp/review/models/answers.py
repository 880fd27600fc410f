"""Answers: a take that was made because of a note, and whether the note's author is content."""

from django.db import models

from editorapp.generations.models import Generation
from editorapp.review.models.comments import Comment


class Answer(models.Model):
    """A take answers a comment on the take that it was made from."""

    class AnswerOutcome(models.TextChoices):
        OPEN = "", "Not judged yet"
        YES = "yes", "It does what was asked"
        NO = "no", "Not yet"

    generation = models.ForeignKey(Generation, on_delete=models.CASCADE, related_name="answers")
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="answers")
    outcome = models.CharField(max_length=4, choices=AnswerOutcome.choices, blank=True, default="")
    judged_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["generation", "comment"], name="answers_once"),
        ]

    def __str__(self) -> str:
        return f"#{self.generation_id} answers comment {self.comment_id}"
