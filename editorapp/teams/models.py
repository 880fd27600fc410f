"""People, the team they work in, and the one-time links that let them in."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractUser
from django.db import models

from editorapp.core.money import UsdField
from editorapp.teams.roles import Act, Role, may


class User(AbstractUser):
    """A person who can sign in. The user name is what they sign in with; usually an e-mail address."""

    display_name = models.CharField(max_length=80, blank=True)

    def __str__(self) -> str:
        return self.display_name or self.username


class Team(models.Model):
    """People who see each other's takes and share a budget."""

    name = models.CharField(max_length=80)
    monthly_limit_usd = UsdField(null=True, blank=True)  # None: no limit
    created_at = models.DateTimeField(auto_now_add=True)
    queue_paused_at = models.DateTimeField(null=True, blank=True)  # nothing of the team's is sent since then
    queue_paused_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """One person's place in a team."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices)
    joined_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["team", "user"], name="one_membership_per_team")]

    def __str__(self) -> str:
        return f"{self.user} in {self.team} ({self.role})"

    def may(self, act: Act) -> bool:
        return may(self.role, act)

    @property
    def may_create(self) -> bool:
        return self.may(Act.CREATE)

    @property
    def may_decide(self) -> bool:
        return self.may(Act.DECIDE)

    @property
    def may_manage(self) -> bool:
        return self.may(Act.MANAGE)

    @property
    def may_stop_following(self) -> bool:
        return self.may(Act.STOP_FOLLOWING)

    @property
    def may_see_all_costs(self) -> bool:
        return self.may(Act.SEE_ALL_COSTS)


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
    """Signs one person in; printed on the terminal of the machine that Rushes runs on."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"sign-in link of {self.user}"

    @classmethod
    def make(cls, user: User, *, now: datetime, hours: int = 24) -> str:
        """Make a link and return its token, which is kept nowhere."""
        token = secrets.token_urlsafe(32)
        cls.objects.create(user=user, token_sha256=hash_token(token), expires_at=now + timedelta(hours=hours))
        return token


class Invite(OneTimeLink):
    """Lets one person join a team in a role."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="invites")
    role = models.CharField(max_length=16, choices=Role.choices)
    note = models.CharField(max_length=120, blank=True)  # for whom, in the admin's words
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    accepted_by = models.ForeignKey(User, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")

    def __str__(self) -> str:
        return f"invitation to {self.team} as {self.role}"

    @classmethod
    def make(
        cls, team: Team, role: str, *, invited_by: User, now: datetime, note: str = "", days: int = 7
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


class FailedSignIn(models.Model):
    """One wrong password, kept for some minutes so that guessing is slow."""

    name_sha256 = models.CharField(max_length=64)  # of the name as typed: people type passwords into name fields
    address = models.CharField(max_length=45)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["name_sha256", "at"], name="failed_sign_in_by_name"),
            models.Index(fields=["address", "at"], name="failed_sign_in_by_address"),
        ]

    def __str__(self) -> str:
        return f"wrong password from {self.address} at {self.at}"
