"""Costs: the ledger, the budgets, the month's sums kept beside them, and prices that providers were asked
for.
"""

from datetime import datetime, timedelta

from django.db import models

from editorapp.core.append_only import AppendOnly, AppendOnlyQuerySet
from editorapp.core.money import UsdField
from editorapp.media.models import Asset
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member, Team


class EntryQuerySet(AppendOnlyQuerySet["Entry"]):
    """Lines, and which of them add up to what: every figure of money is the sum of one of these
    selections.
    """

    def visible_to(self, member: Member) -> "EntryQuerySet":
        """Return the team's lines for who may see all costs, else only the person's own."""
        rows = self.filter(team_id=member.team_id)
        return rows if member.may_see_all_costs else rows.filter(person_id=member.user_id)

    def spent(self) -> "EntryQuerySet":
        """Return what was charged, and what corrects it."""
        return self.filter(kind__in=SPENT)

    def charges(self) -> "EntryQuerySet":
        """Return the charges alone: one for each attempt that was charged."""
        return self.filter(kind=Entry.Kind.CHARGE)

    def released(self) -> "EntryQuerySet":
        """Return what was given back."""
        return self.filter(kind=Entry.Kind.RELEASE)

    def for_failures(self) -> "EntryQuerySet":
        """Return what is spent on attempts that brought nothing, whatever a later attempt brought."""
        return self.spent().filter(models.Exists(FRUITLESS))

    def held(self) -> "EntryQuerySet":
        """Return the reservations that are neither charged nor released."""
        return self.filter(~_closed(), kind=Entry.Kind.RESERVE)

    def used(self) -> "EntryQuerySet":
        """Return what counts against a budget: what is spent, and what is still held."""
        return self.filter(
            models.Q(kind__in=SPENT) | (models.Q(kind=Entry.Kind.RESERVE) & ~_closed())
        )


class OfMonth(models.Model):
    """Of which money a row is: a team's, in a month, real or simulated."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    month = models.DateField()  # the first of the month in which the money was reserved (UTC)
    is_simulated = models.BooleanField()

    class Meta:
        abstract = True


class OfPerson(OfMonth):
    """And for whom and what. Plain values: history outlives what it is about."""

    person_id = models.BigIntegerField()
    person_name = models.CharField(max_length=200)
    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=80)
    task = models.CharField(max_length=16)

    class Meta:
        abstract = True


class Entry(AppendOnly, OfPerson):
    """One line of the ledger.

    For each attempt: reserved = charged + released + still held, at every instant.

    A charge above the reservation is two lines: the charge, as high as the reservation, and an
    adjustment for the rest.
    """

    class Kind(models.TextChoices):
        RESERVE = "reserve", "Reserved"
        CHARGE = "charge", "Charged"
        RELEASE = "release", "Released"
        ADJUST = "adjust", "Adjusted"  # carries its own number, may be negative

    at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    amount_usd = UsdField()
    is_estimated = models.BooleanField(default=False)  # a charge that the provider did not report
    generation_id = models.BigIntegerField()  # plain values too
    attempt_id = models.BigIntegerField()
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
                condition=models.Q(amount_usd__gte=0) | models.Q(kind="adjust"),
                name="no_negative_amount",
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


SPENT = (Entry.Kind.CHARGE, Entry.Kind.ADJUST)
CLOSING = (Entry.Kind.CHARGE, Entry.Kind.RELEASE)


def _closed() -> models.Exists:
    """Is the reservation of this line's attempt charged or released?"""
    return models.Exists(
        Entry.objects.filter(attempt_id=models.OuterRef("attempt_id"), kind__in=CLOSING)
    )


class Fruitless(models.Model):
    """An attempt that brought nothing, as far as is known: what is spent on it is spent on a
    failure.

    Written with its state (generations/models/attempt.py), under the lock of its reservation: see
    costs/fruitless.py.
    """

    attempt_id = models.BigIntegerField(primary_key=True)  # a plain value, as in Entry

    def __str__(self) -> str:
        return f"attempt {self.attempt_id}, which brought nothing"


# Of a line: did its attempt bring nothing?
FRUITLESS = Fruitless.objects.filter(attempt_id=models.OuterRef("attempt_id"))


class MonthBudget(OfMonth):
    """A team's month: what may be spent, what is held and what is spent; the one row that a
    reservation updates.
    """

    limit_usd = UsdField(null=True, blank=True)  # None: no limit
    reserved_usd = UsdField(default=0)
    spent_usd = UsdField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "month", "is_simulated"], name="one_budget_per_month"
            ),
            models.CheckConstraint(
                condition=models.Q(reserved_usd__gte=0), name="reserved_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.team} in {self.month:%Y-%m}"


class MonthCost(OfPerson):
    """What one person spent and holds in a month with a model's task: kept with every entry, so no
    page sums lines. Of each amount also how many lines it adds up.
    """

    held_usd = UsdField(default=0)
    # What also goes down: a count that is wrong is for the check to find, and stops no payment.
    holds = models.IntegerField(default=0)
    spent_usd = UsdField(default=0)  # charges and adjustments
    charges = models.PositiveIntegerField(default=0)
    adjusted_usd = UsdField(default=0)
    adjustments = models.PositiveIntegerField(default=0)
    released_usd = UsdField(default=0)
    releases = models.PositiveIntegerField(default=0)
    failed_usd = UsdField(default=0)  # of what is spent: on attempts that brought nothing
    failed_lines = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["team", "month", "is_simulated", "person_id", "provider", "model", "task"],
                name="one_sum_per_month_person_task",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person_name}, {self.model}, {self.month:%Y-%m}"


class PriceQuote(models.Model):
    """What a provider without a price list said that a draft would cost.

    Many drafts share a row: its prompt does not count, nor which pictures it names. Only a price
    that is known and not old may be reserved.
    """

    FRESH = timedelta(hours=1)
    # no answer by then: the wake-up was lost, or the queue stands still
    STUCK = timedelta(minutes=2)

    class State(models.TextChoices):
        ASKING = "asking", "Asking"
        KNOWN = "known", "Known"
        FAILED = "failed", "Failed"

    account = models.ForeignKey(
        ProviderAccount, on_delete=models.CASCADE, related_name="price_quotes"
    )
    key = models.CharField(max_length=64)  # sha256 of what may move the price
    # the draft that stands for all of this key: GenerationRequest.to_json()
    request = models.JSONField()
    source = models.ForeignKey(
        Asset, null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.ASKING)
    low_usd = UsdField(null=True, blank=True)
    high_usd = UsdField(null=True, blank=True)
    basis = models.CharField(max_length=200, blank=True)  # "42 CU at $0.01"
    note = models.TextField(blank=True)  # what goes with the price; why there is none
    asked_at = models.DateTimeField(db_index=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["account", "key"], name="one_asked_price_per_draft")
        ]

    def __str__(self) -> str:
        return f"price asked of {self.account}: {self.state}"

    def is_old(self, now: datetime) -> bool:
        return now - self.asked_at > self.FRESH

    def is_stuck(self, now: datetime) -> bool:
        return self.state == self.State.ASKING and now - self.asked_at > self.STUCK
