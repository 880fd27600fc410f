"""Opening form: the form that the studio's address asks for, with what this person had begun there."""

from dataclasses import dataclass, replace

from django.contrib import messages

from editorapp.core.request_values import row_id
from editorapp.generations.models import Generation
from editorapp.providers.contract import Task
from editorapp.reuse import drafts
from editorapp.reuse.models import SavedDraft
from editorapp.teams.access import MemberRequest
from editorapp.web.studio import answering, form_request, sources
from editorapp.web.studio.draft_form import NAMES, DraftForm, Values
from editorapp.web.studio.following import Followed
from editorapp.web.studio.resolved_form import waiting_take
from editorapp.web.studio.saved_form import (
    NOTE,
    OWN,
    SOURCE,
    DraftMark,
    form_of,
    revision_at,
)
from editorapp.web.studio.told import NOTHING, Told, WayOut, quoted


@dataclass(frozen=True)
class _Asked:
    """What the address asks for: see SavedDraft for `way` and `source`."""

    form: DraftForm
    values: Values  # the fields that it names
    way: str
    source: str

    @property
    def is_of_clip(self) -> bool:
        return not self.way and self.source.startswith("asset:")


def opening_at(request: MemberRequest) -> Followed:
    """Read the form that the address asks for, or the draft that is kept for it: one query.

    An address that names nothing opens the person's newest draft.
    """
    asked = _asked(request)
    rows = drafts.found(request.member, way=asked.way, source=asked.source)
    own = _own(asked, rows)
    if own is None:
        mark, form = DraftMark.opened(asked.way), _fresh(request, asked.form)
        offer = answering.told_of(request, form)
        return Followed(form, mark, offer if offer.sentences else _offer(asked, rows))
    way = asked.way or (own.way if not asked.source else "")
    form = _begun(request, asked, own)
    source = "" if way == "generate" else form.source_key
    mark = DraftMark.opened(way, revision_at(rows, way, source))
    return Followed(form, mark, answering.told_of(request, form))


def _asked(request: MemberRequest) -> _Asked:
    """Read an address; a picture named there is meant as the opening guide frame."""
    form = replace(DraftForm.read(request.GET), answers="")
    if form.guide_asset is not None and "guides" not in request.GET:
        form = replace(form, guides="single")
    names = NAMES.intersection(request.GET) - {*OWN, *SOURCE, *NOTE}
    if form.guide_asset is not None:
        names |= {"guides"}
    values = {name: getattr(form, name) for name in names}
    return _Asked(form, values, *_place(request, form))


def _place(request: MemberRequest, form: DraftForm) -> tuple[str, str]:
    for name, way, source in (
        ("generation", "", "generation:{}"),
        ("replace", "replace:{}", ""),
        ("again", "again:{}", ""),
        ("source", "", "asset:{}"),
    ):
        if (pk := row_id(request.GET, name)) is not None:
            return way.format(pk), source.format(pk)
    if (note := answering.named(request)) is not None:
        return "", f"generation:{note.take.pk}"
    return ("generate", "") if form.task == Task.GENERATE else ("", "")


def _own(asked: _Asked, rows: list[SavedDraft]) -> SavedDraft | None:
    """Return the draft that an address opens."""
    if asked.way:
        own = next((row for row in rows if row.way == asked.way), None)
        return None if own is None or _continues_other(asked, own) else own
    if asked.source:
        return next((row for row in rows if row.source == asked.source), None)
    return rows[0] if rows else None


def _continues_other(asked: _Asked, own: SavedDraft) -> bool:
    """Does the address ask to continue a take, and the draft is of something else?"""
    wanted = asked.values.get("extend_generation")
    return wanted is not None and wanted != form_of(own.values).extend_generation


def _begun(request: MemberRequest, asked: _Asked, own: SavedDraft) -> DraftForm:
    """Return the draft's form, with what the address names beside its source."""
    form, values = form_of(own.values), dict(asked.values)
    if asked.source and "task" not in values and form.task == Task.GENERATE:
        values["task"] = asked.form.task
    if values.get("task", form.task) != form.task:
        values = {"model": "", "model_wish": "", "task_was": values["task"]} | values
    form = replace(form, **values)
    if asked.way.startswith("replace:") and (take := _take_named(request, "replace")):
        return replace(form, replaces=_replaced(request, take))
    return form


def _offer(asked: _Asked, rows: list[SavedDraft]) -> Told:
    """Offer what was begun elsewhere: the newest words, or the other draft of this place."""
    last = rows[0] if rows else None
    if last is None or not last.words:
        return NOTHING
    if asked.way == "generate" and last.way == "generate":
        said = f"You had begun something else here: {quoted(last.words)}."
        return Told((said,), (WayOut("Bring it back", f"draft_all={last.pk}"),))
    if not asked.is_of_clip or not last.source_name:
        return NOTHING
    said = f"Your words with {last.source_name} stay with it: {quoted(last.words)}."
    return Told((said,), (WayOut("Use them here, too", f"draft_settings={last.pk}"),))


def _fresh(request: MemberRequest, form: DraftForm) -> DraftForm:
    """Return the form that an address asks for where nothing was begun."""
    take = _take_named(request, "generation")
    if take is None and (note := answering.named(request)) is not None:
        take = note.take
    if take is not None:
        return form_request.editing(take, task=form.task, account=form.account)
    if (take := _take_named(request, "replace")) is not None:
        return replace(form_request.again(take), replaces=_replaced(request, take))
    if (take := _take_named(request, "again")) is not None:
        return form_request.again(take)
    if (clip := row_id(request.GET, "source")) is not None:
        return replace(form, source_asset=clip)
    if form.account is None and (take := _take_named(request, "extend_generation")) is not None:
        form = replace(form, account=take.account_id)
    newest = sources.newest_clip(request.member)
    return form if newest is None else replace(form, source_asset=newest)


def _take_named(request: MemberRequest, name: str) -> Generation | None:
    if (pk := row_id(request.GET, name)) is None:
        return None
    return Generation.objects.visible_to(request.member).filter(pk=pk).first()


def _replaced(request: MemberRequest, take: Generation) -> int | None:
    if waiting_take(take.pk, request.member) is not None:
        return take.pk
    messages.warning(
        request,
        f"#{take.pk} cannot be replaced (any more), so what you queue now is another take.",
    )
    return None
