"""Decision: approve a take, or ask for changes."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from editorapp.core import notes
from editorapp.core.locks import locked
from editorapp.core.notes import NoteNeeded
from editorapp.generations.models import Generation
from editorapp.review import notices
from editorapp.review.approval import outcome
from editorapp.review.models import Decision, ReviewRequest
from editorapp.review.signals import said
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

__all__ = ["NotDecidable", "NoteNeeded", "decide"]

LONGEST_NOTE = 4000


class NotDecidable(Exception):
    """There is no finished take to decide about."""


def decide(
    generation: Generation,
    verdict: str,
    *,
    member: Member,
    note: str,
    now: datetime,
) -> Decision:
    """Write a decision down; of each person the newest counts, by the team's rule. The note is for
    whoever made the take.

    Raises: PermissionDenied; NotDecidable; NoteNeeded; ValueError, for a verdict that does not
    exist.
    """
    if generation.team_id != member.team_id or not member.may(Act.DECIDE):
        raise PermissionDenied("This role may not decide about takes.")
    chosen = Decision.Verdict(verdict)
    note = notes.kept(note, longest=LONGEST_NOTE)
    if not generation.is_done:
        raise NotDecidable("Only a finished take can be approved or sent back.")
    if chosen == Decision.Verdict.NEEDS_CHANGES and not note:
        raise NoteNeeded("Say what should change: the note is what the creator works from.")
    if chosen == Decision.Verdict.APPROVED and generation.created_by_id == member.user_id:
        raise NotDecidable("Somebody else approves what you made: ask a reviewer.")
    with transaction.atomic():
        # First, for its lock: of two decisions at once, the later one sees the other.
        locked(Generation.objects.filter(pk=generation.pk))
        decision = Decision.objects.create(
            generation=generation,
            verdict=chosen,
            note=note,
            decided_by=member.user,
            decided_at=now,
        )
        asked = ReviewRequest.objects.filter(generation=generation, reviewer=member.user)
        asked.filter(decided_at=None).update(decided_at=now)
        notices.decided(decision, by=member, now=now)
        said.send(Decision, takes=[generation.pk])
        generation.review = outcome(generation)
        Generation.objects.filter(pk=generation.pk).update(review=generation.review)
    return decision
