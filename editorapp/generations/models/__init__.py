"""The tables of generations; import them from here."""

from editorapp.generations.models.attempt import (
    Attempt,
    InvalidTransition,
    Overtaken,
    Priority,
    Transition,
    move,
    newest,
    turn_of,
)
from editorapp.generations.models.branch_run import BranchRun, BranchStep
from editorapp.generations.models.coordination import BooksCheck, Heartbeat, Lease, Pause
from editorapp.generations.models.generation import Generation, GenerationQuerySet
from editorapp.generations.models.prepared import NOTHING_WRONG, Fields, failure
from editorapp.generations.models.reconciliation import Search, Settlement
from editorapp.generations.models.verification import HeardAnswer, Verification

__all__ = [
    "NOTHING_WRONG",
    "Attempt",
    "BooksCheck",
    "BranchRun",
    "BranchStep",
    "Fields",
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
    "Transition",
    "Verification",
    "failure",
    "move",
    "newest",
    "turn_of",
]
