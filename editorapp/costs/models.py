"""The ledger, the budgets, and the month's sums kept beside them."""

from typing import Any

from django.db import models

from editorapp.core.money import UsdField
from editorapp.teams.models import Member, Team


class LedgerIsAppendOnly(Exception):
    """Somebody tried to change or delete a ledger entry."""


class EntryQuerySet(models.QuerySet["Entry"]):
    def update(self, **kwargs: Any) -> int:
        raise LedgerIsAppendOnly("Ledger entries are never changed: add an adjustment.")

    def bulk_update(self, *args: Any, **kwargs: Any) -> int:
        raise LedgerIsAppendOnly("Ledger entries are never changed: add an adjustment.")

    def delete(self) -> tuple[int, dict[str, int]]:
        raise LedgerIsAppendOnly("Ledger entries are never deleted.")

    def visible_to(self, member: Member) -> "EntryQuerySet":
        """Return the team's lines for who may see all costs, else only the person's own."""
        rows = self.filter(team_id=member.team_id)
        return rows if member.may_see_all_costs else rows.filter(person_id=member.user_id)


class Entry(models.Model):
    """One line of the ledger. For each attempt: reserved = charged + released + still held, at every instant.

    A charge above the reservation is two lines: the charge, as high as the reservation, and an adjustment for the rest.
    """

    class Kind(models.TextChoices):
        RESERVE = "reserve", "Reserved"
        CHARGE = "charge", "Charged"
        RELEASE = "release", "Released"
        ADJUST = "adjust", "Adjusted"  # carries its own number, may be negative

    at = models.DateTimeField()
    month = models.DateField()  # the first of the month in which the money was reserved (UTC)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    amount_usd = UsdField()
    is_estimated = models.BooleanField(default=False)  # a charge that the provider did not report
    is_simulated = models.BooleanField()
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    person_id = models.BigIntegerField()  # plain values from here: history outlives what it is about
    person_name = models.CharField(max_length=200)
    generation_id = models.BigIntegerField()
    attempt_id = models.BigIntegerField()
    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=80)
    task = models.CharField(max_length=16)
    note = models.CharField(max_length=300, blank=True)

    objects = EntryQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["attempt_id", "kind"],
                condition=~models.Q(kind="adjust"),
                name="one_of_each_kind_per_attempt",
            ),
            models.CheckConstraint(
                condition=models.Q(amount_usd__gte=0) | models.Q(kind="adjust"), name="no_negative_amount"
            ),
        ]
        indexes = [
            models.Index(fields=["team", "month", "-id"], name="entry_team_month"),
            models.Index(fields=["team", "person_id", "month", "-id"], name="entry_person_month"),
            models.Index(fields=["generation_id"], name="entry_generation"),
            models.Index(fields=["attempt_id"], name="entry_attempt"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.amount_usd} for attempt {self.attempt_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise LedgerIsAppendOnly("Ledger entries are never changed: add an adjustment.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        raise LedgerIsAppendOnly("Ledger entries are never deleted.")


class MonthBudget(models.Model):
    """A team's month: what may be spent, what is held and what is spent; the one row that a reservation updates."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    is_simulated = models.BooleanField()
    limit_usd = UsdField(null=True, blank=True)  # None: no limit
    reserved_usd = UsdField(default=0)
    spent_usd = UsdField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "month", "is_simulated"], name="one_budget_per_month"),
            models.CheckConstraint(condition=models.Q(reserved_usd__gte=0), name="reserved_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.team} in {self.month:%Y-%m}"


class MonthCost(models.Model):
    """What one person spent and holds with one model in a month: kept with every entry, so that no page sums lines."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    is_simulated = models.BooleanField()
    person_id = models.BigIntegerField()
    person_name = models.CharField(max_length=200)
    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=80)
    held_usd = UsdField(default=0)
    spent_usd = UsdField(default=0)
    charges = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "month", "is_simulated", "person_id", "provider", "model"],
                name="one_sum_per_month_person_model",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_name}, {self.model}, {self.month:%Y-%m}"
