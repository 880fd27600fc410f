"""Draft form: the studio's form, its fields as they were typed.

A plain dataclass instead of a Django form: it is read on every keystroke, it must keep what is
wrong as it was typed, and its rules live in the providers' table, not here.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any
from urllib.parse import urlencode

from django.http import QueryDict

from editorapp.core.form_token import new_token
from editorapp.core.request_values import as_whole, row_id, text
from editorapp.providers.contract import CONTROL_VALUES, CONTROLS, POSITION, Task
from editorapp.providers.strengths import STRENGTHS

Values = dict[str, Any]  # of a form's fields, or of a request's, by name
Changes = Mapping[str, list[str]]  # of the form's fields, as a button sends them

OURS = ("asset", "generation")  # sources that are rows of ours
EXTENDS = ("forward", "backward")
OFF, ON = "off", "on"  # what a variant sets a control to, beside its words
SETTINGS = (OFF, ON, "precise", "coarse")
# A generation's first and last picture: the form's field, and the request's.
ENDS = {"first_asset": "start_frame", "last_asset": "end_frame"}
ALLOWED = {
    "task": tuple(Task),
    "source_kind": ("asset", "generation", "url", "id"),
    "source_id_kind": ("generation", "file"),
    "conditioning": ("auto", "manual"),
    "guides": ("none", "single", "keyframes"),
    "frames": ("none", "frames", "keyframes", *EXTENDS),
    "note_frame": ("none", "plain", "drawn"),
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
class DraftForm:
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
    # "pose=off", "pose=on", "pose=coarse"; values from 0 to 1 are typed: "0.3, 0.6"
    more_controls: tuple[str, ...] = ()
    more_depth_blur: str = ""
    more_normals_augmentation: str = ""
    more_trajectory_sparsity: str = ""
    # The source that the guide frames are of, as `source_key`: see following.py.
    pinned_to: str = ""
    project: str = ""  # "" is that of the source; "none", or its number: see project_choice.py
    # The note that it was begun from, as AskedNote.key names it; how its frame is used, and the
    # picture that was pinned for it: see answering.py.
    answers: str = ""
    note_frame: str = "none"
    note_picture: int | None = None
    replaces: int | None = None  # our own generation, not sent yet, that this one is instead of
    form_token: str = field(default_factory=new_token)
    # What the page showed when this was filled in: a difference is a switch. See resolved_form.py.
    task_was: str = ""
    model_was: str = ""
    model_wish: str = ""  # the model last chosen by hand, where the account has it
    account_was: int | None = None
    account_before: int | None = None  # the account before the present one, to go back to
    # each task's last account and wish: "edit:3:ray-3.2 modify:9:modify-video"
    remembered: str = ""

    @property
    def source_key(self) -> str:
        """Which source is chosen: "asset:12", "generation:41", "url", "id"; "" while none is."""
        said = getattr(self, f"source_{self.source_kind}")
        if not said:
            return ""
        return f"{self.source_kind}:{said}" if self.source_kind in OURS else self.source_kind

    @property
    def guide_count(self) -> int:
        """How many guide frames it has for a source."""
        has_single = self.guides == "single" and self.guide_asset is not None
        return len(self.keyframes) + has_single

    @property
    def is_on_other_source(self) -> bool:
        """Was another source chosen than the one that the guide frames are of?"""
        if self.task == Task.GENERATE or not self.pinned_to or not self.source_key:
            return False
        return self.pinned_to != self.source_key

    @property
    def was(self) -> tuple[str, str, int | None]:
        """What the page showed when this was filled in."""
        return self.task_was, self.model_was, self.account_was

    @property
    def has_variants(self) -> bool:
        """Does it ask for more than one take?"""
        further = (self.more_strengths, self.more_controls, self.more_prompts)
        typed = (getattr(self, name) for name in MORE_VALUES.values())
        return self.takes != "1" or any(further) or any(typed)

    @classmethod
    def read(cls, sent: QueryDict) -> "DraftForm":
        """Read a posted form.

        Of what people type nothing is refused here: that is judged, and said beside its field.

        What cannot be read otherwise falls back to what is not chosen. Raises: BadValue, for a
        value of the page's own that no page of ours has.
        """
        values: Values = {name: str(sent[name]).strip() for name in TYPED if name in sent}
        values |= {name: text(sent, name) for name in TEXTS if name in sent}
        values = {name: one for name, one in values.items() if one in ALLOWED.get(name, (one,))}
        values |= {name: bool(sent.get(name)) for name in FLAGS}
        values |= {name: row_id(sent, name) for name in IDS}
        # Browsers send line ends as CR LF; a person counted one character.
        values |= {name: sent.get(name, "").replace("\r\n", "\n") for name in PROMPTS}
        values |= _read_lists(sent)
        if not values.get("form_token"):
            values.pop("form_token", None)
        return cls(**values)

    def pairs(self) -> list[tuple[str, str]]:
        """Return the form as a browser would send it; `read` reads it back."""
        return [pair for name, value in vars(self).items() for pair in _pairs(name, value)]

    def changed(self, changes: Changes) -> "DraftForm":
        """Return the form after a fix: its changes as `encode_changes` wrote them and a browser
        sent them back.
        """
        form = self
        for name, values in changes.items():
            form = replace(form, **form._change(name, values))
        return form

    def in_order(self) -> "DraftForm":
        """Return the form with its keyframes by frame; what is no number comes last."""
        return replace(self, keyframes=tuple(sorted(self.keyframes, key=_place)))

    def _change(self, name: str, values: list[str]) -> Values:
        first, rows = values[0], self.keyframes
        if name == "keyframe_index":
            indexed = zip(rows, values, strict=False)
            return {"keyframes": tuple(replace(row, index=index) for row, index in indexed)}
        if name == "drop_keyframes":
            kept = (row for at, row in enumerate(rows) if str(at) not in values)
            return {"keyframes": tuple(kept)}
        if name in ("start_frame", "end_frame", "keyframes", "keyframe_indexes", "guides"):
            return self._without(name) if first in ("", "none") else {"guides": first}
        if name in POSITION and not first:
            return dict.fromkeys(POSITION, "")  # all four or none
        if name in ("concepts", "more_strengths", "more_controls"):
            return {name: tuple(filter(None, values))}
        return {name: _read(name, first)} if name in NAMES else {}

    def _without(self, frame: str) -> Values:
        """Leave out what stands for one of a request's pictures: on a generation it has other
        fields than on an edit. The pictures stay, for when the mode is chosen again.
        """
        if self.task != Task.GENERATE:
            return {"guides": "none"}
        if self.frames == "frames" and frame == "start_frame" and self.last_asset is not None:
            return {"first_asset": None}
        if self.frames == "frames" and frame == "end_frame" and self.first_asset is not None:
            return {"last_asset": None}
        return {"frames": "none"}


def _place(row: KeyframeRow) -> float:
    return row.frame_index if isinstance(row.frame_index, int) else math.inf


def _of_type(kind: Any) -> tuple[str, ...]:
    return tuple(one.name for one in fields(DraftForm) if one.type == kind)


NAMES = frozenset(one.name for one in fields(DraftForm))
FLAGS, IDS = _of_type(bool), _of_type(int | None)
PROMPTS = ("prompt", "more_prompts")
# What people type beside prompts and frame numbers; every other text is one of the page's own.
MORE_VALUES = {
    control: f"more_{name}" for control, name in CONTROL_VALUES.items() if control != "pose"
}
TYPED = (
    "source_url",
    "source_id",
    *CONTROL_VALUES.values(),
    *MORE_VALUES.values(),
    *POSITION,
    "takes",
)
TEXTS = tuple(name for name in _of_type(str) if name not in (*TYPED, *PROMPTS))


def _pairs(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if name == "keyframes":
        for row in value:
            yield "keyframe_asset", _text(row.asset)
            yield "keyframe_index", row.index
    elif isinstance(value, tuple):
        yield from ((name, one) for one in value)
    elif value not in (None, False):
        yield name, _text(value)


def _read_lists(sent: QueryDict) -> Values:
    concepts = (name.strip() for name in sent.getlist("concepts"))
    strengths = (one for one in sent.getlist("more_strengths") if one in STRENGTHS)
    controls = (one for one in sent.getlist("more_controls") if _is_setting(one))
    rows = zip(sent.getlist("keyframe_asset"), sent.getlist("keyframe_index"), strict=False)
    return {
        "concepts": tuple(dict.fromkeys(filter(None, concepts))),
        "more_strengths": tuple(dict.fromkeys(strengths)),
        "more_controls": tuple(dict.fromkeys(controls)),
        "keyframes": tuple(KeyframeRow(as_whole(asset), index.strip()) for asset, index in rows),
    }


def _is_setting(text: str) -> bool:
    """Is this a control and what it is set to: "pose=off"?"""
    control, _equals, value = text.partition("=")
    return control in CONTROLS and value in SETTINGS


def encode_changes(changes: Mapping[str, Any]) -> str:
    """Write a fix's changes as the value of one button: "hdr=1&resolution=720p"; off is empty."""
    return urlencode({name: _texts(value) for name, value in changes.items()}, doseq=True)


def _texts(value: Any) -> list[str]:
    return [_text(one) for one in (value if isinstance(value, list | tuple) else [value])]


def _text(value: Any) -> str:
    return "1" if value is True else "" if value is False or value is None else str(value)


def _read(name: str, text: str) -> Any:
    return bool(text) if name in FLAGS else as_whole(text) if name in IDS else text
