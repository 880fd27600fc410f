"""The rule table of Luma Agents for Ray 3.2: one row a rule, numbered as in
docs/providers/luma-agents.md, section 3.

Statuses follow its section 3.5: 400 for one field or keyframes, 422 for a combination or unusable
media. A detail that the documents quote is quoted; the others are ours, in their style.
"""

import mimetypes

from editorapp.providers.contract import Task
from editorapp.providers.rules import conditions as ask
from editorapp.providers.rules.shared import media, settings
from editorapp.providers.rules.shared_fixes import to
from editorapp.providers.spec import Case, Fix, Found, Hit, NamedRef, Rule, Words
from editorapp.providers.vendors.luma_agents.edit_rules import DURATION_IGNORED, EDIT_RULES
from editorapp.providers.vendors.luma_agents.generate_rules import (
    GENERATE_RULES,
    NO_REFERENCE_PICTURES,
)
from editorapp.providers.vendors.luma_agents.parameters import IMAGE_MODELS, MODELS, TYPES
from editorapp.providers.vendors.luma_agents.reframe_rules import REFRAME_RULES


def _wrong_model(case: Case) -> Found:
    task, model = case.wanted.task, case.wanted.model
    if model in MODELS and task in TYPES:
        return False
    if model is not None and model not in (*MODELS, *IMAGE_MODELS):
        return [Hit(answer=f"Unknown model: {model}")]
    kind = TYPES.get(task, task)
    return [Hit(answer=f"Type '{kind}' is not supported for model '{model or 'uni-1'}'")]


def _type_of_url(case: Case, words: Words) -> tuple[Fix, ...]:
    kind = _video_type(str(case.wanted.source.url if case.wanted.source else ""))
    return (to(f"Send it as {kind}", source_media_type=kind),)


def _video_type(url: str) -> str:
    """Read the media type from the name in the URL; without one, a clip is most often MP4."""
    guessed = mimetypes.guess_type(url.partition("?")[0])[0] or ""
    return guessed if guessed.startswith("video/") else "video/mp4"


def _large_clip(named: NamedRef) -> bool:
    return named.is_source and ask.inlined_beyond(named, named.limits.max_inline_bytes)


def _large_picture(named: NamedRef) -> bool:
    return not named.is_source and ask.inlined_beyond(named, named.limits.max_image_bytes)


def _long_user_id(case: Case) -> bool:
    tag = case.wanted.user_id
    if tag is None:
        return False
    return not isinstance(tag, str) or len(tag) > case.limits.user_id_max


COMMON_RULES = (
    Rule(
        id="E1",
        field="model",
        broken=_wrong_model,
        source="3.1 S; strings D-old",
        summary="The model is ray-3.2, and it does this task.",
        message="{name} cannot do this: {answer}.",
        detail="{answer}",
    ),
    media.PROMPT_LENGTH.adopt(
        "E2",
        "3.1 S; string D-old",
        "Prompt must be between 1 and {limits.prompt_max} characters",
    ),
    media.PROMPT_BLANK.adopt(
        "E2.blank",
        "ours: nothing can be made of it, and it would be paid",
        "prompt: only white space",
    ),
    media.ONE_CARRIER.adopt(
        "E4",
        "3.1 S; 2.2 K",
        "{path}: provide exactly one of 'generation_id', 'url', 'data', 'file_id'",
        summary="Each clip or picture comes one way: a result's id, an uploaded file, a URL or inline data.",
        message="{label}: give exactly one of an upload, an earlier result, a URL or a file id.",
    ),
    Rule(
        id="E5",
        field="source",
        each_ref=ask.lacks_type("url", "video"),
        source="3.1 S",
        summary="A source by URL says that it is a video.",
        message="A source by URL needs its media type, such as video/mp4.",
        detail="{path}: 'media_type' must be video/* with 'url'",
        fixes=_type_of_url,
    ),
    media.INLINE_TYPE.adopt("E6", "3.1 S", "{path}: 'media_type' is required with 'data'"),
    Rule(
        id="E6.image",
        field="start_frame",
        source="2.2 K; string D-old",
        each_ref=ask.lacks_type("data", "image"),
        summary="An inline picture says its media type.",
        message="{label}: an inline picture needs its media type, such as image/png.",
        detail="{path}: 'media_type' is required with 'data'",
    ),
    media.ID_IS_A_UUID.adopt(
        "E7",
        "3.1 S; 2.2 K",
        "{path}: 'generation_id' and 'file_id' must be UUIDs",
        summary="An id of a result or a file is a UUID.",
    ),
    media.PUBLIC_URL.adopt("U2", "2.2 D-old FAQ", "{path}: failed to fetch URL", status=422),
    media.INLINE_BASE64.adopt("U3", "4.3 D-old", "{path}: invalid base64 data", status=422),
    Rule(
        id="E9.data",
        field="source",
        status=413,
        source="3.1 S; D-new",
        each_ref=_large_clip,
        summary="An inline source has at most 200 MB.",
        message="The inline source is larger than 200 MB. Upload it instead.",
        detail="{path}: video exceeds 200 MB limit",
    ),
    Rule(
        id="E9.image",
        field="start_frame",
        status=413,
        source="5 D-old FAQ",
        each_ref=_large_picture,
        summary="An inline picture has at most 50 MB.",
        message="{label}: the picture is larger than 50 MB. Make it smaller.",
        detail="{path}: image exceeds 50 MB limit",
    ),
    settings.RESOLUTION.adopt(
        "E13",
        "3.1 S, K",
        "Invalid resolution '{value}'. Valid: {choices}",
        summary="The resolution is 360p, 540p, 720p or 1080p.",
    ),
    Rule(
        id="U1",
        field="user_id",
        source="2.1 K; length D-old",
        broken=_long_user_id,
        summary="The end-user tag has at most 256 characters.",
        message="The end-user tag is longer than {limits.user_id_max} characters.",
        detail="user_id must be at most {limits.user_id_max} characters",
    ),
)
SOURCE_NEEDED = (
    media.SOURCE_NEEDED.adopt(
        "E3",
        "3.1 S; 3.4 D-jun11",
        "source is required for type '{type}'",
        summary="An edit or a reframe has a source.",
        message="Choose a source: upload a clip, take an earlier result, or give a URL.",
    ),
    media.SOURCE_IS_A_CLIP.adopt(
        "E3.kind", "ours: known from the file itself", "source: not a video", status=422
    ),
)
SOURCE_SIZE = (
    media.SOURCE_LENGTH_UNKNOWN.adopt("E8.unknown", "ours: nothing was measured"),
    media.SOURCE_SIZE.adopt(
        "E9",
        "3.1 S; files 2.6 K",
        "source: video exceeds {largest} limit",
        status=413,
        summary="A source by URL or inline has at most 200 MB; an uploaded one 5 GiB.",
    ),
)
EDIT_LENGTH = media.SOURCE_LENGTH.adopt(
    "E8",
    "3.1 S, K",
    "source: video exceeds {longest:g} s limit",
    status=422,
    summary="The source of an edit lasts at most 18 s.",
    message="{name} edits clips up to {longest:g} s. This one is {seconds} s: trim it.",
    conflict="Luma's guide and SDK say 18 s for an edit, older pages and a reseller 30 s, the marketing page 20 s. "
    "18 s are taken here (7.1).",
)
RULES: dict[str, tuple[Rule, ...]] = {
    Task.EDIT: (*COMMON_RULES, *SOURCE_NEEDED, EDIT_LENGTH, *SOURCE_SIZE, *EDIT_RULES),
    Task.GENERATE: (*COMMON_RULES, *GENERATE_RULES),
    Task.REFRAME: (
        *COMMON_RULES,
        *SOURCE_NEEDED,
        *SOURCE_SIZE,
        DURATION_IGNORED,
        NO_REFERENCE_PICTURES,
        *REFRAME_RULES,
    ),
}
