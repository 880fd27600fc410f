"""Decision: approve a take, or ask for changes."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from editorapp.core import notes
from editorapp.core.locks import locked
from editorapp.core.notes import NoteNeeded
from editorapp.generations.models import Generation
from editorapp.review import notices
from editorapp.review.approval import keep_outcome
from editorapp.review.models import Decision, ReviewRequest
from editorapp.review.signals import said
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

__all__ = ["NotDecidable", "NoteNeeded", "decide"]

LONGEST_NOTE = 4000


class NotDecidable(Exception):
    """There is no finished take to decide about, or it is one's own."""


def decide(
    generation: Generation,
    verdict: str,
    *,
    member: Member,
    note: str,
    now: datetime,
) -> Decision:
    """Write a decision down; of each person the newest counts, by the team's rule. The note is for
    whoever made the take, and may be empty.

    The same said twice in a row by one person is one decision, but for who is asked again in
    between. Raises: PermissionDenied; NotDecidable; NoteNeeded, for a note that cannot be kept;
    ValueError, for a verdict that does not exist.
    """
    if generation.team_id != member.team_id or not member.may(Act.DECIDE):
        raise PermissionDenied("This role may not decide about takes.")
    chosen = Decision.Verdict(verdict)
    note = notes.kept(note, longest=LONGEST_NOTE)
    if not generation.is_done:
        raise NotDecidable("Only a finished take can be approved or sent back.")
    if chosen == Decision.Verdict.APPROVED and generation.created_by_id == member.user_id:
        raise NotDecidable("Somebody else approves what you made: ask a reviewer.")
    with transaction.atomic():
        # First, for its lock: of two decisions at once, the later one sees the other.
        locked(Generation.objects.filter(pk=generation.pk))
        was_asked = _answer(generation, member, now=now)
        if not was_asked and (before := _same_before(generation, chosen, note, member)):
            return before
        decision = Decision.objects.create(
            generation=generation,
            verdict=chosen,
            note=note,
            decided_by=member.user,
            decided_at=now,
        )
        notices.decided(decision, by=member, now=now)
        said.send(Decision, takes=[generation.pk])
        keep_outcome(generation)
    return decision


def _answer(take: Generation, member: Member, *, now: datetime) -> bool:
    """Close the request to somebody to review a take; was there an open one?"""
    asked = ReviewRequest.objects.filter(generation=take, reviewer=member.user, decided_at=None)
    return bool(asked.update(decided_at=now))


def _same_before(take: Generation, verdict: str, note: str, member: Member) -> Decision | None:
    """Return the newest decision about a take, where it is somebody's and says just the same."""
    newest = Decision.objects.filter(generation=take).first()
    if newest is None or newest.decided_by_id != member.user_id:
        return None
    return newest if (newest.verdict, newest.note) == (verdict, note) else None
