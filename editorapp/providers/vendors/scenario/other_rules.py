"""The rules of Scenario's six other models: SG, SR, SM, SV and SF of contracts/scenario.md, section
3.9.
"""

from editorapp.providers.contract import Task
from editorapp.providers.rules.shared_fixes import named, ten_seconds_with, to
from editorapp.providers.spec import Hit, Limits, Rule
from editorapp.providers.vendors.luma_agents.edit_rules import ORDER_OF_STRENGTHS
from editorapp.providers.vendors.scenario.common_rules import (
    Facts,
    Wanted,
    assets_only,
    from_luma,
    length,
    prompt_length,
    required,
    source_rules,
    upstream_length,
)
from editorapp.providers.vendors.scenario.parameters import CONCEPTS

GENERATE = frozenset({Task.GENERATE})


def _loop_with(wanted: Wanted, source: Facts, limits: Limits) -> list[Hit]:
    if wanted.loop is not True:
        return []
    found = {
        "hdr": (wanted.hdr is True, "HDR"),
        "end_frame": (wanted.end_frame is not None, "a last frame"),
    }
    return [Hit(name, thing=thing) for name, (is_on, thing) in found.items() if is_on]


def _last_alone(wanted: Wanted, source: Facts, limits: Limits) -> bool:
    return wanted.end_frame is not None and wanted.start_frame is None


def _last_needs_first(rule_id: str, source: str, detail: str) -> Rule:
    return Rule(
        id=rule_id,
        field="end_frame",
        tasks=GENERATE,
        source=source,
        broken=_last_alone,
        detail=detail,
        summary="A last frame needs a first one.",
        message="{model} at {name} takes a last frame only beside a first one: add a first frame, or leave the last "
        "one out.",
        why="A last frame needs a first frame here.",
        mends=lambda wanted, source, limits, words: (to("Leave the last frame out", end_frame=""),),
    )


def _ratio(rule_id: str, task: Task, source: str, summary: str) -> Rule:
    return from_luma(
        "G2", rule_id, task, source, summary=summary, detail="aspectRatio must be one of: {choices}"
    )


def _no_concept(wanted: Wanted, source: Facts, limits: Limits) -> list[Hit]:
    if wanted.concepts is None:
        return []
    if not isinstance(wanted.concepts, tuple):
        return [Hit(value=wanted.concepts, kept=())]
    kept = tuple(one for one in wanted.concepts if isinstance(one, str) and one in CONCEPTS)
    return [Hit(value=one, kept=kept) for one in wanted.concepts if one not in kept]


GENERATE_RULES = (
    required("SG.prompt", Task.GENERATE, ("prompt",), "3.4 S1, S3"),
    *assets_only("SG.asset", Task.GENERATE, "3.4 S1"),
    Rule(
        id="SG1",
        field="duration",
        tasks=GENERATE,
        source="3.9 S1, S3, SK",
        broken=ten_seconds_with("start_frame", "end_frame", "loop", "hdr"),
        summary="10 s excludes loop, HDR, a first and a last frame.",
        message="10 s cannot be combined with {thing}.",
        detail="duration 10s cannot be combined with {path}",
        mends=named,
    ),
    _last_needs_first("SG2", "3.9 S1, S3", "endFrame requires startFrame"),
    from_luma(
        "E14", "SG3", Task.GENERATE, "3.9 S1, S3", detail="hdr requires resolution 720p or 1080p"
    ),
    from_luma(
        "G3", "SG4", Task.GENERATE, "3.9 S1, SK", detail="duration must be one of: {choices}"
    ),
    Rule(
        id="SG5",
        field="loop",
        tasks=GENERATE,
        broken=_loop_with,
        source="ours: Scenario is silent, upstream refuses both (luma-agents G5, G7)",
        summary="Loop excludes HDR and a last frame.",
        message="Loop cannot be combined with {thing}.",
        detail="loop cannot be combined with {path}",
        mends=lambda wanted, source, limits, words: (to("Turn loop off", loop=False),),
    ),
    _ratio("SG6", Task.GENERATE, "3.9 S3", "The aspect ratio is one of six."),
    from_luma(
        "E13",
        "SG6.resolution",
        Task.GENERATE,
        "3.9 S3",
        summary="The resolution is 540p, 720p or 1080p.",
        detail="resolution must be one of: {choices}",
    ),
    prompt_length("SG.length", Task.GENERATE),
)

REFRAME_RULES = (
    required("SR1", Task.REFRAME, ("prompt", "source", "aspect_ratio"), "3.9 S3"),
    *assets_only("SR.asset", Task.REFRAME, "3.5 S3"),
    *source_rules("SR.asset", Task.REFRAME),
    _ratio("SR2", Task.REFRAME, "3.9 S3", "The aspect ratio is one of six."),
    from_luma(
        "E13",
        "SR2.resolution",
        Task.REFRAME,
        "3.9 S3",
        summary="The resolution is 540p, 720p or 1080p.",
        detail="resolution must be one of: {choices}",
    ),
    from_luma("R2.same", "SR2.same", Task.REFRAME, "ours: luma-agents 3.4 reseller"),
    from_luma(
        "R5",
        "SR3",
        Task.REFRAME,
        "ours: Scenario is silent, upstream refuses it (luma-agents R5; SK warns)",
        detail="resolution 1080p is not available for aspectRatio {wanted.aspect_ratio}",
    ),
    *length(
        "SR.cap",
        Task.REFRAME,
        "ours: the account's own limit where its model states one (K)",
        words="The source is no longer than the account's model says, where it says so.",
    ),
    upstream_length(
        "SR.upstream",
        Task.REFRAME,
        "ours: Scenario states no length, upstream reframes up to 30 s",
        "A source above 30 s may fail at the vendor behind Scenario.",
    ),
    prompt_length("SR.length", Task.REFRAME),
)

MODIFY_RULES = (
    required("SM.source", Task.MODIFY, ("source",), "3.6 S3"),
    *assets_only("SM.asset", Task.MODIFY, "3.6 S3"),
    *source_rules("SM.asset", Task.MODIFY),
    *length("SM1", Task.MODIFY, "3.9 S3", words="The source has at most 30 s and 100 MB."),
    from_luma(
        "E16",
        "SM2.value",
        Task.MODIFY,
        "3.6 S3",
        detail="mode must be one of: {choices}",
        conflict=ORDER_OF_STRENGTHS,
    ),
    prompt_length("SM.length", Task.MODIFY),
)

REFRAME_VIDEO_RULES = (
    required("SV.source", Task.REFRAME, ("source",), "3.7 S3"),
    *assets_only("SV.asset", Task.REFRAME, "3.7 S3"),
    *source_rules("SV.asset", Task.REFRAME),
    *length("SV1", Task.REFRAME, "3.9 S3", words="The source has at most 10 s."),
    _ratio(
        "SV.ratio", Task.REFRAME, "3.7 S3", "The aspect ratio is one of seven, 9:21 among them."
    ),
    from_luma("R2.same", "SV.same", Task.REFRAME, "ours: luma-agents 3.4 reseller"),
    prompt_length("SV.length", Task.REFRAME),
)

FLASH_RULES = (
    required("SF.prompt", Task.GENERATE, ("prompt",), "3.8 S3"),
    *assets_only("SF.asset", Task.GENERATE, "3.8 S3"),
    _last_needs_first("SF1", "3.9 S3", "endImage requires image"),
    from_luma(
        "G3",
        "SF2",
        Task.GENERATE,
        "3.9 S3",
        summary="A generation lasts 5 s or 9 s, as a number.",
        detail="duration must be 5 or 9",
    ),
    Rule(
        id="SF3",
        field="concepts",
        tasks=GENERATE,
        broken=_no_concept,
        source="3.9 S3",
        summary=f"Camera concepts are a list of names; there are {len(CONCEPTS)}.",
        message="{value} is no camera concept of {name}.",
        detail="concepts: unknown value {value}",
        mends=lambda wanted, source, limits, words: (
            to("Leave it out", concepts=words["kept"] or ""),
        ),
    ),
    _ratio(
        "SF.ratio", Task.GENERATE, "3.8 S3", "The aspect ratio is one of seven, 9:21 among them."
    ),
    prompt_length("SF.length", Task.GENERATE),
)
