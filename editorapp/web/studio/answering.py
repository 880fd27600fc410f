"""Answering: an edit that is begun from a note: its words are the prompt, its frame a guide, and what
is queued says which note it answers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction

from editorapp.core.request_values import as_whole, text
from editorapp.generations.models import Generation
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import enqueue_all
from editorapp.media import drawn_frames
from editorapp.media.models import Asset
from editorapp.media.refusals import Refusal
from editorapp.providers.contract import Task
from editorapp.reuse import drafts as saved_drafts
from editorapp.reuse.drafts import DraftPlace
from editorapp.review import answers, asked_notes
from editorapp.review.asked_notes import AskedNote
from editorapp.teams.access import MemberRequest
from editorapp.teams.models import Member
from editorapp.web.studio import form_request
from editorapp.web.studio.draft_form import DraftForm, KeyframeRow, Values
from editorapp.web.studio.draft_versions import DraftVersion
from editorapp.web.studio.new_sources import NotDone
from editorapp.web.studio.resolved_form import resolve
from editorapp.web.studio.saved_form import form_of, values_of
from editorapp.web.studio.told import NOTHING, Told, WayOut, quoted

NONE, PLAIN, DRAWN = "none", "plain", "drawn"


class NoteGone(Exception):
    """The note that a form answers is not there any more."""


@dataclass(frozen=True)
class FrameChoice:
    """A way in which the note's frame is used. `picture`: its address; "" without one."""

    value: str
    label: str
    picture_of: str  # "plain", "drawn" or ""
    is_chosen: bool

    @property
    def change(self) -> str:
        return f"note_frame={self.value}"


@dataclass(frozen=True)
class AnsweredNote:
    """The note that a form answers, as the studio shows it; without one, it is gone."""

    note: AskedNote | None
    clip: Asset | None = None  # whose frames the note's are, and the form's guide frames
    frame: int | None = None
    choices: tuple[FrameChoice, ...] = ()


def named(request: MemberRequest) -> AskedNote | None:
    """Return the note that an address names (?answers=), where this person sees it."""
    key = text(request.GET, "answers", most=30)
    return asked_notes.find(key, request.member) if key else None


def shown(form: DraftForm, member: Member) -> AnsweredNote | None:
    """Return the note that a form answers; None where it answers none."""
    if not form.answers or form.task == Task.GENERATE:
        return None
    note = asked_notes.find(form.answers, member)
    if note is None:
        return AnsweredNote(None)
    take = _source_of(form, member)
    clip = take.result if take is not None else None
    frame = _frame_in(clip, note)
    choices = () if frame is None else tuple(_choices(form, note))
    return AnsweredNote(note, clip, frame, choices)


def _choices(form: DraftForm, note: AskedNote) -> Iterable[FrameChoice]:
    used = form.note_frame if _has_picture(form) else NONE
    if note.drawing:
        yield FrameChoice(DRAWN, "With drawing", DRAWN, used == DRAWN)
    yield FrameChoice(PLAIN, "As it is", PLAIN, used == PLAIN)
    yield FrameChoice(NONE, "No frame", "", used == NONE)


def _has_picture(form: DraftForm) -> bool:
    """Is the picture that was pinned for the note still one of the form's guide frames?"""
    if form.note_picture is None:
        return False
    if form.guides == "keyframes":
        return any(row.asset == form.note_picture for row in form.keyframes)
    return form.guides == "single" and form.guide_asset == form.note_picture


def begin(note: AskedNote, take: Generation, member: Member, *, now: datetime) -> int | None:
    """Make the edit that a note asks for the draft that counts for a take. Return the number of the
    draft that it replaces, which is set aside; None where there was none with anything in it.

    Nothing is changed where the draft answers that note already: what was typed since stays.
    """
    place = DraftPlace("", f"generation:{take.pk}", f"take {take.pk}")
    rows = saved_drafts.found(member, source=place.source)
    before = next((row for row in rows if (row.way, row.source) == ("", place.source)), None)
    if before is not None and form_of(before.values).answers == note.key:
        return None
    values = values_of(edit_of(note, take, member))
    with transaction.atomic():
        saved_drafts.save_over(member, place, values, page="", now=now)
        aside = saved_drafts.of(member).filter(way="", source=place.source).exclude(aside="")
        kept = aside.order_by("-pk").first() if before is not None else None
    return None if kept is None or DraftVersion(kept).is_empty else kept.pk


def edit_of(note: AskedNote, take: Generation, member: Member) -> DraftForm:
    """Return the form of the edit that a note asks for, made of a take.

    With the frame as it is: a result follows its guide frames, and what is drawn on one may show.
    """
    form = form_request.editing(take, task=Task.EDIT, account=None)
    form = replace(form, prompt=note.words, answers=note.key)
    return with_frame(form, PLAIN, member, take=take)


def with_frame(
    form: DraftForm,
    choice: str,
    member: Member,
    *,
    take: Generation | None = None,
) -> DraftForm:
    """Return the form with the frame of its note as a guide: as it is, or with the drawing upon it;
    or without.

    At its place among keyframes where the model takes them; else as the guide frame that it takes.
    Raises: NotDone.
    """
    note = asked_notes.find(form.answers, member)
    take = take or _source_of(form, member)
    form = _without_picture(form)
    frame = _frame_in(take.result if take else None, note) if note else None
    if choice not in (PLAIN, DRAWN) or note is None or take is None or frame is None:
        return form
    shapes = note.drawing if choice == DRAWN else []
    try:
        picture = drawn_frames.pin(take.result, frame, shapes, user=member.user)  # type: ignore[arg-type]
    except Refusal as refusal:
        raise NotDone(refusal.message) from refusal
    pinned = _pinned(form, picture.pk, frame, member)
    if not pinned:
        return form
    return replace(form, **pinned, note_frame=choice, note_picture=picture.pk)


def _pinned(form: DraftForm, picture: int, frame: int, member: Member) -> Values:
    """Return the guide frames with this picture; nothing where the model has no place for it."""
    model = resolve(form, member).model
    if model.knows("keyframes"):
        others = tuple(row for row in form.keyframes if row.frame_index != frame)
        return {"guides": "keyframes", "keyframes": (*others, KeyframeRow(picture, str(frame)))}
    is_first_only = model.task == Task.MODIFY and frame > 0
    if not model.knows("start_frame") or is_first_only:
        return {}
    return {"guides": "single", "guide_asset": picture}


def _without_picture(form: DraftForm) -> DraftForm:
    """Return the form without the picture that was pinned for its note."""
    picture = form.note_picture
    rows = tuple(row for row in form.keyframes if picture is None or row.asset != picture)
    changed: Values = {"keyframes": rows, "note_frame": NONE, "note_picture": None}
    if picture is not None and form.guides == "single" and form.guide_asset == picture:
        changed |= {"guides": "none", "guide_asset": None}
    if form.guides == "keyframes" and not rows:
        changed |= {"guides": "none"}
    return replace(form, **changed)


def begun_here(form: DraftForm, key: str, member: Member) -> DraftForm:
    """Return the form of the edit that a note asks for, in the place of this one. Raises: NotDone."""
    note = asked_notes.find(key, member)
    take = _source_of(form, member)
    if note is None or take is None:
        raise NotDone("This note is not there any more.")
    return edit_of(note, take, member)


def told_of(request: MemberRequest, form: DraftForm) -> Told:
    """Say of a page that was opened from a note: that the draft before is kept; or, where the form
    is another one, what was asked, with the way to make it this edit.
    """
    note = named(request)
    if note is None or not request.member.may_create:
        return NOTHING
    aside = as_whole(request.GET.get("aside", ""))
    if form.answers == note.key:
        if not aside or not saved_drafts.of(request.member).filter(pk=aside).exists():
            return NOTHING
        said = f"What you had begun with #{form.source_generation} is kept."
        return Told((said,), (WayOut("Bring it back", f"draft_all={aside}"),))
    said = f"{note.by} asked on {note.where}: {quoted(note.text or 'a drawing')}."
    return Told((said,), (WayOut("Make this edit", f"answer={note.key}"),))


def enqueued(
    form: DraftForm,
    drafts: Sequence[Draft],
    *,
    member: Member,
    form_token: str,
    replaces: Generation | None,
) -> list[Generation]:
    """Queue what a form asks for, as `enqueue_all`; each take that is made answers the form's note,
    in the same transaction.

    Raises: as `enqueue_all`; NoteGone.
    """
    if not form.answers or form.task == Task.GENERATE:
        return enqueue_all(drafts, member=member, form_token=form_token, replaces=replaces)
    with transaction.atomic():
        made = enqueue_all(drafts, member=member, form_token=form_token, replaces=replaces)
        _keep(form, made, member)
    return made


def _keep(form: DraftForm, made: Iterable[Generation], member: Member) -> None:
    """Keep that these takes answer the note of a form; what was made of another source answers
    nothing. Raises: NoteGone.
    """
    note = asked_notes.find(form.answers, member)
    if note is None:
        raise NoteGone(
            "Nothing was queued: the note that this take was to answer is not there any more. "
            "Drop it, then queue."
        )
    for take in made:
        if take.lineage == note.take.lineage:
            answers.answer(take, note.said)


def _source_of(form: DraftForm, member: Member) -> Generation | None:
    if form.source_kind != "generation" or not form.source_generation:
        return None
    rows = Generation.objects.visible_to(member).select_related("result")
    return rows.filter(pk=form.source_generation).first()


def _frame_in(clip: Asset | None, note: AskedNote) -> int | None:
    """Return the note's frame, where a clip has it."""
    frame = note.frame
    if clip is None or frame is None or not clip.frame_count:
        return None
    return frame if frame < clip.frame_count else None
