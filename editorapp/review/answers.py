"""Answers: a take says which note it was made for, and its author says whether it does what was
asked. A yes resolves the note.
"""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from editorapp.core.locks import locked
from editorapp.generations.models import Generation
from editorapp.review.models import Answer, Comment
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

Outcome = Answer.AnswerOutcome


def answer(take: Generation, comment: Comment) -> Answer:
    """Keep that a take was made because of a comment; once, however often it is said."""
    top = comment.parent or comment
    return Answer.objects.get_or_create(generation=take, comment=top)[0]


@transaction.atomic
def judge(made: Answer, is_content: bool, *, by: Member, now: datetime) -> None:
    """Say whether a take does what its note asked for: its author does, or who may decide.

    A yes resolves the note; a no leaves it open, and opens it again where a yes had closed it.

    Raises: PermissionDenied.
    """
    comment = made.comment
    is_own = comment.author_id == by.user_id
    if comment.generation.team_id != by.team_id or not (is_own or by.may(Act.DECIDE)):
        raise PermissionDenied("Who wrote the note says whether this does it.")
    locked(Comment.objects.filter(pk=comment.pk))
    outcome = Outcome.YES if is_content else Outcome.NO
    Answer.objects.filter(pk=made.pk).update(outcome=outcome, judged_at=now)
    rows = Comment.objects.filter(pk=comment.pk)
    if is_content:
        rows.filter(resolved_at=None).update(resolved_at=now, resolved_by=by.user)
    else:
        rows.update(resolved_at=None, resolved_by=None)
    made.refresh_from_db()
