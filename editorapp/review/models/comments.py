"""Comments on takes: at a frame, a range or the whole take, with a drawing, replies and a trace of
what was changed.
"""

from django.db import models

from editorapp.core.append_only import AppendOnly, AppendOnlyQuerySet
from editorapp.generations.models import Generation
from editorapp.teams.models import Member, User


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible_to(self, member: Member) -> "CommentQuerySet":
        """Return what stands on takes that this member sees."""
        takes = Generation.objects.visible_to(member)
        return self.filter(generation__in=takes.values("pk"))

    def unresolved(self) -> "CommentQuerySet":
        """Return the first comments of threads that still ask for something."""
        return self.filter(parent=None, resolved_at=None, deleted_at=None)


class Comment(models.Model):
    """What somebody says about a take, or answers to that.

    `first_frame` and `last_frame` count from 0 on the result's own grid; both None: the whole take.
    `drawing` is a list of shapes relative to the picture: see review/drawing.py. A reply has the
    comment that it answers as `parent` and neither frames nor a drawing nor replies of its own.
    What was deleted stays as a row without words while it has replies.
    """

    generation = models.ForeignKey(
        Generation,
        on_delete=models.CASCADE,
        related_name="comments",
    )
    author = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    # Who has a link and no account, and the name that they gave.
    guest = models.ForeignKey(
        "review.Guest",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="comments",
    )
    guest_name = models.CharField(max_length=80, blank=True)
    text = models.TextField(max_length=4000, blank=True)
    first_frame = models.PositiveIntegerField(null=True, blank=True)
    last_frame = models.PositiveIntegerField(null=True, blank=True)
    drawing = models.JSONField(default=list, blank=True)
    parent = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="replies",
    )
    created_at = models.DateTimeField()
    edited_at = models.DateTimeField(null=True, blank=True)
    deleted_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    # The same form sent twice makes one comment.
    form_token = models.CharField(max_length=40)

    objects = CommentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["generation", "form_token"],
                name="one_comment_per_form",
            ),
            models.CheckConstraint(
                condition=models.Q(author__isnull=False) | ~models.Q(guest_name=""),
                name="a_comment_has_an_author",
            ),
            models.CheckConstraint(
                condition=models.Q(first_frame__isnull=True, last_frame__isnull=True)
                | models.Q(
                    first_frame__isnull=False,
                    last_frame__isnull=False,
                    first_frame__lte=models.F("last_frame"),
                ),
                name="a_comment_has_both_frames_or_none",
            ),
        ]
        indexes = [
            models.Index(
                fields=["generation", "id"],
                name="comment_unresolved",
                condition=models.Q(
                    parent__isnull=True,
                    resolved_at__isnull=True,
                    deleted_at__isnull=True,
                ),
            )
        ]

    def __str__(self) -> str:
        return f"comment on #{self.generation_id} by {self.by}"

    @property
    def by(self) -> str:
        """Return who says it, by name."""
        return str(self.author) if self.author else self.guest_name

    @property
    def is_deleted(self) -> bool:
        return self.deleted_at is not None

    @property
    def is_resolved(self) -> bool:
        return self.resolved_at is not None

    @property
    def is_range(self) -> bool:
        return self.first_frame != self.last_frame


class CommentEdit(AppendOnly):
    """What a comment said before it was changed or deleted; added, never changed."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="edits")
    at = models.DateTimeField()
    text = models.TextField(blank=True)
    first_frame = models.PositiveIntegerField(null=True, blank=True)
    last_frame = models.PositiveIntegerField(null=True, blank=True)
    drawing = models.JSONField(default=list, blank=True)

    objects = AppendOnlyQuerySet["CommentEdit"].as_manager()

    def __str__(self) -> str:
        return f"what comment {self.comment_id} said until {self.at}"


class Mention(models.Model):
    """Somebody is named in a comment."""

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["comment", "user"], name="mentioned_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in comment {self.comment_id}"
