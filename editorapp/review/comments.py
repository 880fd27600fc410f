"""Comments: said, answered, changed, deleted, resolved and opened again.

What was said before a change is kept; the same form sent twice says it once; of two who resolve a
thread at once, the first one stands.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from editorapp.core.locks import locked
from editorapp.core.typed_text import wrong_in
from editorapp.generations.models import Generation
from editorapp.review import drawing, notices
from editorapp.review.mentions import mentioned
from editorapp.review.models import Comment, CommentEdit, Mention
from editorapp.review.signals import said
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

LONGEST_TEXT = 4000


class CommentRefused(Exception):
    """A comment that cannot be kept as it is; says what to do."""


@dataclass(frozen=True)
class CommentText:
    """What a comment says.

    `frames`: the first and the last one, from 0 on the result's own grid; None: the whole take.
    """

    text: str
    frames: tuple[int, int] | None = None
    shapes: list[drawing.Shape] = field(default_factory=list)

    def checked(self, take: Generation) -> "CommentText":
        """Return it without the space around its words.

        Raises: CommentRefused, where it says nothing, too much, or speaks of frames that the take
        has not.
        """
        text = self.text.strip()
        if wrong := wrong_in(text, most=LONGEST_TEXT):
            raise CommentRefused(f"The comment cannot be kept. {wrong}")
        if not text and not self.shapes:
            raise CommentRefused("Write or draw what you mean.")
        self._check_frames(take)
        return CommentText(text, self.frames, self.shapes)

    def _check_frames(self, take: Generation) -> None:
        if self.frames is None:
            if self.shapes:
                raise CommentRefused("A drawing stands on a frame: choose one.")
            return
        first, last = self.frames
        count = take.result.frame_count if take.result is not None else 0
        if not 0 <= first <= last < (count or 0):
            raise CommentRefused(f"#{take.pk} has no frames {first} to {last}: choose others.")

    @property
    def fields(self) -> dict[str, object]:
        first, last = self.frames or (None, None)
        return {
            "text": self.text,
            "first_frame": first,
            "last_frame": last,
            "drawing": self.shapes,
        }


@transaction.atomic
def add(
    take: Generation,
    says: CommentText,
    *,
    by: Member,
    form_token: str,
    now: datetime,
) -> Comment:
    """Keep what somebody says about a take, and whom they name in it.

    Raises: PermissionDenied; CommentRefused.
    """
    _may_comment(take, by)
    fields = says.checked(take).fields
    return _keep(take, fields, by=by, form_token=form_token, now=now)


@transaction.atomic
def reply(
    parent: Comment,
    text: str,
    *,
    by: Member,
    form_token: str,
    now: datetime,
    but: Collection[int] = (),
) -> Comment:
    """Keep an answer to a comment; an answer to an answer stands in the same thread. `but`: users who
    are told of it otherwise.

    Raises: PermissionDenied; CommentRefused, also where what it answers was deleted.
    """
    _may_comment(parent.generation, by)
    top = parent.parent or parent
    if _locked(top).is_deleted:
        raise CommentRefused("The comment was deleted meanwhile: say it as one of its own.")
    fields = {**CommentText(text).checked(parent.generation).fields, "parent": top}
    return _keep(parent.generation, fields, by=by, form_token=form_token, now=now, but=but)


def _keep(
    take: Generation,
    fields: dict[str, object],
    *,
    by: Member,
    form_token: str,
    now: datetime,
    but: Collection[int] = (),
) -> Comment:
    comment, is_new = Comment.objects.get_or_create(
        generation=take,
        form_token=form_token,
        defaults={**fields, "author": by.user, "created_at": now},
    )
    if not is_new and comment.author_id != by.user_id:
        raise PermissionDenied("This form was somebody else's.")
    if is_new:
        _name_again(comment, by.team_id)
        _say(comment, by=by, now=now, but=but)
    return comment


@transaction.atomic
def edit(comment: Comment, says: CommentText, *, by: Member, now: datetime) -> Comment:
    """Change what a comment of one's own says; what it said before is kept.

    Raises: PermissionDenied; CommentRefused.
    """
    row = _own(comment, by)
    fields = fields_of(row, says)
    trace(row, now=now)
    Comment.objects.filter(pk=row.pk).update(**fields, edited_at=now)
    row.refresh_from_db()
    _name_again(row, by.team_id)
    _say(row, by=by, now=now)
    return row


def fields_of(row: Comment, says: CommentText) -> dict[str, object]:
    """Return what a comment is to say, checked; of an answer, its words. Raises: CommentRefused."""
    fields = says.checked(row.generation).fields
    return fields if row.parent_id is None else {"text": fields["text"]}


@transaction.atomic
def delete(comment: Comment, *, by: Member, now: datetime) -> None:
    """Take back a comment of one's own: its words and its drawing go from the page, its trace and its
    replies stay.

    Raises: PermissionDenied; CommentRefused.
    """
    take_back(_own(comment, by), now=now)


def take_back(row: Comment, *, now: datetime) -> None:
    """Take the words and the drawing of a comment from the page; they stay in its trace."""
    trace(row, now=now)
    Comment.objects.filter(pk=row.pk).update(deleted_at=now, text="", drawing=[])
    row.mentions.all().delete()
    said.send(Comment, takes=[row.generation_id])


@transaction.atomic
def resolve(comment: Comment, *, by: Member, now: datetime) -> bool:
    """Say that a thread asks for nothing any more. Return whether it did until now.

    Raises: PermissionDenied.
    """
    return _settle(comment, by, was=None, resolved_at=now, resolved_by=by.user)


@transaction.atomic
def reopen(comment: Comment, *, by: Member) -> bool:
    """Say that a thread asks for something again. Return whether it did not until now.

    Raises: PermissionDenied.
    """
    return _settle(comment, by, was=comment.resolved_at, resolved_at=None, resolved_by=None)


def _settle(comment: Comment, by: Member, *, was: datetime | None, **fields: object) -> bool:
    _may_comment(comment.generation, by)
    rows = Comment.objects.filter(pk=comment.parent_id or comment.pk, resolved_at=was)
    return bool(rows.update(**fields)) and was != fields["resolved_at"]


def _may_comment(take: Generation, by: Member) -> None:
    is_seen = Generation.objects.visible_to(by).filter(pk=take.pk).exists()
    if not is_seen or not by.may(Act.COMMENT):
        raise PermissionDenied("This role may not comment on takes.")


def _own(comment: Comment, by: Member) -> Comment:
    """Lock a comment of one's own and return it as it is now."""
    _may_comment(comment.generation, by)
    row = _locked(comment)
    if row.author_id != by.user_id:
        raise PermissionDenied("Only who wrote a comment may change it.")
    if row.is_deleted:
        raise CommentRefused("The comment was deleted already.")
    return row


def _locked(comment: Comment) -> Comment:
    rows = Comment.objects.filter(pk=comment.pk)
    return locked(rows).select_related("generation__result", "author").get()


def _say(
    comment: Comment,
    *,
    by: Member,
    now: datetime,
    but: Collection[int] = (),
) -> None:
    """Tell people and rooms of what a comment says now: whom it names only since a change, too."""
    notices.commented(comment, by=by, now=now, but=but)
    said.send(Comment, takes=[comment.generation_id])


def trace(row: Comment, *, now: datetime) -> None:
    """Keep what a comment says, which is about to be changed."""
    CommentEdit.objects.create(
        comment=row,
        at=now,
        text=row.text,
        first_frame=row.first_frame,
        last_frame=row.last_frame,
        drawing=row.drawing,
    )


def _name_again(comment: Comment, team_id: int) -> None:
    """Keep whom the comment names now."""
    named = {member.user_id for member in mentioned(comment.text, team_id)}
    comment.mentions.exclude(user__in=named).delete()
    rows = [Mention(comment=comment, user_id=user) for user in sorted(named)]
    Mention.objects.bulk_create(rows, ignore_conflicts=True)
