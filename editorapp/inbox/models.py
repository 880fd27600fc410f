"""Inbox's tables: notices, how a person wants their mail, webhooks and their deliveries."""

from django.conf import settings
from django.db import models

from editorapp.teams.models import Member, Team, User


class NoticeKind(models.TextChoices):
    """What a notice is about. The label is what settings offer."""

    COMMENT = "comment", "Notes on my takes"
    REPLY = "reply", "Answers to what I wrote"
    MENTION = "mention", "Where I am mentioned"
    ASKED = "asked", "Takes that I am asked to review"
    VERDICT = "verdict", "Verdicts on my takes"
    ANSWER = "answer", "Takes that answer my notes"
    TROUBLE = "trouble", "What went wrong with my takes"


class NoticeQuerySet(models.QuerySet["Notice"]):
    def of_member(self, member: Member) -> "NoticeQuerySet":
        """Return what this person is told in this team."""
        return self.filter(team_id=member.team_id, user_id=member.user_id)

    def unread(self) -> "NoticeQuerySet":
        return self.filter(read_at=None)


class Notice(models.Model):
    """One thing that one person is told.

    `event` names what happened, so that telling it again tells nothing new. `mail_at` is both the
    schedule and the lease of its mail: to claim a due row is to push it forward with a fresh
    `lease_token`; None: no mail (any more).
    """

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=16, choices=NoticeKind.choices)
    event = models.CharField(max_length=80)  # "comment:12"
    path = models.CharField(max_length=300)  # the page that shows it
    actor_name = models.CharField(max_length=150, blank=True)
    words = models.CharField(max_length=300)
    at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)
    mail_at = models.DateTimeField(null=True, blank=True)
    lease_token = models.UUIDField(null=True, blank=True)
    mail_tries = models.PositiveIntegerField(default=0)
    mail_problem = models.CharField(max_length=300, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "event"], name="told_once"),
        ]
        indexes = [
            models.Index(fields=["user", "team", "-id"], name="notice_newest"),
            models.Index(
                fields=["user", "team"],
                name="notice_unread",
                condition=models.Q(read_at__isnull=True),
            ),
            models.Index(
                fields=["mail_at"],
                name="notice_to_mail",
                condition=models.Q(mail_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event} for {self.user_id}"

    @property
    def url(self) -> str:
        """Return the address of the page that shows it."""
        return f"{settings.PUBLIC_URL}{self.path}"

    @property
    def page(self) -> str:
        """Return the page that shows it, without the place on it."""
        return self.path.partition("#")[0]


class MailPreference(models.Model):
    """How a person wants their notices by mail; without a row, and for a kind that it does not name:
    at once.
    """

    class When(models.TextChoices):
        AT_ONCE = "at_once", "At once"
        DAILY = "daily", "Once a day"
        NEVER = "never", "Never"

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="mail_preference")
    by_kind = models.JSONField(default=dict, blank=True)  # {NoticeKind: When}
    hour = models.PositiveSmallIntegerField(default=7)  # of the daily mail, in UTC

    def __str__(self) -> str:
        return f"mail of {self.user_id}"

    def when(self, kind: str) -> str:
        """Return how mails about this kind are wanted."""
        chosen: str = self.by_kind.get(kind, self.When.AT_ONCE)
        return chosen if chosen in self.When else self.When.AT_ONCE


class Webhook(models.Model):
    """An address of a team that is posted what happens; the address itself may be a password."""

    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="webhooks")
    name = models.CharField(max_length=80)
    address_locked = models.TextField()  # encrypted
    secret_locked = models.TextField()  # signs each post; encrypted
    kinds = models.JSONField(default=list)  # of NoticeKind
    is_enabled = models.BooleanField(default=True)
    made_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()

    delivery: "Delivery | None" = None  # the newest, where it was read with it

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One event for one webhook, and what became of it: the log of deliveries."""

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.CharField(max_length=100)  # "mention comment:12"
    body = models.JSONField()
    made_at = models.DateTimeField()
    next_at = models.DateTimeField(null=True, blank=True)  # None: delivered, or given up
    lease_token = models.UUIDField(null=True, blank=True)
    tries = models.PositiveIntegerField(default=0)
    status = models.PositiveIntegerField(null=True, blank=True)  # of the last answer
    problem = models.CharField(max_length=300, blank=True)  # why the last try failed
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["webhook", "event"], name="posted_once"),
        ]
        indexes = [
            models.Index(fields=["webhook", "-id"], name="delivery_newest"),
            models.Index(
                fields=["next_at"],
                name="delivery_due",
                condition=models.Q(next_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} for {self.webhook}"

    @property
    def is_given_up(self) -> bool:
        return self.delivered_at is None and self.next_at is None
