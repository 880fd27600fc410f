"""Following: another source was chosen, or another draft. Guide frames stay with the clip that they
are of; words go along, unless the other clip has some of its own; all of it is said.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from editorapp.core.request_values import as_whole
from editorapp.generations.models import Generation
from editorapp.providers.contract import Task
from editorapp.reuse import drafts
from editorapp.reuse.models import SavedDraft
from editorapp.teams.models import Member
from editorapp.web.studio import form_request
from editorapp.web.studio.draft_form import Changes, DraftForm, Values
from editorapp.web.studio.new_sources import NotDone
from editorapp.web.studio.saved_form import (
    GUIDES,
    NOTE,
    OWN,
    SOURCE,
    DraftMark,
    fields_of,
    form_of,
    revision_at,
    source_fields,
    values_of,
)
from editorapp.web.studio.told import NOTHING, Told, WayOut, guide_frames, stay

NO_GUIDES: Values = {"guides": "none", "guide_asset": None, "keyframes": ()}
NO_NOTE: Values = {"answers": "", "note_frame": "none", "note_picture": None}
GONE = "This draft is not kept any more."


@dataclass(frozen=True)
class Followed:
    """The form that a page shows next, where its draft is, and what it says of it."""

    form: DraftForm
    mark: DraftMark
    told: Told = NOTHING


def followed(form: DraftForm, mark: DraftMark, member: Member, *, now: datetime) -> Followed:
    """Return the form once its source is another one than the guide frames are of; as it is where
    it is not.
    """
    if not form.is_on_other_source:
        return Followed(form, mark)
    before = replace(form, **source_fields(form.pinned_to))
    bare = replace(form, **NO_GUIDES, **NO_NOTE, pinned_to=form.source_key)
    if not member.may_create:
        return Followed(bare, mark.on(0))
    left = _kept(before, mark, member, now)
    key = form.source_key
    rows = drafts.found(member, source=key)
    own = next((form_of(row.values) for row in rows if row.source == key), None)
    after = mark.on(0)
    after = replace(after, revision=revision_at(rows, after.way, key))
    return Followed(_own_of(bare, own), after, _told_of(before, own, left))


def _kept(form: DraftForm, mark: DraftMark, member: Member, now: datetime) -> SavedDraft:
    place = mark.at(form.source_key, member)
    return drafts.save(
        member,
        place,
        values_of(form),
        based_on=mark.revision,
        page=mark.page,
        now=now,
    )


def _own_of(bare: DraftForm, own: DraftForm | None) -> DraftForm:
    """Return the form with what was begun with its source before: words and settings where it has
    words, else its guide frames alone.
    """
    if own is None:
        return bare
    if own.prompt:
        return replace(as_draft(bare, own), task=bare.task)
    return replace(bare, **fields_of(own, GUIDES))


def as_draft(form: DraftForm, draft: DraftForm) -> DraftForm:
    """Return a draft as this page shows it: with the page's own source."""
    return replace(draft, **fields_of(form, (*SOURCE, *OWN)))


def _told_of(before: DraftForm, own: DraftForm | None, left: SavedDraft) -> Told:
    sentences, ways = [], []
    if count := before.guide_count:
        sentences.append(f"{stay(count)} with {left.source_name}.")
        them = "it" if count == 1 else "them"
        ways.append(WayOut(f"Put {them} on this clip, too", f"draft_guides={left.pk}"))
    if own is not None and own.prompt and own.prompt != before.prompt:
        sentences.append("What you had begun with this clip is back.")
        if before.prompt:
            ways.append(WayOut("Use the words from before", f"draft_words={left.pk}"))
    elif own is not None and (count := own.guide_count):
        are = "is" if count == 1 else "are"
        sentences.append(f"{guide_frames(count)} of this clip {are} back.")
    return Told(tuple(sentences), tuple(ways))


def exchanged(
    form: DraftForm,
    mark: DraftMark,
    changes: Changes,
    member: Member,
    *,
    now: datetime,
) -> Followed:
    """Return the form after a button that puts a draft, or a part of one, in its place; what it
    replaces is kept for "Undo".

    Raises: NotDone.
    """
    name = next((one for one in EXCHANGES if one in changes), None)
    if name is None or not member.may_create:
        return Followed(form, mark)
    row = None if name == "draft_anew" else _row(changes[name][0], member)
    kept = form_of(row.values) if row is not None else _anew(form, mark, member)
    place = mark.at(form.source_key, member)
    before = drafts.set_aside(member, place, values_of(form), now=now)
    after, said = EXCHANGES[name](form, kept)
    rows = drafts.found(member, way=mark.way, source=place.source)
    mark = replace(mark, revision=revision_at(rows, mark.way, place.source))
    undo = WayOut("Undo", f"draft_all={before.pk}")
    return Followed(after, mark, Told((said,), (undo,)))


def _row(number: str, member: Member) -> SavedDraft:
    row = drafts.of(member).filter(pk=as_whole(number) or 0).first()
    if row is None:
        raise NotDone(GONE)
    return row


def _anew(form: DraftForm, mark: DraftMark, member: Member) -> DraftForm:
    """Return the form as it was before anything was typed here."""
    way, _colon, number = mark.way.partition(":")
    takes = Generation.objects.visible_to(member)
    if way in ("again", "replace") and (take := takes.filter(pk=int(number)).first()):
        return form_request.again(take)
    is_of_take = form.source_kind == "generation" and form.task != Task.GENERATE
    if is_of_take and (take := takes.filter(pk=form.source_generation or 0).first()):
        return form_request.editing(take, task=form.task, account=form.account)
    return DraftForm(task=form.task, model=form.model, account=form.account)


def _all(form: DraftForm, kept: DraftForm) -> tuple[DraftForm, str]:
    return as_draft(form, kept), "It is back."


def _begun_anew(form: DraftForm, kept: DraftForm) -> tuple[DraftForm, str]:
    return as_draft(form, kept), "Started anew."


def _guides(form: DraftForm, kept: DraftForm) -> tuple[DraftForm, str]:
    said = f"{guide_frames(kept.guide_count)} put on this clip."
    return replace(form, **fields_of(kept, GUIDES)), said


def _words(form: DraftForm, kept: DraftForm) -> tuple[DraftForm, str]:
    return replace(form, prompt=kept.prompt), "The words from before are used here, too."


def _settings(form: DraftForm, kept: DraftForm) -> tuple[DraftForm, str]:
    own = fields_of(form, (*GUIDES, *NOTE))
    taken = replace(as_draft(form, kept), **own, task=form.task)
    return taken, "Words and settings are taken over."


EXCHANGES = {
    "draft_all": _all,
    "draft_anew": _begun_anew,
    "draft_guides": _guides,
    "draft_words": _words,
    "draft_settings": _settings,
}
