"""Fixes: carry a form change through to the request, so that it can be tried before it is offered."""

from collections.abc import Mapping
from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import CONTROL_VALUES, CONTROLS, GenerationRequest, Ref

ATTRIBUTES = frozenset(field.name for field in fields(GenerationRequest))
PLACEHOLDER = Ref(asset_id=0)  # stands for the picture that a person would still choose
NO_CONTROLS: dict[str, Any] = {f"{name}_enabled": None for name in CONTROLS} | dict.fromkeys(
    CONTROL_VALUES.values()
)


def applied(
    wanted: GenerationRequest, source: MediaFacts | None, changes: Mapping[str, Any]
) -> tuple[GenerationRequest, MediaFacts | None]:
    """Return the request and source facts as they would be after these form changes."""
    values: dict[str, Any] = {}
    for key, value in changes.items():
        if key == "trim_to_seconds":
            source = _trimmed(source, Decimal(str(value)))
            values |= _kept_by_cut(wanted, source)
        elif key == "mp4_copy":
            source = replace(source, container="mp4") if source is not None else None
        else:
            values |= _values(wanted, key, value)
    return _changed(wanted, values), source


def _changed(wanted: GenerationRequest, values: Mapping[str, Any]) -> GenerationRequest:
    """Do what dataclasses.replace does, at a tenth of its price: the live check tries an option a
    dozen times.
    """
    copy = object.__new__(GenerationRequest)
    copy.__dict__.update(wanted.__dict__, **values)
    return copy


def _values(wanted: GenerationRequest, key: str, value: Any) -> dict[str, Any]:
    if key == "conditioning":
        return (
            {"auto_controls": True, "strength": None} | NO_CONTROLS
            if value == "auto"
            else {"auto_controls": None}
        )
    if key == "guides":
        return _guides(wanted, value)
    if key == "keyframe_index":
        return {"keyframe_indexes": tuple(value)}
    if key == "drop_keyframes":
        return _without(wanted, set(value))
    if key == "source_media_type":
        return {"source": replace(wanted.source, media_type=value)} if wanted.source else {}
    if key in ATTRIBUTES:
        return {key: None if value is False or value == "" else value}
    raise KeyError(f"{key} is no form field")


def _without(wanted: GenerationRequest, places: set[int]) -> dict[str, Any]:
    return {
        name: tuple(one for at, one in enumerate(getattr(wanted, name) or ()) if at not in places)
        or None
        for name in ("keyframes", "keyframe_indexes")
    }


def _kept_by_cut(wanted: GenerationRequest, source: MediaFacts | None) -> dict[str, Any]:
    if source is None or not wanted.keyframe_indexes:
        return {}
    after = {
        at
        for at, index in enumerate(wanted.keyframe_indexes)
        if isinstance(index, int) and index >= source.frame_count
    }
    return _without(wanted, after)


def _guides(wanted: GenerationRequest, value: str) -> dict[str, Any]:
    changed: dict[str, Any] = {"start_frame": None, "keyframes": None, "keyframe_indexes": None}
    if value == "single":
        changed["start_frame"] = wanted.start_frame or PLACEHOLDER
    elif value == "keyframes":
        changed["keyframes"] = wanted.keyframes or (PLACEHOLDER,)
        changed["keyframe_indexes"] = wanted.keyframe_indexes if wanted.keyframes else (0,)
    return changed


def _trimmed(source: MediaFacts | None, seconds: Decimal) -> MediaFacts | None:
    if source is None or source.duration_seconds <= seconds:
        return source
    share = seconds / source.duration_seconds
    # What is cut out is coded anew, as MP4.
    return replace(
        source,
        duration_seconds=seconds,
        frame_count=int(source.frame_count * share),
        container="mp4",
    )
