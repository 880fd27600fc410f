"""Branch runs: a chain of takes made once more, step after step."""

from django.db import models

from editorapp.core.money import UsdField
from editorapp.generations.models.generation import Generation
from editorapp.teams.models import Team, User


class BranchRun(models.Model):
    """One press of "Run this branch again". Its steps are sent one after the other, each once the
    take before it is done: see branches/advance.py.
    """

    class State(models.TextChoices):
        OPEN = "open", "Running"
        DONE = "done", "Done"
        STOPPED = "stopped", "Stopped"

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="+")
    # Who agreed to the prices. They must still be able to create when a step is sent.
    person = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # The take that the first step is made from; None for the source that it had.
    onto = models.ForeignKey(
        Generation, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    form_token = models.CharField(max_length=64)  # the same form sent twice makes one run
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    why = models.TextField(blank=True)  # why it stopped before its end, as a sentence
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["team", "form_token"], name="one_branch_run_per_form")
        ]
        indexes = [models.Index(fields=["state", "id"], name="branch_run_by_state")]

    def __str__(self) -> str:
        return f"branch run {self.pk}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class BranchStep(models.Model):
    """One take of a branch that is made once more, and what was made of it: nothing, while it waits
    for the step before.
    """

    run = models.ForeignKey(BranchRun, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()  # from 0
    original = models.ForeignKey(Generation, on_delete=models.PROTECT, related_name="branch_steps")
    agreed_usd = UsdField()  # what was shown: it is not sent for more
    generation = models.OneToOneField(
        Generation, null=True, blank=True, on_delete=models.PROTECT, related_name="branch_step"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "position"], name="one_branch_step_per_place")
        ]

    def __str__(self) -> str:
        return f"step {self.position} of branch run {self.run_id}"
