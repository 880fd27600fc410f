"""The rule table of GMI Cloud for Ray 3.2: one row a rule, numbered as in
docs/providers/gmi-cloud.md, section 3.4.

GMI quotes no wording but "invalid payload parameters" (5), so what follows it in a detail is ours.
Rules whose basis there is policy, upstream or silent are ours: the provider is not known to refuse
what they name. Rules 10 to 12 of the edit allow or never arise: strength and controls go together,
nothing need be said, and `false` is never written.
"""

from dataclasses import replace

from editorapp.providers.contract import (
    CONTROL_VALUES,
    DEFAULT_VALUES,
    GenerationRequest,
    Ref,
    Task,
)
from editorapp.providers.rules import conditions as ask
from editorapp.providers.rules import shared_fixes as fixes
from editorapp.providers.rules.shared import media, settings
from editorapp.providers.shared_parameters import EDIT, GENERATE, REFRAME
from editorapp.providers.spec import (
    REFUSE,
    WARN,
    Case,
    Fixes,
    Hit,
    NamedRef,
    RefCondition,
    Rule,
    Words,
)
from editorapp.providers.vendors.gmi_cloud.parameters import MAX_INLINE_NAME, PARAMETERS


def _pictures(wanted: GenerationRequest) -> list[str]:
    """Return the first and last frame where they are pictures, and no earlier results."""
    named = (("start_frame", wanted.start_frame), ("end_frame", wanted.end_frame))
    return [name for name, ref in named if ref is not None and ref.generation_id is None]


def _ten_seconds_with_pictures(case: Case) -> list[Hit]:
    return settings.ten_seconds_with(*_pictures(case.wanted))(case)


def _extend_with(case: Case) -> list[Hit]:
    """Hit what going on from an earlier result excludes: a second one, 10 s, HDR and EXR."""
    wanted, without_either = case.wanted, (fixes.HDR_AND_EXR_OFF,)
    if not wanted.is_extension:
        return []
    is_both_ways = bool(wanted.start_frame and wanted.end_frame) and not _pictures(wanted)
    return ask.hits_where(
        (
            is_both_ways,
            "end_frame",
            "Extending goes one way: name one earlier result, first or last.",
            (fixes.NO_LAST_FRAME, fixes.NO_FIRST_FRAME),
        ),
        (
            wanted.duration == "10s",
            "duration",
            "Extending adds 5 s at a time.",
            (fixes.FIVE_SECONDS,),
        ),
        (wanted.hdr is True, "hdr", "Extending a clip works without HDR.", without_either),
        (wanted.exr is True, "exr", "Extending a clip works without EXR.", without_either),
    )


def _second_anchor(case: Case) -> list[Hit]:
    if not case.wanted.is_extension:
        return []
    return [
        Hit(name, thing=thing, fixes=(without,))
        for name in _pictures(case.wanted)
        for thing, without in (settings.THINGS[name],)
    ]


def _upstream(case: Case) -> list[Hit]:
    """Hit what Luma refuses and GMI's readable pages leave open."""
    wanted = case.wanted
    is_long, is_loop, is_hdr = wanted.duration == "10s", wanted.loop is True, wanted.hdr is True
    has_last = wanted.end_frame is not None and not wanted.is_extension
    five, no_hdr, no_loop = fixes.FIVE_SECONDS, fixes.HDR_OFF, fixes.LOOP_OFF
    return ask.hits_where(
        (is_long and is_hdr, "hdr", "HDR comes for 5 s only.", (five, no_hdr)),
        (is_long and is_loop, "loop", "A loop comes for 5 s only.", (five, no_loop)),
        (is_loop and is_hdr, "loop", "HDR and loop exclude each other.", (no_loop, no_hdr)),
        (
            is_loop and has_last,
            "end_frame",
            "A loop has no last frame.",
            (no_loop, fixes.NO_LAST_FRAME),
        ),
    )


def _prompt(family: str, tag: str) -> tuple[Rule, ...]:
    detail = "prompt must have 1 to {limits.prompt_max} characters"
    return (
        media.PROMPT_LENGTH.adopt(f"{family}1", f"3.4 {tag}", detail),
        media.PROMPT_BLANK.adopt(f"{family}1.blank", "ours: nothing can be made of it"),
    )


GENERATE_RULES = (
    *_prompt("GG", "stated PG"),
    settings.TEN_SECONDS.adopt(
        "GG2",
        "3.4 stated PG",
        "duration 10s cannot be combined with {path}",
        broken=_ten_seconds_with_pictures,
        summary="10 s excludes a first and a last picture.",
    ),
    Rule(
        "GG3",
        "end_frame",
        "3.4 stated PG",
        broken=_extend_with,
        summary="An extension goes on from exactly one earlier result, by 5 s, without HDR and EXR.",
        message="{says}",
        detail="not supported when extending: {path}",
    ),
    Rule(
        "GG3.picture",
        "end_frame",
        "ours: upstream, luma-agents X3",
        broken=_second_anchor,
        summary="An extension has no picture at its other end.",
        message="Extending a clip cannot be combined with {thing}.",
    ),
    settings.LOOP_BACKWARDS.adopt(
        "GG4", "3.4 stated PG", "loop is only valid when extending forward"
    ),
    settings.HDR_SIZE.adopt("GG5", "3.4 stated PG", "hdr is not supported at {wanted.resolution}"),
    settings.EXR_NEEDS_HDR.adopt("GG5.exr", "3.4 stated PG", "exr_export requires hdr"),
    Rule(
        "GG6",
        "loop",
        "ours: upstream, luma-agents G4, G5, G7",
        broken=_upstream,
        summary="Luma refuses 10 s with HDR or a loop, a loop with HDR, and a loop with a last frame.",
        message="{says}",
    ),
    settings.ASPECT_RATIO.adopt(
        "GG7.ratio",
        "3.4 enum PG",
        "aspect_ratio must be one of {choices}",
        summary="The aspect ratio is one of six, or left to the model.",
    ),
    settings.RESOLUTION.adopt(
        "GG7.resolution", "3.4 enum PG", "resolution must be one of {choices}"
    ),
    settings.DURATION.adopt("GG7.duration", "3.4 enum PG", "duration must be one of {choices}"),
)


def _comes_otherwise(tasks: frozenset[Task]) -> RefCondition:
    """Hit a clip or picture that comes in a way for which its row has no place in the body."""
    taken = {
        row.field: {*row.carriers, "asset_id"}
        for row in PARAMETERS
        if row.carriers and row.tasks == tasks
    }

    def condition(named: NamedRef) -> bool:
        ways = taken.get(named.path.partition(".")[0], Ref.CARRIERS)
        return any(carrier not in ways for carrier in named.ref.carriers)

    return condition


PUBLIC_URL = media.PUBLIC_URL.adopt(
    "2.4.url", "ours: nobody else can fetch it", field="start_frame"
)
EDIT_FRAME_RULES = (
    Rule(
        "GE17",
        "start_frame",
        "3.4 enum S2",
        each_ref=_comes_otherwise(EDIT),
        summary="The guide frame is one picture, by address; an upload is put at one.",
        message="{label}: {name} takes a picture that is uploaded or has an address.",
        detail="start_frame_url must be a URL",
    ),
    PUBLIC_URL,
)
GENERATE_FRAME_RULES = (
    Rule(
        "GG2.picture",
        "start_frame",
        "3.2 PG",
        each_ref=_comes_otherwise(GENERATE),
        summary="A frame is a picture, by address, or an earlier result; an upload is put at an address.",
        message="{label}: {name} takes a picture that is uploaded or has an address, or an earlier result.",
        detail="{path} must be a URL",
    ),
    media.ONE_CARRIER.adopt(
        "GG3.both",
        "ours: policy, 3.2 names one way for each frame",
        field="start_frame",
        summary="A frame comes one way: a picture or an earlier result.",
        message="{label}: give a picture or an earlier result, not both.",
    ),
    media.ID_IS_A_UUID.adopt(
        "GG3.id", "2.2 S2: uuid", "{path} must be a uuid", field="start_frame"
    ),
    PUBLIC_URL,
)


INVALID = "invalid payload parameters"  # 5, OBS: how a 400 begins


def _on_without_value(case: Case) -> list[Hit]:
    return [
        Hit(value, control=control, value=value, option=control)
        for control, value in CONTROL_VALUES.items()
        if _lacks_value(case.wanted, control, value)
    ]


def _lacks_value(wanted: GenerationRequest, control: str, value: str) -> bool:
    is_on = getattr(wanted, f"{control}_enabled") is True
    return is_on and getattr(wanted, value) is None


def _give_value(case: Case, words: Words) -> Fixes:
    control, value = words["control"], words["value"]
    usual = DEFAULT_VALUES[value]
    return (
        fixes.to(f"Set {value.replace('_', ' ')} to {usual}", **{value: usual}),
        fixes.to(f"Turn {control} off", **{f"{control}_enabled": False}),
    )


def _source(family: str, tag: str, **ids: str) -> tuple[Rule, ...]:
    """Return the rules about the source, which edit and reframe share."""
    stated = f"3.4 {tag}"
    return (
        media.SOURCE_NEEDED.adopt(
            ids["needed"], stated, "one of source_generation_id, source_data is required"
        ),
        media.SOURCE_IS_A_CLIP.adopt(f"{family}.kind", "ours: known from the file itself"),
        media.SOURCE_LENGTH.adopt(ids["longest"], stated, "source exceeds {longest:g} s"),
        media.SOURCE_LENGTH_UNKNOWN.adopt(f"{family}.unknown", "ours: nothing was measured"),
        media.SOURCE_SIZE.adopt(
            f"{family}.size",
            "ours: 2.5, the request's largest size is not stated",
            summary="An uploaded clip, which travels in the request, has at most the size that is set for it.",
            message="This clip has {size}, and {largest} is set as the most to put into a request to {name}, which "
            f"states no limit: make a smaller copy, or ask an admin to raise {MAX_INLINE_NAME}.",
        ),
        media.SOURCE_FORM.adopt(f"{family}.form", media.FORM_BASIS),
        Rule(
            ids["both"],
            "source",
            "ours: policy, GMI calls them alternatives",
            each_ref=lambda named: named.is_source and len(named.ref.carriers) > 1,
            summary="A source comes one way: an earlier result or an upload.",
            message="Give one source: an earlier result or an upload, not both.",
        ),
        media.INLINE_TYPE.adopt(
            ids["typed"], stated, "source_media_type is required with source_data"
        ),
        media.INLINE_BASE64.adopt(
            f"{family}.base64", f"3.1, 3.3 {tag}", "source_data is not base64"
        ),
        media.ID_IS_A_UUID.adopt(f"{family}.id", "2.2 S2: uuid", "{path} must be a uuid"),
        Rule(
            ids["address"],
            "source",
            stated,
            each_ref=_comes_otherwise(EDIT | REFRAME),
            summary="A source does not come by address.",
            message="{name} takes no clip by address: upload it, or take an earlier result.",
            detail="source links are not supported",
        ),
    )


NO_MODEL = Rule(
    "3.model",
    "model",
    "3 S2, PG, PR",
    status=404,
    broken=lambda case: True,
    summary="The model is one of three: edit, generate or reframe with Ray 3.2.",
    message="{name} has no such model for this task.",
    detail="model not found",
)
HDR_ACCESS = Rule(
    "GE18",
    "hdr",
    "3.4 stated S2",
    level=WARN,
    broken=lambda case: case.wanted.hdr is True,
    summary="HDR needs an account with access to it.",
    message="HDR works only if your account at {name} has access to it.",
)
EDIT_RULES = (
    *_prompt("GE", "stated S2"),
    *_source(
        "GE", "stated S2", needed="GE2", both="GE3", typed="GE4", address="GE5", longest="GE6"
    ),
    media.SOURCE_LENGTH_UPSTREAM.adopt(
        "GE7",
        "ours: upstream, 3.4 S4",
        summary="A source over 18 s may be refused by Luma, to which GMI passes it on.",
        message="{name} takes up to {limits.max_source_seconds:g} s, but Luma, to which it passes the clip on, says "
        "{longest:g} s. This one is {seconds} s and may be refused.",
    ),
    settings.AUTO_OR_STRENGTH.adopt(
        "GE8",
        "3.4 stated S2",
        "edit_auto_controls cannot be combined with edit_strength",
        fixes=(fixes.MANUAL, fixes.to("Keep Auto, without a strength", strength="")),
    ),
    settings.AUTO_OR_CONTROLS.adopt(
        "GE9",
        "3.4 stated S2",
        "edit_auto_controls cannot be combined with per-signal controls",
    ),
    settings.HDR_SIZE.adopt("GE13", "3.4 stated S2", "hdr is not supported at {wanted.resolution}"),
    settings.EXR_NEEDS_HDR.adopt("GE14", "3.4 stated S2", "exr_export requires hdr"),
    settings.RESOLUTION.adopt(
        "GE15.resolution", "3.4 enum S2", "resolution must be one of {choices}"
    ),
    settings.STRENGTH.adopt(
        "GE15.strength", "3.4 enum S2", "edit_strength: invalid value '{value}'"
    ),
    settings.CONTROL_VALUES.adopt("GE15.range", "3.4 enum S2", "{path}: invalid value '{value}'"),
    Rule(
        "X7",
        "depth_blur",
        "3.1 S2: a signal is on by its value; cross-provider X7",
        broken=_on_without_value,
        fixes=_give_value,
        summary="A control that is on has its value.",
        message="{label} needs a value: at {name} a control is on by its value.",
        detail="{path} has no value",
    ),
    settings.ASPECT_RATIO_IGNORED.adopt("GE16", "3.4 stated S2"),
    settings.DURATION_IGNORED.adopt("GE16.duration", "3.1 S2; cross-provider X22"),
    HDR_ACCESS,
    *EDIT_FRAME_RULES,
)
REFRAME_RULES = (
    *_prompt("GR", "stated PR"),
    *_source(
        "GR",
        "stated PR",
        needed="GR1.source",
        both="GR1.both",
        typed="GR1.type",
        address="GR3.address",
        longest="GR3",
    ),
    settings.NEW_SHAPE.adopt(
        "GR1.ratio",
        "3.4 stated PR",
        "aspect_ratio must be one of 16:9, 1:1, 21:9, 3:4, 4:3, 9:16",
    ),
    settings.RESOLUTION.adopt(
        "GR1.resolution", "3.3 enum PR", "resolution must be one of {choices}"
    ),
    settings.SAME_SHAPE.adopt(
        "GR2",
        "3.4 stated PR",
        "aspect_ratio must differ from the source's",
        level=REFUSE,
        summary="The new shape differs from the source's.",
        message="The source is {wanted.aspect_ratio} already: choose another shape.",
        why="The source is {wanted.aspect_ratio} already.",
    ),
    settings.REFRAME_TAKES_NO.adopt("GR4", "3.4 stated PR", "{label} is not supported"),
    settings.TALL_1080P.adopt(
        "GR5",
        "ours: upstream, luma-agents R5",
        "resolution 1080p is not supported for aspect_ratio {wanted.aspect_ratio}",
    ),
    settings.DURATION_IGNORED.adopt("GR3.duration", "3.3 PR: the length follows the source"),
)


def _answered(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """Begin what GMI answers as every 400 of its payloads does (5)."""
    return tuple(
        replace(rule, detail=f"{INVALID}: {rule.detail}") if rule.detail else rule for rule in rules
    )


RULES: dict[str, tuple[Rule, ...]] = {
    Task.EDIT: _answered(EDIT_RULES),
    Task.GENERATE: _answered((HDR_ACCESS, *GENERATE_RULES, *GENERATE_FRAME_RULES)),
    Task.REFRAME: _answered(REFRAME_RULES),
}
