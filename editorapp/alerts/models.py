"""Alerts: what needs a person, since when, and who was told."""

from django.conf import settings
from django.db import models

from editorapp.teams.models import Member, Team


class AlertKind(models.TextChoices):
    UNKNOWN_OUTCOME = "unknown_outcome", "Outcome unknown"
    LOST = "lost", "Lost at the provider"
    FETCH_FAILED = "fetch_failed", "Result not fetched"
    RESULT_EXPIRING = "result_expiring", "Result about to expire"
    OVERDUE = "overdue", "Takes longer than it should"
    NOT_SENT = "not_sent", "Cannot be sent"
    PRICE = "price", "Reported price makes no sense"
    ACCOUNT = "account", "Account with a provider"
    LEDGER = "ledger", "The books do not balance"
    DISK_FULL = "disk_full", "Disk almost full"
    ENGINE = "engine", "Engine gives no sign of life"
    FAULT = "fault", "A part of Rushes fails"


class AlertQuerySet(models.QuerySet["Alert"]):
    def still_open(self) -> "AlertQuerySet":
        return self.filter(closed_at__isnull=True)

    def visible_to(self, member: Member) -> "AlertQuerySet":
        """Return the team's own alerts and those of the whole installation."""
        return self.filter(models.Q(team_id=member.team_id) | models.Q(team__isnull=True))


class Alert(models.Model):
    """One thing that needs a person; at most one is open for each kind and subject.

    `tell_at` is both the schedule and the lease of telling: to claim a due row is to push it
    forward with a fresh `lease_token`. `told_to` lists who has taken the opening and `end_told_to`
    who has taken the end: addresses, and "webhook". So what failed for one is sent again to that
    one only.
    """

    kind = models.CharField(max_length=20, choices=AlertKind.choices)
    subject = models.CharField(max_length=80)  # "generation:12"
    message = models.TextField()
    # None: everybody
    team = models.ForeignKey(
        Team,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
    )
    # the page where something can be done about it
    path = models.CharField(max_length=300, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    tell_at = models.DateTimeField(null=True, blank=True)  # None: there is nothing to tell
    lease_token = models.UUIDField(null=True, blank=True)
    # when the first one had taken the opening
    told_at = models.DateTimeField(null=True, blank=True)
    told_to = models.JSONField(blank=True, default=list)
    end_told_to = models.JSONField(blank=True, default=list)
    tries = models.PositiveIntegerField(default=0)  # that failed in a row
    problem = models.TextField(blank=True)  # why the last one failed

    objects = AlertQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject"],
                condition=models.Q(closed_at__isnull=True),
                name="one_open_alert",
            )
        ]
        indexes = [
            models.Index(fields=["tell_at"], name="alert_to_tell"),
            models.Index(fields=["closed_at"], name="alert_by_end"),
            models.Index(fields=["told_at"], name="alert_by_telling"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.subject}"

    @property
    def is_over(self) -> bool:
        return self.closed_at is not None

    @property
    def url(self) -> str:
        """Return the address of the page where something can be done about it; "" for none."""
        return f"{settings.PUBLIC_URL}{self.path}" if self.path else ""

    @property
    def about(self) -> str:
        """Return what it is about in words: "#12"; "" where the kind says it all."""
        what, _colon, number = self.subject.partition(":")
        return f"#{number}" if what == "generation" else ""

    @property
    def title(self) -> str:
        """Return its kind and what it is about, on one line."""
        label = self.get_kind_display()
        return f"{label} ({self.about})" if self.about else label
