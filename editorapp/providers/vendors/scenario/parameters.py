"""Every parameter of Luma's seven models on Scenario, in the order in which bodies are written.

Sections are those of contracts/scenario.md; the tags are its authorities: S0, S1, S3 Scenario's own
pages, K the official SDK, D and H Scenario's guides, SK its public skills repository.
"""

from editorapp.providers.contract import STRENGTHS
from editorapp.providers.spec import Parameter, ParameterKind
from editorapp.providers.vendors.luma_agents.parameters import OF_THE_FRAME

RATIOS = ("9:16", "3:4", "1:1", "4:3", "16:9", "21:9")
TALL_RATIOS = ("9:21", *RATIOS)  # the older models know one more
RESOLUTIONS = ("540p", "720p", "1080p")
DURATIONS = ("5s", "10s")
SECONDS = {"5s": 5, "9s": 9}  # our words to the number that the flash models take
MAX_KEYFRAMES = 64
PROMPT_MAX = 6000
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


def _prompt(source: str, says: str, *, is_required: bool = True) -> Parameter:
    return Parameter(
        field="prompt",
        wire="prompt",
        kind=ParameterKind.TEXT,
        low=1,
        high=PROMPT_MAX,
        unit="characters",
        label="Prompt",
        help=says,
        source=source,
        is_required=is_required,
        default="" if is_required else "none",
    )


def _file(
    field: str,
    wire: str,
    label: str,
    says: str,
    source: str,
    *,
    with_results: bool = False,
    is_required: bool = False,
) -> Parameter:
    """A clip or a picture: one asset id.

    An upload and an earlier result stand in the same place.
    """
    carriers = {"file_id": wire} | ({"generation_id": wire} if with_results else {})
    return Parameter(
        field=field,
        wire=wire,
        kind=ParameterKind.REF,
        carriers=carriers,
        label=label,
        help=says,
        source=source,
        is_required=is_required,
    )


def _video(source: str, says: str) -> Parameter:
    return _file("source", "video", "Source", says, source, with_results=True, is_required=True)


def _choice(
    field: str,
    wire: str,
    label: str,
    says: str,
    source: str,
    choices: tuple[str, ...],
    default: str,
    *,
    is_required: bool = False,
) -> Parameter:
    return Parameter(
        field=field,
        wire=wire,
        kind=ParameterKind.CHOICE,
        choices=choices,
        label=label,
        help=says,
        source=source,
        default=default,
        is_required=is_required,
    )


def _flag(
    field: str, wire: str, label: str, says: str, source: str, default: str = "off"
) -> Parameter:
    return Parameter(
        field=field,
        wire=wire,
        kind=ParameterKind.FLAG,
        label=label,
        help=says,
        source=source,
        default=default,
    )


def _signal(name: str, label: str, says: str) -> Parameter:
    return _flag(
        f"{name}_enabled",
        f"{name}ControlEnabled",
        label,
        says,
        "3.2 S0, S3",
        "the model's own choice",
    )


def _amount(name: str, attribute: str, label: str, says: str) -> Parameter:
    return Parameter(
        field=f"{name}_{attribute}",
        wire=f"{name}Control{attribute.capitalize()}",
        kind=ParameterKind.NUMBER,
        low=0.0,
        high=1.0,
        switch=f"{name}_enabled",
        label=label,
        help=says,
        default="the model's own value",
        source="3.2 S0, S3",
    )


_STRENGTH = (
    "Adhere keeps motion, composition and structure; flex keeps motion and lets the prompt restyle; "
    "reimagine takes the source as loose grounding. A lower number is lighter within its band."
)
_SHAPE = f"The shape of the clip. {OF_THE_FRAME}"
_HDR = "High dynamic range, at 720p or 1080p."

EDIT = (
    _prompt(
        "3.2 S0, S3",
        "Say what the result should look like; the rest stays as close as the strength allows.",
    ),
    _video("3.2 S0, S3", "The clip to edit: an upload, or an earlier result of this account."),
    _choice(
        "resolution",
        "resolution",
        "Resolution",
        "The size of the result.",
        "3.2 S0, S3",
        RESOLUTIONS,
        "720p",
    ),
    _flag("hdr", "hdr", "HDR", _HDR, "3.2 S0, S3"),
    _file(
        "start_frame",
        "startFrame",
        "Guide frame",
        "One picture that the result should look like.",
        "3.2 S0, S3",
    ),
    Parameter(
        field="keyframes",
        wire="keyframes",
        kind=ParameterKind.PINNED,
        high=MAX_KEYFRAMES,
        label="Keyframes",
        help="Up to 64 guide frames, each with its frame of the source. How an entry is written is read from the "
        "account's own description of the model.",
        source="3.3 S0, S3, SK",
    ),
    _flag(
        "auto_controls",
        "autoControls",
        "Auto",
        "The model reads the source and decides how closely to follow it.",
        "3.2 S0, S3",
    ),
    _choice(
        "strength",
        "editStrength",
        "Strength",
        _STRENGTH,
        "3.2 S0, S3",
        STRENGTHS,
        "adhere_1, where Auto is off",
    ),
    _signal("pose", "Pose", "Follow how people move."),
    Parameter(
        field="pose_strength",
        wire="poseControlStrength",
        kind=ParameterKind.CHOICE,
        choices=("precise", "coarse"),
        switch="pose_enabled",
        label="Pose strength",
        default="precise",
        source="3.2 S0, S3",
        help="Precise follows every limb; coarse the overall gesture.",
    ),
    _signal("depth", "Depth", "Follow how far things are from the camera."),
    _amount("depth", "blur", "Depth blur", "Higher gives more freedom with shapes."),
    _signal("normals", "Normals", "Follow the direction of surfaces."),
    _amount(
        "normals", "augmentation", "Normals augmentation", "Higher reinterprets surfaces more."
    ),
    _signal("trajectory", "Trajectory", "Follow how points move through the clip."),
    _amount(
        "trajectory", "sparsity", "Trajectory sparsity", "Higher keeps fewer points of motion."
    ),
    _signal("face", "Face", "Keep faces and their expressions."),
)

GENERATE = (
    _prompt("3.4 S1, S3", "Say what the clip should show."),
    _file(
        "start_frame",
        "startFrame",
        "First frame",
        "The picture to begin with; not at 10 s.",
        "3.4 S1, S3",
    ),
    _file(
        "end_frame",
        "endFrame",
        "Last frame",
        "The picture to end on; needs a first frame.",
        "3.4 S1, S3",
    ),
    _choice(
        "duration",
        "duration",
        "Duration",
        "How long the clip is.",
        "3.4 S1, S3, SK",
        DURATIONS,
        "5s",
    ),
    _choice(
        "resolution",
        "resolution",
        "Resolution",
        "The size of the result.",
        "3.4 S1, S3",
        RESOLUTIONS,
        "720p",
    ),
    _choice("aspect_ratio", "aspectRatio", "Aspect ratio", _SHAPE, "3.4 S1, S3", RATIOS, "16:9"),
    _flag(
        "loop",
        "loop",
        "Loop",
        "The end runs into the start without a seam; not at 10 s.",
        "3.4 S1, S3",
    ),
    _flag("hdr", "hdr", "HDR", f"{_HDR} Not at 10 s.", "3.4 S1, S3"),
)

REFRAME = (
    _prompt("3.5 S3, SK", "Say what the added canvas should show."),
    _video(
        "3.5 S3",
        "The clip to fit to another shape: an upload, or an earlier result of this account.",
    ),
    _choice(
        "aspect_ratio",
        "aspectRatio",
        "Aspect ratio",
        "The shape of the result.",
        "3.5 S3",
        RATIOS,
        "",
        is_required=True,
    ),
    _choice(
        "resolution",
        "resolution",
        "Resolution",
        "The size of the result.",
        "3.5 S3",
        RESOLUTIONS,
        "720p",
    ),
)

MODIFY = (
    _prompt(
        "3.6 S3", "Say what the result should look like, or leave it empty.", is_required=False
    ),
    _video(
        "3.6 S3",
        "The clip to modify, up to 30 s and 100 MB: an upload, or an earlier result of this account.",
    ),
    _file(
        "start_frame",
        "firstFrame",
        "Edited first frame",
        "An edited copy of the source's own first frame.",
        "3.6 S3, SK",
    ),
    _choice("strength", "mode", "Strength", _STRENGTH, "3.6 S3", STRENGTHS, "adhere_1"),
)

REFRAME_VIDEO = (
    _prompt(
        "3.7 S3", "Say what the added canvas should show, or leave it empty.", is_required=False
    ),
    _video(
        "3.7 S3",
        "The clip to fit to another shape, up to 10 s: an upload, or an earlier result of this account.",
    ),
    _choice(
        "aspect_ratio",
        "aspectRatio",
        "Aspect ratio",
        "The shape of the result.",
        "3.7 S3",
        TALL_RATIOS,
        "16:9",
    ),
)

FLASH = (
    _prompt("3.8 S3", "Say what the clip should show."),
    _file("start_frame", "image", "First frame", "The picture to begin with.", "3.8 S3"),
    _file(
        "end_frame",
        "endImage",
        "Last frame",
        "The picture to end on; needs a first frame.",
        "3.8 S3",
    ),
    Parameter(
        field="duration",
        wire="duration",
        kind=ParameterKind.CHOICE,
        choices=tuple(SECONDS),
        values=SECONDS,
        label="Duration",
        help="How long the clip is; sent as a number of seconds.",
        default="5s",
        source="3.8 S3",
    ),
    _choice("aspect_ratio", "aspectRatio", "Aspect ratio", _SHAPE, "3.8 S3", TALL_RATIOS, "16:9"),
    _flag("loop", "loop", "Loop", "The end runs into the start without a seam.", "3.8 S3"),
    Parameter(
        field="concepts",
        wire="concepts",
        kind=ParameterKind.CHOICES,
        choices=CONCEPTS,
        label="Camera concepts",
        help="How the camera moves or stands, by name; several may be combined.",
        default="none",
        source="3.8 S3, SK",
    ),
)
