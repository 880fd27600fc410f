"""The rules of Scenario's models: SE, SG, SR, SM, SV and SF of docs/providers/scenario.md, section
3.9.

SE10 and SE11 allow something, so no row refuses it: a strength beside controls, and a control's
value without its switch (which `encode` then sends along, since without it the value is taken to
have no effect).
"""

from typing import Any

from editorapp.providers.rules.shared import keyframes, settings
from editorapp.providers.rules.shared_fixes import LOOP_OFF, MANUAL, NO_GUIDES, NO_LAST_FRAME, to
from editorapp.providers.spec import Case, Fix, Hit, Rule, Words
from editorapp.providers.vendors.scenario import common_rules as common
from editorapp.providers.vendors.scenario.parameters import CONCEPTS

EDIT_RULES = (
    common.required("SE1", "3.9 S0", "prompt", "source"),
    *common.assets_only("SE2", "3.9 S0"),
    *common.source_rules("SE2"),
    keyframes.NOT_BESIDE_ONE.adopt(
        "SE3", "3.9 S0, S3, SK", "startFrame and keyframes cannot be used together"
    ),
    settings.AUTO_OR_STRENGTH.adopt(
        "SE4",
        "3.9 S0, S3, SK",
        "editStrength cannot be used together with autoControls",
        summary="Auto or a strength, never both.",
        message="{name} refuses a strength beside Auto: choose Manual, or leave the strength to Auto.",
        fixes=(MANUAL, to("Keep Auto, without a strength", conditioning="auto")),
    ),
    common.hdr_size("SE5", "3.9 S0, S3"),
    common.resolution("SE6"),
    settings.STRENGTH.adopt("SE6.strength", "3.9 S3", "editStrength must be one of: {choices}"),
    Rule(
        id="SE6.pose",
        field="pose_strength",
        source="3.9 S3",
        broken=settings.no_pose_strength,
        summary="Pose strength is precise or coarse.",
        message="Pose strength cannot be {value}: it is {choices}.",
        detail="poseControlStrength must be one of: {choices}",
        fixes=(to("Use precise", pose_strength="precise"),),
    ),
    Rule(
        id="SE7",
        field="depth_blur",
        source="3.9 S0, S3",
        broken=settings.amounts_outside,
        summary="Blur, augmentation and sparsity lie from 0 to 1.",
        message="{label} cannot be {value}: it is a number from 0 to 1.",
        detail="{path} must be between 0 and 1",
    ),
    keyframes.AT_MOST.adopt(
        "SE8", "3.9 SK, S4", "keyframes: at most {limits.max_keyframes} entries"
    ),
    Rule(
        id="SE8.shape",
        field="keyframes",
        source="ours: 3.3, the keys of an entry are documented nowhere",
        broken=lambda case: bool(case.wanted.keyframes) and case.limits.keyframe_keys is None,
        summary="Keyframes are sent only once the account's own description of the model has shown how they are "
        "written.",
        message="{name} takes no keyframes yet: an admin has to test its account first. Until then, use the single "
        "guide frame.",
        why="{name} takes no keyframes yet: an admin has to test its account first.",
        detail="keyframes: unknown shape",
        fixes=(to("Use the single guide frame", guides="single"), NO_GUIDES),
    ),
    keyframes.PAIRED.adopt("SE8.pairs", "3.3 SK", "keyframes: every entry needs its position"),
    keyframes.EVEN.adopt("SE8.even", "3.3 SK", "keyframes: every entry needs its position"),
    keyframes.POSITIONS.adopt(
        "SE8.positions",
        "ours: 3.3, upstream's own rule (S4)",
        "keyframes: positions must be whole numbers from 0, each used once",
    ),
    keyframes.WITHIN_SOURCE.adopt(
        "SE8.beyond",
        "ours: 3.3, upstream counts frames of the source (S4)",
        "keyframes: positions must lie within the source",
    ),
    settings.AUTO_OR_CONTROLS.adopt(
        "SE9",
        "ours: Scenario is silent, upstream refuses it (S4)",
        "autoControls cannot be combined with per-signal controls",
    ),
    *common.length(
        "SE12",
        "ours: 3.9, the account's own limit where its model states one (K)",
        common.AS_THE_ACCOUNT_SAYS,
    ),
    common.upstream_length(
        "SE12.upstream",
        "ours: Scenario states no length, upstream edits up to 18 s (S4)",
        "A source above 18 s may fail at the vendor behind Scenario.",
    ),
    common.prompt_length("SE13"),
)


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
        id=rule_id,
        field="end_frame",
        source=source,
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


def _known_concepts(case: Case, words: Words) -> tuple[Fix, ...]:
    return (to("Leave it out", concepts=words["kept"] or ""),)


GENERATE_RULES = (
    common.required("SG.prompt", "3.4 S1, S3", "prompt"),
    *common.assets_only("SG.asset", "3.4 S1"),
    settings.TEN_SECONDS.adopt(
        "SG1",
        "3.9 S1, S3, SK",
        "duration 10s cannot be combined with {path}",
        broken=settings.ten_seconds_with("start_frame", "end_frame", "loop", "hdr"),
        summary="10 s excludes loop, HDR, a first and a last frame.",
    ),
    _last_needs_first("SG2", "3.9 S1, S3", "endFrame requires startFrame"),
    common.hdr_size("SG3", "3.9 S1, S3"),
    settings.DURATION.adopt("SG4", "3.9 S1, SK", "duration must be one of: {choices}"),
    Rule(
        id="SG5",
        field="loop",
        broken=_loop_with,
        source="ours: Scenario is silent, upstream refuses both (luma-agents G5, G7)",
        summary="Loop excludes HDR and a last frame.",
        message="Loop cannot be combined with {thing}.",
        detail="loop cannot be combined with {path}",
        fixes=(LOOP_OFF,),
    ),
    common.ratio("SG6", "3.9 S3"),
    common.resolution("SG6.resolution"),
    common.prompt_length("SG.length"),
)

REFRAME_RULES = (
    common.required("SR1", "3.9 S3", "prompt", "source", "aspect_ratio"),
    *common.assets_only("SR.asset", "3.5 S3"),
    *common.source_rules("SR.asset"),
    common.ratio("SR2", "3.9 S3"),
    common.resolution("SR2.resolution"),
    common.same_shape("SR2.same"),
    settings.TALL_1080P.adopt(
        "SR3",
        "ours: Scenario is silent, upstream refuses it (luma-agents R5; SK warns)",
        "resolution 1080p is not available for aspectRatio {wanted.aspect_ratio}",
    ),
    *common.length(
        "SR.cap",
        "ours: the account's own limit where its model states one (K)",
        common.AS_THE_ACCOUNT_SAYS,
    ),
    common.upstream_length(
        "SR.upstream",
        "ours: Scenario states no length, upstream reframes up to 30 s",
        "A source above 30 s may fail at the vendor behind Scenario.",
    ),
    common.prompt_length("SR.length"),
)

MODIFY_RULES = (
    common.required("SM.source", "3.6 S3", "source"),
    *common.assets_only("SM.asset", "3.6 S3"),
    *common.source_rules("SM.asset"),
    *common.length("SM1", "3.9 S3", "The source has at most 30 s and 100 MB."),
    settings.STRENGTH.adopt("SM2.value", "3.6 S3", "mode must be one of: {choices}"),
    common.prompt_length("SM.length"),
)

REFRAME_VIDEO_RULES = (
    common.required("SV.source", "3.7 S3", "source"),
    *common.assets_only("SV.asset", "3.7 S3"),
    *common.source_rules("SV.asset"),
    *common.length("SV1", "3.9 S3", "The source has at most 10 s."),
    common.ratio("SV.ratio", "3.7 S3", common.SEVEN_RATIOS),
    common.same_shape("SV.same"),
    common.prompt_length("SV.length"),
)

FLASH_RULES = (
    common.required("SF.prompt", "3.8 S3", "prompt"),
    *common.assets_only("SF.asset", "3.8 S3"),
    _last_needs_first("SF1", "3.9 S3", "endImage requires image"),
    settings.DURATION.adopt(
        "SF2",
        "3.9 S3",
        "duration must be 5 or 9",
        summary="A generation lasts 5 s or 9 s, as a number.",
    ),
    Rule(
        id="SF3",
        field="concepts",
        broken=_no_concept,
        source="3.9 S3",
        summary=f"Camera concepts are a list of names; there are {len(CONCEPTS)}.",
        message="{value} is no camera concept of {name}.",
        detail="concepts: unknown value {value}",
        fixes=_known_concepts,
    ),
    common.ratio("SF.ratio", "3.8 S3", common.SEVEN_RATIOS),
    common.prompt_length("SF.length"),
)
