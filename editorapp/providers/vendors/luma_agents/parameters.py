"""Every parameter of Ray 3.2 on Luma Agents, in the order in which the body is written.

Sections are those of docs/providers/luma-agents.md; the tags are its authorities: S the guide, K
the official SDK, D Luma's documentation.
"""

from editorapp.providers.contract import POSITION, RESOLUTIONS, Task
from editorapp.providers.shared_models import RAY
from editorapp.providers.shared_parameters import (
    EDIT,
    GENERATE,
    MAX_KEYFRAMES,
    OF_THE_FRAME,
    PROMPT_MAX,
    RATIOS,
    REFRAME,
    parameter,
)
from editorapp.providers.spec import Limits, Parameter

FROM_SOURCE = EDIT | REFRAME

IMAGE_MODELS = ("uni-1", "uni-1-max")  # known to the provider, but not for video
# Section 5. Megabytes of video are decimal (the guide does not define them); those of pictures are
# binary.
OUTPUT_URL_SECONDS = 3600
LIMITS = Limits(
    max_inline_bytes=200_000_000,
    max_file_bytes=5 * 1024**3,
    max_image_bytes=50 * 1024**2,
    prompt_max=PROMPT_MAX,
    max_keyframes=MAX_KEYFRAMES,
    warn_keyframes=16,
    resolutions=RESOLUTIONS,
    hdr_resolutions=("720p", "1080p"),
    aspect_ratios=RATIOS,
    output_url_seconds=OUTPUT_URL_SECONDS,
)
MAX_SOURCE_SECONDS: dict[str, float] = {Task.EDIT: 18, Task.REFRAME: 30}
TYPES: dict[str, str] = {
    Task.EDIT.value: "video_edit",
    Task.GENERATE.value: "video",
    Task.REFRAME.value: "video_reframe",
}


def _edit(field: str, place: str, help: str = "", **differs: str) -> Parameter:
    return parameter(
        field,
        f"video.edit.{place}",
        "2.4 S, K",
        help,
        tasks=EDIT,
        **differs,
    )


def _control(name: str, attribute: str = "") -> tuple[Parameter, ...]:
    """Return a control's switch and, where it has one, its own value."""
    place = f"controls.{name}"
    switch = _edit(f"{name}_enabled", f"{place}.enabled")
    return (
        (switch, _edit(f"{name}_{attribute}", f"{place}.{attribute}")) if attribute else (switch,)
    )


PARAMETERS = (
    parameter("model", "model", "2.1 K, S", "Luma's video model.", choices=(RAY,)),
    parameter(
        "task", "type", "2.1 K, S", "Edit a clip, generate one, or fit one to another shape."
    ),
    parameter(
        "prompt",
        "prompt",
        "2.1 S, K",
        "Say what the result should look like; what you do not name stays as close as the strength allows.",
    ),
    parameter(
        "aspect_ratio",
        "aspect_ratio",
        "2.1 K, D-new; 7.21",
        f"The shape of the result. {OF_THE_FRAME}",
        tasks=GENERATE | REFRAME,
        default="the model chooses",
    ),
    parameter(
        "source",
        "source",
        "2.2 S, K",
        "The clip to work on: an upload, an earlier result, or a public https address.",
        tasks=FROM_SOURCE,
    ),
    parameter(
        "resolution",
        "video.resolution",
        "2.3 S, K",
        "360p is the draft tier: quick and cheap.",
        choices=RESOLUTIONS,
    ),
    parameter(
        "duration",
        "video.duration",
        "2.3 S, K",
        "How long the generated clip is.",
        tasks=GENERATE,
    ),
    parameter(
        "hdr",
        "video.hdr",
        "2.3 S, K",
        "High dynamic range, at 720p or 1080p. Your Luma account needs access to HDR.",
        tasks=EDIT | GENERATE,
    ),
    parameter("exr", "video.exr_export", "2.3 S, K", tasks=EDIT | GENERATE),
    parameter("loop", "video.loop", "2.3 S, K, D-jun11", tasks=GENERATE),
    parameter(
        "start_frame",
        "video.start_frame",
        "2.3 S, K",
        "How the first frame should look; the rest follows it.",
        tasks=EDIT,
        label="Opening guide frame",
    ),
    parameter(
        "start_frame",
        "video.start_frame",
        "2.3 S, K, 3P",
        "The picture to begin with, or an earlier result to go on from.",
        tasks=GENERATE,
    ),
    parameter(
        "end_frame",
        "video.end_frame",
        "2.3 S, K, 3P",
        "The picture to end on, or an earlier result to lead up to.",
        tasks=GENERATE,
    ),
    parameter(
        "keyframes",
        "video.keyframes",
        "2.3 K",
        "Up to 64 pictures, each at a frame of the result.",
        tasks=GENERATE,
        misplaced="G8",
    ),
    parameter(
        "keyframe_indexes",
        "video.keyframe_indexes",
        "2.3 K",
        "At 24 frames a second, from 0.",
        tasks=GENERATE,
        misplaced="G8",
    ),
    _edit("auto_controls", "auto_controls", default="off; Luma recommends on"),
    _edit("strength", "strength"),
    *_control("pose", "strength"),
    *_control("depth", "blur"),
    *_control("normals", "augmentation"),
    *_control("trajectory", "sparsity"),
    *_control("face"),
    _edit(
        "keyframes",
        "keyframes",
        "Up to 64 guide frames, each at a frame of the source.",
        misplaced="G10",
    ),
    _edit(
        "keyframe_indexes",
        "keyframe_indexes",
        "Frames of the source, counted from 0.",
        misplaced="G10",
    ),
    *(
        parameter(name, f"video.source_position.{name}", "2.5 K, D-jun11", tasks=REFRAME)
        for name in POSITION
    ),
    parameter(
        "image_refs",
        "image_ref",
        "2.1 K",
        "Luma Agents takes these for pictures only.",
        tasks=frozenset(),
    ),
    parameter(
        "user_id",
        "user_id",
        "2.1 K, D-old",
        "An opaque, stable tag of who asked; no personal data.",
        high=LIMITS.user_id_max,
    ),
)
