"""Teams: people, the team they work in, and each one's place in it."""

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.crypto import salted_hmac

from editorapp.core.append_only import AppendOnly, AppendOnlyQuerySet
from editorapp.core.compiled_query import CompiledQuery
from editorapp.core.money import UsdField
from editorapp.teams.roles import Act, Role, assignable_by, may, who_may


class User(AbstractUser):
    """A person who can sign in.

    The user name is what they sign in with; usually an e-mail address.
    """

    display_name = models.CharField(max_length=80, blank=True)
    sign_outs = models.PositiveIntegerField(default=0)  # how often all sessions were ended at once
    # The team that they work in now; None, or one that they are not in (any more): their first.
    team_chosen = models.ForeignKey(
        "teams.Team",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )

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
    has_private_projects = models.BooleanField(default=False)  # kept by teams/projects.py
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

    def of_user(self, user_id: int) -> "Member | None":
        """Return a person's place in the team that they have chosen, read together with them and
        their team; `is_in_several` says whether they have others.
        """
        return next(iter(_places_of(int(user_id))), None)

    def who_may(self, act: Act) -> "MemberQuerySet":
        """Return those who belong to the team now and whose role allows the act."""
        return self.active().filter(role__in=who_may(act))


@CompiledQuery
def _places_of(user: int) -> "models.QuerySet[Member]":
    rows = Member.objects.active().filter(user_id=user).select_related("team", "user")
    is_chosen = models.Case(
        models.When(team_id=models.F("user__team_chosen"), then=0),
        default=1,
    )
    others = Member.objects.active().filter(user_id=user).exclude(pk=models.OuterRef("pk"))
    known = rows.annotate(is_in_several=models.Exists(others))
    return known.order_by(is_chosen, "pk")[:1]


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

    @property
    def sees_all(self) -> bool:
        """Do they see every take of the team? Costs no query: see Team.has_private_projects."""
        if self.may(Act.SEE_PRIVATE):
            return True
        return self.may(Act.SEE_TEAM) and not self.team.has_private_projects

    def may_answer_for(self, user_id: int, act: Act = Act.ANSWER) -> bool:
        """May they do this to this person's takes, and to the money that these hold?"""
        return self.may(act if user_id == self.user_id else Act.ANSWER_FOR_ALL)

    @property
    def may_create(self) -> bool:
        return self.may(Act.CREATE)

    @property
    def may_trash(self) -> bool:
        return self.may(Act.TRASH)

    @property
    def may_trash_for_all(self) -> bool:
        return self.may(Act.TRASH_FOR_ALL)

    @property
    def may_decide(self) -> bool:
        return self.may(Act.DECIDE)

    @property
    def may_export(self) -> bool:
        return self.may(Act.EXPORT)

    @property
    def may_manage(self) -> bool:
        return self.may(Act.MANAGE)

    @property
    def may_set_budget(self) -> bool:
        return self.may(Act.SET_BUDGET)

    @property
    def may_own(self) -> bool:
        return self.may(Act.OWN)

    @property
    def may_see_audit(self) -> bool:
        return self.may(Act.SEE_AUDIT)

    @property
    def may_see_costs(self) -> bool:
        return self.may(Act.SEE_COSTS)

    @property
    def may_open_studio(self) -> bool:
        return self.may(Act.STUDIO)

    @property
    def may_see_team(self) -> bool:
        return self.may(Act.SEE_TEAM)

    @property
    def may_organise(self) -> bool:
        return self.may(Act.ORGANISE)

    @property
    def may_share(self) -> bool:
        return self.may(Act.SHARE)

    def may_assign(self, role: str) -> bool:
        """May they give somebody of their team this role, or take it away?"""
        return self.is_active and role in assignable_by(self.role)

    @property
    def may_stop_following(self) -> bool:
        return self.may(Act.STOP_FOLLOWING)

    @property
    def may_see_all_costs(self) -> bool:
        return self.may(Act.SEE_ALL_COSTS)
