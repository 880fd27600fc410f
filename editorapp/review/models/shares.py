"""Shares: links by which people without an account see chosen takes, and who came by them."""

from datetime import datetime

from django.db import models

from editorapp.core.exists_by_row import ExistsByRow
from editorapp.generations.models import Generation
from editorapp.review.models.playlists import Playlist
from editorapp.teams.models import Member, Team, User


class ShareQuerySet(models.QuerySet["Share"]):
    def visible_to(self, member: Member) -> "ShareQuerySet":
        """Return the links of a member's team to takes that they see all of, and their own."""
        rows = self.filter(team_id=member.team_id)
        if member.sees_all:
            return rows
        seen = Generation.objects.visible_to(member).filter(pk=models.OuterRef("generation"))
        items = ShareItem.objects.filter(share=models.OuterRef("pk"))
        hidden = items.filter(~models.Exists(seen))
        return rows.filter(models.Q(made_by=member.user_id) | ~ExistsByRow(hidden))


class Share(models.Model):
    """A link to takes of one team: what it names, what it allows, and until when.

    Of the secret in the link only a hash can be searched for; the link itself is kept encrypted, so
    that who shared it can copy it again.
    """

    class Kind(models.TextChoices):
        TAKE = "take", "A take"
        COMPARE = "compare", "A comparison"
        PLAYLIST = "playlist", "A playlist"

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="shares")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    title = models.CharField(max_length=120, blank=True)
    token_sha256 = models.CharField(max_length=64, unique=True)
    token_locked = models.TextField()
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    playlist = models.ForeignKey(
        Playlist,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="shares",
    )
    is_frozen = models.BooleanField(default=True)  # else the newest of each take's versions
    expires_at = models.DateTimeField(null=True, blank=True)  # None: until it is revoked
    password = models.CharField(max_length=128, blank=True)  # hashed; "": none
    may_comment = models.BooleanField(default=False)
    may_download = models.BooleanField(default=False)
    shows_source = models.BooleanField(default=False)  # what a take was made from, beside it
    shows_prompt = models.BooleanField(default=False)
    shows_cost = models.BooleanField(default=False)
    has_watermark = models.BooleanField(default=False)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
    )
    visits = models.PositiveIntegerField(default=0)
    visited_at = models.DateTimeField(null=True, blank=True)

    objects = ShareQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["team", "-id"], name="share_newest")]

    def __str__(self) -> str:
        return self.title or f"{self.get_kind_display()} shared by {self.made_by}"

    def is_open(self, now: datetime) -> bool:
        """Does the link lead anywhere now?"""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class ShareItem(models.Model):
    """A take that a share names; of a shared playlist that is not frozen, its own items count."""

    share = models.ForeignKey(Share, on_delete=models.CASCADE, related_name="items")
    generation = models.ForeignKey(Generation, on_delete=models.CASCADE, related_name="+")
    place = models.PositiveIntegerField()

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["share", "generation"], name="once_in_a_share"),
        ]

    def __str__(self) -> str:
        return f"#{self.generation_id} in {self.share}"


class Guest(models.Model):
    """Somebody who came by a link, under the name that they gave; known by a key in their browser."""

    share = models.ForeignKey(Share, on_delete=models.CASCADE, related_name="guests")
    name = models.CharField(max_length=80)
    key_sha256 = models.CharField(max_length=64)
    network = models.CharField(max_length=64, blank=True)  # hashed: from where they came
    came_at = models.DateTimeField()
    visited_at = models.DateTimeField()
    visits = models.PositiveIntegerField(default=1)
    downloads = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["share", "key_sha256"], name="one_guest_of_a_key"),
        ]

    def __str__(self) -> str:
        return self.name
