"""The rule table of GMI Cloud for Ray 3.2: one row a rule, numbered as in contracts/gmi-cloud.md,
section 3.4.

GMI quotes no wording but "invalid payload parameters" (5), so what follows it in a detail is ours.
Rules whose basis there is policy, upstream or silent are ours: the provider is not known to refuse
what they name. Rules 10 to 12 of the edit allow or never arise: strength and controls go together,
nothing need be said, and `false` is never written.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import CONTROL_VALUES, DEFAULT_VALUES, GenerationRequest, Ref
from editorapp.providers.rules import conditions as ask
from editorapp.providers.rules.shared_fixes import to
from editorapp.providers.spec import REFUSE, WARN, Fix, Hit, Limits, ParameterKind, Rule
from editorapp.providers.vendors.gmi_cloud.generate_rules import GENERATE_RULES
from editorapp.providers.vendors.gmi_cloud.parameters import (
    EDIT,
    GENERATE,
    MAX_INLINE_NAME,
    PARAMETERS,
    REFRAME,
)
from editorapp.providers.vendors.gmi_cloud.shared_rules import INVALID, adopt, comes_otherwise
from editorapp.providers.vendors.luma_agents.edit_rules import ORDER_OF_STRENGTHS

Wanted: TypeAlias = GenerationRequest
Facts: TypeAlias = MediaFacts | None
Words: TypeAlias = Mapping[str, Any]
SIZES = "540p, 720p or 1080p"


def _on_without_value(wanted: Wanted, source: Facts, limits: Limits) -> list[Hit]:
    return [
        Hit(value, control=control, value=value, option=control)
        for control, value in CONTROL_VALUES.items()
        if getattr(wanted, f"{control}_enabled") is True and getattr(wanted, value) is None
    ]


def _give_value(wanted: Wanted, source: Facts, limits: Limits, words: Words) -> tuple[Fix, ...]:
    control, value = words["control"], words["value"]
    usual = DEFAULT_VALUES[value]
    return (
        to(f"Set {value.replace('_', ' ')} to {usual}", **{value: usual}),
        to(f"Turn {control} off", **{f"{control}_enabled": False}),
    )


def _is_data_without_type(path: str, ref: Ref, limits: Limits) -> bool:
    return (
        path == "source"
        and ref.data is not None
        and not str(ref.media_type or "").startswith("video/")
    )


def _trim_to_warned(wanted: Wanted, source: Facts, limits: Limits, words: Words) -> tuple[Fix, ...]:
    return (
        Fix(
            f"Trim to the first {words['longest']:g} s",
            {"trim_to_seconds": f"{words['longest']:g}"},
        ),
    )


COMMON_RULES = (
    Rule(
        id="3.model",
        field="model",
        source="3 S2, PG, PR",
        status=404,
        broken=lambda wanted, source, limits: True,
        summary="The model is one of three: edit, generate or reframe with Ray 3.2.",
        message="{name} has no such model for this task.",
        detail="model not found",
    ),
)


def _shared(family: str, tasks: frozenset[str], tag: str) -> tuple[Rule, ...]:
    """Return what holds for a task as for the others, under its own numbers."""
    return (
        adopt(
            "E2",
            id=f"{family}1",
            tasks=tasks,
            source=f"3.4 {tag}",
            detail="prompt must have 1 to {limits.prompt_max} characters",
        ),
        adopt(
            "E2.blank", id=f"{family}1.blank", tasks=tasks, source="ours: nothing can be made of it"
        ),
    )


def _sources(family: str, tasks: frozenset[str], tag: str, **ids: str) -> tuple[Rule, ...]:
    """Return the rules about the source, which edit and reframe share."""
    return (
        adopt(
            "E3",
            id=ids["needed"],
            tasks=tasks,
            source=f"3.4 {tag}",
            summary="There is a source.",
            message="Choose a source: upload a clip, or take an earlier result.",
            detail="one of source_generation_id, source_data is required",
        ),
        adopt(
            "E3.kind", id=f"{family}.kind", tasks=tasks, source="ours: known from the file itself"
        ),
        adopt(
            "E8",
            id=ids["longest"],
            tasks=tasks,
            source=f"3.4 {tag}",
            summary="The source lasts at most 30 s.",
            message="{name} takes clips up to {longest:g} s. This one is {seconds} s: trim it.",
            detail="source exceeds {longest:g} s",
        ),
        adopt(
            "E8.unknown", id=f"{family}.unknown", tasks=tasks, source="ours: nothing was measured"
        ),
        adopt(
            "E9",
            id=f"{family}.size",
            tasks=tasks,
            source="ours: 2.5, the request's largest size is not stated",
            summary="An uploaded clip, which travels in the request, has at most the size that is set for it.",
            message="This clip has {size}, and {largest} is set as the most to put into a request to {name}, which "
            f"states no limit: make a smaller copy, or ask an admin to raise {MAX_INLINE_NAME}.",
        ),
        Rule(
            id=ids["both"],
            field="source",
            tasks=tasks,
            source="ours: policy, GMI calls them alternatives",
            each_ref=lambda path, ref, limits: path == "source" and len(ref.carriers) > 1,
            summary="A source comes one way: an earlier result or an upload.",
            message="Give one source: an earlier result or an upload, not both.",
        ),
        Rule(
            id=ids["typed"],
            field="source",
            tasks=tasks,
            source=f"3.4 {tag}",
            each_ref=_is_data_without_type,
            summary="Inline video says its media type.",
            message="Inline video needs its media type, such as video/mp4.",
            detail=f"{INVALID}: source_media_type is required with source_data",
        ),
        adopt(
            "U3",
            id=f"{family}.base64",
            tasks=tasks,
            source=f"3.1, 3.3 {tag}",
            detail="source_data is not base64",
        ),
        adopt(
            "E7",
            id=f"{family}.id",
            tasks=tasks,
            source="2.2 S2: uuid",
            summary="An id of a result is a UUID.",
            detail="{path} must be a uuid",
        ),
        Rule(
            id=ids["address"],
            field="source",
            tasks=tasks,
            source=f"3.4 {tag}",
            each_ref=comes_otherwise(*(row for row in PARAMETERS if row.field == "source")),
            summary="A source does not come by address.",
            message="{name} takes no clip by address: upload it, or take an earlier result.",
            detail=f"{INVALID}: source links are not supported",
        ),
    )


EDIT_RULES = (
    *_shared("GE", EDIT, "stated S2"),
    *_sources(
        "GE", EDIT, "stated S2", needed="GE2", both="GE3", typed="GE4", address="GE5", longest="GE6"
    ),
    Rule(
        id="GE7",
        field="source",
        tasks=EDIT,
        level=WARN,
        source="ours: upstream, 3.4 S4",
        broken=ask.perhaps_too_long,
        mends=_trim_to_warned,
        summary="A source over 18 s may be refused by Luma, to which GMI passes it on.",
        message="{name} takes up to {limits.max_source_seconds:g} s, but Luma, to which it passes the clip on, says "
        "{longest:g} s. This one is {seconds} s and may be refused.",
    ),
    adopt(
        "E26",
        id="GE8",
        tasks=EDIT,
        level=REFUSE,
        source="3.4 stated S2",
        summary="Auto excludes a strength.",
        message="Auto decides how closely to follow the source: choose Manual to set a strength.",
        why="Auto decides how closely to follow the source; choose Manual to set a strength.",
        detail="edit_auto_controls cannot be combined with edit_strength",
        mends=lambda wanted, source, limits, words: (
            to("Choose Manual", conditioning="manual"),
            to("Keep Auto, without a strength", strength=""),
        ),
    ),
    adopt(
        "E17",
        id="GE9",
        tasks=EDIT,
        source="3.4 stated S2",
        detail="edit_auto_controls cannot be combined with per-signal controls",
    ),
    adopt(
        "E14",
        id="GE13",
        tasks=EDIT,
        source="3.4 stated S2",
        detail="hdr is not supported at {wanted.resolution}",
    ),
    adopt("E15", id="GE14", tasks=EDIT, source="3.4 stated S2", detail="exr_export requires hdr"),
    adopt(
        "E13",
        id="GE15.resolution",
        tasks=EDIT,
        source="3.4 enum S2",
        summary=f"The resolution is {SIZES}.",
        detail="resolution must be one of {choices}",
    ),
    adopt(
        "E16",
        id="GE15.strength",
        tasks=EDIT,
        source="3.4 enum S2",
        detail="edit_strength: invalid value '{value}'",
        conflict=ORDER_OF_STRENGTHS,
    ),
    adopt(
        "E18",
        id="GE15.range",
        tasks=EDIT,
        source="3.4 enum S2",
        detail="{path}: invalid value '{value}'",
    ),
    Rule(
        id="X7",
        field="depth_blur",
        tasks=EDIT,
        source="3.1 S2: a signal is on by its value; cross-provider X7",
        broken=_on_without_value,
        mends=_give_value,
        summary="A control that is on has its value.",
        message="{label} needs a value: at {name} a control is on by its value.",
        detail=f"{INVALID}: {{path}} has no value",
    ),
    adopt("E25", id="GE16", tasks=EDIT, source="3.4 stated S2"),
    adopt("E28", id="GE16.duration", tasks=EDIT, source="3.1 S2; cross-provider X22"),
    Rule(
        id="GE18",
        field="hdr",
        tasks=EDIT | GENERATE,
        level=WARN,
        source="3.4 stated S2",
        broken=lambda wanted, source, limits: wanted.hdr is True,
        summary="HDR needs an account with access to it.",
        message="HDR works only if your account at {name} has access to it.",
    ),
)

REFRAME_RULES = (
    *_shared("GR", REFRAME, "stated PR"),
    *_sources(
        "GR",
        REFRAME,
        "stated PR",
        needed="GR1.source",
        both="GR1.both",
        typed="GR1.type",
        address="GR3.address",
        longest="GR3",
    ),
    adopt(
        "R2",
        id="GR1.ratio",
        tasks=REFRAME,
        source="3.4 stated PR",
        detail="aspect_ratio must be one of 16:9, 1:1, 21:9, 3:4, 4:3, 9:16",
    ),
    adopt(
        "E13",
        id="GR1.resolution",
        tasks=REFRAME,
        source="3.3 enum PR",
        summary=f"The resolution is {SIZES}.",
        detail="resolution must be one of {choices}",
    ),
    adopt(
        "R2.same",
        id="GR2",
        tasks=REFRAME,
        level=REFUSE,
        source="3.4 stated PR",
        summary="The new shape differs from the source's.",
        message="The source is {wanted.aspect_ratio} already: choose another shape.",
        why="The source is {wanted.aspect_ratio} already.",
        detail="aspect_ratio must differ from the source's",
    ),
    adopt(
        "R4",
        id="GR4",
        tasks=REFRAME,
        source="3.4 stated PR",
        broken=ask.said("hdr", "exr"),
        summary="A reframe has no HDR and no EXR.",
        detail="{label} is not supported",
    ),
    adopt(
        "R5",
        id="GR5",
        tasks=REFRAME,
        source="ours: upstream, luma-agents R5",
        detail="resolution 1080p is not supported for aspect_ratio {wanted.aspect_ratio}",
    ),
    adopt("E28", id="GR3.duration", tasks=REFRAME, source="3.3 PR: the length follows the source"),
)

# About the pictures that are named, and the ids of earlier results among them.
FRAME_RULES = (
    Rule(
        id="GE17",
        field="start_frame",
        tasks=EDIT,
        source="3.4 enum S2",
        each_ref=comes_otherwise(
            *(row for row in PARAMETERS if row.field == "start_frame" and row.tasks == EDIT)
        ),
        summary="The guide frame is one picture, by address; an upload is put at one.",
        message="{label}: {name} takes a picture that is uploaded or has an address.",
        detail=f"{INVALID}: start_frame_url must be a URL",
    ),
    Rule(
        id="GG2.picture",
        field="start_frame",
        tasks=GENERATE,
        source="3.2 PG",
        each_ref=comes_otherwise(
            *(row for row in PARAMETERS if row.kind is ParameterKind.REF and row.tasks == GENERATE)
        ),
        summary="A frame is a picture, by address, or an earlier result; an upload is put at an address.",
        message="{label}: {name} takes a picture that is uploaded or has an address, or an earlier result.",
        detail=f"{INVALID}: {{path}} must be a URL",
    ),
    Rule(
        id="GG3.both",
        field="start_frame",
        tasks=GENERATE,
        source="ours: policy, 3.2 names one way for each frame",
        each_ref=ask.each_ref(ask.has_several_carriers),
        summary="A frame comes one way: a picture or an earlier result.",
        message="{label}: give a picture or an earlier result, not both.",
    ),
    adopt(
        "E7",
        id="GG3.id",
        field="start_frame",
        tasks=GENERATE,
        source="2.2 S2: uuid",
        summary="An id of a result is a UUID.",
        detail="{path} must be a uuid",
    ),
    adopt(
        "U2",
        id="2.4.url",
        field="start_frame",
        tasks=EDIT | GENERATE,
        source="ours: nobody else can fetch it",
        message="{label}: {name} can only fetch https addresses on the public internet. Upload the file instead.",
    ),
)

RULES = COMMON_RULES + EDIT_RULES + GENERATE_RULES + REFRAME_RULES + FRAME_RULES
