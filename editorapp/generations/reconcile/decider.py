"""Decider: who says what became of an attempt, when and why, and what is written down of it."""

from dataclasses import dataclass
from datetime import datetime

from editorapp.generations import auditing
from editorapp.generations.models import Attempt, Settlement
from editorapp.teams.models import User

# What is written down of each outcome; of the others that it was settled.
ACTS = {
    Settlement.Outcome.SENT_AGAIN: "take.sent_again",
    Settlement.Outcome.STOPPED: "take.unfollowed",
    Settlement.Outcome.CORRECTED: "take.cost_corrected",
}


@dataclass(frozen=True)
class Decider:
    """Who decides, when, and how they know; `user` None: the engine itself."""

    user: User | None
    now: datetime
    note: str = ""

    @property
    def name(self) -> str:
        return str(self.user) if self.user else "Rushes"

    def line(self, what: str) -> str:
        """Return the words of a ledger line about the decision."""
        return f"{self.name}: {what}. {self.note}".strip()

    def write_down(self, attempt: Attempt, outcome: Settlement.Outcome, says: str = "") -> None:
        """Keep who decided what, when and why; `says` goes before their note."""
        Settlement.objects.create(
            attempt=attempt,
            at=self.now,
            outcome=outcome,
            person=self.user,
            note=f"{says} {self.note}".strip(),
        )
        take, act = attempt.generation, ACTS.get(outcome, "take.settled")
        auditing.record(act, take, by=self.user, why=self.note, outcome=str(outcome), says=says)
