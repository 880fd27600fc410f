"""Decision: approve a take, or ask for changes."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from editorapp.core import notes
from editorapp.core.notes import NoteNeeded
from editorapp.generations.models import Generation
from editorapp.review.models import Decision
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

__all__ = ["NotDecidable", "NoteNeeded", "decide"]

LONGEST_NOTE = 4000


class NotDecidable(Exception):
    """There is no finished take to decide about."""


def decide(
    generation: Generation, verdict: str, *, member: Member, note: str, now: datetime
) -> Decision:
    """Write a decision down; it counts until the next one. The note is for whoever made the take.

    Raises: PermissionDenied; NotDecidable; NoteNeeded; ValueError, for a verdict that does not
    exist.
    """
    if generation.team_id != member.team_id or not member.may(Act.DECIDE):
        raise PermissionDenied("This role may not decide about takes.")
    chosen, note = Decision.Verdict(verdict), notes.kept(note, longest=LONGEST_NOTE)
    if not generation.is_done:
        raise NotDecidable("Only a finished take can be approved or sent back.")
    if chosen == Decision.Verdict.NEEDS_CHANGES and not note:
        raise NoteNeeded("Say what should change: the note is what the creator works from.")
    with transaction.atomic():
        # First, for its lock: of two decisions at once, the one that is written last is the one
        # that the take shows.
        Generation.objects.filter(pk=generation.pk).update(review=chosen)
        decision = Decision.objects.create(
            generation=generation, verdict=chosen, note=note, decided_by=member.user, decided_at=now
        )
    generation.review = chosen
    return decision
