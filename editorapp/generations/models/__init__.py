"""The tables of generations; import them from here."""

from editorapp.generations.models.attempt import (
    Attempt,
    InvalidTransition,
    Overtaken,
    Priority,
    turn_of,
)
from editorapp.generations.models.coordination import BooksCheck, Heartbeat, Lease, Pause
from editorapp.generations.models.generation import Generation, GenerationQuerySet
from editorapp.generations.models.reconciliation import Search, Settlement
from editorapp.generations.models.verification import HeardAnswer, Verification

__all__ = [
    "Attempt",
    "BooksCheck",
    "Generation",
    "GenerationQuerySet",
    "HeardAnswer",
    "Heartbeat",
    "InvalidTransition",
    "Lease",
    "Overtaken",
    "Pause",
    "Priority",
    "Search",
    "Settlement",
    "Verification",
    "turn_of",
]
