"""Projects: boards of a team's takes, who is in them, and which of them somebody sees."""

from django.db import models
from django.db.models.functions import Lower

from editorapp.teams.models.members import Member, Team, User
from editorapp.teams.roles import Act


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, member: Member) -> "ProjectQuerySet":
        """Return the team's projects that somebody sees: all; those that are not private, and
        theirs; or theirs alone.
        """
        rows = self.filter(team_id=member.team_id)
        if member.sees_all:
            return rows
        theirs = models.Q(pk__in=projects_of(member))
        if member.may(Act.SEE_TEAM):
            return rows.filter(theirs | models.Q(is_private=False))
        return rows.filter(theirs)

    def current(self) -> "ProjectQuerySet":
        """Return those that takes may be put into."""
        return self.filter(archived_at=None)


class Project(models.Model):
    """A board of takes. `reference`: the team's own name of the job, say a number of an order."""

    class Colour(models.TextChoices):
        GREY = "grey", "Grey"
        RED = "red", "Red"
        AMBER = "amber", "Amber"
        GREEN = "green", "Green"
        BLUE = "blue", "Blue"
        VIOLET = "violet", "Violet"

    team = models.ForeignKey(
        Team,
        on_delete=models.CASCADE,
        related_name="projects",
    )
    name = models.CharField(max_length=80)
    colour = models.CharField(max_length=8, choices=Colour.choices, default=Colour.GREY)
    is_private = models.BooleanField(default=False)  # seen by its people, and by who sees all
    reference = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    archived_at = models.DateTimeField(null=True, blank=True)  # since then no take is put into it

    objects = ProjectQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint("team", Lower("name"), name="one_project_per_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_archived(self) -> bool:
        return self.archived_at is not None


class ProjectMember(models.Model):
    """Somebody who is in a project."""

    project = models.ForeignKey(
        Project,
        on_delete=models.CASCADE,
        related_name="people",
    )
    user = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        related_name="+",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="once_in_a_project"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.project}"


def projects_of(member: Member) -> "models.QuerySet[ProjectMember, int]":
    """Return the numbers of the projects that somebody is in, for a query."""
    rows = ProjectMember.objects.filter(user_id=member.user_id, project__team_id=member.team_id)
    return rows.values_list("project_id", flat=True)


def seen_by(member: Member) -> models.Q:
    """Return which rows with a `project` somebody sees who does not see all: what belongs to no
    project and what is not private, and their projects'; of guests only the last.
    """
    if not member.may(Act.SEE):
        return models.Q(pk__in=[])
    if not member.may(Act.SEE_TEAM):
        return models.Q(project__in=projects_of(member))
    private = Project.objects.filter(team_id=member.team_id, is_private=True)
    hidden = private.exclude(pk__in=projects_of(member))
    return ~models.Q(project__in=hidden.values("pk"))  # few, where all that is seen may be many
