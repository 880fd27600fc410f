"""Guide frames and cut sources as the studio's buttons make them; the way without JavaScript
included.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, QueryDict

from editorapp.core.request_values import as_decimal, as_whole, row_id
from editorapp.costs.estimate import Estimate, estimate
from editorapp.media import frame_times, frames, trim
from editorapp.media.intake import take_in
from editorapp.media.models import Asset
from editorapp.media.refusals import Refusal
from editorapp.providers.contract import Ref, Task
from editorapp.teams.models import Member
from editorapp.web.studio.forms import Compose, KeyframeRow

ENDS = ("first_asset", "last_asset")


class NotDone(Exception):
    """The button's act failed; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class Row:
    """A keyframe as the page lists it: the typed index, and the picture (None: it is gone)."""

    index: str
    asset: Asset | None
    asset_id: int | None


def rows(form: Compose, member: Member) -> list[Row]:
    """Return the form's keyframes with their pictures: one query, however many there are."""
    wanted = [row.asset for row in form.keyframes if row.asset is not None]
    found = Asset.objects.visible_to(member).in_bulk(wanted) if wanted else {}
    return [Row(row.index, found.get(row.asset or 0), row.asset) for row in form.keyframes]


def carried_out(
    form: Compose,
    changes: Mapping[str, list[str]],
    source: Asset | None,
    member: Member,
    request: HttpRequest,
) -> Compose:
    """Return the form after a button: a mend's changes, a cut source, or a guide frame added.

    Raises: NotDone.
    """
    try:
        if part := wanted_part(changes, source, request):
            return _cut(form, *part, source, member)
        if "add_keyframe" in request.POST:
            return _add_keyframe(form, source, member, request)
        if "set_guide" in request.POST:
            return _set_guide(form, source, member, request)
        if "set_end" in request.POST:
            return _set_end(form, request.POST["set_end"], member, request)
        if "drop_keyframe" in request.POST:
            return form.changed({"drop_keyframes": [request.POST["drop_keyframe"]]})
    except Refusal as error:
        raise NotDone(error.message) from error
    return form.changed(changes)


def wanted_part(
    changes: Mapping[str, list[str]], source: Asset | None, request: HttpRequest
) -> tuple[int, int] | None:
    """Return the first and last frame that a button keeps; None where it makes no new source.

    Raises: NotDone.

    An MP4 copy is a cut that keeps everything.
    """
    if "trim_to_seconds" in changes:
        return _start_of(source, changes["trim_to_seconds"][0])
    if "mp4_copy" in changes:
        return 0, _chosen(source).last_frame
    if "trim" in request.POST:
        return _whole(request.POST.get("trim_first", "")), _whole(request.POST.get("trim_last", ""))
    return None


def price_of_part(
    form: Compose, sent: QueryDict, source: Asset | None, *, provider: str, ref: Ref | None
) -> Estimate | None:
    """Return what the edit would cost if only the part between in and out were its source; None
    where none is set.
    """
    try:
        first, last = _whole(sent.get("trim_first", "")), _whole(sent.get("trim_last", ""))
    except NotDone:
        return None
    if source is None or source.fps is None or not 0 <= first <= last < source.frame_count:
        return None
    try:
        length = frame_times.length_of(source, first, last)
    except Refusal:
        return None
    seconds = Decimal(length.numerator) / length.denominator
    part = replace(source.facts(), frame_count=last - first + 1, duration_seconds=seconds)
    return estimate(form.request(ref), part, provider=provider)


def _start_of(source: Asset | None, seconds: str) -> tuple[int, int]:
    """Return the longest start of the clip that is not longer than some seconds."""
    if source is None or source.fps is None:
        raise NotDone("Choose a clip first.")
    if (length := as_decimal(seconds)) is None:
        raise NotDone("This is no length in seconds.")
    try:
        count = frame_times.frames_within(source, Fraction(length))
    except Refusal as refusal:
        raise NotDone(refusal.message) from refusal
    return 0, max(0, min(count, source.frame_count) - 1)


def _chosen(source: Asset | None) -> Asset:
    if source is None:
        raise NotDone("Choose a clip first.")
    return source


def _cut(form: Compose, first: int, last: int, source: Asset | None, member: Member) -> Compose:
    source = _chosen(source)
    if not 0 <= first <= last < source.frame_count:
        raise NotDone(
            f"In and out lie between frame 0 and frame {source.last_frame}, in before out."
        )
    cut = trim.trim(source, first, last, user=member.user)
    return replace(_moved(form, first, last), source_kind="asset", source_asset=cut.pk)


def _moved(form: Compose, first: int, last: int) -> Compose:
    """Keyframes stay on their pictures: they move with the cut, and those outside of it are
    dropped.
    """
    kept = []
    for row in form.keyframes:
        index = row.frame_index
        if not isinstance(index, int):
            kept.append(row)
        elif first <= index <= last:
            kept.append(replace(row, index=str(index - first)))
    return replace(form, keyframes=tuple(kept))


def _add_keyframe(
    form: Compose, source: Asset | None, member: Member, request: HttpRequest
) -> Compose:
    """Add a keyframe: of an edit at a frame of its source, of a generation at a frame of the clip
    to come.
    """
    index = request.POST.get("new_keyframe_index", "").strip()
    if form.task == Task.GENERATE:
        _whole(index)
        picture = _still(request, "new_keyframe", member)
        changes: dict[str, Any] = {"frames": "keyframes"}
    else:
        picture = _picture(request.FILES.get("new_keyframe_file"), index, source, member)
        changes = {"guides": "keyframes"}
    return replace(form, keyframes=(*form.keyframes, KeyframeRow(picture.pk, index)), **changes)


def _set_guide(
    form: Compose, source: Asset | None, member: Member, request: HttpRequest
) -> Compose:
    picture = _picture(request.FILES.get("new_guide_file"), "0", source, member)
    return replace(form, guides="single", guide_asset=picture.pk)


def _set_end(form: Compose, name: str, member: Member, request: HttpRequest) -> Compose:
    """Set the first or the last frame of a generation."""
    if name not in ENDS:
        raise NotDone("A generation has a first and a last frame.")
    still = _still(request, f"new_{name}", member).pk
    form = replace(form, frames="frames")
    return (
        replace(form, first_asset=still)
        if name == "first_asset"
        else replace(form, last_asset=still)
    )


def _still(request: HttpRequest, names: str, member: Member) -> Asset:
    """Return an uploaded still, or else the frame of the clip that was chosen for it."""
    sent = request.FILES.get(f"{names}_file")
    if sent is not None:
        return _taken_in(sent, member)
    pk = row_id(request.POST, f"{names}_clip") or 0
    clip = Asset.objects.visible_to(member).filter(kind=Asset.Kind.VIDEO, pk=pk).first()
    if clip is None:
        raise NotDone("Upload a still, or choose a clip and one of its frames.")
    return _pinned(clip, request.POST.get(f"{names}_frame", ""), member)


def _picture(sent: UploadedFile | None, index: str, source: Asset | None, member: Member) -> Asset:
    """Return an uploaded still, or else the source's own frame."""
    if sent is not None:
        return _taken_in(sent, member)
    if source is None:
        raise NotDone("Choose a clip first, or upload a still.")
    return _pinned(source, index, member)


def _pinned(clip: Asset, index: str, member: Member) -> Asset:
    at = _whole(index)
    if not 0 <= at < clip.frame_count:
        raise NotDone(f"{clip.name} has frames 0 to {clip.last_frame}.")
    return frames.pin(clip, at, user=member.user)


def _taken_in(sent: UploadedFile, member: Member) -> Asset:
    kept = Path(settings.RUN_DIR) / f"still-{Compose().form_token}"
    with kept.open("wb") as file:
        for chunk in sent.chunks():
            file.write(chunk)
    return take_in(
        kept, name=sent.name or "still", team=member.team, user=member.user, expect="image"
    )


def _whole(text: str) -> int:
    if (number := as_whole(text)) is None:
        raise NotDone("Frame numbers are whole numbers, counted from 0.")
    return number
