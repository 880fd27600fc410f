"""Teams: people, the team they work in, and the one-time links that let them in."""

import hashlib
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.crypto import constant_time_compare, salted_hmac

from editorapp.core.append_only import AppendOnly, AppendOnlyQuerySet
from editorapp.core.compiled_query import CompiledQuery
from editorapp.core.money import UsdField
from editorapp.teams.roles import Act, Role, may, who_may


class User(AbstractUser):
    """A person who can sign in.

    The user name is what they sign in with; usually an e-mail address.
    """

    display_name = models.CharField(max_length=80, blank=True)
    sign_outs = models.PositiveIntegerField(default=0)  # how often all sessions were ended at once

    def __str__(self) -> str:
        return self.display_name or self.username

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """Return what a session must know to be this person's: another after each time that all
        were ended.

        So a cookie from before stays worthless when the person comes back with the same password.
        """
        kept: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        if not self.sign_outs:
            return kept
        said = f"{kept}:{self.sign_outs}"
        salt = "editorapp.teams.sign_outs"
        return salted_hmac(salt, said, secret=secret, algorithm="sha256").hexdigest()

    def mark(self, purpose: str) -> str:
        """Return what something made for this person carries: it is good while the person's mark is
        still this one.

        Another password, and all sessions ended at once, change it: by whichever way that was done.
        """
        said: str = self.get_session_auth_hash()
        return salted_hmac(f"editorapp.teams.{purpose}", said, algorithm="sha256").hexdigest()


class Team(models.Model):
    """People who see each other's takes and share a budget."""

    name = models.CharField(max_length=80)
    monthly_limit_usd = UsdField(null=True, blank=True)  # None: no limit
    created_at = models.DateTimeField(auto_now_add=True)
    # nothing of the team's is sent since then
    queue_paused_at = models.DateTimeField(null=True, blank=True)
    queue_paused_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    def __str__(self) -> str:
        return self.name


class LimitChange(AppendOnly):
    """Who set a team's monthly limit to what, when and why; added, never changed."""

    team = models.ForeignKey(
        Team,
        on_delete=models.CASCADE,
        related_name="limit_changes",
    )
    at = models.DateTimeField()
    person = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="+",
    )
    before_usd = UsdField(null=True, blank=True)  # None: no limit
    after_usd = UsdField(null=True, blank=True)
    note = models.CharField(max_length=300)

    objects = AppendOnlyQuerySet["LimitChange"].as_manager()

    def __str__(self) -> str:
        return f"limit of {self.team} from {self.before_usd} to {self.after_usd}"


class MemberQuerySet(models.QuerySet["Member"]):
    def active(self) -> "MemberQuerySet":
        """Return those who belong to the team now."""
        return self.filter(disabled_at=None)

    def admins(self) -> "MemberQuerySet":
        """Return the admins who can sign in."""
        return self.active().filter(role=Role.ADMIN, user__is_active=True)

    def of_user(self, user_id: int) -> "Member | None":
        """Return a person's place, read together with them and their team."""
        return next(iter(_places_of(int(user_id))), None)

    def who_may(self, act: Act) -> "MemberQuerySet":
        """Return those who belong to the team now and whose role allows the act."""
        return self.active().filter(role__in=who_may(act))


@CompiledQuery
def _places_of(user: int) -> "models.QuerySet[Member]":
    rows = Member.objects.active().filter(user_id=user).select_related("team", "user")
    return rows.order_by("pk")[:1]


class Member(models.Model):
    """One person's place in a team.

    Who leaves is disabled: the row stays, for the name, the history and a way back.
    """

    team = models.ForeignKey(
        Team,
        on_delete=models.CASCADE,
        related_name="members",
    )
    user = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        related_name="memberships",
    )
    role = models.CharField(max_length=16, choices=Role.choices)
    joined_at = models.DateTimeField(auto_now_add=True)
    disabled_at = models.DateTimeField(null=True, blank=True)  # since then they may do nothing here
    disabled_by = models.ForeignKey(
        User,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

    objects = MemberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="one_membership_per_team")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team} ({self.role})"

    @property
    def is_active(self) -> bool:
        return self.disabled_at is None

    def may(self, act: Act) -> bool:
        return self.is_active and may(self.role, act)

    def may_answer_for(self, user_id: int, act: Act = Act.ANSWER) -> bool:
        """May they do this to this person's takes, and to the money that these hold?"""
        return self.may(act if user_id == self.user_id else Act.ANSWER_FOR_ALL)

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
    """Signs one person in; printed on the terminal of the machine that Rushes runs on.

    It ends with what it was made under: the person's password, and the sessions that were open
    then.
    """

    user = models.ForeignKey(
        User,
        on_delete=models.CASCADE,
        related_name="+",
    )
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
