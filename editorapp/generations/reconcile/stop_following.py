"""Stop following: an admin says that nothing is to be expected of a job any more.

Its money stays held.
"""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from editorapp.core import notes
from editorapp.costs import ledger
from editorapp.generations.engine import poll_outcomes
from editorapp.generations.models import (
    Attempt,
    Generation,
    Overtaken,
    Settlement,
    newest,
)
from editorapp.generations.reconcile.decider import Decider, write_down
from editorapp.generations.states import State
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

TRIES = 3  # it is polled meanwhile, which changes its row


class NotFollowed(Exception):
    """There is nothing to stop: it is not at the provider, or not any more."""


def stop_following(
    generation: Generation,
    *,
    member: Member,
    now: datetime,
    note: str,
) -> Attempt:
    """Ask no more about a take's job, and leave it to be settled, with its money held; return its
    attempt.

    Writes: the state, a line in the ledger and a Settlement that say who and why, in one
            transaction.
    Raises: PermissionDenied; NoteNeeded; NotFollowed; Overtaken, when the row changes with every
            try.
    """
    if generation.team_id != member.team_id or not member.may(Act.STOP_FOLLOWING):
        raise PermissionDenied("Only an admin may stop following a take.")
    note = notes.required(note, why="Say why: the note is kept with the cost lines.")
    attempt = _running(generation)
    for left in reversed(range(TRIES)):
        try:
            _stop(attempt, member, now=now, note=note)
            break
        except Overtaken:
            if not left:
                raise
            attempt = _running(generation)
    generation.refresh_from_db()
    return attempt


def _running(generation: Generation) -> Attempt:
    """Return the newest attempt, which is at the provider. Raises: NotFollowed."""
    attempt = newest(generation)
    if attempt.state != State.RUNNING:
        raise NotFollowed("It is not at the provider any more: look at what it says now.")
    return attempt


def _stop(attempt: Attempt, member: Member, *, now: datetime, note: str) -> None:
    by = Decider(member.user)
    job = attempt.provider_job_id
    with transaction.atomic():
        says = f"{by.name} stopped following it: {note} Nothing is asked about job {job} any more."
        poll_outcomes.lost(attempt, says, now=now, code="not_followed")
        line = f"{by.name}: stopped following job {job}. {note}"
        ledger.remark(attempt.pk, line, now=now)
        write_down(attempt, Settlement.Outcome.STOPPED, by, now=now, note=note)
