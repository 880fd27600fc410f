"""Saved drafts, and the presets and recipes of a team: a form's values, as a browser would send
them.
"""

from django.db import models
from django.db.models.functions import Lower

from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from editorapp.teams.models import Member, Team, User
from editorapp.teams.roles import Act

Pairs = list[tuple[str, str]]  # a form's names and values, in its order


class SavedDraft(models.Model):
    """What one person has typed for one source, in one team.

    Nobody else may read it; it ends with the membership.
    """

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    # What the studio was opened for: "again:41", "replace:41", "generate"; "" for the source as
    # such.
    way = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=40, blank=True)  # "asset:12", "generation:41", "url", "id"
    source_name = models.CharField(
        max_length=200, blank=True
    )  # as it was called when this was saved
    values = models.JSONField()  # Pairs
    revision = models.PositiveIntegerField(default=1)
    saved_at = models.DateTimeField()
    # Which showing of the studio saved it last: that one has seen all of it.
    page = models.CharField(max_length=40, blank=True)
    # Which page's version it is, where another page's overtook it; "" for the one that counts.
    aside = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "way", "source", "aside"],
                name="one_draft_per_source",
            )
        ]
        indexes = [models.Index(fields=["member", "-saved_at"], name="draft_newest")]

    def __str__(self) -> str:
        return f"draft of {self.member_id} for {self.source or self.way}"

    @property
    def words(self) -> str:
        """The prompt that it holds."""
        return next((value for name, value in self.values if name == "prompt"), "")


class EditRecipeQuerySet(models.QuerySet["EditRecipe"]):
    def visible_to(self, member: Member) -> "EditRecipeQuerySet":
        """Return the team's recipes, but for those made of a take or a clip that somebody does not
        see.
        """
        rows = self.filter(team_id=member.team_id)
        if member.sees_all:
            return rows
        takes = Generation.objects.visible_to(member).values("pk")
        clips = Asset.objects.visible_to(member).values("pk")
        of_takes = models.Q(made_from=None) | models.Q(made_from__in=takes)
        return rows.filter(of_takes, models.Q(made_on=None) | models.Q(made_on__in=clips))


class EditRecipe(models.Model):
    """Settings that the team uses again: a preset, or a whole edit with its guide frames.

    `values` name no source. Keyframes keep their indexes on the grid of the clip that they were
    made on; `grid_frames` and `grid_fps` say which that is.
    """

    class Kind(models.TextChoices):
        PRESET = "preset", "Preset"
        RECIPE = "recipe", "Recipe"

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="recipes")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    values = models.JSONField()  # Pairs
    made_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    made_at = models.DateTimeField()
    made_on = models.ForeignKey(
        Asset,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    made_from = models.ForeignKey(
        Generation,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    grid_name = models.CharField(
        max_length=200, blank=True
    )  # the clip's name, also once it is gone
    grid_frames = models.PositiveIntegerField(default=0)  # 0: it was made on no clip that we know
    grid_fps_numerator = models.PositiveBigIntegerField(default=0)
    grid_fps_denominator = models.PositiveBigIntegerField(default=1)

    objects = EditRecipeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("team", Lower("name"), name="one_recipe_per_name"),
        ]

    def __str__(self) -> str:
        return self.name

    def is_changed_by(self, member: Member) -> bool:
        """May this member rename and delete it? Who made it may, and an admin."""
        if self.team_id != member.team_id or not member.may_create:
            return False
        return self.made_by_id == member.user_id or member.may(Act.MANAGE)
