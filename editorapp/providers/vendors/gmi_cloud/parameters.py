"""Every parameter of Ray 3.2 on GMI Cloud, in the order in which the body is written.

Sections are those of docs/providers/gmi-cloud.md; the tags are its authorities: S2 the page of the
edit model, PG and PR the pages of generate and reframe, OBS seen in the wild.
"""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from editorapp.providers.contract import Task
from editorapp.providers.shared_parameters import (
    EDIT,
    GENERATE,
    OF_THE_FRAME,
    PROMPT_MAX,
    RATIOS,
    REFRAME,
    SHARED,
    parameter,
)
from editorapp.providers.spec import Limits, Parameter, StoredAs

MODEL_IDS: dict[str, str] = {
    Task.EDIT.value: "luma-ray-3-2-edit",
    Task.GENERATE.value: "luma-ray-3-2-generate",
    Task.REFRAME.value: "luma-ray-3-2-reframe",
}
TASKS = {model_id: task for task, model_id in MODEL_IDS.items()}

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
    prompt_max=PROMPT_MAX,
    resolutions=SHARED["resolution"].choices,
    hdr_resolutions=("720p", "1080p"),
    aspect_ratios=RATIOS,
)
MAX_SOURCE_SECONDS: dict[str, float] = {Task.EDIT: 30, Task.REFRAME: 30}


def _row(field: str, source: str, help: str = "", *, name: str = "", **differs: Any) -> Parameter:
    """Return a row of the payload. Empty strings are the documented defaults of the ids and the
    inline clip, so one in any optional place is absent (7).
    """
    row = parameter(field, f"payload.{name or field}", source, help, **differs)
    return row if row.is_required else replace(row, nothing=("", *row.nothing))


def _edit(field: str, help: str = "", *, name: str = "", **differs: Any) -> Parameter:
    return _row(field, "3.1 S2", help, name=name, tasks=EDIT, **differs)


def _value(field: str, **differs: Any) -> Parameter:
    help = f"{SHARED[field].help} Giving a value turns the signal on."
    return _edit(field, help, default="off", **differs)


def _frame(field: str, tasks: frozenset[Task], source: str, help: str, **differs: Any) -> Parameter:
    """Return a frame: a picture by address and, where it makes a clip, an earlier result."""
    carriers = {"url": f"payload.{field}_url"}
    if tasks == GENERATE:
        carriers["generation_id"] = f"payload.{field}_generation_id"
    return _row(
        field,
        f"{source}; upload 2.4 OBS",
        help,
        name=f"{field}_url",
        tasks=tasks,
        carriers=carriers,
        stored_as=StoredAs.URL,
        **differs,
    )


PARAMETERS = (
    parameter(
        "model",
        "model",
        "3 S2, PG, PR",
        "One for each task: edit, generate, reframe.",
        choices=tuple(TASKS),
        nothing=("",),
    ),
    _row(
        "prompt",
        "3.1 S2; 3.2 PG; 3.3 PR",
        "Say what the result should look like; on a reframe, what the new area shows.",
        is_required=True,
    ),
    _edit(
        "aspect_ratio",
        "Taken and ignored: an edit keeps the shape of its source.",
        is_ignored=True,
        default="as the source",
    ),
    _row(
        "aspect_ratio",
        "3.2 PG",
        f"The shape of the result. {OF_THE_FRAME}",
        tasks=GENERATE,
        default="16:9",
    ),
    _row(
        "aspect_ratio",
        "3.3 PR",
        "The new shape; another one than the source has.",
        tasks=REFRAME,
        is_required=True,
    ),
    _row(
        "source",
        "2.5, 3.1 S2; 3.3 PR",
        "The clip to work on, up to 30 s: an upload, which travels in the request itself, or an earlier result "
        "made with the same key.",
        name="source_data",
        tasks=EDIT | REFRAME,
        is_required=True,
        carriers={
            "generation_id": "payload.source_generation_id",
            "data": "payload.source_data",
            "media_type": "payload.source_media_type",
        },
        stored_as=StoredAs.INLINE,
    ),
    _row("resolution", "3.1 S2; 3.2 PG; 3.3 PR", "540p is the smallest and cheapest."),
    _row(
        "duration",
        "3.2 PG",
        "How long the generated clip is. 10 s costs two blocks of 5 s.",
        tasks=GENERATE,
    ),
    _row(
        "hdr",
        "3.1 S2; 3.2 PG",
        "High dynamic range, at 720p or 1080p. Your GMI account needs access to HDR.",
        tasks=EDIT | GENERATE,
    ),
    _row("exr", "3.1 S2; 3.2 PG", name="exr_export", tasks=EDIT | GENERATE),
    _row("loop", "3.2 PG", tasks=GENERATE),
    _frame(
        "start_frame",
        EDIT,
        "3.1 S2",
        "One picture of how the result should look: JPEG, PNG or WebP. An upload is put at an address that "
        "anybody can open who knows it.",
        label="Guide frame",
    ),
    _frame(
        "start_frame",
        GENERATE,
        "3.2 PG",
        "The picture to begin with, or an earlier result to go on from.",
    ),
    _frame(
        "end_frame",
        GENERATE,
        "3.2 PG",
        "The picture to end on, or an earlier result to lead up to.",
    ),
    _edit("auto_controls", name="edit_auto_controls", default="off; recommended on"),
    _edit("strength", name="edit_strength"),
    _value("pose_strength", nothing=("None",)),
    _value("depth_blur"),
    _value("normals_augmentation"),
    _value("trajectory_sparsity"),
    _edit("face_enabled", default="off"),
)
