"""Coordination: what the engine notes of itself: signs of life, leases, accounts that rest, checks of the books."""

from django.db import models

from editorapp.providers.models import ProviderAccount


class Heartbeat(models.Model):
    """When each part of the engine last gave a sign of life."""

    name = models.CharField(max_length=60, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"


class Lease(models.Model):
    """Who does what only one may do at a time (a provider's sweep, the ticker), and until when."""

    name = models.CharField(max_length=80, primary_key=True)
    holder = models.UUIDField(null=True, blank=True)
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} until {self.until}"


class Pause(models.Model):
    """Nothing is sent to this account before `until`: it said "too many requests", or it does not
    answer.
    """

    account = models.OneToOneField(
        ProviderAccount,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="pause",
    )
    until = models.DateTimeField()
    reason = models.CharField(max_length=300)
    since = models.DateTimeField(null=True, blank=True)  # it has taken nothing since then
    # How often that was found so, one after the other.
    tries = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.account} until {self.until}: {self.reason}"


class BooksCheck(models.Model):
    """What one check of the ledger found: see checks/books.py. Kept for the status page."""

    at = models.DateTimeField(db_index=True)
    seconds = models.FloatField()
    lines = models.PositiveBigIntegerField()
    last_line = models.PositiveBigIntegerField(default=0)  # the newest of them; 0: not noted
    attempts = models.PositiveBigIntegerField()
    difference_count = models.PositiveIntegerField()
    differences = models.JSONField(default=list)  # the first of them, as sentences

    def __str__(self) -> str:
        return f"{self.difference_count} differences in {self.lines} lines"
