"""Decider: who says what became of an attempt, and what is written down of it."""

from dataclasses import dataclass
from datetime import datetime

from editorapp.generations.models import Attempt, Settlement
from editorapp.teams.models import User


@dataclass(frozen=True)
class Decider:
    """Who decides: a person, or nobody but the engine itself."""

    user: User | None = None

    @property
    def name(self) -> str:
        return str(self.user) if self.user else "Rushes"


ITSELF = Decider()


def write_down(
    attempt: Attempt,
    outcome: Settlement.Outcome,
    by: Decider,
    *,
    now: datetime,
    note: str,
) -> None:
    """Keep who decided what, when and why."""
    Settlement.objects.create(
        attempt=attempt,
        at=now,
        outcome=outcome,
        person=by.user,
        note=note,
    )


def audit(what: str, by: Decider, note: str) -> str:
    """Return the words of a ledger line about a decision."""
    return f"{by.name}: {what}. {note}".strip()
