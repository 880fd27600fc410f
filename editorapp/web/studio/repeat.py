"""The form that asks again for what was asked before: of the same source, or of a take's result."""

from typing import Any

from editorapp.generations.models import Generation
from editorapp.providers.contract import CONTROL_VALUES, GenerationRequest, Ref, Task
from editorapp.web.studio.forms import FLAGS, POSITION, Compose, KeyframeRow


def editing(take: Generation, *, task: str = Task.EDIT.value) -> Compose:
    """Return the form that works on a take's result, with the settings it was made with."""
    said = _settings_of(take.wanted)
    if take.task != task:
        said |= {"task": task, "model": ""}
    return Compose(
        source_kind="generation", source_generation=take.pk, account=take.account_id, **said
    )


def again(take: Generation) -> Compose:
    """Return the form that a take was made with: its source, its frames and its settings."""
    wanted = take.wanted
    said = _settings_of(wanted) | {"account": take.account_id}
    if wanted.task == Task.GENERATE:
        return Compose(**said, **_frames_of(wanted, take.parent_id))
    return Compose(
        **said, **_source_of(wanted.source or Ref(), take.parent_id), **_guides_of(wanted)
    )


def _source_of(source: Ref, parent: int | None) -> dict[str, Any]:
    if parent is not None:
        return {"source_kind": "generation", "source_generation": parent}
    if source.asset_id is not None:
        return {"source_asset": source.asset_id}
    if source.url:
        return {
            "source_kind": "url",
            "source_url": source.url,
            "source_media_type": source.media_type or "",
        }
    if source.generation_id or source.file_id:
        kind = "generation" if source.generation_id else "file"
        return {
            "source_kind": "id",
            "source_id": source.generation_id or source.file_id,
            "source_id_kind": kind,
        }
    return {}


def _guides_of(wanted: GenerationRequest) -> dict[str, Any]:
    if wanted.start_frame is not None:
        return {"guides": "single", "guide_asset": wanted.start_frame.asset_id}
    return {"guides": "keyframes", "keyframes": _rows(wanted)} if wanted.keyframes else {}


def _frames_of(wanted: GenerationRequest, parent: int | None) -> dict[str, Any]:
    if wanted.keyframes:
        return {"frames": "keyframes", "keyframes": _rows(wanted)}
    first, last = wanted.start_frame, wanted.end_frame
    if parent is not None and (first or last):
        return {"frames": "backward" if first is None else "forward", "extend_generation": parent}
    if first or last:
        pictures = {
            "first_asset": first.asset_id if first else None,
            "last_asset": last.asset_id if last else None,
        }
        return {"frames": "frames"} | pictures
    return {}


def _rows(wanted: GenerationRequest) -> tuple[KeyframeRow, ...]:
    pinned = zip(wanted.keyframes or (), wanted.keyframe_indexes or (), strict=False)
    return tuple(KeyframeRow(ref.asset_id, str(index)) for ref, index in pinned)


def _settings_of(wanted: GenerationRequest) -> dict[str, Any]:
    """Return task, model, prompt, conditioning, output and shape of a request as fields of the
    form.
    """
    said: dict[str, Any] = {name: bool(getattr(wanted, name)) for name in FLAGS}
    for name in (*CONTROL_VALUES.values(), *POSITION):
        value = getattr(wanted, name)
        said[name] = "" if value is None else str(value)
    is_manual = wanted.task == Task.EDIT and not wanted.auto_controls
    has_strength = is_manual or wanted.task == Task.MODIFY
    return said | {
        "task": wanted.task,
        "model": wanted.model or "",
        "prompt": wanted.prompt or "",
        "strength": (wanted.strength or "") if has_strength else "flex_2",
        "conditioning": "manual" if is_manual else "auto",
        "resolution": wanted.resolution or "720p",
        "aspect_ratio": wanted.aspect_ratio or "",
        "duration": wanted.duration or "5s",
        "concepts": wanted.concepts or (),
    }
