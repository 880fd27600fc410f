"""Shared rules of what is set: size, shape and duration, HDR and EXR, strength and controls."""

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import POSITION
from editorapp.providers.rules import conditions as ask
from editorapp.providers.rules import shared_fixes as fixes
from editorapp.providers.spec import WARN, Case, Fix, Hit, Rule
from editorapp.providers.strengths import STRENGTHS

SIZES = "The resolution is 540p, 720p or 1080p."  # of those who have no draft size
THINGS: dict[str, tuple[str, Fix]] = {  # words for what 10 s may exclude, and the way without it
    "start_frame": ("a first frame", fixes.NO_FIRST_FRAME),
    "end_frame": ("a last frame", fixes.NO_LAST_FRAME),
    "loop": ("loop", fixes.LOOP_OFF),
    "hdr": ("HDR", fixes.HDR_OFF),
}
amounts_outside = ask.outside(
    0,
    1,
    "depth_blur",
    "normals_augmentation",
    "trajectory_sparsity",
)
no_pose_strength = ask.not_one_of("pose_strength", lambda limits: ("precise", "coarse"))


def ten_seconds_with(*fields: str) -> ask.HitList:
    """Hit each of these fields that a generation of 10 s cannot have."""

    def condition(case: Case) -> list[Hit]:
        if case.wanted.duration != "10s":
            return []
        return [_of_ten_seconds(name) for name in fields if _is_said(case, name)]

    return condition


def _is_said(case: Case, name: str) -> bool:
    return ask.is_said(getattr(case.wanted, name))


def _of_ten_seconds(field: str) -> Hit:
    thing, without = THINGS[field]
    return Hit(field, thing=thing, fixes=(fixes.FIVE_SECONDS, without))


def hdr_too_small(case: Case) -> bool:
    return case.wanted.hdr is True and case.wanted.resolution in case.limits.sdr_resolutions


def _same_shape(case: Case) -> bool:
    source, ratio = case.source, case.wanted.aspect_ratio
    if source is None or ratio not in case.limits.aspect_ratios or not source.height:
        return False
    return _has_ratio(source, str(ratio))


def _has_ratio(source: MediaFacts, ratio: str) -> bool:
    wide, high = map(int, ratio.split(":"))
    expected = source.height * wide
    return abs(source.width * high - expected) <= 0.01 * expected


def _auto_with_controls(case: Case) -> bool:
    return case.wanted.auto_controls is True and bool(case.wanted.controls_in_use())


def _auto_with_strength(case: Case) -> bool:
    return case.wanted.auto_controls is True and case.wanted.strength is not None


def _extended_backwards(case: Case) -> bool:
    last = case.wanted.end_frame
    return case.wanted.loop is True and last is not None and last.generation_id is not None


RESOLUTION = Rule(
    field="resolution",
    broken=ask.not_one_of("resolution", lambda limits: limits.resolutions),
    summary=SIZES,
    message="{value} is no resolution of {name}: choose one of {choices}.",
    fixes=(fixes.USE_720P,),
)
ASPECT_RATIO = Rule(
    field="aspect_ratio",
    broken=ask.not_one_of("aspect_ratio", lambda limits: sorted(limits.aspect_ratios)),
    summary="The aspect ratio is one of six.",
    message="{value} is no shape of {name}: choose one of {choices}.",
    fixes=(fixes.to("Leave it to the model", aspect_ratio=""),),
)
DURATION = Rule(
    field="duration",
    broken=ask.not_one_of("duration", lambda limits: limits.durations),
    summary="A generation lasts 5 s or 10 s.",
    message="{value} is no duration of {name}: choose one of {choices}.",
    fixes=(fixes.FIVE_SECONDS,),
)
TEN_SECONDS = Rule(
    field="duration",
    broken=ten_seconds_with("start_frame", "end_frame", "loop"),
    summary="10 s excludes a first frame, a last frame and loop.",
    message="10 s cannot be combined with {thing}.",
)
HDR_SIZE = Rule(
    field="hdr",
    broken=hdr_too_small,
    summary="HDR needs 720p or 1080p.",
    message="HDR needs 720p or 1080p; {wanted.resolution} is chosen.",
    why="HDR needs 720p or 1080p, not {wanted.resolution}.",
    fixes=(fixes.USE_720P, fixes.HDR_OFF),
)
EXR_NEEDS_HDR = Rule(
    field="exr",
    broken=lambda case: case.wanted.exr is True and case.wanted.hdr is not True,
    summary="EXR comes with HDR.",
    message="EXR comes with HDR. Turn HDR on, or EXR off.",
    why="EXR comes with HDR. Turn HDR on.",
    fixes=(fixes.HDR_ON, fixes.EXR_OFF),
)
LOOP_BACKWARDS = Rule(
    field="loop",
    broken=_extended_backwards,
    summary="Only a forward extension can loop.",
    message="A clip that is extended backwards cannot loop.",
    fixes=(fixes.LOOP_OFF,),
)
STRENGTH = Rule(
    field="strength",
    broken=ask.not_one_of("strength", lambda limits: STRENGTHS),
    summary="The strength is one of nine, adhere_1 to reimagine_3.",
    message="{value} is no strength: choose one of {choices}.",
    fixes=(fixes.to("Use flex_2, the usual choice", strength="flex_2"),),
    conflict="Luma's guide says in its text that a lower number is lighter within its band, and in its table that "
    "adhere_3 is the strongest adherence, which would change the least. Here change rises from adhere_1 to "
    "reimagine_3, one step at a time: so the form names the strengths, and so the simulator draws them (7.18).",
)
AUTO_OR_CONTROLS = Rule(
    field="auto_controls",
    broken=_auto_with_controls,
    summary="Auto excludes the five controls.",
    message="Auto decides the signals itself: choose Manual, or leave the controls out.",
    why="Auto decides the signals; choose Manual to set {option}.",
    fixes=(fixes.MANUAL, fixes.to("Keep Auto, without controls", conditioning="auto")),
)
AUTO_OR_STRENGTH = Rule(
    field="strength",
    broken=_auto_with_strength,
    summary="Auto excludes a strength.",
    message="Auto decides how closely to follow the source: choose Manual to set a strength.",
    why="Auto decides how closely to follow the source; choose Manual to set a strength.",
    fixes=(fixes.MANUAL,),
)
CONTROL_VALUES = Rule(
    field="depth_blur",
    broken=lambda case: (*amounts_outside(case), *no_pose_strength(case)),
    summary="Pose strength is precise or coarse; blur, augmentation and sparsity lie from 0 to 1.",
    message="{label} cannot be {value}: it is precise or coarse for pose, and a number from 0 to 1 for the others.",
)
ASPECT_RATIO_IGNORED = Rule(
    field="aspect_ratio",
    level=WARN,
    broken=ask.said("aspect_ratio"),
    summary="An edit keeps the shape of its source; an aspect ratio is ignored.",
    message="An edit keeps the shape of its source: the aspect ratio is not sent. Reframe changes the shape.",
)
DURATION_IGNORED = Rule(
    field="duration",
    level=WARN,
    broken=ask.said("duration"),
    summary="A result lasts as long as its source; a duration is not sent.",
    message="The result lasts as long as the source: the duration is not sent.",
)
ONLY_REFRAMES_PLACE = Rule(
    field="x_norm",
    broken=ask.said(*POSITION),
    summary="Only a reframe places its source on the canvas.",
    message="The source's position can be set only when reframing.",
)
NEW_SHAPE = Rule(
    field="aspect_ratio",
    broken=lambda case: case.wanted.aspect_ratio not in case.limits.aspect_ratios,
    summary="A reframe names the new shape, one of six.",
    message="Choose the new shape: 9:16, 3:4, 1:1, 4:3, 16:9 or 21:9.",
)
SAME_SHAPE = Rule(
    field="aspect_ratio",
    level=WARN,
    broken=_same_shape,
    summary="A reframe to the shape that the source has may be refused.",
    message="The source has this shape already: nothing would be added to it.",
)
REFRAME_TAKES_NO = Rule(
    field="hdr",
    broken=ask.said("hdr", "exr"),
    summary="A reframe has no HDR and no EXR.",
    message="A reframe takes no {noun}.",
    fixes=fixes.leave_out,
)
TALL_1080P = Rule(
    field="resolution",
    broken=lambda case: (
        case.wanted.resolution == "1080p" and case.wanted.aspect_ratio in ("9:16", "3:4")
    ),
    summary="No 1080p for 9:16 and 3:4.",
    message="1080p is not available for {wanted.aspect_ratio}.",
    fixes=(fixes.USE_720P,),
)
