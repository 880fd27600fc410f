"""Notices of review: who is told of a comment, a verdict, a request and an answer, each once and by
what concerns them most.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from editorapp.generations.models import Generation
from editorapp.inbox.models import NoticeKind
from editorapp.inbox.notify import Event, notify
from editorapp.review.asked_notes import note_of
from editorapp.review.models import Answer, Comment, Decision
from editorapp.teams.models import Member


def commented(
    comment: Comment,
    *,
    by: Member | None,
    now: datetime,
    but: Collection[int] = (),
) -> None:
    """Tell whom a comment names, then who is in its thread, then who made the take, answers for
    it, or has shared it with the guest who says it; `but`: users who are told of it otherwise.
    """
    take = comment.generation
    told: set[int] = {*but} if by is None else {*but, by.user_id}
    circles = (
        (NoticeKind.MENTION, comment.mentions.values_list("user_id", flat=True)),
        (NoticeKind.REPLY, _in_thread(comment)),
        (NoticeKind.COMMENT, _makers(take) | _sharer(comment)),
    )
    for kind, users in circles:
        fresh = {user for user in users if user is not None} - told
        told |= fresh
        event = Event(
            kind,
            f"comment:{comment.pk}",
            path_of(take, comment),
            f"{_where(comment)}: {comment.text or 'a drawing'}",
            comment.by,
        )
        notify(event, _members(take, fresh), team_id=take.team_id, now=now)


def decided(decision: Decision, *, by: Member, now: datetime) -> None:
    """Tell who made a take, and who answers for it, of a verdict."""
    take = decision.generation
    note = f": {decision.note}" if decision.note else ""
    words = f"#{take.pk}: {decision.get_verdict_display().lower()}{note}"
    event = Event(NoticeKind.VERDICT, f"decision:{decision.pk}", path_of(take), words, str(by.user))
    notify(event, _members(take, _makers(take)), team_id=take.team_id, now=now, but=by)


def asked(take: Generation, reviewers: Iterable[Member], *, by: Member, now: datetime) -> None:
    """Tell reviewers that a take waits for them; again, each time that they are asked anew."""
    event = Event(
        NoticeKind.ASKED,
        f"asked:{take.pk}:{int(now.timestamp())}",
        path_of(take),
        f"please review #{take.pk}",
        str(by.user),
    )
    notify(event, reviewers, team_id=take.team_id, now=now, but=by)


def answered(answer: Answer, *, now: datetime) -> None:
    """Tell the author of a note that a take which answers it is done."""
    take, note = answer.generation, note_of(answer)
    if note.author is None:
        return
    event = Event(
        NoticeKind.ANSWER,
        f"answer:{answer.pk}",
        f"{path_of(take)}#answers",
        f"#{take.pk} answers your note on {note.where}. Does it do what you asked?",
        str(take.created_by),
    )
    told = _members(take, {note.author.pk} - {take.created_by_id})
    notify(event, told, team_id=take.team_id, now=now)


def judged(answer: Answer, why: str, *, by: Member, now: datetime) -> None:
    """Tell who made a take whether it does what its note asked for."""
    take, note = answer.generation, note_of(answer)
    is_content = answer.outcome == Answer.AnswerOutcome.YES
    does = "yes, #{} does" if is_content else "not yet, #{} does not do"
    event = Event(
        NoticeKind.VERDICT,
        f"judged:{answer.pk}:{int(now.timestamp())}",
        f"{path_of(take)}#answers",
        f"{does.format(take.pk)} what was asked on {note.where}{f': {why}' if why.strip() else ''}",
        str(by.user),
    )
    notify(event, _members(take, _makers(take)), team_id=take.team_id, now=now, but=by)


def path_of(take: Generation, comment: Comment | None = None) -> str:
    """Return the page of a take, at a comment where one is named."""
    return f"/takes/{take.pk}" + (f"#comment-{comment.pk}" if comment else "")


def _where(comment: Comment) -> str:
    take = f"on #{comment.generation_id}"
    if comment.first_frame is None:
        return take
    if comment.is_range:
        return f"{take}, frames {comment.first_frame} to {comment.last_frame}"
    return f"{take}, frame {comment.first_frame}"


def _makers(take: Generation) -> set[int]:
    return {take.created_by_id, take.responsible_id}


def _sharer(comment: Comment) -> set[int]:
    """Return who made the link by which a guest came who says something."""
    return {comment.guest.share.made_by_id} if comment.guest else set()


def _in_thread(comment: Comment) -> set[int | None]:
    """Return who wrote in the thread that a comment answers."""
    if comment.parent is None:
        return set()
    others = comment.parent.replies.values_list("author_id", flat=True)
    return {comment.parent.author_id, *others}


def _members(take: Generation, users: Iterable[int | None]) -> list[Member]:
    """Return those of these people who are in the take's team now and see it."""
    rows = Member.objects.active().filter(team_id=take.team_id, user_id__in=set(users))
    found = list(rows.select_related("user", "team"))
    return [one for one in found if _sees(one, take)]


def _sees(member: Member, take: Generation) -> bool:
    return Generation.objects.visible_to(member).filter(pk=take.pk).exists()
