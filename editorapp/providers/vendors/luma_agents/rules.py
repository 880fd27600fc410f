"""The rule table of Luma Agents for Ray 3.2: one row a rule, numbered as in
docs/providers/luma-agents.md, section 3.

Statuses follow its section 3.5: 400 for one field or keyframes, 422 for a combination or unusable
media. A detail that the documents quote is quoted; the others are ours, in their style.
"""

import mimetypes

from editorapp.providers.contract import POSITION, Task
from editorapp.providers.rules import conditions as ask
from editorapp.providers.rules import shared_fixes as fixes
from editorapp.providers.rules.shared import keyframes, media, settings
from editorapp.providers.shared_models import RAY
from editorapp.providers.spec import (
    OFFER,
    WARN,
    Case,
    Fixes,
    Found,
    Hit,
    NamedRef,
    Rule,
    Words,
)
from editorapp.providers.vendors.luma_agents.generate_rules import (
    EDIT_FIELDS,
    GENERATE_RULES,
    NO_REFERENCE_PICTURES,
)
from editorapp.providers.vendors.luma_agents.parameters import IMAGE_MODELS, TYPES


def _perhaps_too_many(case: Case) -> bool:
    return case.limits.warn_keyframes < keyframes.most(case) <= case.limits.max_keyframes


DURATION_IGNORED = settings.DURATION_IGNORED.adopt("E28", "3.1 K; 7.8")
EDIT_RULES = (
    Rule(
        "E10",
        "image_refs",
        "3.1 S",
        broken=ask.said("image_refs"),
        summary="An edit takes no reference pictures.",
        message="An edit takes no reference pictures: use a guide frame.",
        detail="image_ref is not valid for type '{type}'",
    ),
    Rule(
        "E11",
        "end_frame",
        "3.1 S",
        broken=ask.said("end_frame"),
        summary="An edit takes no last frame.",
        message="An edit takes no last frame: pin a keyframe at the last frame instead.",
        detail="video.end_frame is not valid for type '{type}'",
        fixes=(fixes.NO_LAST_FRAME,),
    ),
    Rule(
        "E12",
        "loop",
        "3.1 S",
        broken=ask.said("loop"),
        summary="An edit cannot loop.",
        message="An edit cannot be made to loop.",
        detail="video.loop is not valid for type '{type}'",
        fixes=(fixes.LOOP_OFF,),
    ),
    settings.ONLY_REFRAMES_PLACE.adopt(
        "P1", "2.3 K", "video.source_position is not valid for type '{type}'"
    ),
    settings.HDR_SIZE.adopt(
        "E14",
        "3.1 S",
        "video.hdr is not supported at {wanted.resolution}",
        status=422,
        conflict="Luma's guide refuses HDR on an edit at 360p and 540p; its SDK names that for generations only, and "
        "two price lists have a price for it. It is refused here (7.3).",
    ),
    settings.EXR_NEEDS_HDR.adopt(
        "E15", "3.1 S, K", "video.exr_export requires video.hdr", status=422
    ),
    settings.STRENGTH.adopt("E16", "3.1 S, K", "Invalid strength '{value}'. Valid: {choices}"),
    settings.AUTO_OR_CONTROLS.adopt(
        "E17",
        "3.1 S",
        "video.edit.controls cannot be combined with video.edit.auto_controls",
        status=422,
    ),
    settings.AUTO_OR_STRENGTH.adopt(
        "E26",
        "ours: 3.1 S allows both; cross-provider X1",
        level=OFFER,
        summary="Auto or a strength: the page offers one at a time, and results then agree between providers.",
        message=settings.AUTO_OR_STRENGTH.why,
        why="",
        conflict="Luma's guide lets a strength stand beside Auto, and says that a strength means manual unless Auto is "
        "set explicitly; others that pass on to Luma refuse the two. Auto wins here where it is set, also in what the "
        "simulator draws (7.5, 7.19).",
    ),
    settings.CONTROL_VALUES.adopt("E18", "3.1 S, K", "{path}: invalid value '{value}'"),
    keyframes.PAIRED.adopt(
        "E19",
        "3.1 S",
        "video.edit.keyframes and video.edit.keyframe_indexes must be given together",
    ),
    keyframes.EVEN.adopt(
        "E20",
        "3.1 S",
        "video.edit.keyframes and video.edit.keyframe_indexes must have the same length",
    ),
    keyframes.AT_MOST.adopt(
        "E21",
        "3.1 S, K",
        "video.edit.keyframes supports up to {limits.max_keyframes} entries",
        conflict="Luma's guide and SDK say 64 keyframes, its marketing page 16. 64 are taken here, with a warning "
        "above 16 (7.10).",
    ),
    Rule(
        "E21.many",
        "keyframes",
        "ours: 7.10, Luma's own page says 16",
        level=WARN,
        broken=_perhaps_too_many,
        summary="More than 16 keyframes may be refused.",
        message="Luma's pages disagree on more than {limits.warn_keyframes} keyframes (up to 64 are documented).",
    ),
    keyframes.POSITIONS.adopt(
        "E22", "3.1 S, K", "video.edit.keyframe_indexes must be non-negative and unique"
    ),
    keyframes.WITHIN_SOURCE.adopt(
        "E22.beyond",
        "ours: positions lie on the source's frame grid (2.4 S, K), so there is no such frame",
        "video.edit.keyframe_indexes must lie within the source",
    ),
    keyframes.NOT_BESIDE_ONE.adopt(
        "E23", "3.1 S", "video.start_frame cannot be combined with video.edit.keyframes"
    ),
    settings.ASPECT_RATIO_IGNORED.adopt("E25", "3.1 S"),
    DURATION_IGNORED,
)


_edges = ask.outside(-2, 2, "x_norm", "y_norm")
_sizes = ask.outside(0, 2, "w_norm", "h_norm", is_open=True)


def _position_wrong(case: Case) -> list[Hit]:
    missing = [name for name in POSITION if getattr(case.wanted, name) is None]
    if 0 < len(missing) < len(POSITION):
        return _incomplete(missing)
    outside = (*_edges(case), *_sizes(case))
    return list(ask.saying("{value} is outside {low} to {high}.", outside))


def _incomplete(missing: list[str]) -> list[Hit]:
    says = "Give all four of x, y, width and height, or none."
    return [Hit(name, says=says) for name in missing]


REFRAME_RULES = (
    media.SOURCE_LENGTH.adopt(
        "R1",
        "3.4 D-jun11, D-new",
        "source: video exceeds {longest:g} s limit",
        status=422,
        summary="The source of a reframe lasts at most 30 s.",
        message="{name} reframes clips up to {longest:g} s. This one is {seconds} s: trim it.",
    ),
    settings.NEW_SHAPE.adopt(
        "R2",
        "3.4 D-jun11",
        "Invalid aspect_ratio '{wanted.aspect_ratio}'. Valid: 16:9, 1:1, 21:9, 3:4, 4:3, 9:16",
    ),
    settings.SAME_SHAPE.adopt("R2.same", "ours: 3.4 reseller"),
    settings.REFRAME_TAKES_NO.adopt(
        "R4",
        "3.4 D-jun11, K",
        "{path} is not supported for type '{type}'",
        status=422,
        broken=ask.said(
            "hdr",
            "exr",
            "loop",
            "start_frame",
            "end_frame",
            "keyframes",
            "keyframe_indexes",
            *EDIT_FIELDS,
        ),
        summary="A reframe takes no HDR, EXR, loop, guide frames or edit settings.",
    ),
    settings.TALL_1080P.adopt(
        "R5",
        "3.4 D-new, K",
        "video.resolution 1080p is not supported for aspect_ratio {wanted.aspect_ratio}",
        status=422,
    ),
    Rule(
        "R5.gated",
        "resolution",
        "3.4 D-new, K",
        level=WARN,
        broken=lambda case: case.wanted.resolution == "1080p",
        summary="Reframing at 1080p may not be enabled for every account yet.",
        message="Luma is still rolling 1080p reframes out: your account may be refused. 720p works for all.",
    ),
    Rule(
        "R6",
        "x_norm",
        "3.4 K, D-jun11",
        broken=_position_wrong,
        summary="A source position has all four numbers: x and y from -2 to 2, width and height above 0, up to 2.",
        message="{label}: {says}",
        detail="{path}: {says}",
    ),
)


def _wrong_model(case: Case) -> Found:
    task, model = case.wanted.task, case.wanted.model
    if model == RAY and task in TYPES:
        return False
    if model is not None and model not in (RAY, *IMAGE_MODELS):
        return [Hit(answer=f"Unknown model: {model}")]
    kind = TYPES.get(task, task)
    return [Hit(answer=f"Type '{kind}' is not supported for model '{model or 'uni-1'}'")]


def _type_of_url(case: Case, words: Words) -> Fixes:
    kind = _video_type(str(case.wanted.source.url if case.wanted.source else ""))
    return (fixes.to(f"Send it as {kind}", source_media_type=kind),)


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
        "E1",
        "model",
        "3.1 S; strings D-old",
        broken=_wrong_model,
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
        "E5",
        "source",
        "3.1 S",
        each_ref=ask.lacks_type("url", "video"),
        summary="A source by URL says that it is a video.",
        message="A source by URL needs its media type, such as video/mp4.",
        detail="{path}: 'media_type' must be video/* with 'url'",
        fixes=_type_of_url,
    ),
    media.INLINE_TYPE.adopt("E6", "3.1 S", "{path}: 'media_type' is required with 'data'"),
    Rule(
        "E6.image",
        "start_frame",
        "2.2 K; string D-old",
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
        "E9.data",
        "source",
        "3.1 S; D-new",
        status=413,
        each_ref=_large_clip,
        summary="An inline source has at most 200 MB.",
        message="The inline source is larger than 200 MB. Upload it instead.",
        detail="{path}: video exceeds 200 MB limit",
    ),
    Rule(
        "E9.image",
        "start_frame",
        "5 D-old FAQ",
        status=413,
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
        "U1",
        "user_id",
        "2.1 K; length D-old",
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
    media.SOURCE_FORM.adopt("E9.form", media.FORM_BASIS),
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
