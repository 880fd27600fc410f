"""The rules of editing with Ray 3.2 on Scenario: SE1 to SE14 of contracts/scenario.md, section 3.9.

SE10 and SE11 allow something, so no row refuses it: a strength beside controls, and a control's
value without its switch (which `encode` then sends along, since without it the value is taken to
have no effect).
"""

from editorapp.providers.contract import Task
from editorapp.providers.rules import conditions as ask
from editorapp.providers.rules.shared_fixes import to
from editorapp.providers.spec import Limits, Rule
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

EDIT = frozenset({Task.EDIT})


def _auto_with_strength(wanted: Wanted, source: Facts, limits: Limits) -> bool:
    return wanted.auto_controls is True and wanted.strength is not None


EDIT_RULES = (
    required("SE1", Task.EDIT, ("prompt", "source"), "3.9 S0"),
    *assets_only("SE2", Task.EDIT, "3.9 S0"),
    *source_rules("SE2", Task.EDIT),
    from_luma(
        "E23",
        "SE3",
        Task.EDIT,
        "3.9 S0, S3, SK",
        detail="startFrame and keyframes cannot be used together",
    ),
    Rule(
        id="SE4",
        field="strength",
        tasks=EDIT,
        broken=_auto_with_strength,
        source="3.9 S0, S3, SK",
        summary="Auto or a strength, never both.",
        message="{name} refuses a strength beside Auto: choose Manual, or leave the strength to Auto.",
        why="Auto decides how closely to follow the source; choose Manual to set a strength.",
        detail="editStrength cannot be used together with autoControls",
        mends=lambda wanted, source, limits, words: (
            to("Choose Manual", conditioning="manual"),
            to("Keep Auto, without a strength", conditioning="auto"),
        ),
    ),
    from_luma(
        "E14", "SE5", Task.EDIT, "3.9 S0, S3", detail="hdr requires resolution 720p or 1080p"
    ),
    from_luma(
        "E13",
        "SE6",
        Task.EDIT,
        "3.9 S3",
        summary="The resolution is 540p, 720p or 1080p.",
        detail="resolution must be one of: {choices}",
    ),
    from_luma(
        "E16",
        "SE6.strength",
        Task.EDIT,
        "3.9 S3",
        detail="editStrength must be one of: {choices}",
        conflict=ORDER_OF_STRENGTHS,
    ),
    Rule(
        id="SE6.pose",
        field="pose_strength",
        tasks=EDIT,
        source="3.9 S3",
        broken=ask.not_one_of("pose_strength", lambda limits: ("precise", "coarse")),
        summary="Pose strength is precise or coarse.",
        message="Pose strength cannot be {value}: it is {choices}.",
        detail="poseControlStrength must be one of: {choices}",
        mends=lambda wanted, source, limits, words: (to("Use precise", pose_strength="precise"),),
    ),
    Rule(
        id="SE7",
        field="depth_blur",
        tasks=EDIT,
        source="3.9 S0, S3",
        broken=ask.outside(0, 1, "depth_blur", "normals_augmentation", "trajectory_sparsity"),
        summary="Blur, augmentation and sparsity lie from 0 to 1.",
        message="{label} cannot be {value}: it is a number from 0 to 1.",
        detail="{path} must be between 0 and 1",
    ),
    from_luma(
        "E21",
        "SE8",
        Task.EDIT,
        "3.9 SK, S4",
        detail="keyframes: at most {limits.max_keyframes} entries",
    ),
    Rule(
        id="SE8.shape",
        field="keyframes",
        tasks=EDIT,
        source="ours: 3.3, the keys of an entry are documented nowhere",
        broken=lambda wanted, source, limits: (
            bool(wanted.keyframes) and limits.keyframe_keys is None
        ),
        summary="Keyframes are sent only once the account's own description of the model has shown how they are "
        "written.",
        message="{name} takes no keyframes yet: an admin has to test its account first. Until then, use the single "
        "guide frame.",
        why="{name} takes no keyframes yet: an admin has to test its account first.",
        detail="keyframes: unknown shape",
        mends=lambda wanted, source, limits, words: (
            to("Use the single guide frame", guides="single"),
            to("Use no guides", guides="none"),
        ),
    ),
    from_luma(
        "E19", "SE8.pairs", Task.EDIT, "3.3 SK", detail="keyframes: every entry needs its position"
    ),
    from_luma(
        "E20", "SE8.even", Task.EDIT, "3.3 SK", detail="keyframes: every entry needs its position"
    ),
    from_luma(
        "E22",
        "SE8.positions",
        Task.EDIT,
        "ours: 3.3, upstream's own rule (S4)",
        detail="keyframes: positions must be whole numbers from 0, each used once",
    ),
    from_luma(
        "E22.beyond",
        "SE8.beyond",
        Task.EDIT,
        "ours: 3.3, upstream counts frames of the source (S4)",
        detail="keyframes: positions must lie within the source",
    ),
    from_luma(
        "E17",
        "SE9",
        Task.EDIT,
        "ours: Scenario is silent, upstream refuses it (S4)",
        detail="autoControls cannot be combined with per-signal controls",
    ),
    *length(
        "SE12",
        Task.EDIT,
        "ours: 3.9, the account's own limit where its model states one (K)",
        words="The source is no longer than the account's model says, where it says so.",
    ),
    upstream_length(
        "SE12.upstream",
        Task.EDIT,
        "ours: Scenario states no length, upstream edits up to 18 s (S4)",
        "A source above 18 s may fail at the vendor behind Scenario.",
    ),
    prompt_length("SE13", Task.EDIT),
)
