"""Verification: what is kept of an account that is held against its provider's documents.

Nothing in here is a secret.
"""

from django.db import models

from editorapp.core.money import UsdField
from editorapp.generations.models.generation import Generation
from editorapp.media.models import Asset
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Team, User


class Verification(models.Model):
    """One such check: first all that costs nothing, then, once a person has agreed to its price,
    one take.
    """

    class State(models.TextChoices):
        CHECKING = "checking", "Checking what is free"
        READY = "ready", "Waits for a decision"
        PAID = "paid", "Follows the paid take"
        OVER = "over", "Over"

    account = models.ForeignKey(
        ProviderAccount,
        on_delete=models.CASCADE,
        related_name="verifications",
    )
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(
        max_length=8,
        choices=State.choices,
        default=State.CHECKING,
    )
    started_at = models.DateTimeField()
    # [{"name", "is_ok", "says"}], in the order in which they were made.
    steps = models.JSONField(default=list)
    says = models.CharField(max_length=300, blank=True, default="")  # why it goes no further
    clip = models.ForeignKey(
        Asset,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    # The draft that would be paid: GenerationRequest.to_json()
    request = models.JSONField(default=dict)
    low_usd = UsdField(null=True, blank=True)  # what it would cost
    high_usd = UsdField(null=True, blank=True)
    basis = models.CharField(max_length=300, blank=True, default="")
    take = models.OneToOneField(
        Generation,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="verification",
    )

    class Meta:
        indexes = [models.Index(fields=["state", "account"], name="verification_open")]
        constraints = [
            # Two people who begin at once begin one; so is a click that comes twice.
            models.UniqueConstraint(
                fields=["account", "team"],
                condition=models.Q(state__in=["checking", "ready", "paid"]),
                name="one_open_verification",
            )
        ]

    def __str__(self) -> str:
        return f"verification {self.pk} of {self.account}"

    @property
    def is_checking(self) -> bool:
        return self.state == self.State.CHECKING

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY

    @property
    def is_following(self) -> bool:
        """Is its take under way? One whose outcome is unknown is not: a person says what became of
        it.
        """
        return self.take is not None and not (self.take.is_final or self.take.is_unknown)

    @property
    def is_live(self) -> bool:
        """Will there be more to see by itself?"""
        return self.is_checking or self.is_following


class HeardAnswer(models.Model):
    """How a call was answered, without anything that was said: once for all answers of the same
    form.
    """

    verification = models.ForeignKey(
        Verification,
        on_delete=models.CASCADE,
        related_name="answers",
    )
    digest = models.CharField(max_length=64)  # of all below but the times and the lifetimes
    call = models.CharField(max_length=40)
    source = models.CharField(max_length=40, blank=True, default="")  # the contract's section
    status = models.PositiveSmallIntegerField()
    differences = models.JSONField(default=list)
    form = models.JSONField(default=list)  # ["job.status: a text"]
    prices = models.JSONField(default=dict)  # {"job.billing.cuCost": "8"}
    lifetimes = models.JSONField(default=dict)  # {"output[].url": 3599}, of the first of them
    times = models.PositiveIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["verification", "digest"], name="answer_heard_once")
        ]

    def __str__(self) -> str:
        return f"{self.call}: {self.status}, {self.times} times"
