"""Library's tables: the words of takes, and what people put on them to find them again."""

from django.db import models

from editorapp.generations.models import Generation
from editorapp.teams.models import Team, User


class Colour(models.TextChoices):
    """What a tag or a take can be marked with: names, so that each theme has its own shades."""

    NONE = "", "None"
    RED = "red", "Red"
    AMBER = "amber", "Amber"
    GREEN = "green", "Green"
    BLUE = "blue", "Blue"
    VIOLET = "violet", "Violet"
    GREY = "grey", "Grey"


class TakeText(models.Model):
    """The words by which a take is found, folded: see folding.py. The database indexes them: see the
    migrations.
    """

    generation = models.OneToOneField(
        Generation,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="+",
    )
    words = models.TextField()

    def __str__(self) -> str:
        return f"words of #{self.generation_id}"


class Tag(models.Model):
    """A word of a team for some of its takes."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="tags")
    name = models.CharField(max_length=60)
    folded = models.CharField(max_length=120)  # so that "Café" and "cafe" are one tag
    colour = models.CharField(max_length=8, choices=Colour.choices, blank=True, default="")

    class Meta:
        ordering = ["folded"]
        constraints = [
            models.UniqueConstraint(fields=["team", "folded"], name="one_tag_of_a_name"),
        ]

    def __str__(self) -> str:
        return self.name


class TakeTag(models.Model):
    """A tag on a take."""

    generation = models.ForeignKey(Generation, on_delete=models.CASCADE, related_name="take_tags")
    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="take_tags")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["generation", "tag"], name="tagged_once"),
        ]
        indexes = [models.Index(fields=["tag", "-generation"], name="take_by_tag")]

    def __str__(self) -> str:
        return f"{self.tag} on #{self.generation_id}"


class Star(models.Model):
    """A take that one person wants to find again."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="stars")
    generation = models.ForeignKey(Generation, on_delete=models.CASCADE, related_name="stars")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "generation"], name="starred_once"),
        ]
        indexes = [models.Index(fields=["user", "-generation"], name="take_by_star")]

    def __str__(self) -> str:
        return f"{self.user} starred #{self.generation_id}"


class Rating(models.Model):
    """How many stars, 1 to 5, one person gives a take."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    generation = models.ForeignKey(Generation, on_delete=models.CASCADE, related_name="ratings")
    value = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "generation"], name="rated_once"),
            models.CheckConstraint(
                condition=models.Q(value__gte=1, value__lte=5),
                name="a_rating_is_1_to_5",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.value} of 5 for #{self.generation_id} by {self.user}"


class Mark(models.Model):
    """What a team has put on a take as a whole: its colour, and the mean of its ratings in
    hundredths (420: 4.2 of 5), kept for filters and order.
    """

    generation = models.OneToOneField(
        Generation,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="mark",
    )
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    colour = models.CharField(max_length=8, choices=Colour.choices, blank=True, default="")
    rating = models.PositiveSmallIntegerField(default=0)  # 0: not rated
    rated_by = models.PositiveIntegerField(default=0)  # so many people

    class Meta:
        indexes = [
            models.Index(fields=["team", "colour", "-generation"], name="take_by_colour"),
            models.Index(fields=["team", "-rating", "-generation"], name="take_by_rating"),
            models.Index(
                fields=["team", "-generation"],
                name="take_rated",
                condition=models.Q(rating__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"marks of #{self.generation_id}"


class SavedView(models.Model):
    """The filters of a gallery under a name: a person's own, or for the whole team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="saved_views")
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=2000, blank=True)  # as it stands in the address
    is_shared = models.BooleanField(default=False)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["team", "owner", "name"], name="one_view_of_a_name"),
        ]

    def __str__(self) -> str:
        return self.name
