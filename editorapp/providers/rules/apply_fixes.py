"""Fixes: carry a form change through to the request, so that it can be tried before it is offered."""

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import CONTROL_VALUES, CONTROLS, GenerationRequest, Ref

COPIES = frozenset({"mp4_copy", "copy_size", "copy_fps", "copy_bytes"})
ATTRIBUTES = frozenset(field.name for field in fields(GenerationRequest))
PLACEHOLDER = Ref(asset_id=0)  # stands for the picture that a person would still choose
NO_CONTROLS: dict[str, Any] = {f"{name}_enabled": None for name in CONTROLS} | dict.fromkeys(
    CONTROL_VALUES.values()
)


def applied(
    wanted: GenerationRequest,
    source: MediaFacts | None,
    changes: Mapping[str, Any],
) -> tuple[GenerationRequest, MediaFacts | None]:
    """Return the request and source facts as they would be after these form changes."""
    values: dict[str, Any] = {}
    for key, value in changes.items():
        if key == "trim_to_seconds":
            source = _trimmed(source, Decimal(str(value)))
            values |= _kept_by_cut(wanted, source)
        elif key in COPIES and source is not None:
            retimed = _copied(source, key, str(value))
            values |= _kept_by_copy(wanted, source, retimed)
            source = retimed
        elif key in COPIES:
            continue
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
    if key in _FORM_FIELDS:
        return _FORM_FIELDS[key](wanted, value)
    if key in ATTRIBUTES:
        return {key: None if value is False or value == "" else value}
    raise KeyError(f"{key} is no form field")


def _conditioning(wanted: GenerationRequest, value: str) -> dict[str, Any]:
    if value == "auto":
        return {"auto_controls": True, "strength": None} | NO_CONTROLS
    return {"auto_controls": None}


def _source_type(wanted: GenerationRequest, value: str) -> dict[str, Any]:
    return {"source": replace(wanted.source, media_type=value)} if wanted.source else {}


def _without(wanted: GenerationRequest, places: Collection[int]) -> dict[str, Any]:
    return {
        name: _others(getattr(wanted, name) or (), places) or None
        for name in ("keyframes", "keyframe_indexes")
    }


def _others(values: Iterable[Any], places: Collection[int]) -> tuple[Any, ...]:
    return tuple(one for at, one in enumerate(values) if at not in places)


def _kept_by_cut(wanted: GenerationRequest, source: MediaFacts | None) -> dict[str, Any]:
    if source is None or not wanted.keyframe_indexes:
        return {}
    return _without(wanted, _beyond_end(source, wanted.keyframe_indexes))


def _beyond_end(source: MediaFacts, indexes: Iterable[Any]) -> set[int]:
    return {
        at
        for at, index in enumerate(indexes)
        if isinstance(index, int) and index >= source.frame_count
    }


def _copied(source: MediaFacts, key: str, value: str) -> MediaFacts:
    """Return the facts of a copy with this one thing changed."""
    if key == "copy_bytes":
        return replace(source, size_bytes=min(source.size_bytes, int(value)))
    if key == "copy_size":
        width, height = map(int, value.split("x"))
        return replace(source, width=width, height=height)
    if key == "copy_fps" and source.fps:
        count = math.ceil(source.frame_count * Fraction(value) / source.fps)
        return replace(source, fps=Fraction(value), frame_count=count)
    codec, layout = ("hevc", "yuv420p10le") if source.hdr else ("h264", "yuv420p")
    return replace(source, container="mp4", codec=codec, pixel_format=layout)


def _kept_by_copy(
    wanted: GenerationRequest, source: MediaFacts, retimed: MediaFacts
) -> dict[str, Any]:
    """Keep keyframes on their pictures, by time, where the copy has other frames."""
    if retimed.fps == source.fps or not (retimed.fps and source.fps and wanted.keyframe_indexes):
        return {}
    share, last = retimed.fps / source.fps, retimed.frame_count - 1
    moved = (
        min(last, int(index * share + Fraction(1, 2))) if isinstance(index, int) else index
        for index in wanted.keyframe_indexes
    )
    return {"keyframe_indexes": tuple(moved)}


def _guides(wanted: GenerationRequest, value: str) -> dict[str, Any]:
    changed: dict[str, Any] = {"start_frame": None, "keyframes": None, "keyframe_indexes": None}
    if value == "single":
        changed["start_frame"] = wanted.start_frame or PLACEHOLDER
    elif value == "keyframes":
        changed["keyframes"] = wanted.keyframes or (PLACEHOLDER,)
        changed["keyframe_indexes"] = wanted.keyframe_indexes if wanted.keyframes else (0,)
    return changed


# The form fields that are no attribute of a request.
_FORM_FIELDS: dict[str, Callable[[GenerationRequest, Any], dict[str, Any]]] = {
    "conditioning": _conditioning,
    "guides": _guides,
    "keyframe_index": lambda wanted, value: {"keyframe_indexes": tuple(value)},
    "drop_keyframes": _without,
    "source_media_type": _source_type,
}


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
        codec="hevc" if source.hdr else "h264",
        pixel_format="yuv420p10le" if source.hdr else "yuv420p",
    )
