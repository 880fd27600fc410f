"""The compose form of the studio: its fields as they were typed, and the request that they make.

A plain dataclass instead of a Django form: it is read on every keystroke, it must keep what is
wrong as it was typed, and its rules live in the providers' table, not here.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from editorapp.core.request_values import as_decimal, as_whole, row_id, text
from editorapp.providers.contract import (
    CONTROL_VALUES,
    CONTROLS,
    DEFAULT_VALUES,
    STRENGTHS,
    GenerationRequest,
    Ref,
    Task,
)
from editorapp.providers.spec import Model

__all__ = ["CONTROL_VALUES", "Compose", "KeyframeRow", "encode_changes"]

POSITION = ("x_norm", "y_norm", "w_norm", "h_norm")
EXTENDS = ("forward", "backward")
TYPED = (
    "source_url",
    "source_id",
    *CONTROL_VALUES.values(),
    *POSITION,
    "takes",
)  # beside prompts and frame numbers
TEXTS = (
    "task",
    "model",
    "source_kind",
    "source_media_type",
    "source_id_kind",
    "conditioning",
    "strength",
    "guides",
    "frames",
    "resolution",
    "aspect_ratio",
    "duration",
    "form_token",
    "task_was",
    "model_was",
    "model_wish",
    "remembered",
)
FLAGS = (*(f"{name}_enabled" for name in CONTROLS), "hdr", "exr", "loop")
IDS = (
    "account",
    "source_asset",
    "source_generation",
    "guide_asset",
    "first_asset",
    "last_asset",
    "extend_generation",
    "account_was",
    "account_before",
    "replaces",
)
ALLOWED = {
    "task": tuple(task.value for task in Task),
    "source_kind": ("asset", "generation", "url", "id"),
    "source_id_kind": ("generation", "file"),
    "conditioning": ("auto", "manual"),
    "guides": ("none", "single", "keyframes"),
    "frames": ("none", "frames", "keyframes", *EXTENDS),
}


@dataclass(frozen=True)
class KeyframeRow:
    """One guide frame as typed: our image asset, and the frame it stands for."""

    asset: int | None
    index: str

    @property
    def frame_index(self) -> int | str:
        number = as_whole(self.index)
        return self.index if number is None else number


@dataclass(frozen=True)
class Compose:
    """What the form says.

    Values that the chosen task, mode or model ignores are kept, so that switching back brings them
    back.
    """

    task: str = "edit"
    model: str = ""  # ours; "" is the account's first one for the task
    account: int | None = None  # "" is the team's default
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
    guides: str = "none"  # of an edit
    guide_asset: int | None = None
    keyframes: tuple[KeyframeRow, ...] = ()
    frames: str = "none"  # of a generation
    first_asset: int | None = None
    last_asset: int | None = None
    extend_generation: int | None = None  # our own take that is continued
    resolution: str = "720p"
    hdr: bool = False
    exr: bool = False
    aspect_ratio: str = ""  # "" leaves it to the model
    duration: str = "5s"
    loop: bool = False
    concepts: tuple[str, ...] = ()
    x_norm: str = ""  # where the source lies on a reframe's canvas; all four empty: fitted
    y_norm: str = ""
    w_norm: str = ""
    h_norm: str = ""
    # Variants: more of the same in one go. See variants.py.
    takes: str = "1"  # how many of each
    more_strengths: tuple[str, ...] = ()  # beside the chosen one
    more_prompts: str = ""  # one a line
    replaces: int | None = (
        None  # our own generation that is not sent yet, and that this one is instead of
    )
    form_token: str = field(default_factory=lambda: uuid.uuid4().hex)
    # What the page showed when this was filled in: a difference is a switch. See web.desk.
    task_was: str = ""
    model_was: str = ""
    model_wish: str = ""  # the model last chosen by hand, where the account has it
    account_was: int | None = None
    account_before: int | None = None  # the account before the present one, to go back to
    remembered: str = (
        ""  # each task's last account and wish: "edit:3:ray-3.2 modify:9:modify-video"
    )

    @classmethod
    def read(cls, sent: QueryDict) -> "Compose":
        """Read a posted form.

        Of what people type nothing is refused here: that is judged, and said beside its field.

        What cannot be read otherwise falls back to what is not chosen. Raises: BadValue, for a
        value of the page's own that no page of ours has.
        """
        values: dict[str, Any] = {name: str(sent[name]).strip() for name in TYPED if name in sent}
        values |= {name: text(sent, name) for name in TEXTS if name in sent}
        for name, allowed in ALLOWED.items():
            if values.get(name) not in allowed:
                values.pop(name, None)
        values |= {name: bool(sent.get(name)) for name in FLAGS}
        values |= {name: row_id(sent, name) for name in IDS}
        # Browsers send line ends as CR LF; a person counted one character.
        values["prompt"] = sent.get("prompt", "").replace("\r\n", "\n")
        values["concepts"] = tuple(
            dict.fromkeys(name.strip() for name in sent.getlist("concepts") if name.strip())
        )
        values["more_prompts"] = sent.get("more_prompts", "").replace("\r\n", "\n")
        values["more_strengths"] = tuple(
            dict.fromkeys(one for one in sent.getlist("more_strengths") if one in STRENGTHS)
        )
        assets, indexes = sent.getlist("keyframe_asset"), sent.getlist("keyframe_index")
        values["keyframes"] = tuple(
            KeyframeRow(as_whole(asset), index.strip())
            for asset, index in zip(assets, indexes, strict=False)
        )
        if not values.get("form_token"):
            values.pop("form_token", None)
        return cls(**values)

    def pairs(self) -> list[tuple[str, str]]:
        """Return the form as a browser would send it; `read` reads it back."""
        said: list[tuple[str, str]] = []
        for name in (one.name for one in fields(self)):
            value = getattr(self, name)
            if name == "keyframes":
                for row in value:
                    said += [("keyframe_asset", _text(row.asset)), ("keyframe_index", row.index)]
            elif isinstance(value, tuple):
                said += [(name, one) for one in value]
            elif value not in (None, False):
                said.append((name, _text(value)))
        return said

    def request(
        self, source: Ref | None, *, model: Model | None = None, extend: Ref | None = None
    ) -> GenerationRequest:
        """Return the request that this form makes of a source: what its task has and its chosen
        modes count.

        What the model lacks is said all the same, so that its rules name it; only a size is left
        out where the model has one size. `extend` is how the account reads the take that is
        continued.
        """
        values: dict[str, Any] = {"prompt": self.prompt or None}
        if self.task == Task.EDIT:
            values |= self._edit(model) | {"source": source} | self._range()
        elif self.task == Task.GENERATE:
            values |= self._generation(extend) | self._range()
        elif self.task == Task.REFRAME:
            values |= {"source": source, "aspect_ratio": self.aspect_ratio or None}
            values |= {
                name: _number(getattr(self, name)) for name in POSITION if getattr(self, name)
            }
        else:
            # The page keeps an edit's keyframes in sight here, so that they are said, and refused
            # by name.
            values |= {"source": source, "strength": self.strength or None} | self._guide()
            values |= self._pinned() if self.guides == "keyframes" else {}
        if model is None or model.knows("resolution"):
            values["resolution"] = self.resolution or None
        name = model.name if model is not None else self.model or "ray-3.2"
        return GenerationRequest(task=self.task, model=name, **values)

    def _range(self) -> dict[str, Any]:
        return {"hdr": self.hdr or None, "exr": self.exr or None}

    def _edit(self, model: Model | None) -> dict[str, Any]:
        values: dict[str, Any] = (
            {"auto_controls": True} if self.conditioning == "auto" else self._manual(model)
        )
        if self.guides == "keyframes":
            values |= self._pinned()
        return values | self._guide()

    def _manual(self, model: Model | None) -> dict[str, Any]:
        values: dict[str, Any] = {"strength": self.strength or None}
        for name in CONTROLS:
            if getattr(self, f"{name}_enabled"):
                values[f"{name}_enabled"] = True
                own = CONTROL_VALUES.get(name, "")
                typed = getattr(self, own) if own else ""
                if typed == "" and model is not None and is_on_by_value(model, name):
                    values[own] = DEFAULT_VALUES[own]
                elif typed != "":
                    values[own] = typed if name == "pose" else _number(typed)
        return values

    def _guide(self) -> dict[str, Any]:
        is_chosen = self.guides == "single" and self.guide_asset is not None
        return {"start_frame": Ref(asset_id=self.guide_asset)} if is_chosen else {}

    def _pinned(self) -> dict[str, Any]:
        if not self.keyframes:
            return {}
        pictures = tuple(Ref(asset_id=row.asset) for row in self.keyframes)
        return {
            "keyframes": pictures,
            "keyframe_indexes": tuple(row.frame_index for row in self.keyframes),
        }

    def _generation(self, extend: Ref | None) -> dict[str, Any]:
        values: dict[str, Any] = {
            "aspect_ratio": self.aspect_ratio or None,
            "loop": self.loop or None,
            "concepts": self.concepts or None,
            "duration": self.duration or None,
        }
        if self.frames == "frames":
            frames = {"start_frame": self.first_asset, "end_frame": self.last_asset}
            values |= {
                name: Ref(asset_id=asset) for name, asset in frames.items() if asset is not None
            }
        elif self.frames == "keyframes":
            values |= self._pinned()
        elif self.frames in EXTENDS:
            # An extension always makes 5 s: there is nothing to say of its length.
            values |= {
                "duration": None,
                "start_frame" if self.frames == "forward" else "end_frame": extend,
            }
        return values

    def changed(self, changes: Mapping[str, list[str]]) -> "Compose":
        """Return the form after a mend: its changes as `encode_changes` wrote them and a browser
        sent them back.
        """
        form, names = self, {one.name for one in fields(self)}
        for name, values in changes.items():
            if name == "keyframe_index":
                rows = zip(form.keyframes, values, strict=False)
                form = replace(
                    form, keyframes=tuple(replace(row, index=index) for row, index in rows)
                )
            elif name == "drop_keyframes":
                kept = [row for at, row in enumerate(form.keyframes) if str(at) not in values]
                form = replace(form, keyframes=tuple(kept))
            elif name in ("start_frame", "end_frame", "keyframes", "keyframe_indexes", "guides"):
                form = (
                    form._without(name)
                    if values[0] in ("", "none")
                    else replace(form, guides=values[0])
                )
            elif name in POSITION and not values[0]:
                form = replace(form, x_norm="", y_norm="", w_norm="", h_norm="")  # all four or none
            elif name == "concepts":
                form = replace(form, concepts=tuple(one for one in values if one))
            elif name in names:
                form = replace(form, **{name: _read(name, values[0])})
        return form

    def _without(self, frame: str) -> "Compose":
        """Leave out what stands for one of a request's pictures: on a generation it has other
        fields than on an edit. The pictures stay, for when the mode is chosen again.
        """
        if self.task != Task.GENERATE:
            return replace(self, guides="none")
        if self.frames == "frames" and frame == "start_frame" and self.last_asset is not None:
            return replace(self, first_asset=None)
        if self.frames == "frames" and frame == "end_frame" and self.first_asset is not None:
            return replace(self, last_asset=None)
        return replace(self, frames="none")


def is_on_by_value(model: Model, control: str) -> bool:
    """Is this signal switched on by giving its value, without a flag of its own?"""
    return not model.knows(f"{control}_enabled") and model.knows(CONTROL_VALUES.get(control, ""))


def encode_changes(changes: Mapping[str, Any]) -> str:
    """Write a mend's changes as the value of one button: "hdr=1&resolution=720p"; off is empty."""
    pairs: list[tuple[str, str]] = []
    for name, value in changes.items():
        for one in value if isinstance(value, list | tuple) else [value]:
            pairs.append((name, _text(one)))
    return urlencode(pairs)


def _text(value: Any) -> str:
    return "1" if value is True else "" if value is False or value is None else str(value)


def _read(name: str, text: str) -> Any:
    return bool(text) if name in FLAGS else as_whole(text) if name in IDS else text


def _number(text: str) -> float | str:
    number = as_decimal(text)
    return text if number is None else float(number)
