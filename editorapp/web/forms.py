"""The compose form of the studio: its fields as they were typed, and the request that they make.

A plain dataclass instead of a Django form: it is read on every keystroke, it must keep what is wrong as it was typed,
and its rules live in the providers' table, not here.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from editorapp.providers.contract import CONTROLS, GenerationRequest, Ref, Task

CONTROL_VALUES = {
    "pose": "pose_strength",
    "depth": "depth_blur",
    "normals": "normals_augmentation",
    "trajectory": "trajectory_sparsity",
}
TEXTS = (
    "source_kind", "source_url", "source_media_type", "source_id", "source_id_kind", "conditioning", "strength",
    "pose_strength", "depth_blur", "normals_augmentation", "trajectory_sparsity", "guides", "resolution", "form_token",
)  # fmt: skip
FLAGS = (*(f"{name}_enabled" for name in CONTROLS), "hdr", "exr")
IDS = ("source_asset", "source_generation", "guide_asset")
ALLOWED = {
    "source_kind": ("asset", "generation", "url", "id"),
    "source_id_kind": ("generation", "file"),
    "conditioning": ("auto", "manual"),
    "guides": ("none", "single", "keyframes"),
}


@dataclass(frozen=True)
class KeyframeRow:
    """One guide frame as typed: our image asset, and the source frame it stands for."""

    asset: int | None
    index: str

    @property
    def frame_index(self) -> int | str:
        try:
            return int(self.index)
        except ValueError:
            return self.index


@dataclass(frozen=True)
class Compose:
    """What the form says. Values that the chosen mode ignores are kept, so that switching back brings them back."""

    source_kind: str = "asset"
    source_asset: int | None = None
    source_generation: int | None = None  # our own take; its chain_id is what a provider is told
    source_url: str = ""
    source_media_type: str = ""  # "" guesses from the address
    source_id: str = ""
    source_id_kind: str = "generation"
    prompt: str = ""
    conditioning: str = "auto"
    strength: str = "flex_2"  # "" leaves it to the model
    pose_enabled: bool = False
    pose_strength: str = ""
    depth_enabled: bool = False
    depth_blur: str = ""
    normals_enabled: bool = False
    normals_augmentation: str = ""
    trajectory_enabled: bool = False
    trajectory_sparsity: str = ""
    face_enabled: bool = False
    guides: str = "none"
    guide_asset: int | None = None
    keyframes: tuple[KeyframeRow, ...] = ()
    resolution: str = "720p"
    hdr: bool = False
    exr: bool = False
    form_token: str = field(default_factory=lambda: uuid.uuid4().hex)

    @classmethod
    def read(cls, sent: QueryDict) -> "Compose":
        """Read a posted form. Nothing is refused here; what cannot be read falls back to what is not chosen."""
        values: dict[str, Any] = {name: str(sent[name]).strip() for name in TEXTS if name in sent}
        for name, allowed in ALLOWED.items():
            if values.get(name) not in allowed:
                values.pop(name, None)
        values |= {name: bool(sent.get(name)) for name in FLAGS}
        values |= {name: _id(sent.get(name, "")) for name in IDS}
        # Browsers send line ends as CR LF; a person counted one character.
        values["prompt"] = sent.get("prompt", "").replace("\r\n", "\n")
        assets, indexes = sent.getlist("keyframe_asset"), sent.getlist("keyframe_index")
        values["keyframes"] = tuple(
            KeyframeRow(_id(asset), index.strip()) for asset, index in zip(assets, indexes, strict=False)
        )
        if not values.get("form_token"):
            values.pop("form_token", None)
        return cls(**values)

    @classmethod
    def editing(cls, wanted: GenerationRequest, *, take: int | None) -> "Compose":
        """Return the form that asks for the same again, of a take's result."""
        return cls(source_kind="generation", source_generation=take, **_settings_of(wanted))

    @classmethod
    def again(cls, wanted: GenerationRequest, *, parent: int | None) -> "Compose":
        """Return the form that a take was made with: its source, its guide frames and its settings.

        `parent` is the take whose result was edited, where there was one.
        """
        said, source = _settings_of(wanted), wanted.source or Ref()
        if parent is not None:
            said |= {"source_kind": "generation", "source_generation": parent}
        elif source.asset_id is not None:
            said |= {"source_asset": source.asset_id}
        elif source.url:
            said |= {"source_kind": "url", "source_url": source.url, "source_media_type": source.media_type or ""}
        elif source.generation_id or source.file_id:
            kind = "generation" if source.generation_id else "file"
            said |= {"source_kind": "id", "source_id": source.generation_id or source.file_id, "source_id_kind": kind}
        if wanted.start_frame is not None:
            said |= {"guides": "single", "guide_asset": wanted.start_frame.asset_id}
        if wanted.keyframes:
            pinned = zip(wanted.keyframes, wanted.keyframe_indexes or (), strict=False)
            rows = tuple(KeyframeRow(ref.asset_id, str(index)) for ref, index in pinned)
            said |= {"guides": "keyframes", "keyframes": rows}
        return cls(**said)

    def request(self, source: Ref | None) -> GenerationRequest:
        """Return the request that this form makes of a source: only what the chosen modes count."""
        values: dict[str, Any] = {"hdr": self.hdr or None, "exr": self.exr or None}
        if self.conditioning == "auto":
            values["auto_controls"] = True
        else:
            values |= self._manual()
        if self.guides == "single" and self.guide_asset is not None:
            values["start_frame"] = Ref(asset_id=self.guide_asset)
        if self.guides == "keyframes" and self.keyframes:
            values["keyframes"] = tuple(Ref(asset_id=row.asset) for row in self.keyframes)
            values["keyframe_indexes"] = tuple(row.frame_index for row in self.keyframes)
        return GenerationRequest(
            task=Task.EDIT, prompt=self.prompt, source=source, resolution=self.resolution or None, **values
        )

    def _manual(self) -> dict[str, Any]:
        values: dict[str, Any] = {"strength": self.strength or None}
        for name in CONTROLS:
            if getattr(self, f"{name}_enabled"):
                values[f"{name}_enabled"] = True
                if name in CONTROL_VALUES and (typed := getattr(self, CONTROL_VALUES[name])) != "":
                    values[CONTROL_VALUES[name]] = typed if name == "pose" else _number(typed)
        return values

    def changed(self, changes: Mapping[str, list[str]]) -> "Compose":
        """Return the form after a mend: its changes as `encode_changes` wrote them and a browser sent them back."""
        form, names = self, {one.name for one in fields(self)}
        for name, values in changes.items():
            if name == "keyframe_index":
                rows = zip(form.keyframes, values, strict=False)
                form = replace(form, keyframes=tuple(replace(row, index=index) for row, index in rows))
            elif name == "drop_keyframes":
                kept = [row for at, row in enumerate(form.keyframes) if str(at) not in values]
                form = replace(form, keyframes=tuple(kept))
            elif name in names and name != "keyframes":
                form = replace(form, **{name: _read(name, values[0])})
        return form


def _settings_of(wanted: GenerationRequest) -> dict[str, Any]:
    """Return prompt, conditioning and output of a request as fields of the form."""
    said: dict[str, Any] = {name: bool(getattr(wanted, name)) for name in FLAGS}
    for name in CONTROL_VALUES.values():
        value = getattr(wanted, name)
        said[name] = "" if value is None else str(value)
    is_auto = bool(wanted.auto_controls)
    return said | {
        "strength": wanted.strength or ("flex_2" if is_auto else ""), "prompt": wanted.prompt or "",
        "conditioning": "auto" if is_auto else "manual", "resolution": wanted.resolution or "720p",
    }  # fmt: skip


def encode_changes(changes: Mapping[str, Any]) -> str:
    """Write a mend's changes as the value of one button: "hdr=1&resolution=720p"; off is empty."""
    pairs: list[tuple[str, str]] = []
    for name, value in changes.items():
        for one in value if isinstance(value, list | tuple) else [value]:
            pairs.append((name, "1" if one is True else "" if one is False or one is None else str(one)))
    return urlencode(pairs)


def _read(name: str, text: str) -> Any:
    return bool(text) if name in FLAGS else _id(text) if name in IDS else text


def _id(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
