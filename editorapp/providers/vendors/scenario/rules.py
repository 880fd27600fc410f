"""The rules that Scenario's models share, each made for a model's own family of numbers, and those
of its six other models: SG, SR, SM, SV and SF of docs/providers/scenario.md, section 3.9.
"""

import re
from typing import Any

from editorapp.providers.rules import conditions as ask
from editorapp.providers.rules.fitting_copy import fitting_copy
from editorapp.providers.rules.shared import media, settings
from editorapp.providers.rules.shared_fixes import LOOP_OFF, NO_LAST_FRAME, to
from editorapp.providers.spec import Case, Fixes, Found, Hit, NamedRef, Rule, Words
from editorapp.providers.vendors.scenario.parameters import CONCEPTS, CONTAINERS

ASSET_ID = re.compile(r"asset_[A-Za-z0-9_-]{1,100}")
SEVEN_RATIOS = "The aspect ratio is one of seven, 9:21 among them."
AS_THE_ACCOUNT_SAYS = "The source is no longer than the account's model says, where it says so."
_MISSING = {
    "prompt": media.EMPTY_PROMPT,
    "source": media.NO_SOURCE,
    "aspect_ratio": settings.NEW_SHAPE.message,
}


def required(rule_id: str, source: str, *names: str) -> Rule:
    def missing(case: Case) -> list[Hit]:
        return [
            Hit(name, says=_MISSING[name])
            for name in names
            if _is_blank(getattr(case.wanted, name))
        ]

    listed = ", ".join(name.replace("_", " ") for name in names)
    return Rule(
        rule_id,
        names[0],
        source,
        broken=missing,
        summary=f"Needed: {listed}.",
        message="{says}",
        detail="{path} is required",
    )


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def prompt_length(rule_id: str) -> Rule:
    return media.PROMPT_LENGTH.adopt(
        rule_id,
        "ours: SE13; no length is stated, upstream's is 6,000; the account's own is obeyed where it is less",
        "prompt must be at most {limits.prompt_max} characters",
        broken=_prompt_too_long,
        summary="The prompt has at most 6,000 characters, or fewer where the account's model says so.",
    )


def _prompt_too_long(case: Case) -> list[Hit]:
    prompt = case.wanted.prompt
    if prompt is None:
        return []
    if not isinstance(prompt, str):
        return [Hit(says="The prompt is a text.")]
    return ask.beyond_length(prompt, case.limits.prompt_max)


def assets_only(rule_id: str, source: str) -> tuple[Rule, ...]:
    """Clips and pictures are single asset ids; a frame is a picture and never an earlier clip."""
    return (
        media.ONE_CARRIER.adopt(
            f"{rule_id}.one",
            source,
            "{path} must be one asset id",
            summary="Each clip or picture comes one way: an uploaded file, or an earlier result.",
        ),
        Rule(
            rule_id,
            "source",
            source,
            each_ref=_no_asset,
            summary="Clips and pictures are asset ids: uploaded files or results of the account, no address, no data.",
            message="{label}: {name} takes uploaded files and results of this account only, {says}.",
            detail="{path} must be an asset id",
        ),
        Rule(
            f"{rule_id}.still",
            "start_frame",
            "ours: 3.3 to 3.8 take pictures here",
            each_ref=_earlier_result,
            summary="A frame is a picture: there is no going on from an earlier result.",
            message="{label}: {name} cannot go on from an earlier result. Take the frame you want of it as a picture.",
            why="{name} cannot go on from an earlier result.",
            detail="{path} must be an image asset",
        ),
    )


def _no_asset(named: NamedRef) -> list[Hit]:
    ref = named.ref
    if ref.url is not None:
        return [Hit(says="no address: upload it first")]
    if ref.data is not None:
        return [Hit(says="no inline data: upload it first")]
    ids = (one for one in (ref.file_id, ref.generation_id) if one is not None)
    if all(map(_is_asset_id, ids)):
        return []
    return [Hit(says="by an id that begins with asset_")]


def _is_asset_id(said: Any) -> bool:
    return isinstance(said, str) and ASSET_ID.fullmatch(said) is not None


def _earlier_result(named: NamedRef) -> bool:
    return not named.is_source and named.ref.generation_id is not None


def with_a_source(rule_id: str, source: str) -> tuple[Rule, ...]:
    """Assets only, and a clip that Scenario can take in at all."""
    return (
        *assets_only(rule_id, source),
        media.SOURCE_IS_A_CLIP.adopt(
            f"{rule_id}.kind", "ours: known from the file itself", "source: not a video"
        ),
        Rule(
            f"{rule_id}.container",
            "source",
            "2.6 D",
            broken=_no_container,
            summary="An uploaded clip is an MP4 or a WebM file.",
            message="{name} takes MP4 and WebM files; this clip is {kind}. Make an MP4 copy of it: the picture and "
            "its frames stay the same, and the original is kept.",
            detail="Unsupported content type: {kind}",
            fixes=fitting_copy,
        ),
        media.SOURCE_FORM.adopt(f"{rule_id}.form", media.FORM_BASIS, broken=_unusual_form),
    )


def _unusual_form(case: Case) -> Found:
    """Hit an unusual coding; of a container that is refused anyway nothing more is said."""
    return [] if _no_container(case) else ask.unusual_form(case)


def _no_container(case: Case) -> Found:
    # A result of the account itself is there already, whatever our own copy of it looks like.
    named, source = case.wanted.source, case.source
    if source is None or source.kind != "video" or named is None or named.asset_id is None:
        return False
    if source.container in CONTAINERS:
        return False
    return [Hit(kind=source.container.upper() or "of another kind")]


def length(rule_id: str, source: str, summary: str) -> tuple[Rule, ...]:
    """At most `limits.max_source_seconds` and `limits.max_file_bytes`, where there are any; said
    where unmeasured.
    """
    return (
        media.SOURCE_LENGTH.adopt(
            rule_id,
            source,
            "{path}: duration {seconds} s exceeds the maximum of {longest:g} s",
            summary=summary,
            message="{model} at {name} takes clips up to {longest:g} s. This one is {seconds} s: trim it.",
        ),
        media.SOURCE_SIZE.adopt(
            f"{rule_id}.size",
            source,
            "{path}: size {size} exceeds the maximum of {largest}",
            broken=_too_big,
            summary="The clip is no larger than the model takes.",
            message="{model} at {name} takes clips up to {largest}. This one has {size}: make a smaller copy, or "
            "trim it.",
        ),
        media.SOURCE_LENGTH_UNKNOWN.adopt(f"{rule_id}.unknown", "ours: nothing was measured"),
    )


def _too_big(case: Case) -> list[Hit]:
    if case.wanted.source is None:
        return []
    return ask.larger_than(case, case.limits.max_file_bytes, digits=2)


def upstream_length(rule_id: str, source: str, summary: str) -> Rule:
    return media.SOURCE_LENGTH_UPSTREAM.adopt(
        rule_id,
        source,
        summary=summary,
        message="Scenario names no limit here, but Luma behind it takes up to {longest:g} s, and this clip is "
        "{seconds} s: it may fail.",
    )


def ratio(rule_id: str, source: str, **differs: str) -> Rule:
    detail = "aspectRatio must be one of: {choices}"
    return settings.ASPECT_RATIO.adopt(rule_id, source, detail, **differs)


def resolution(rule_id: str) -> Rule:
    return settings.RESOLUTION.adopt(
        rule_id,
        "3.9 S3",
        "resolution must be one of: {choices}",
    )


def hdr_size(rule_id: str, source: str) -> Rule:
    return settings.HDR_SIZE.adopt(
        rule_id,
        source,
        "hdr requires resolution 720p or 1080p",
    )


def same_shape(rule_id: str) -> Rule:
    return settings.SAME_SHAPE.adopt(rule_id, "ours: luma-agents 3.4 reseller")


def _loop_with(case: Case) -> list[Hit]:
    wanted = case.wanted
    if wanted.loop is not True:
        return []
    hits = [Hit("hdr", thing="HDR")] if wanted.hdr is True else []
    return hits + ([Hit("end_frame", thing="a last frame")] if wanted.end_frame else [])


def _last_alone(case: Case) -> bool:
    return case.wanted.end_frame is not None and case.wanted.start_frame is None


def _last_needs_first(rule_id: str, source: str, detail: str) -> Rule:
    return Rule(
        rule_id,
        "end_frame",
        source,
        broken=_last_alone,
        detail=detail,
        summary="A last frame needs a first one.",
        message="{model} at {name} takes a last frame only beside a first one: add a first frame, or leave the last "
        "one out.",
        why="A last frame needs a first frame here.",
        fixes=(NO_LAST_FRAME,),
    )


def _no_concept(case: Case) -> list[Hit]:
    named = case.wanted.concepts
    if named is None:
        return []
    if not isinstance(named, tuple):
        return [Hit(value=named, kept=())]
    kept = tuple(filter(_is_concept, named))
    return [Hit(value=one, kept=kept) for one in named if not _is_concept(one)]


def _is_concept(said: Any) -> bool:
    return isinstance(said, str) and said in CONCEPTS


def _known_concepts(case: Case, words: Words) -> Fixes:
    return (to("Leave it out", concepts=words["kept"] or ""),)


GENERATE_RULES = (
    required("SG.prompt", "3.4 S1, S3", "prompt"),
    *assets_only("SG.asset", "3.4 S1"),
    settings.TEN_SECONDS.adopt(
        "SG1",
        "3.9 S1, S3, SK",
        "duration 10s cannot be combined with {path}",
        broken=settings.ten_seconds_with("start_frame", "end_frame", "loop", "hdr"),
        summary="10 s excludes loop, HDR, a first and a last frame.",
    ),
    _last_needs_first("SG2", "3.9 S1, S3", "endFrame requires startFrame"),
    hdr_size("SG3", "3.9 S1, S3"),
    settings.DURATION.adopt("SG4", "3.9 S1, SK", "duration must be one of: {choices}"),
    Rule(
        "SG5",
        "loop",
        "ours: Scenario is silent, upstream refuses both (luma-agents G5, G7)",
        broken=_loop_with,
        summary="Loop excludes HDR and a last frame.",
        message="Loop cannot be combined with {thing}.",
        detail="loop cannot be combined with {path}",
        fixes=(LOOP_OFF,),
    ),
    ratio("SG6", "3.9 S3"),
    resolution("SG6.resolution"),
    prompt_length("SG.length"),
)

REFRAME_RULES = (
    required("SR1", "3.9 S3", "prompt", "source", "aspect_ratio"),
    *with_a_source("SR.asset", "3.5 S3"),
    ratio("SR2", "3.9 S3"),
    resolution("SR2.resolution"),
    same_shape("SR2.same"),
    settings.TALL_1080P.adopt(
        "SR3",
        "ours: Scenario is silent, upstream refuses it (luma-agents R5; SK warns)",
        "resolution 1080p is not available for aspectRatio {wanted.aspect_ratio}",
    ),
    *length(
        "SR.cap",
        "ours: the account's own limit where its model states one (K)",
        AS_THE_ACCOUNT_SAYS,
    ),
    upstream_length(
        "SR.upstream",
        "ours: Scenario states no length, upstream reframes up to 30 s",
        "A source above 30 s may fail at the vendor behind Scenario.",
    ),
    prompt_length("SR.length"),
)

MODIFY_RULES = (
    required("SM.source", "3.6 S3", "source"),
    *with_a_source("SM.asset", "3.6 S3"),
    *length("SM1", "3.9 S3", "The source has at most 30 s and 100 MB."),
    settings.STRENGTH.adopt("SM2.value", "3.6 S3", "mode must be one of: {choices}"),
    prompt_length("SM.length"),
)

REFRAME_VIDEO_RULES = (
    required("SV.source", "3.7 S3", "source"),
    *with_a_source("SV.asset", "3.7 S3"),
    *length("SV1", "3.9 S3", "The source has at most 10 s."),
    ratio("SV.ratio", "3.7 S3", summary=SEVEN_RATIOS),
    same_shape("SV.same"),
    prompt_length("SV.length"),
)

FLASH_RULES = (
    required("SF.prompt", "3.8 S3", "prompt"),
    *assets_only("SF.asset", "3.8 S3"),
    _last_needs_first("SF1", "3.9 S3", "endImage requires image"),
    settings.DURATION.adopt(
        "SF2",
        "3.9 S3",
        "duration must be 5 or 9",
        summary="A generation lasts 5 s or 9 s, as a number.",
    ),
    Rule(
        "SF3",
        "concepts",
        "3.9 S3",
        broken=_no_concept,
        summary=f"Camera concepts are a list of names; there are {len(CONCEPTS)}.",
        message="{value} is no camera concept of {name}.",
        detail="concepts: unknown value {value}",
        fixes=_known_concepts,
    ),
    ratio("SF.ratio", "3.8 S3", summary=SEVEN_RATIOS),
    prompt_length("SF.length"),
)
