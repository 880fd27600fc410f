"""Guest comments: what people without an account say of the takes that a link shows them.

A guest reads what was said by this link and what the team answered there, and nothing of the team's
own discussion. They name nobody: what they write tells who made the take, and who shared it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Prefetch, prefetch_related_objects

from editorapp.core.locks import locked
from editorapp.generations.models import Generation
from editorapp.review import comments, notices
from editorapp.review.comments import CommentRefused, CommentText
from editorapp.review.discussion import Thread
from editorapp.review.models import Answer, Comment, CommentEdit, Guest, Share
from editorapp.review.shared_takes import takes_of
from editorapp.review.signals import said

MOST_OF_ONE, WITHIN = 20, timedelta(minutes=10)
MOST_CHANGES = 20  # of what one guest has said, within the same time
MOST_OF_LINK, WITHIN_A_DAY = 500, timedelta(days=1)
# What a comment is shown with: whom the team names in it; never what it said before, nor the takes
# that were made of it.
_READ = (
    Prefetch("edits", CommentEdit.objects.none()),
    Prefetch("answers", Answer.objects.none()),
    "mentions__user",
)


@dataclass(frozen=True)
class GuestForm:
    """A form that a guest has sent: by whom, which one, and when."""

    guest: Guest
    token: str
    now: datetime


@transaction.atomic
def add(take: Generation, says: CommentText, sent: GuestForm) -> Comment:
    """Keep what a guest says about a take. Raises: PermissionDenied; CommentRefused."""
    _may_comment(take, sent.guest)
    return _keep(take, says.checked(take).fields, sent)


@transaction.atomic
def reply(parent: Comment, text: str, sent: GuestForm) -> Comment:
    """Keep a guest's answer in a thread of this link. Raises: PermissionDenied; CommentRefused."""
    take, top = parent.generation, parent.parent or parent
    _may_comment(take, sent.guest)
    if top.guest is None or top.guest.share_id != sent.guest.share_id:
        raise PermissionDenied("This comment is not the link's.")
    if locked(Comment.objects.filter(pk=top.pk)).get().is_deleted:
        raise CommentRefused("The comment was deleted meanwhile: say it as one of its own.")
    fields = {**CommentText(text).checked(take).fields, "parent": top}
    return _keep(take, fields, sent)


@transaction.atomic
def edit(comment: Comment, says: CommentText, *, by: Guest, now: datetime) -> Comment:
    """Change what a guest has said; what it said before is kept.

    Raises: PermissionDenied; CommentRefused.
    """
    row = _own(comment, by, now=now)
    fields = comments.fields_of(row, says)
    comments.trace(row, now=now)
    Comment.objects.filter(pk=row.pk).update(**fields, edited_at=now)
    row.refresh_from_db()
    said.send(Comment, takes=[row.generation_id])
    return row


@transaction.atomic
def delete(comment: Comment, *, by: Guest, now: datetime) -> None:
    """Take back what a guest has said; its trace and its replies stay.

    Raises: PermissionDenied; CommentRefused.
    """
    comments.take_back(_own(comment, by, now=now), now=now)


def threads(made: Share, take: Generation) -> list[Thread]:
    """Return what was said of a take by a link, and the answers, in the order of the frames; five
    queries at most.
    """
    rows = Comment.objects.filter(generation=take, parent=None, guest__share=made)
    tops = list(rows.select_related("guest", "generation__result", "resolved_by"))
    answers = Comment.objects.filter(parent__in=[one.pk for one in tops], deleted_at=None)
    replies: dict[int, list[Comment]] = {one.pk: [] for one in tops}
    for one in answers.select_related("author", "guest").order_by("pk"):
        assert one.parent_id is not None
        replies[one.parent_id].append(one)
    prefetch_related_objects([*tops, *chain.from_iterable(replies.values())], *_READ)
    shown = [Thread(one, replies[one.pk], is_carried=False) for one in tops]
    told = [one for one in shown if one.replies or not one.comment.is_deleted]
    return sorted(told, key=_place)


def _place(thread: Thread) -> tuple[int, int]:
    frame = thread.comment.first_frame
    return (-1 if frame is None else frame, thread.comment.pk)


def _keep(take: Generation, fields: dict[str, object], sent: GuestForm) -> Comment:
    guest = sent.guest
    told = {"guest": guest, "guest_name": guest.name, "created_at": sent.now}
    known = Comment.objects.filter(generation=take, form_token=sent.token).first()
    if known is None:
        _check_pace(guest, now=sent.now)
    comment, is_new = Comment.objects.get_or_create(
        generation=take,
        form_token=sent.token,
        defaults={**fields, **told},
    )
    if not is_new and comment.guest_id != guest.pk:
        raise PermissionDenied("This form was somebody else's.")
    if is_new:
        notices.commented(comment, by=None, now=sent.now)
        said.send(Comment, takes=[take.pk])
    return comment


def _check_pace(guest: Guest, *, now: datetime) -> None:
    """Raise CommentRefused for who writes more than anybody would."""
    rows = Comment.objects.filter(guest__share=guest.share_id)
    if rows.filter(guest=guest, created_at__gt=now - WITHIN).count() >= MOST_OF_ONE:
        raise CommentRefused("You have said much in a short time: go on in ten minutes.")
    if rows.filter(created_at__gt=now - WITHIN_A_DAY).count() >= MOST_OF_LINK:
        raise CommentRefused("Too much was said by this link today: go on tomorrow.")


def _own(comment: Comment, guest: Guest, *, now: datetime) -> Comment:
    """Lock what this guest has said and return it as it is now."""
    _may_comment(comment.generation, guest)
    rows = Comment.objects.filter(pk=comment.pk, guest=guest)
    row = locked(rows).select_related("generation__result").first()
    if row is None:
        raise PermissionDenied("Only who wrote a comment may change it.")
    if row.is_deleted:
        raise CommentRefused("The comment was deleted already.")
    changes = CommentEdit.objects.filter(comment__guest=guest, at__gt=now - WITHIN)
    if changes.count() >= MOST_CHANGES:
        raise CommentRefused("You have changed much in a short time: go on in ten minutes.")
    return row


def _may_comment(take: Generation, guest: Guest) -> None:
    if not guest.share.may_comment or take.pk not in takes_of(guest.share):
        raise PermissionDenied("By this link nobody comments on this take.")
