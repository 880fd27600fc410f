"""Audit entries: who did what, on what, from where and why. Added, never changed."""

from django.db import models

from editorapp.core.append_only import AppendOnly, AppendOnlyQuerySet
from editorapp.teams.models.members import Member


class AuditEntryQuerySet(AppendOnlyQuerySet["AuditEntry"]):
    def visible_to(self, member: Member) -> "AuditEntryQuerySet":
        """Return what was done in the member's team."""
        return self.filter(team_id=member.team_id)


class AuditEntry(AppendOnly):
    """One act that was done.

    It has no foreign keys: it stays as it was written, whoever and whatever goes. `subject` names
    what it was done to in two words, "take:12"; `about` is what that was called then. `facts` are
    what the act changed, by name: text, numbers, or [before, after].
    """

    team_id = models.BigIntegerField()
    actor_id = models.BigIntegerField(null=True)  # None: nobody was signed in
    actor_name = models.CharField(max_length=200)
    address = models.CharField(max_length=60)  # from where: an IP address, "engine", "command line"
    act = models.CharField(max_length=40)
    subject = models.CharField(max_length=60, blank=True)
    about = models.CharField(max_length=200, blank=True)
    why = models.CharField(max_length=500, blank=True)
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["team_id", "-id"], name="audit_newest"),
            models.Index(fields=["team_id", "actor_id", "-id"], name="audit_by_actor"),
            models.Index(fields=["team_id", "act", "-id"], name="audit_by_act"),
            models.Index(fields=["team_id", "subject", "-id"], name="audit_by_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name}: {self.act} {self.subject}".strip()
