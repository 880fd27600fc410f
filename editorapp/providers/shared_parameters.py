"""Shared parameters: what each attribute of a request is at any provider.

A provider's row says where it stands in the body, and what differs.
"""

from dataclasses import replace
from typing import Any

from editorapp.providers.contract import CONTROL_VALUES, Task
from editorapp.providers.spec import Parameter, ParameterKind
from editorapp.providers.strengths import STRENGTHS

EDIT = frozenset({Task.EDIT})
GENERATE = frozenset({Task.GENERATE})
REFRAME = frozenset({Task.REFRAME})

RATIOS = ("9:16", "3:4", "1:1", "4:3", "16:9", "21:9")
PROMPT_MAX = 6000
MAX_KEYFRAMES = 64
OF_THE_FRAME = (
    "A new clip for which none is chosen takes the shape nearest to its first or last frame."
)


def _row(field: str, kind: ParameterKind, help: str = "", **more: Any) -> Parameter:
    row = {"label": field.replace("_", " ").capitalize(), "path": "", "source": ""} | more
    return Parameter(field=field, kind=kind, help=help, **row)


def _flag(field: str, help: str, **more: Any) -> Parameter:
    return _row(field, ParameterKind.FLAG, help, **{"default": "off"} | more)


def _signal(name: str, help: str) -> Parameter:
    label = name.capitalize()
    return _flag(f"{name}_enabled", help, label=label, default="the model's own choice")


def _value(name: str, kind: ParameterKind, help: str, **more: Any) -> Parameter:
    return _row(
        CONTROL_VALUES[name],
        kind,
        help,
        default="the model's own value",
        switch=f"{name}_enabled",
        **more,
    )


def _amount(name: str, help: str) -> Parameter:
    return _value(name, ParameterKind.NUMBER, help, low=0.0, high=1.0)


def _position(field: str, label: str, low: float) -> Parameter:
    return _row(
        field,
        ParameterKind.NUMBER,
        "All four of x, y, width and height, or none.",
        label=label,
        low=low,
        high=2.0,
        unit="fraction of the canvas",
        default="centred fit",
    )


_ROWS = (
    _row("model", ParameterKind.TEXT),
    _row("task", ParameterKind.TEXT),
    _row("prompt", ParameterKind.TEXT, low=1, high=PROMPT_MAX, unit="characters"),
    _row("aspect_ratio", ParameterKind.CHOICE, choices=RATIOS),
    _row("source", ParameterKind.REF),
    _row(
        "resolution",
        ParameterKind.CHOICE,
        "The size of the result.",
        default="720p",
        choices=("540p", "720p", "1080p"),
    ),
    _row("duration", ParameterKind.CHOICE, choices=("5s", "10s"), default="5s"),
    _flag("hdr", "High dynamic range, at 720p or 1080p.", label="HDR"),
    _flag("exr", "EXR frames beside the MP4, for grading. Comes with HDR.", label="EXR"),
    _flag("loop", "The end runs into the start without a seam."),
    _row("start_frame", ParameterKind.REF, "The picture to begin with.", label="First frame"),
    _row("end_frame", ParameterKind.REF, label="Last frame"),
    _row("keyframes", ParameterKind.REFS, high=MAX_KEYFRAMES),
    _row(
        "keyframe_indexes", ParameterKind.INDEXES, label="Keyframe positions", low=0, unit="frames"
    ),
    _flag(
        "auto_controls",
        "The model reads the source and decides how closely to follow it.",
        label="Auto",
    ),
    _row(
        "strength",
        ParameterKind.CHOICE,
        "Adhere keeps motion, composition and structure; flex keeps motion and lets the prompt restyle; "
        "reimagine takes the source as loose grounding. A lower number is lighter within its band.",
        choices=STRENGTHS,
        default="the model's own; flex_2 is the usual choice",
    ),
    _signal("pose", "Follow how people move."),
    _value(
        "pose",
        ParameterKind.CHOICE,
        "Precise follows every limb; coarse the overall gesture.",
        choices=("precise", "coarse"),
    ),
    _signal("depth", "Follow how far things are from the camera."),
    _amount("depth", "Higher gives more freedom with shapes."),
    _signal("normals", "Follow the direction of surfaces."),
    _amount("normals", "Higher reinterprets surfaces more."),
    _signal("trajectory", "Follow how points move through the clip."),
    _amount("trajectory", "Higher keeps fewer points of motion."),
    _signal("face", "Keep faces and their expressions."),
    _position("x_norm", "Left edge", -2.0),
    _position("y_norm", "Top edge", -2.0),
    _position("w_norm", "Width", 0.0),
    _position("h_norm", "Height", 0.0),
    _row("image_refs", ParameterKind.REFS, label="Reference pictures"),
    _row("user_id", ParameterKind.TEXT, label="End user", unit="characters"),
    _row("concepts", ParameterKind.CHOICES, label="Camera concepts"),
)
SHARED = {row.field: row for row in _ROWS}


def parameter(field: str, path: str, source: str, help: str = "", **differs: Any) -> Parameter:
    """Return the row of an attribute: its place in the body, the section that says so, and what
    differs from other providers.
    """
    shared = SHARED[field]
    return replace(shared, path=path, source=source, help=help or shared.help, **differs)
