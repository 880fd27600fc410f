"""Playlists: takes in the order of a sitting."""

from django.db import models
from django.db.models.functions import Coalesce

from editorapp.core.exists_by_row import ExistsByRow
from editorapp.generations.models import Generation
from editorapp.teams.models import Member, Team, User
from editorapp.teams.roles import Act


class PlaylistQuerySet(models.QuerySet["Playlist"]):
    def visible_to(self, member: Member) -> "PlaylistQuerySet":
        """Return the team's playlists that somebody sees: one that holds takes, of which they see
        none, is not there for them, unless they made it.
        """
        rows = self.filter(team_id=member.team_id)
        if member.sees_all:
            return rows
        if not member.may(Act.SEE_TEAM):
            return rows.none()
        items = PlaylistItem.objects.filter(playlist=models.OuterRef("pk"))
        seen = _seen(items, member)
        is_empty = ~ExistsByRow(items)
        return rows.filter(is_empty | ExistsByRow(seen) | models.Q(made_by=member.user_id))

    def with_counts(self, member: Member) -> "PlaylistQuerySet":
        """Return the playlists with the `count` of their takes that somebody sees."""
        items = PlaylistItem.objects.filter(playlist=models.OuterRef("pk")).order_by()
        shown = items if member.sees_all else _seen(items, member)
        counted = shown.values("playlist").annotate(n=models.Count("pk")).values("n")
        return self.annotate(count=Coalesce(models.Subquery(counted), 0))


def _seen(
    items: "models.QuerySet[PlaylistItem]",
    member: Member,
) -> "models.QuerySet[PlaylistItem]":
    """Return the places of takes that somebody sees: looked up one by one, for a list has few."""
    takes = Generation.objects.visible_to(member).filter(pk=models.OuterRef("generation"))
    return items.filter(models.Exists(takes))


class Playlist(models.Model):
    """A named row of takes of one team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="playlists")
    name = models.CharField(max_length=120)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    objects = PlaylistQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["team", "-id"], name="playlist_newest")]

    def __str__(self) -> str:
        return self.name


class PlaylistItem(models.Model):
    """A take's place in a playlist; places begin at 1 and have no gaps."""

    playlist = models.ForeignKey(Playlist, on_delete=models.CASCADE, related_name="items")
    generation = models.ForeignKey(Generation, on_delete=models.CASCADE, related_name="+")
    place = models.PositiveIntegerField()

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["playlist", "generation"], name="once_in_a_playlist"),
        ]

    def __str__(self) -> str:
        return f"{self.place}. #{self.generation_id} in {self.playlist}"
