"""Playlists: takes in the order of a sitting."""

from django.db import models

from editorapp.generations.models import Generation
from editorapp.teams.models import Member, Team, User


class PlaylistQuerySet(models.QuerySet["Playlist"]):
    def visible_to(self, member: Member) -> "PlaylistQuerySet":
        """Return the team's playlists that somebody sees: not one whose takes are all hidden from
        them, for its name may tell of these.
        """
        rows = self.filter(team_id=member.team_id)
        if member.sees_all:
            return rows
        items = PlaylistItem.objects.filter(playlist=models.OuterRef("pk"))
        takes = Generation.objects.visible_to(member).order_by().values("pk")
        seen = models.Exists(items.filter(generation__in=takes))
        own = models.Q(made_by=member.user_id)
        return rows.filter(own | ~models.Exists(items) | seen)


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
