"""What was asked for, in words; and what one request changed against another."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from editorapp.media.models import Asset
from editorapp.providers.contract import CONTROLS, GenerationRequest, Ref
from editorapp.teams.models import Member

LEAST_LIKENESS = 0.5  # below it, struck and added words read as soup
LONGEST_SHOWN = 200  # characters of one string of a request body


@dataclass(frozen=True)
class Guide:
    """A still that guides an edit: the frame it stands at (None: the whole clip) and our copy of it, if we have one."""

    label: str
    frame_index: int | None
    asset: Asset | None


@dataclass(frozen=True)
class Change:
    """One setting that differs from the parent's."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Words:
    """A run of words of a prompt: "same", "added" or "removed"."""

    kind: str
    text: str

    @property
    def is_added(self) -> bool:
        return self.kind == "added"

    @property
    def is_removed(self) -> bool:
        return self.kind == "removed"


def settings(wanted: GenerationRequest) -> dict[str, str]:
    """Return everything but the prompt and the source, in the order in which the studio asks."""
    said = {
        "Model": wanted.model or "",
        "Conditioning": _conditioning(wanted),
        "Strength": _name(wanted.strength),
        **{control.capitalize(): _control(wanted, control) for control in CONTROLS},
        "Guide frames": _guides(wanted),
        "Resolution": wanted.resolution or "",
        "HDR": "on" if wanted.hdr else "",
        "EXR frames": "on" if wanted.exr else "",
    }
    return {label: value for label, value in said.items() if value}


def changes(before: GenerationRequest, after: GenerationRequest) -> list[Change]:
    """Return the settings that differ, in the order of `settings`."""
    old, new = settings(before), settings(after)
    labels = list(new) + [label for label in old if label not in new]
    return [
        Change(label, old.get(label, "not set"), new.get(label, "not set"))
        for label in labels
        if old.get(label) != new.get(label)
    ]


def prompt_changes(before: str, after: str) -> list[Words]:
    """Return a prompt word by word against an earlier one; one that was written anew comes back unmarked."""
    old, new = re.findall(r"\S+\s*", before), re.findall(r"\S+\s*", after)
    found: list[Words] = []
    matcher = difflib.SequenceMatcher(a=[word.strip() for word in old], b=[word.strip() for word in new])
    if matcher.ratio() < LEAST_LIKENESS:
        return [Words("same", after)]
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            found.append(Words("same", "".join(new[c:d])))
            continue
        if b > a:
            found.append(Words("removed", "".join(old[a:b])))
        if d > c:
            found.append(Words("added", "".join(new[c:d])))
    return found


def guides(wanted: GenerationRequest, member: Member) -> list[Guide]:
    """Return the stills that guide an edit, with our copies of them: one query."""
    named = list(_guide_refs(wanted))
    ids = [ref.asset_id for _label, _index, ref in named if ref.asset_id]
    ours = Asset.objects.visible_to(member).in_bulk(ids) if ids else {}
    return [Guide(label, index, ours.get(ref.asset_id) if ref.asset_id else None) for label, index, ref in named]


def shortened(body: Any) -> Any:
    """Return a request body with long strings (pictures as text) cut, for reading."""
    if isinstance(body, dict):
        return {key: shortened(value) for key, value in body.items()}
    if isinstance(body, list):
        return [shortened(value) for value in body]
    if isinstance(body, str) and len(body) > LONGEST_SHOWN and " " not in body[:LONGEST_SHOWN]:
        return f"{body[:60]}… ({len(body):,} characters)"
    return body


def _guide_refs(wanted: GenerationRequest) -> Iterator[tuple[str, int | None, Ref]]:
    if wanted.start_frame:
        yield "Guide frame", None, wanted.start_frame
    if wanted.end_frame:
        yield "Last frame", None, wanted.end_frame
    indexes = wanted.keyframe_indexes or ()
    for number, ref in enumerate(wanted.keyframes or ()):
        index = indexes[number] if number < len(indexes) else None
        yield f"Frame {index}", index, ref


def _conditioning(wanted: GenerationRequest) -> str:
    if wanted.auto_controls:
        return "Auto"
    return "Manual" if wanted.strength or any(getattr(wanted, f"{name}_enabled") for name in CONTROLS) else ""


def _control(wanted: GenerationRequest, name: str) -> str:
    """Return a control's value: its parameter where it has one."""
    enabled = getattr(wanted, f"{name}_enabled")
    if enabled is None:
        return ""
    if not enabled:
        return "off"
    parameters = {
        "pose": wanted.pose_strength,
        "depth": _number("blur", wanted.depth_blur),
        "normals": _number("augmentation", wanted.normals_augmentation),
        "trajectory": _number("sparsity", wanted.trajectory_sparsity),
    }
    return parameters.get(name) or "on"


def _guides(wanted: GenerationRequest) -> str:
    if wanted.keyframes:
        at = ", ".join(str(index) for index in wanted.keyframe_indexes or ())
        return f"{len(wanted.keyframes)} keyframe{'s' if len(wanted.keyframes) > 1 else ''} at {at}"
    return "single" if wanted.start_frame else ""


def _number(name: str, value: float | None) -> str:
    return "" if value is None else f"{name} {value:g}"


def _name(strength: str | None) -> str:
    return (strength or "").replace("_", " ").capitalize()
