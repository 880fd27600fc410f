"""The rules of editing with Ray 3.2 on Scenario: SE1 to SE14 of docs/providers/scenario.md,
section 3.9.

SE10 and SE11 allow something, so no row refuses it: a strength beside controls, and a control's
value without its switch (which `encode` then sends along, since without it the value is taken to
have no effect).
"""

from editorapp.providers.rules.shared import keyframes, settings
from editorapp.providers.rules.shared_fixes import MANUAL, NO_GUIDES, to
from editorapp.providers.spec import Rule
from editorapp.providers.vendors.scenario.rules import (
    AS_THE_ACCOUNT_SAYS,
    hdr_size,
    length,
    prompt_length,
    required,
    resolution,
    upstream_length,
    with_a_source,
)

EDIT_RULES = (
    required("SE1", "3.9 S0", "prompt", "source"),
    *with_a_source("SE2", "3.9 S0"),
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
    hdr_size("SE5", "3.9 S0, S3"),
    resolution("SE6"),
    settings.STRENGTH.adopt("SE6.strength", "3.9 S3", "editStrength must be one of: {choices}"),
    Rule(
        "SE6.pose",
        "pose_strength",
        "3.9 S3",
        broken=settings.no_pose_strength,
        summary="Pose strength is precise or coarse.",
        message="Pose strength cannot be {value}: it is {choices}.",
        detail="poseControlStrength must be one of: {choices}",
        fixes=(to("Use precise", pose_strength="precise"),),
    ),
    Rule(
        "SE7",
        "depth_blur",
        "3.9 S0, S3",
        broken=settings.amounts_outside,
        summary="Blur, augmentation and sparsity lie from 0 to 1.",
        message="{label} cannot be {value}: it is a number from 0 to 1.",
        detail="{path} must be between 0 and 1",
    ),
    keyframes.AT_MOST.adopt(
        "SE8", "3.9 SK, S4", "keyframes: at most {limits.max_keyframes} entries"
    ),
    Rule(
        "SE8.shape",
        "keyframes",
        "ours: 3.3, the keys of an entry are documented nowhere",
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
    *length(
        "SE12",
        "ours: 3.9, the account's own limit where its model states one (K)",
        AS_THE_ACCOUNT_SAYS,
    ),
    upstream_length(
        "SE12.upstream",
        "ours: Scenario states no length, upstream edits up to 18 s (S4)",
        "A source above 18 s may fail at the vendor behind Scenario.",
    ),
    prompt_length("SE13"),
)
