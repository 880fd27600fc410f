"""Answers: a take says which note it was made for, and its author says whether it does what was
asked. A yes resolves the note.
"""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from editorapp.core.locks import locked
from editorapp.generations.models import Generation
from editorapp.review import comments, notices
from editorapp.review.asked_notes import note_of
from editorapp.review.models import Answer, Comment, Decision
from editorapp.review.signals import said
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

Outcome = Answer.AnswerOutcome


def answer(take: Generation, note: Comment | Decision) -> Answer:
    """Keep that a take was made because of a note; once, however often it is said."""
    if isinstance(note, Decision):
        return Answer.objects.get_or_create(generation=take, decision=note)[0]
    top = note.parent or note
    return Answer.objects.get_or_create(generation=take, comment=top)[0]


def carry(made: Generation, draft: Generation) -> None:
    """Keep that a take answers what its draft answers, but for what that did already."""
    for one in Answer.objects.filter(generation=draft).exclude(outcome=Outcome.YES):
        answer(made, one.note)


def may_judge(made: Answer, member: Member) -> bool:
    """May this member say whether a take does what its note asked for? Its author may, and who may
    decide, but not who made the take.
    """
    note = note_of(made)
    if note.take.team_id != member.team_id:
        return False
    is_own = note.author is not None and note.author.pk == member.user_id
    return is_own or (member.may(Act.DECIDE) and made.generation.created_by_id != member.user_id)


@transaction.atomic
def judge(
    made: Answer,
    is_content: bool,
    *,
    by: Member,
    now: datetime,
    why: str = "",
    form_token: str = "",
) -> None:
    """Say whether a take does what its note asked for: its author does, or who may decide.

    A yes resolves the note; a no leaves it open, and opens it again where a yes had closed it.
    `why` is kept as a reply to a comment, once for each form.
    Raises: PermissionDenied; CommentRefused.
    """
    if not may_judge(made, by):
        raise PermissionDenied("Who wrote the note says whether this does it.")
    locked(Generation.objects.filter(pk=made.generation_id))
    locked(Comment.objects.filter(pk=made.comment_id))
    outcome = Outcome.YES if is_content else Outcome.NO
    Answer.objects.filter(pk=made.pk).update(outcome=outcome, judged_at=now, judged_by=by.user)
    made.refresh_from_db(fields=["outcome", "judged_at", "judged_by"])
    notices.judged(made, why, by=by, now=now)
    if made.comment is not None:
        _settle(made.comment, is_content, by=by, now=now)
        _reply(made, made.comment, why, by=by, form_token=form_token, now=now)
    said.send(Answer, takes=[made.generation_id])


def _settle(comment: Comment, is_content: bool, *, by: Member, now: datetime) -> None:
    rows = Comment.objects.filter(pk=comment.pk)
    if is_content:
        rows.filter(resolved_at=None).update(resolved_at=now, resolved_by=by.user)
    else:
        rows.update(resolved_at=None, resolved_by=None)
    comment.refresh_from_db(fields=["resolved_at", "resolved_by"])


def _reply(
    made: Answer,
    comment: Comment,
    why: str,
    *,
    by: Member,
    form_token: str,
    now: datetime,
) -> None:
    """Keep why in the note's thread; who made the take was told already."""
    if why.strip() and not comment.is_deleted:
        told = {made.generation.created_by_id, made.generation.responsible_id}
        text = f"#{made.generation_id}: {why.strip()}"
        comments.reply(comment, text, by=by, form_token=form_token, now=now, but=told)
