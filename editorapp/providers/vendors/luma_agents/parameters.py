"""Every parameter of Ray 3.2 on Luma Agents, in the order in which the body is written.

Sections are those of contracts/luma-agents.md; the tags are its authorities: S the seed guide, K
the official SDK, D Luma's documentation.
"""

from editorapp.providers.contract import RESOLUTIONS, STRENGTHS, Task
from editorapp.providers.spec import Limits, Parameter, ParameterKind

EDIT = frozenset({Task.EDIT})
GENERATE = frozenset({Task.GENERATE})
REFRAME = frozenset({Task.REFRAME})
FROM_SOURCE = EDIT | REFRAME

MODELS = ("ray-3.2",)
IMAGE_MODELS = ("uni-1", "uni-1-max")  # known to the provider, but not for video
# Section 5. Megabytes of video are decimal (the guide does not define them); those of pictures are
# binary.
OUTPUT_URL_SECONDS = 3600
LIMITS = Limits(
    max_inline_bytes=200_000_000,
    max_file_bytes=5 * 1024**3,
    max_image_bytes=50 * 1024**2,
    prompt_max=6000,
    max_keyframes=64,
    warn_keyframes=16,
    resolutions=RESOLUTIONS,
    hdr_resolutions=("720p", "1080p"),
    aspect_ratios=("9:16", "3:4", "1:1", "4:3", "16:9", "21:9"),
    output_url_seconds=OUTPUT_URL_SECONDS,
)
MAX_SOURCE_SECONDS: dict[str, float] = {Task.EDIT: 18, Task.REFRAME: 30}
TYPES: dict[str, str] = {
    Task.EDIT.value: "video_edit",
    Task.GENERATE.value: "video",
    Task.REFRAME.value: "video_reframe",
}


OF_THE_FRAME = (
    "A new clip for which none is chosen takes the shape nearest to its first or last frame."
)


def _signal(name: str, label: str, says: str) -> Parameter:
    return Parameter(
        field=f"{name}_enabled",
        wire=f"video.edit.controls.{name}.enabled",
        kind=ParameterKind.FLAG,
        tasks=EDIT,
        label=label,
        help=says,
        default="the model's own choice",
        source="2.4 S, K",
    )


def _amount(name: str, attribute: str, label: str, says: str) -> Parameter:
    return Parameter(
        field=f"{name}_{attribute}",
        wire=f"video.edit.controls.{name}.{attribute}",
        kind=ParameterKind.NUMBER,
        tasks=EDIT,
        low=0.0,
        high=1.0,
        switch=f"{name}_enabled",
        label=label,
        help=says,
        default="the model's own value",
        source="2.4 S, K",
    )


def _position(name: str, label: str, low: float) -> Parameter:
    return Parameter(
        field=name,
        wire=f"video.source_position.{name}",
        kind=ParameterKind.NUMBER,
        tasks=REFRAME,
        low=low,
        high=2.0,
        unit="fraction of the canvas",
        label=label,
        help="All four of x, y, width and height, or none.",
        default="centred fit",
        source="2.5 K, D-jun11",
    )


PARAMETERS = (
    Parameter(
        field="model",
        wire="model",
        kind=ParameterKind.TEXT,
        choices=MODELS,
        label="Model",
        help="Luma's video model.",
        source="2.1 K, S",
    ),
    Parameter(
        field="task",
        wire="type",
        kind=ParameterKind.TEXT,
        label="Task",
        help="Edit a clip, generate one, or fit one to another shape.",
        source="2.1 K, S",
    ),
    Parameter(
        field="prompt",
        wire="prompt",
        kind=ParameterKind.TEXT,
        low=1,
        high=LIMITS.prompt_max,
        unit="characters",
        label="Prompt",
        help="Say what the result should look like; what you do not name stays as close as the strength allows.",
        source="2.1 S, K",
    ),
    Parameter(
        field="aspect_ratio",
        wire="aspect_ratio",
        kind=ParameterKind.CHOICE,
        tasks=GENERATE | REFRAME,
        choices=LIMITS.aspect_ratios,
        label="Aspect ratio",
        help=f"The shape of the result. {OF_THE_FRAME}",
        default="the model chooses",
        source="2.1 K, D-new; 7.21",
    ),
    Parameter(
        field="source",
        wire="source",
        kind=ParameterKind.REF,
        tasks=FROM_SOURCE,
        label="Source",
        help="The clip to work on: an upload, an earlier result, or a public https address.",
        source="2.2 S, K",
    ),
    Parameter(
        field="resolution",
        wire="video.resolution",
        kind=ParameterKind.CHOICE,
        choices=LIMITS.resolutions,
        label="Resolution",
        help="360p is the draft tier: quick and cheap.",
        default="720p",
        source="2.3 S, K",
    ),
    Parameter(
        field="duration",
        wire="video.duration",
        kind=ParameterKind.CHOICE,
        tasks=GENERATE,
        choices=LIMITS.durations,
        label="Duration",
        help="How long the generated clip is.",
        default="5s",
        source="2.3 S, K",
    ),
    Parameter(
        field="hdr",
        wire="video.hdr",
        kind=ParameterKind.FLAG,
        tasks=EDIT | GENERATE,
        label="HDR",
        help="High dynamic range, at 720p or 1080p. Your Luma account needs access to HDR.",
        default="off",
        source="2.3 S, K",
    ),
    Parameter(
        field="exr",
        wire="video.exr_export",
        kind=ParameterKind.FLAG,
        tasks=EDIT | GENERATE,
        label="EXR",
        help="EXR frames beside the MP4, for grading. Comes with HDR.",
        default="off",
        source="2.3 S, K",
    ),
    Parameter(
        field="loop",
        wire="video.loop",
        kind=ParameterKind.FLAG,
        tasks=GENERATE,
        label="Loop",
        help="The end runs into the start without a seam.",
        default="off",
        source="2.3 S, K, D-jun11",
    ),
    Parameter(
        field="start_frame",
        wire="video.start_frame",
        kind=ParameterKind.REF,
        tasks=EDIT,
        label="Opening guide frame",
        help="How the first frame should look; the rest follows it.",
        source="2.3 S, K",
    ),
    Parameter(
        field="start_frame",
        wire="video.start_frame",
        kind=ParameterKind.REF,
        tasks=GENERATE,
        label="First frame",
        help="The picture to begin with, or an earlier result to go on from.",
        source="2.3 S, K, 3P",
    ),
    Parameter(
        field="end_frame",
        wire="video.end_frame",
        kind=ParameterKind.REF,
        tasks=GENERATE,
        label="Last frame",
        help="The picture to end on, or an earlier result to lead up to.",
        source="2.3 S, K, 3P",
    ),
    Parameter(
        field="keyframes",
        wire="video.keyframes",
        kind=ParameterKind.REFS,
        tasks=GENERATE,
        misplaced="G8",
        high=LIMITS.max_keyframes,
        label="Keyframes",
        source="2.3 K",
        help="Up to 64 pictures, each at a frame of the result.",
    ),
    Parameter(
        field="keyframe_indexes",
        wire="video.keyframe_indexes",
        kind=ParameterKind.INDEXES,
        tasks=GENERATE,
        misplaced="G8",
        low=0,
        unit="frames",
        label="Keyframe positions",
        help="At 24 frames a second, from 0.",
        source="2.3 K",
    ),
    Parameter(
        field="auto_controls",
        wire="video.edit.auto_controls",
        kind=ParameterKind.FLAG,
        tasks=EDIT,
        label="Auto",
        help="The model reads the source and decides how closely to follow it.",
        default="off; Luma recommends on",
        source="2.4 S, K",
    ),
    Parameter(
        field="strength",
        wire="video.edit.strength",
        kind=ParameterKind.CHOICE,
        tasks=EDIT,
        choices=STRENGTHS,
        label="Strength",
        help="Adhere keeps motion, composition and structure; flex keeps motion and lets the prompt restyle; "
        "reimagine takes the source as loose grounding. A lower number is lighter within its band.",
        default="the model's own; flex_2 is the usual choice",
        source="2.4 S, K",
    ),
    _signal("pose", "Pose", "Follow how people move."),
    Parameter(
        field="pose_strength",
        wire="video.edit.controls.pose.strength",
        kind=ParameterKind.CHOICE,
        tasks=EDIT,
        choices=("precise", "coarse"),
        switch="pose_enabled",
        label="Pose strength",
        help="Precise follows every limb; coarse the overall gesture.",
        default="the model's own value",
        source="2.4 S, K",
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
    Parameter(
        field="keyframes",
        wire="video.edit.keyframes",
        kind=ParameterKind.REFS,
        tasks=EDIT,
        misplaced="G10",
        high=LIMITS.max_keyframes,
        label="Keyframes",
        source="2.4 S, K",
        help="Up to 64 guide frames, each at a frame of the source.",
    ),
    Parameter(
        field="keyframe_indexes",
        wire="video.edit.keyframe_indexes",
        kind=ParameterKind.INDEXES,
        tasks=EDIT,
        misplaced="G10",
        low=0,
        unit="frames",
        label="Keyframe positions",
        help="Frames of the source, counted from 0.",
        source="2.4 S, K",
    ),
    _position("x_norm", "Left edge", -2.0),
    _position("y_norm", "Top edge", -2.0),
    _position("w_norm", "Width", 0.0),
    _position("h_norm", "Height", 0.0),
    Parameter(
        field="image_refs",
        wire="image_ref",
        kind=ParameterKind.REFS,
        tasks=frozenset(),
        label="Reference pictures",
        help="Luma Agents takes these for pictures only.",
        source="2.1 K",
    ),
    Parameter(
        field="user_id",
        wire="user_id",
        kind=ParameterKind.TEXT,
        high=LIMITS.user_id_max,
        unit="characters",
        label="End user",
        help="An opaque, stable tag of who asked; no personal data.",
        source="2.1 K, D-old",
    ),
)
