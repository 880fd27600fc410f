"""One-time links: what lets somebody in once, and the wrong tries at passwords."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.db import models
from django.utils.crypto import constant_time_compare

from editorapp.teams.models.members import Team, User
from editorapp.teams.models.projects import Project
from editorapp.teams.roles import Role


def hash_token(token: str) -> str:
    """Return what is kept of a link: whoever reads the database cannot use it."""
    return hashlib.sha256(token.encode()).hexdigest()


class OneTimeLink(models.Model):
    """A secret link that works once, until it expires."""

    token_sha256 = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def is_open(self, now: datetime) -> bool:
        return self.used_at is None and now < self.expires_at


class SignInLink(OneTimeLink):
    """Signs one person in; printed on the terminal of the machine that Rushes runs on.

    It ends with what it was made under: the person's password, and the sessions that were open
    then.
    """

    user = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        related_name="+",
    )
    # It asks for no second factor: who made it has the machine.
    passes_factor = models.BooleanField(default=False, editable=False)
    person_mark = models.CharField(max_length=64, default="", editable=False)  # see User.mark

    def __str__(self) -> str:
        return f"sign-in link of {self.user}"

    def is_open(self, now: datetime) -> bool:
        is_theirs = constant_time_compare(self.person_mark, self.user.mark(type(self).__name__))
        return super().is_open(now) and self.user.is_active and is_theirs


class Invite(OneTimeLink):
    """Lets one person join a team in a role."""

    team = models.ForeignKey(
        Team,
        on_delete=models.CASCADE,
        related_name="invites",
    )
    role = models.CharField(max_length=16, choices=Role.choices)
    note = models.CharField(max_length=120, blank=True)  # for whom, in the admin's words
    projects = models.ManyToManyField(Project, related_name="+", blank=True)  # let into at once
    invited_by = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        related_name="+",
    )
    accepted_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    def __str__(self) -> str:
        return f"invitation to {self.team} as {self.role}"

    @classmethod
    def make(
        cls,
        team: Team,
        role: str,
        *,
        invited_by: User,
        now: datetime,
        note: str = "",
        days: int = 7,
    ) -> tuple["Invite", str]:
        """Make an invitation and return it with its token, which is kept nowhere."""
        token = secrets.token_urlsafe(32)
        invite = cls.objects.create(
            team=team,
            role=role,
            note=note,
            invited_by=invited_by,
            token_sha256=hash_token(token),
            expires_at=now + timedelta(days=days),
        )
        return invite, token


class SignInTries(models.Model):
    """The wrong passwords for one name from one place (a network, or a browser that the person has
    used before).
    """

    # keyed: people type passwords into name fields
    pair = models.CharField(max_length=64, unique=True)
    count = models.PositiveIntegerField(default=0)
    # of those that counted: what came during a pause changes nothing
    last_at = models.DateTimeField(db_index=True)
    next_at = models.DateTimeField()  # until then no password is looked at

    def __str__(self) -> str:
        return f"{self.count} wrong tries, the last at {self.last_at}"
