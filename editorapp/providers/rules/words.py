"""Figures and carriers of a model in words for people."""

from collections.abc import Callable
from typing import Any

from editorapp.providers.contract import Task
from editorapp.providers.spec import Limits, Model, Parameter, ParameterKind, StoredAs

# The ways in which a clip or a picture can be named: the attributes of a Ref.
CARRIER_WORDS = {
    "file_id": "an uploaded file's id",
    "generation_id": "an earlier result",
    "url": "a public URL",
    "data": "inline base64",
}
# What becomes of a file of ours on its way.
STORED_WORDS = {
    StoredAs.FILE: "an upload",
    StoredAs.URL: "an upload (put at a URL), a public URL",
    StoredAs.INLINE: "an upload (inside the request)",
}
REF_KINDS = (ParameterKind.REF, ParameterKind.REFS, ParameterKind.PINNED)
PICTURES = ("start_frame", "end_frame", "keyframes", "image_refs")


def ways_of(row: Parameter) -> str:
    """Say how a clip or a picture can be given: "an upload, an earlier result, a public URL"."""
    given = _carriers_of(row)
    said = [STORED_WORDS[row.stored_as]] if row.stored_as in given else []
    others = [name for name in CARRIER_WORDS if name in given and name != row.stored_as]
    return ", ".join(said + [CARRIER_WORDS[name] for name in others])


def _carriers_of(row: Parameter) -> tuple[str, ...]:
    if row.kind is ParameterKind.PINNED:
        return ("file_id",)
    return tuple(row.carriers or CARRIER_WORDS)


def tier_in_words(tier: str) -> str:
    """Write a tier of a price list as people do: "5s" -> "5 s"."""
    return f"{tier.removesuffix('s')} s"


def size_in_bytes(size: int) -> str:
    """Write a limit as it was published: 200 MB, or 50 MiB where it is binary."""
    for unit, bytes_each in _UNITS:
        if size % bytes_each == 0:
            return f"{size // bytes_each:,} {unit}"
    return f"{size:,} bytes"


_UNITS = (("GiB", 1024**3), ("MiB", 1024**2), ("MB", 10**6), ("kB", 10**3))


_seconds, _list, _count = "{:g} s".format, ", ".join, "{:,}".format
# Each figure: its label, how it is written, and the parameters without which it says nothing.
LIMIT_WORDS: dict[str, tuple[str, Callable[[Any], str], tuple[str, ...]]] = {
    "max_source_seconds": ("Longest source", _seconds, ("source",)),
    "warn_source_seconds": ("Source that may be refused further on, above", _seconds, ("source",)),
    "max_inline_bytes": ("Largest source by URL or in the request", size_in_bytes, ("source",)),
    "max_file_bytes": ("Largest source by upload", size_in_bytes, ("source",)),
    "max_source_side": ("Longest side of a source", "{} px".format, ("source",)),
    "min_source_side": ("Shortest side of a source, at least", "{} px".format, ("source",)),
    "max_source_fps": ("Most frames a second of a source", "{:g}".format, ("source",)),
    "max_image_bytes": ("Largest picture", size_in_bytes, PICTURES),
    "prompt_max": ("Longest prompt, in characters", _count, ("prompt",)),
    "max_keyframes": ("Most keyframes", _count, ("keyframes",)),
    "warn_keyframes": ("Keyframes that are warned about, above", _count, ("keyframes",)),
    "keyframe_keys": ("Keys of a keyframe", _list, ("keyframes",)),
    "resolutions": ("Resolutions", _list, ("resolution",)),
    "hdr_resolutions": ("Resolutions with HDR", _list, ("hdr",)),
    "aspect_ratios": ("Aspect ratios", _list, ("aspect_ratio",)),
    "durations": ("Durations", _list, ("duration",)),
    "grid_fps": ("Frames a second on which keyframes lie", _count, ("keyframe_indexes",)),
    "user_id_max": ("Longest end user's tag, in characters", _count, ("user_id",)),
    "output_url_seconds": ("Life of a result's link", lambda value: f"{value / 3600:g} h", ()),
}


def limits_in_words(model: Model, limits: Limits) -> dict[str, str]:
    """Return the figures that mean something for a model: words by label.

    `limits` may be others than the model's own: what an account's provider told.
    """
    return {
        label: written(value)
        for name, (label, written, needs) in LIMIT_WORDS.items()
        if (value := getattr(limits, name)) not in (None, (), 0) and _is_about(model, name, needs)
    }


def _is_about(model: Model, figure: str, needs: tuple[str, ...]) -> bool:
    if figure == "grid_fps" and model.task != Task.GENERATE:
        return False  # an edit's keyframes lie on the source's own grid
    return not needs or any(_sends(model, need) for need in needs)


def _sends(model: Model, name: str) -> bool:
    row = model.parameter(name)
    return row is not None and not row.is_ignored
