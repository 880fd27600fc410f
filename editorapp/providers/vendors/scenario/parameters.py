"""Every parameter of Luma's seven models on Scenario, in the order in which bodies are written.

Sections are those of docs/providers/scenario.md; the tags are its authorities: S0, S1, S3
Scenario's own pages, K the official SDK, D and H Scenario's guides, SK its public skills repository.
"""

from typing import Any

from editorapp.providers.shared_parameters import OF_THE_FRAME, RATIOS, parameter
from editorapp.providers.spec import Parameter, ParameterKind

TALL_RATIOS = ("9:21", *RATIOS)  # the older models know one more
SECONDS = {"5s": 5, "9s": 9}  # our words to the number that the flash models take
CONTAINERS = {"mp4": "video/mp4", "webm": "video/webm"}  # 2.6
CONCEPTS = (
    "truck_left",
    "pan_right",
    "pedestal_down",
    "low_angle",
    "pedestal_up",
    "selfie",
    "pan_left",
    "roll_right",
    "zoom_in",
    "over_the_shoulder",
    "orbit_right",
    "orbit_left",
    "static",
    "tiny_planet",
    "high_angle",
    "bolt_cam",
    "dolly_zoom",
    "overhead",
    "zoom_out",
    "handheld",
    "roll_left",
    "pov",
    "aerial_drone",
    "push_in",
    "crane_down",
    "truck_right",
    "tilt_down",
    "elevator_doors",
    "tilt_up",
    "ground_level",
    "pull_out",
    "aerial",
    "crane_up",
    "eye_level",
)
_SHAPE = f"The shape of the clip. {OF_THE_FRAME}"


def _prompt(source: str, help: str, *, is_required: bool = True) -> Parameter:
    default = "" if is_required else "none"
    return parameter(
        "prompt",
        "prompt",
        source,
        help,
        is_required=is_required,
        default=default,
    )


def _asset(field: str, path: str, source: str, help: str, **differs: Any) -> Parameter:
    """A picture: one asset id."""
    return parameter(field, path, source, help, carriers={"file_id": path}, **differs)


def _video(source: str, help: str) -> Parameter:
    """A clip: one asset id. An upload and an earlier result stand in the same place."""
    either = {"file_id": "video", "generation_id": "video"}
    return parameter("source", "video", source, help, carriers=either, is_required=True)


def _ratio(source: str, help: str, **differs: Any) -> Parameter:
    return parameter("aspect_ratio", "aspectRatio", source, help, **differs)


def _control(name: str, attribute: str = "", **differs: Any) -> tuple[Parameter, ...]:
    """Return a control's switch and, where it has one, its own value."""
    source, path = "3.2 S0, S3", f"{name}Control"
    switch = parameter(f"{name}_enabled", f"{path}Enabled", source)
    if not attribute:
        return (switch,)
    value = f"{path}{attribute.capitalize()}"
    return switch, parameter(f"{name}_{attribute}", value, source, **differs)


EDIT = (
    _prompt(
        "3.2 S0, S3",
        "Say what the result should look like; the rest stays as close as the strength allows.",
    ),
    _video("3.2 S0, S3", "The clip to edit: an upload, or an earlier result of this account."),
    parameter("resolution", "resolution", "3.2 S0, S3"),
    parameter("hdr", "hdr", "3.2 S0, S3"),
    _asset(
        "start_frame",
        "startFrame",
        "3.2 S0, S3",
        "One picture that the result should look like.",
        label="Guide frame",
    ),
    parameter(
        "keyframes",
        "keyframes",
        "3.3 S0, S3, SK",
        "Up to 64 guide frames, each with its frame of the source. How an entry is written is read from the "
        "account's own description of the model.",
        kind=ParameterKind.PINNED,
    ),
    parameter("auto_controls", "autoControls", "3.2 S0, S3"),
    parameter("strength", "editStrength", "3.2 S0, S3", default="adhere_1, where Auto is off"),
    *_control("pose", "strength", default="precise"),
    *_control("depth", "blur"),
    *_control("normals", "augmentation"),
    *_control("trajectory", "sparsity"),
    *_control("face"),
)

GENERATE = (
    _prompt("3.4 S1, S3", "Say what the clip should show."),
    _asset(
        "start_frame",
        "startFrame",
        "3.4 S1, S3",
        "The picture to begin with; not at 10 s.",
    ),
    _asset("end_frame", "endFrame", "3.4 S1, S3", "The picture to end on; needs a first frame."),
    parameter("duration", "duration", "3.4 S1, S3, SK", "How long the clip is."),
    parameter("resolution", "resolution", "3.4 S1, S3"),
    _ratio("3.4 S1, S3", _SHAPE, default="16:9"),
    parameter(
        "loop",
        "loop",
        "3.4 S1, S3",
        "The end runs into the start without a seam; not at 10 s.",
    ),
    parameter("hdr", "hdr", "3.4 S1, S3", "High dynamic range, at 720p or 1080p. Not at 10 s."),
)

REFRAME = (
    _prompt("3.5 S3, SK", "Say what the added canvas should show."),
    _video(
        "3.5 S3",
        "The clip to fit to another shape: an upload, or an earlier result of this account.",
    ),
    _ratio("3.5 S3", "The shape of the result.", is_required=True),
    parameter("resolution", "resolution", "3.5 S3"),
)

MODIFY = (
    _prompt(
        "3.6 S3", "Say what the result should look like, or leave it empty.", is_required=False
    ),
    _video(
        "3.6 S3",
        "The clip to modify, up to 30 s and 100 MB: an upload, or an earlier result of this account.",
    ),
    _asset(
        "start_frame",
        "firstFrame",
        "3.6 S3, SK",
        "An edited copy of the source's own first frame.",
        label="Edited first frame",
    ),
    parameter("strength", "mode", "3.6 S3", default="adhere_1"),
)

REFRAME_VIDEO = (
    _prompt(
        "3.7 S3", "Say what the added canvas should show, or leave it empty.", is_required=False
    ),
    _video(
        "3.7 S3",
        "The clip to fit to another shape, up to 10 s: an upload, or an earlier result of this account.",
    ),
    _ratio("3.7 S3", "The shape of the result.", choices=TALL_RATIOS, default="16:9"),
)

FLASH = (
    _prompt("3.8 S3", "Say what the clip should show."),
    _asset("start_frame", "image", "3.8 S3", ""),
    _asset("end_frame", "endImage", "3.8 S3", "The picture to end on; needs a first frame."),
    parameter(
        "duration",
        "duration",
        "3.8 S3",
        "How long the clip is; sent as a number of seconds.",
        choices=tuple(SECONDS),
        values=SECONDS,
    ),
    _ratio("3.8 S3", _SHAPE, choices=TALL_RATIOS, default="16:9"),
    parameter("loop", "loop", "3.8 S3"),
    parameter(
        "concepts",
        "concepts",
        "3.8 S3, SK",
        "How the camera moves or stands, by name; several may be combined.",
        choices=CONCEPTS,
        default="none",
    ),
)
