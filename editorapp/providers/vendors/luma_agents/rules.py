"""The rule table of Luma Agents for Ray 3.2: one row a rule, numbered as in
contracts/luma-agents.md, section 3.

Statuses follow the contract's section 3.5: 400 for one field or keyframes, 422 for a combination or
unusable media. A detail that stands in quotation in the contract is quoted; the others are ours, in
its style.
"""

import mimetypes
from collections.abc import Mapping
from typing import Any, TypeAlias

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import GenerationRequest, Task
from editorapp.providers.rules import conditions as ask
from editorapp.providers.rules.shared_fixes import to
from editorapp.providers.spec import WARN, Fix, Hit, Limits, Rule
from editorapp.providers.vendors.luma_agents.edit_rules import EDIT_RULES
from editorapp.providers.vendors.luma_agents.generate_rules import (
    EDIT_FIELDS,
    GENERATE_RULES,
    NOT_ON_REFRAME,
    POSITION,
    REFRAME_RULES,
)
from editorapp.providers.vendors.luma_agents.parameters import (
    EDIT,
    FROM_SOURCE,
    IMAGE_MODELS,
    MODELS,
    TYPES,
)

Wanted: TypeAlias = GenerationRequest
Facts: TypeAlias = MediaFacts | None
Words: TypeAlias = Mapping[str, Any]


def _wrong_model(wanted: Wanted, source: Facts, limits: Limits) -> bool | list[Hit]:
    if wanted.model in MODELS and wanted.task in TYPES:
        return False
    if wanted.model is not None and wanted.model not in (*MODELS, *IMAGE_MODELS):
        return [Hit(answer=f"Unknown model: {wanted.model}")]
    kind = TYPES.get(wanted.task, wanted.task)
    return [Hit(answer=f"Type '{kind}' is not supported for model '{wanted.model or 'uni-1'}'")]


def _prompt_length(wanted: Wanted, source: Facts, limits: Limits) -> bool | list[Hit]:
    prompt, longest = wanted.prompt, limits.prompt_max
    if isinstance(prompt, str) and 1 <= len(prompt) <= longest:
        return False
    if isinstance(prompt, str) and prompt:
        over = len(prompt) - longest
        return [
            Hit(
                says=f"The prompt has {len(prompt):,} characters, {over:,} more than the {longest:,} allowed."
            )
        ]
    return [Hit(says="The prompt is empty: say what you want to see.")]


def _type_of_url(wanted: Wanted, source: Facts, limits: Limits, words: Words) -> tuple[Fix, ...]:
    """Read the media type from the name in the URL; without one, a clip is most often MP4."""
    guessed = (
        mimetypes.guess_type(str(wanted.source.url if wanted.source else "").partition("?")[0])[0]
        or ""
    )
    kind = guessed if guessed.startswith("video/") else "video/mp4"
    return (Fix(f"Send it as {kind}", {"source_media_type": kind}),)


def _trim(wanted: Wanted, source: Facts, limits: Limits, words: Words) -> tuple[Fix, ...]:
    return (
        Fix(
            f"Trim to the first {words['longest']:g} s",
            {"trim_to_seconds": f"{words['longest']:g}"},
        ),
    )


COMMON_RULES = (
    Rule(
        id="E1",
        field="model",
        broken=_wrong_model,
        status=400,
        source="3.1 S; strings D-old",
        summary="The model is ray-3.2, and it does this task.",
        message="{name} cannot do this: {answer}.",
        detail="{answer}",
    ),
    Rule(
        id="E2",
        field="prompt",
        broken=_prompt_length,
        status=400,
        source="3.1 S; string D-old",
        summary="The prompt has 1 to 6,000 characters.",
        message="{says}",
        detail="Prompt must be between 1 and {limits.prompt_max} characters",
    ),
    Rule(
        id="E2.blank",
        field="prompt",
        source="ours: nothing can be made of it, and it would be paid",
        broken=lambda wanted, source, limits: (
            isinstance(wanted.prompt, str) and wanted.prompt.isspace()
        ),
        summary="The prompt is more than spaces.",
        message="The prompt is only spaces: say what you want to see.",
        detail="prompt: only white space",
    ),
    Rule(
        id="E4",
        field="source",
        each_ref=ask.each_ref(ask.has_several_carriers),
        source="3.1 S; 2.2 K",
        summary="Each clip or picture comes one way: a result's id, an uploaded file, a URL or inline data.",
        message="{label}: give exactly one of an upload, an earlier result, a URL or a file id.",
        detail="{path}: provide exactly one of 'generation_id', 'url', 'data', 'file_id'",
    ),
    Rule(
        id="E5",
        field="source",
        each_ref=ask.each_ref(ask.lacks_type("url", "video"), only="video"),
        source="3.1 S",
        summary="A source by URL says that it is a video.",
        message="A source by URL needs its media type, such as video/mp4.",
        detail="{path}: 'media_type' must be video/* with 'url'",
        mends=_type_of_url,
    ),
    Rule(
        id="E6",
        field="source",
        each_ref=ask.each_ref(ask.lacks_type("data", "video"), only="video"),
        source="3.1 S",
        summary="Inline video says its media type.",
        message="Inline video needs its media type, such as video/mp4.",
        detail="{path}: 'media_type' is required with 'data'",
    ),
    Rule(
        id="E6.image",
        field="start_frame",
        source="2.2 K; string D-old",
        each_ref=ask.each_ref(ask.lacks_type("data", "image"), only="image"),
        summary="An inline picture says its media type.",
        message="{label}: an inline picture needs its media type, such as image/png.",
        detail="{path}: 'media_type' is required with 'data'",
    ),
    Rule(
        id="E7",
        field="source",
        each_ref=ask.each_ref(ask.is_bad_id),
        source="3.1 S; 2.2 K",
        summary="An id of a result or a file is a UUID.",
        message="{label}: this is not an id of {name}. Copy it whole: 8-4-4-4-12 letters and digits.",
        detail="{path}: 'generation_id' and 'file_id' must be UUIDs",
    ),
    Rule(
        id="U2",
        field="source",
        each_ref=ask.each_ref(ask.is_private_url),
        status=422,
        source="2.2 D-old FAQ",
        summary="A URL is https and on the public internet.",
        message="{label}: {name} can only fetch https addresses on the public internet. Upload the file instead.",
        detail="{path}: failed to fetch URL",
    ),
    Rule(
        id="U3",
        field="source",
        each_ref=ask.each_ref(ask.is_bad_base64),
        status=422,
        source="4.3 D-old",
        summary="Inline data is base64.",
        message="{label}: the inline data is not base64.",
        detail="{path}: invalid base64 data",
    ),
    Rule(
        id="E9.data",
        field="source",
        status=413,
        source="3.1 S; D-new",
        each_ref=lambda path, ref, limits: (
            path == "source" and ask.decoded_bytes(ref) > (limits.max_inline_bytes or 0)
        ),
        summary="An inline source has at most 200 MB.",
        message="The inline source is larger than 200 MB. Upload it instead.",
        detail="{path}: video exceeds 200 MB limit",
    ),
    Rule(
        id="E9.image",
        field="start_frame",
        status=413,
        source="5 D-old FAQ",
        each_ref=lambda path, ref, limits: (
            path != "source" and ask.decoded_bytes(ref) > (limits.max_image_bytes or 0)
        ),
        summary="An inline picture has at most 50 MB.",
        message="{label}: the picture is larger than 50 MB. Make it smaller.",
        detail="{path}: image exceeds 50 MB limit",
    ),
    Rule(
        id="E13",
        field="resolution",
        broken=ask.not_one_of("resolution", lambda limits: limits.resolutions),
        source="3.1 S, K",
        summary="The resolution is 360p, 540p, 720p or 1080p.",
        message="{value} is no resolution of {name}: choose one of {choices}.",
        detail="Invalid resolution '{value}'. Valid: {choices}",
        mends=lambda wanted, source, limits, words: (to("Use 720p", resolution="720p"),),
    ),
    Rule(
        id="U1",
        field="user_id",
        source="2.1 K; length D-old",
        broken=lambda wanted, source, limits: (
            wanted.user_id is not None
            and not (isinstance(wanted.user_id, str) and len(wanted.user_id) <= limits.user_id_max)
        ),
        summary="The end-user tag has at most 256 characters.",
        message="The end-user tag is longer than {limits.user_id_max} characters.",
        detail="user_id must be at most {limits.user_id_max} characters",
    ),
)

SOURCE_RULES = (
    Rule(
        id="E3",
        field="source",
        tasks=FROM_SOURCE,
        source="3.1 S; 3.4 D-jun11",
        broken=lambda wanted, source, limits: wanted.source is None,
        summary="An edit or a reframe has a source.",
        message="Choose a source: upload a clip, take an earlier result, or give a URL.",
        detail="source is required for type '{type}'",
    ),
    Rule(
        id="E3.kind",
        field="source",
        tasks=FROM_SOURCE,
        source="ours: known from the file itself",
        broken=lambda wanted, source, limits: source is not None and source.kind != "video",
        summary="The source is a clip, not a picture.",
        message="The source is not a video. Choose a clip.",
        status=422,
        detail="source: not a video",
    ),
    Rule(
        id="E8",
        field="source",
        tasks=EDIT,
        broken=ask.too_long,
        status=422,
        source="3.1 S, K",
        summary="The source of an edit lasts at most 18 s.",
        message="{name} edits clips up to {longest:g} s. This one is {seconds} s: trim it.",
        detail="source: video exceeds {longest:g} s limit",
        mends=_trim,
        conflict="Luma's guide and SDK say 18 s for an edit, older pages and a reseller 30 s, the marketing page 20 s. "
        "18 s are taken here (7.1).",
    ),
    Rule(
        id="E8.unknown",
        field="source",
        tasks=FROM_SOURCE,
        level=WARN,
        broken=ask.length_unknown,
        source="ours: nothing was measured",
        summary="The length of a foreign source cannot be checked.",
        message="The clip's length cannot be checked before sending. {name} takes up to {longest:g} s.",
    ),
    Rule(
        id="E9",
        field="source",
        tasks=FROM_SOURCE,
        broken=ask.too_big,
        status=413,
        source="3.1 S; files 2.6 K",
        summary="A source by URL or inline has at most 200 MB; an uploaded one 5 GiB.",
        message="{name} takes up to {largest} this way. This clip has {size}: make a smaller copy, or upload it.",
        detail="source: video exceeds {largest} limit",
    ),
)

RULES = COMMON_RULES + SOURCE_RULES + EDIT_RULES + GENERATE_RULES + REFRAME_RULES

POSITION_FIELDS = frozenset(POSITION)
# What rows above say of attributes that a task has no parameter for.
JUDGED: dict[str, frozenset[str]] = {
    Task.EDIT: frozenset({"image_refs", "end_frame", "loop", "aspect_ratio", "duration"})
    | POSITION_FIELDS,
    Task.GENERATE: frozenset(EDIT_FIELDS) | POSITION_FIELDS | {"source", "image_refs"},
    Task.REFRAME: frozenset(NOT_ON_REFRAME) | {"duration", "image_refs"},
}
