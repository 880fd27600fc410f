"""Every parameter of Ray 3.2 on GMI Cloud, in the order in which the body is written.

Sections are those of contracts/gmi-cloud.md; the tags are its authorities: S2 the seed page of the
edit model, PG and PR the pages of generate and reframe, OBS seen in the wild.
"""

from dataclasses import replace

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from editorapp.providers.contract import STRENGTHS, Task
from editorapp.providers.spec import Limits, Parameter, ParameterKind, StoredAs
from editorapp.providers.vendors.luma_agents.parameters import OF_THE_FRAME

EDIT = frozenset({Task.EDIT})
GENERATE = frozenset({Task.GENERATE})
REFRAME = frozenset({Task.REFRAME})
FROM_SOURCE = EDIT | REFRAME
TO_EDIT_OR_GENERATE = EDIT | GENERATE

NAME = "ray-3.2"  # ours; the provider has a model for each task
WIRES: dict[str, str] = {
    Task.EDIT.value: "luma-ray-3-2-edit",
    Task.GENERATE.value: "luma-ray-3-2-generate",
    Task.REFRAME.value: "luma-ray-3-2-reframe",
}
TASKS = {wire: task for task, wire in WIRES.items()}

MAX_INLINE_NAME = "GMI_MAX_INLINE_MB"


def _most_inline_bytes() -> int:
    """Return the largest clip that is put into a request, in bytes.

    Ours: the provider states no limit (2.5).
    """
    megabytes = settings.ENVIRONMENT.get(MAX_INLINE_NAME) or "50"
    if not megabytes.isdecimal() or int(megabytes) < 1:
        raise ImproperlyConfigured(
            f"{MAX_INLINE_NAME} is {megabytes!r}: give whole megabytes, such as 50."
        )
    return int(megabytes) * 1_000_000


_INLINE_BYTES = _most_inline_bytes()
LIMITS = Limits(  # 3.5
    warn_source_seconds=18,
    max_inline_bytes=_INLINE_BYTES,
    max_file_bytes=_INLINE_BYTES,  # an uploaded clip travels in the request too
    prompt_max=6000,
    resolutions=("540p", "720p", "1080p"),
    hdr_resolutions=("720p", "1080p"),
    aspect_ratios=("9:16", "3:4", "1:1", "4:3", "16:9", "21:9"),
)
MAX_SOURCE_SECONDS: dict[str, float] = {Task.EDIT: 30, Task.REFRAME: 30}


def _amount(field: str, label: str, says: str) -> Parameter:
    return Parameter(
        field=field,
        wire=f"payload.{field}",
        kind=ParameterKind.NUMBER,
        tasks=EDIT,
        low=0.0,
        high=1.0,
        switch=f"{field.partition('_')[0]}_enabled",
        label=label,
        help=f"{says} Giving a value turns the signal on.",
        default="off",
        source="3.1 S2",
    )


_ROWS = (
    Parameter(
        field="model",
        wire="model",
        kind=ParameterKind.TEXT,
        choices=tuple(TASKS),
        label="Model",
        help="One for each task: edit, generate, reframe.",
        source="3 S2, PG, PR",
    ),
    Parameter(
        field="prompt",
        wire="payload.prompt",
        kind=ParameterKind.TEXT,
        low=1,
        high=LIMITS.prompt_max,
        unit="characters",
        is_required=True,
        label="Prompt",
        help="Say what the result should look like; on a reframe, what the new area shows.",
        source="3.1 S2; 3.2 PG; 3.3 PR",
    ),
    Parameter(
        field="aspect_ratio",
        wire="payload.aspect_ratio",
        kind=ParameterKind.CHOICE,
        tasks=EDIT,
        choices=LIMITS.aspect_ratios,
        label="Aspect ratio",
        help="Taken and ignored: an edit keeps the shape of its source.",
        is_ignored=True,
        default="as the source",
        source="3.1 S2",
    ),
    Parameter(
        field="aspect_ratio",
        wire="payload.aspect_ratio",
        kind=ParameterKind.CHOICE,
        tasks=GENERATE,
        choices=LIMITS.aspect_ratios,
        label="Aspect ratio",
        help=f"The shape of the result. {OF_THE_FRAME}",
        default="16:9",
        source="3.2 PG",
    ),
    Parameter(
        field="aspect_ratio",
        wire="payload.aspect_ratio",
        kind=ParameterKind.CHOICE,
        tasks=REFRAME,
        is_required=True,
        choices=LIMITS.aspect_ratios,
        label="Aspect ratio",
        help="The new shape; another one than the source has.",
        source="3.3 PR",
    ),
    Parameter(
        field="source",
        wire="payload.source_data",
        kind=ParameterKind.REF,
        tasks=FROM_SOURCE,
        is_required=True,
        label="Source",
        carriers={
            "generation_id": "payload.source_generation_id",
            "data": "payload.source_data",
            "media_type": "payload.source_media_type",
        },
        stored_as=StoredAs.INLINE,
        help="The clip to work on, up to 30 s: an upload, which travels in the request itself, or an earlier result "
        "made with the same key.",
        source="2.5, 3.1 S2; 3.3 PR",
    ),
    Parameter(
        field="resolution",
        wire="payload.resolution",
        kind=ParameterKind.CHOICE,
        choices=LIMITS.resolutions,
        label="Resolution",
        help="540p is the smallest and cheapest.",
        default="720p",
        source="3.1 S2; 3.2 PG; 3.3 PR",
    ),
    Parameter(
        field="duration",
        wire="payload.duration",
        kind=ParameterKind.CHOICE,
        tasks=GENERATE,
        choices=LIMITS.durations,
        label="Duration",
        help="How long the generated clip is. 10 s costs two blocks of 5 s.",
        default="5s",
        source="3.2 PG",
    ),
    Parameter(
        field="hdr",
        wire="payload.hdr",
        kind=ParameterKind.FLAG,
        tasks=TO_EDIT_OR_GENERATE,
        label="HDR",
        help="High dynamic range, at 720p or 1080p. Your GMI account needs access to HDR.",
        default="off",
        source="3.1 S2; 3.2 PG",
    ),
    Parameter(
        field="exr",
        wire="payload.exr_export",
        kind=ParameterKind.FLAG,
        tasks=TO_EDIT_OR_GENERATE,
        label="EXR",
        help="EXR frames beside the MP4, for grading. Comes with HDR.",
        default="off",
        source="3.1 S2; 3.2 PG",
    ),
    Parameter(
        field="loop",
        wire="payload.loop",
        kind=ParameterKind.FLAG,
        tasks=GENERATE,
        label="Loop",
        help="The end runs into the start without a seam.",
        default="off",
        source="3.2 PG",
    ),
    Parameter(
        field="start_frame",
        wire="payload.start_frame_url",
        kind=ParameterKind.REF,
        tasks=EDIT,
        label="Guide frame",
        carriers={"url": "payload.start_frame_url"},
        stored_as=StoredAs.URL,
        help="One picture of how the result should look: JPEG, PNG or WebP. An upload is put at an address that "
        "anybody can open who knows it.",
        source="3.1 S2; upload 2.4 OBS",
    ),
    Parameter(
        field="start_frame",
        wire="payload.start_frame_url",
        kind=ParameterKind.REF,
        tasks=GENERATE,
        label="First frame",
        carriers={
            "url": "payload.start_frame_url",
            "generation_id": "payload.start_frame_generation_id",
        },
        stored_as=StoredAs.URL,
        help="The picture to begin with, or an earlier result to go on from.",
        source="3.2 PG; upload 2.4 OBS",
    ),
    Parameter(
        field="end_frame",
        wire="payload.end_frame_url",
        kind=ParameterKind.REF,
        tasks=GENERATE,
        label="Last frame",
        carriers={
            "url": "payload.end_frame_url",
            "generation_id": "payload.end_frame_generation_id",
        },
        stored_as=StoredAs.URL,
        help="The picture to end on, or an earlier result to lead up to.",
        source="3.2 PG; upload 2.4 OBS",
    ),
    Parameter(
        field="auto_controls",
        wire="payload.edit_auto_controls",
        kind=ParameterKind.FLAG,
        tasks=EDIT,
        label="Auto",
        help="The model reads the source and decides how closely to follow it.",
        default="off; recommended on",
        source="3.1 S2",
    ),
    Parameter(
        field="strength",
        wire="payload.edit_strength",
        kind=ParameterKind.CHOICE,
        tasks=EDIT,
        choices=STRENGTHS,
        label="Strength",
        help="Adhere keeps motion, composition and structure; flex keeps motion and lets the prompt restyle; "
        "reimagine takes the source as loose grounding. A lower number is lighter within its band.",
        default="the model's own; flex_2 is the usual choice",
        source="3.1 S2",
    ),
    Parameter(
        field="pose_strength",
        wire="payload.pose_strength",
        kind=ParameterKind.CHOICE,
        tasks=EDIT,
        choices=("precise", "coarse"),
        nothing=("None",),
        switch="pose_enabled",
        label="Pose strength",
        help="Precise follows every limb; coarse the overall gesture. Giving a value turns the signal on.",
        default="off",
        source="3.1 S2",
    ),
    _amount("depth_blur", "Depth blur", "Higher gives more freedom with shapes."),
    _amount("normals_augmentation", "Normals augmentation", "Higher reinterprets surfaces more."),
    _amount("trajectory_sparsity", "Trajectory sparsity", "Higher keeps fewer points of motion."),
    Parameter(
        field="face_enabled",
        wire="payload.face_enabled",
        kind=ParameterKind.FLAG,
        tasks=EDIT,
        label="Face",
        help="Keep faces and their expressions.",
        default="off",
        source="3.1 S2",
    ),
)
# 7: empty strings are the documented defaults of the ids and the inline clip, so one in any
# optional place is absent.
PARAMETERS = tuple(
    row if row.is_required else replace(row, nothing=("", *row.nothing)) for row in _ROWS
)
