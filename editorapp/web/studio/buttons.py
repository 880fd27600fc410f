"""Buttons: what each of the form's buttons does to it: a fix, a cut source, a guide frame; the way
without JavaScript included.
"""

from dataclasses import dataclass, replace
from pathlib import Path

from django.conf import settings

from editorapp.core.request_values import row_id
from editorapp.media import frames
from editorapp.media.intake import take_in
from editorapp.media.models import Asset, SourceCopy
from editorapp.media.refusals import Refusal
from editorapp.providers.contract import Task
from editorapp.teams.access import MemberRequest
from editorapp.teams.models import Member
from editorapp.web.studio import new_sources
from editorapp.web.studio.draft_form import ENDS, Changes, DraftForm, KeyframeRow, Values
from editorapp.web.studio.new_sources import KeptPart, NotDone, whole_frame
from editorapp.web.studio.sources import ChosenSource


@dataclass(frozen=True)
class Pressed:
    """The form after a button. `copy`: the new source that it asked for; once that is made, the form
    has it, and `kept` says what is kept of the old one.
    """

    form: DraftForm
    kept: KeptPart | None = None
    copy: SourceCopy | None = None


def pressed(
    request: MemberRequest,
    form: DraftForm,
    changes: Changes,
    chosen: ChosenSource,
) -> Pressed:
    """Return the form after a button: a fix's changes, a new source, or a guide frame added.

    Raises: NotDone.
    """
    sent, source = request.POST, chosen.asset
    try:
        if copy := new_sources.asked_for(sent, changes, chosen, request.member):
            if copy.made is None:
                return Pressed(form, copy=copy)
            return Pressed(*new_sources.with_copy(form.changed(changes), copy, copy.made), copy)
        if act := next((act for name, act in ACTS.items() if name in sent), None):
            return Pressed(replace(form, **act(request, form, source)))
    except Refusal as error:
        raise NotDone(error.message) from error
    if "drop_keyframe" in sent:
        changes = {"drop_keyframes": [sent["drop_keyframe"]]}
    return Pressed(form.changed(changes))


def _add_keyframe(request: MemberRequest, form: DraftForm, source: Asset | None) -> Values:
    """Add a keyframe: of an edit at a frame of its source, of a generation at a frame of the clip
    to come.
    """
    index = request.POST.get("new_keyframe_index", "").strip()
    if form.task == Task.GENERATE:
        whole_frame(index)
        picture, mode = _still(request, "new_keyframe"), "frames"
    else:
        picture, mode = _picture(request, "new_keyframe", index, source), "guides"
    return {"keyframes": (*form.keyframes, KeyframeRow(picture.pk, index)), mode: "keyframes"}


def _set_guide(request: MemberRequest, _form: DraftForm, source: Asset | None) -> Values:
    return {"guides": "single", "guide_asset": _picture(request, "new_guide", "0", source).pk}


def _set_end(request: MemberRequest, _form: DraftForm, _source: Asset | None) -> Values:
    """Set the first or the last frame of a generation."""
    name = request.POST["set_end"]
    if name not in ENDS:
        raise NotDone("A generation has a first and a last frame.")
    return {"frames": "frames", name: _still(request, f"new_{name}").pk}


def _turn_guide(request: MemberRequest, form: DraftForm, _source: Asset | None) -> Values:
    """Turn the opening frame into keyframe 0, or keyframe 0 into the opening frame."""
    first = next((row for row in form.keyframes if row.frame_index == 0), None)
    others = tuple(row for row in form.keyframes if row is not first)
    if request.POST["turn_guide"] == "single":
        if first is None:
            raise NotDone("No keyframe stands at frame 0.")
        return {"guides": "single", "guide_asset": first.asset, "keyframes": others}
    if form.guide_asset is None:
        raise NotDone("Choose the opening frame's picture first.")
    opening = KeyframeRow(form.guide_asset, "0")
    return {"guides": "keyframes", "keyframes": (opening, *others)}


ACTS = {
    "add_keyframe": _add_keyframe,
    "turn_guide": _turn_guide,
    "set_guide": _set_guide,
    "set_end": _set_end,
}


def _still(request: MemberRequest, names: str) -> Asset:
    """Return an uploaded still, or else the frame of the clip that was chosen for it."""
    if uploaded := _uploaded(request, names):
        return uploaded
    pk = row_id(request.POST, f"{names}_clip") or 0
    clips = Asset.objects.visible_to(request.member).filter(kind=Asset.Kind.VIDEO)
    clip = clips.filter(pk=pk).first()
    if clip is None:
        raise NotDone("Upload a still, or choose a clip and one of its frames.")
    return _pinned(clip, request.POST.get(f"{names}_frame", ""), request.member)


def _picture(request: MemberRequest, names: str, index: str, source: Asset | None) -> Asset:
    """Return an uploaded still, or else the source's own frame."""
    if uploaded := _uploaded(request, names):
        return uploaded
    if source is None:
        raise NotDone("Choose a clip first, or upload a still.")
    return _pinned(source, index, request.member)


def _uploaded(request: MemberRequest, names: str) -> Asset | None:
    sent, member = request.FILES.get(f"{names}_file"), request.member
    if sent is None:
        return None
    kept = Path(settings.RUN_DIR) / f"still-{DraftForm().form_token}"
    with kept.open("wb") as file:
        file.writelines(sent.chunks())
    name = sent.name or "still"
    return take_in(kept, name=name, team=member.team, user=member.user, expect="image")


def _pinned(clip: Asset, index: str, member: Member) -> Asset:
    at = whole_frame(index)
    if not 0 <= at < clip.frame_count:
        raise NotDone(f"{clip.name} has frames 0 to {clip.last_frame}.")
    return frames.pin(clip, at, user=member.user)
