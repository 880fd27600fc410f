"""Stop following: an admin says that nothing is to be expected of a job any more.

Its money stays held.
"""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from editorapp.core import notes
from editorapp.costs import ledger
from editorapp.generations.engine import poll_outcomes
from editorapp.generations.models import Generation, Overtaken, Settlement, newest
from editorapp.generations.reconcile.decider import Decider
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
) -> None:
    """Ask no more about a take's job, and leave it to be settled, with its money held.

    Writes: the state, a line in the ledger and a Settlement that say who and why, in one
            transaction.
    Raises: PermissionDenied; NoteNeeded; NotFollowed; Overtaken, when the row changes with every
            try.
    """
    if generation.team_id != member.team_id or not member.may(Act.STOP_FOLLOWING):
        raise PermissionDenied("Only an admin may stop following a take.")
    note = notes.required(note, why="Say why: the note is kept with the cost lines.")
    by = Decider(member.user, now, note)
    for left in reversed(range(TRIES)):
        try:
            _stop(generation, by)
            break
        except Overtaken:
            if not left:
                raise
    generation.refresh_from_db()


def _stop(generation: Generation, by: Decider) -> None:
    attempt = newest(generation)
    if attempt.state != State.RUNNING:
        raise NotFollowed("It is not at the provider any more: look at what it says now.")
    job = attempt.provider_job_id
    with transaction.atomic():
        says = (
            f"{by.name} stopped following it: {by.note} Nothing is asked about job {job} any more."
        )
        poll_outcomes.lost(attempt, says, now=by.now, code="not_followed")
        ledger.remark(attempt.pk, by.line(f"stopped following job {job}"), now=by.now)
        by.write_down(attempt, Settlement.Outcome.STOPPED)
