"""Buttons: what each of the form's buttons does to it: a fix, a cut source, a guide frame; the way
without JavaScript included.
"""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from django.conf import settings
from django.http import QueryDict

from editorapp.core.request_values import as_decimal, as_whole, row_id
from editorapp.costs.estimate import Estimate, estimate
from editorapp.generations.request.draft import Draft
from editorapp.media import frame_times, frames, trim
from editorapp.media.intake import take_in
from editorapp.media.models import Asset
from editorapp.media.refusals import Refusal
from editorapp.providers.contract import Task
from editorapp.teams.access import MemberRequest
from editorapp.teams.models import Member
from editorapp.web.studio.draft_form import ENDS, Changes, DraftForm, KeyframeRow, Values

Part = tuple[int, int]  # its first and last frame
NO_CLIP = "Choose a clip first."


class NotDone(Exception):
    """The button's act failed; the message is one sentence that says what to do."""


def pressed(
    request: MemberRequest,
    form: DraftForm,
    changes: Changes,
    source: Asset | None,
) -> tuple[DraftForm, Part | None]:
    """Return the form after a button: a fix's changes, a cut source, or a guide frame added; and the
    part that is kept of a source that was cut.

    Raises: NotDone.
    """
    sent = request.POST
    try:
        if part := _part_kept(sent, changes, source):
            return _cut(form, *part, source, request.member), part
        if act := next((act for name, act in ACTS.items() if name in sent), None):
            return replace(form, **act(request, form, source)), None
    except Refusal as error:
        raise NotDone(error.message) from error
    if "drop_keyframe" in sent:
        changes = {"drop_keyframes": [sent["drop_keyframe"]]}
    return form.changed(changes), None


def _part_kept(sent: QueryDict, changes: Changes, source: Asset | None) -> Part | None:
    """Return the first and last frame that a button keeps; None where it makes no new source.

    An MP4 copy is a cut that keeps everything. Raises: NotDone.
    """
    if "trim_to_seconds" in changes:
        return _start_of(source, changes["trim_to_seconds"][0])
    if "mp4_copy" in changes:
        return 0, _chosen(source).last_frame
    if "trim" in sent:
        return _in_and_out(sent)
    return None


def _in_and_out(sent: QueryDict) -> Part:
    return _whole(sent.get("trim_first", "")), _whole(sent.get("trim_last", ""))


def price_of_part(draft: Draft, sent: QueryDict) -> Estimate | None:
    """Return what the edit would cost if only the part between in and out were its source; None
    where none is set.
    """
    source, facts = draft.source_asset, draft.facts
    try:
        first, last = _in_and_out(sent)
        if source is None or facts is None or not _is_part(source, first, last):
            return None
        length = frame_times.length_of(source, first, last)
    except (NotDone, Refusal):
        return None
    seconds = Decimal(length.numerator) / length.denominator
    part = replace(facts, frame_count=last - first + 1, duration_seconds=seconds)
    return estimate(draft.wanted, part, provider=draft.account.provider)


def _is_part(source: Asset, first: int, last: int) -> bool:
    return source.fps is not None and 0 <= first <= last < source.frame_count


def _start_of(source: Asset | None, seconds: str) -> Part:
    """Return the longest start of the clip that is not longer than some seconds."""
    source = _chosen(source)
    if source.fps is None:
        raise NotDone(NO_CLIP)
    if (length := as_decimal(seconds)) is None:
        raise NotDone("This is no length in seconds.")
    count = frame_times.frames_within(source, Fraction(length))
    return 0, max(0, min(count, source.frame_count) - 1)


def _chosen(source: Asset | None) -> Asset:
    if source is None:
        raise NotDone(NO_CLIP)
    return source


def _cut(form: DraftForm, first: int, last: int, source: Asset | None, member: Member) -> DraftForm:
    source = _chosen(source)
    if not 0 <= first <= last < source.frame_count:
        raise NotDone(
            f"In and out lie between frame 0 and frame {source.last_frame}, in before out."
        )
    cut = trim.trim(source, first, last, user=member.user)
    return replace(_moved(form, first, last), source_kind="asset", source_asset=cut.pk)


def _moved(form: DraftForm, first: int, last: int) -> DraftForm:
    """Keyframes stay on their pictures: they move with the cut, and those outside of it are
    dropped.
    """
    moved = []
    for row in form.keyframes:
        index = row.frame_index
        if not isinstance(index, int):
            moved.append(row)
        elif first <= index <= last:
            moved.append(replace(row, index=str(index - first)))
    return replace(form, keyframes=tuple(moved))


def _add_keyframe(request: MemberRequest, form: DraftForm, source: Asset | None) -> Values:
    """Add a keyframe: of an edit at a frame of its source, of a generation at a frame of the clip
    to come.
    """
    index = request.POST.get("new_keyframe_index", "").strip()
    if form.task == Task.GENERATE:
        _whole(index)
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
    at = _whole(index)
    if not 0 <= at < clip.frame_count:
        raise NotDone(f"{clip.name} has frames 0 to {clip.last_frame}.")
    return frames.pin(clip, at, user=member.user)


def _whole(text: str) -> int:
    if (number := as_whole(text)) is None:
        raise NotDone("Frame numbers are whole numbers, counted from 0.")
    return number
