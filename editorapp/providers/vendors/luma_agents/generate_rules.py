"""The rules of generating, extending and reframing with Ray 3.2; see rules.py for the table they
belong to.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import CONTROL_VALUES, CONTROLS, GenerationRequest
from editorapp.providers.rules import conditions as ask
from editorapp.providers.rules.shared_fixes import FIVE_SECONDS, named, ten_seconds_with, to
from editorapp.providers.spec import WARN, Fix, Hit, Limits, Rule
from editorapp.providers.vendors.luma_agents.parameters import GENERATE, REFRAME

Wanted: TypeAlias = GenerationRequest
Facts: TypeAlias = MediaFacts | None
Words: TypeAlias = Mapping[str, Any]
EDIT_FIELDS = (
    "auto_controls",
    "strength",
    *(f"{name}_enabled" for name in CONTROLS),
    *CONTROL_VALUES.values(),
)
NOT_ON_REFRAME = (
    "hdr",
    "exr",
    "loop",
    "start_frame",
    "end_frame",
    "keyframes",
    "keyframe_indexes",
    *EDIT_FIELDS,
)
POSITION = ("x_norm", "y_norm", "w_norm", "h_norm")


def _hdr_with(wanted: Wanted, source: Facts, limits: Limits) -> list[Hit]:
    """Hit what an HDR generation cannot have: a draft size, 10 s, a loop."""
    if wanted.hdr is not True:
        return []
    off = to("Turn HDR off", hdr=False)
    hits = []
    if wanted.resolution in limits.sdr_resolutions:
        says = f"HDR needs 720p or 1080p, not {wanted.resolution}."
        hits.append(Hit("hdr", says=says, mends=(to("Use 720p", resolution="720p"), off)))
    if wanted.duration == "10s":
        hits.append(Hit("duration", says="HDR comes for 5 s only.", mends=(FIVE_SECONDS, off)))
    if wanted.loop is True:
        says = "HDR and loop exclude each other."
        hits.append(Hit("loop", says=says, mends=(to("Turn loop off", loop=False), off)))
    return hits


def _loop_with(wanted: Wanted, source: Facts, limits: Limits) -> list[Hit]:
    """Hit what excludes a loop. Extending backwards with a loop is rule X5's."""
    if wanted.loop is not True:
        return []
    hits = []
    if wanted.end_frame is not None and not ask.is_extend(wanted):
        hits.append(Hit("end_frame", thing="a last frame"))
    if wanted.keyframes:
        hits.append(Hit("keyframes", thing="keyframes"))
    return hits


def _keyframes_wrong(wanted: Wanted, source: Facts, limits: Limits) -> list[Hit]:
    """Hit keyframes of a generation that are not paired, too many, odd, or outside the clip to
    come.
    """
    pictures, frames = ask.keyframes_of(wanted), len(ask.indexes_of(wanted))
    if pictures != frames:
        return [Hit(says=f"There are {pictures} pictures and {frames} frame numbers.")]
    hits = []
    if pictures > limits.max_keyframes:
        hits.append(Hit(says=f"There are {pictures}; up to {limits.max_keyframes} are taken."))
    odd = list(ask.odd_indexes(wanted, source, limits))
    hits += [
        Hit(hit.field, says=f"Frame {hit.words['index']} {hit.words['problem']}.") for hit in odd
    ]
    last = ask.last_frame_of_grid(wanted, source, limits)
    for hit in ask.beyond(ask.last_frame_of_grid)(wanted, source, limits):
        hits.append(
            Hit(
                hit.field,
                says=f"The clip ends at frame {last}, and this is frame {hit.words['index']}.",
            )
        )
    return hits


def _keyframes_with(wanted: Wanted, source: Facts, limits: Limits) -> list[Hit]:
    if not wanted.keyframes:
        return []
    return [
        Hit(
            name,
            thing=thing,
            mends=(to(f"Leave {thing} out", **{name: ""}), to("Use no keyframes", guides="none")),
        )
        for name, thing in (("start_frame", "the first frame"), ("end_frame", "the last frame"))
        if getattr(wanted, name) is not None
    ]


def _second_anchor(wanted: Wanted, source: Facts, limits: Limits) -> bool:
    return ask.is_extend(wanted) and wanted.start_frame is not None and wanted.end_frame is not None


GENERATE_RULES = (
    Rule(
        id="G2",
        field="aspect_ratio",
        tasks=GENERATE,
        source="3.2 D-old, D-new",
        broken=ask.not_one_of("aspect_ratio", lambda limits: sorted(limits.aspect_ratios)),
        summary="The aspect ratio is one of six, or left to the model.",
        message="{value} is no shape of {name}: choose one of {choices}.",
        detail="Invalid aspect_ratio '{value}'. Valid: {choices}",
        mends=lambda wanted, source, limits, words: (to("Leave it to the model", aspect_ratio=""),),
    ),
    Rule(
        id="G3",
        field="duration",
        tasks=GENERATE,
        source="3.2 K",
        broken=ask.not_one_of("duration", lambda limits: limits.durations),
        summary="A generation lasts 5 s or 10 s.",
        message="{value} is no duration of {name}: choose one of {choices}.",
        detail="Invalid duration '{value}'. Valid: {choices}",
        mends=lambda wanted, source, limits, words: (FIVE_SECONDS,),
    ),
    Rule(
        id="G4",
        field="duration",
        tasks=GENERATE,
        status=422,
        source="3.2 D-jun11, K",
        broken=ten_seconds_with("start_frame", "end_frame", "loop"),
        summary="10 s excludes a first frame, a last frame and loop.",
        message="10 s cannot be combined with {thing}.",
        detail="video.duration 10s cannot be combined with {path}",
        mends=named,
    ),
    Rule(
        id="G5",
        field="hdr",
        tasks=GENERATE,
        broken=_hdr_with,
        status=422,
        source="3.2 D-jun11, K",
        summary="HDR needs 720p or 1080p and 5 s, and excludes loop.",
        message="{says}",
        detail="video.hdr is not supported with {path}",
        mends=named,
    ),
    Rule(
        id="G6",
        field="exr",
        tasks=GENERATE,
        status=422,
        source="3.2 K",
        broken=lambda wanted, source, limits: wanted.exr is True and wanted.hdr is not True,
        summary="EXR comes with HDR.",
        message="EXR comes with HDR. Turn HDR on, or EXR off.",
        why="EXR comes with HDR. Turn HDR on.",
        detail="video.exr_export requires video.hdr",
        mends=lambda wanted, source, limits, words: (
            to("Turn HDR on", hdr=True),
            to("Turn EXR off", exr=False),
        ),
    ),
    Rule(
        id="G7",
        field="loop",
        tasks=GENERATE,
        broken=_loop_with,
        status=422,
        source="3.2 D-jun11, K",
        summary="Loop excludes a last frame and keyframes.",
        message="Loop cannot be combined with {thing}.",
        detail="video.loop cannot be combined with {path}",
        mends=lambda wanted, source, limits, words: (to("Turn loop off", loop=False),),
    ),
    Rule(
        id="G8",
        field="keyframes",
        tasks=GENERATE,
        broken=_keyframes_wrong,
        source="3.2 K",
        summary="1 to 64 keyframes, each at its own frame of the clip (24 a second: 0 to 120, or to 240 for 10 s).",
        message="{label}: {says}",
        detail="{path}: {says}",
    ),
    Rule(
        id="G9",
        field="keyframes",
        tasks=GENERATE,
        broken=_keyframes_with,
        status=422,
        source="3.2 K",
        summary="Keyframes exclude a first and a last frame.",
        message="Keyframes cannot be combined with {thing}.",
        detail="video.keyframes cannot be combined with {path}",
        mends=named,
    ),
    Rule(
        id="G10",
        field="source",
        tasks=GENERATE,
        broken=ask.said("source", *EDIT_FIELDS),
        source="3.2 K, 3P",
        summary="A generation has no source and no edit settings.",
        message="A generation takes no {noun}: choose Edit to work on a clip.",
        detail="{path} is only valid for type 'video_edit'",
    ),
    Rule(
        id="P2",
        field="image_refs",
        tasks=GENERATE | REFRAME,
        broken=ask.said("image_refs"),
        source="2.1 K",
        summary="Reference pictures are for pictures only.",
        message="{name} takes reference pictures only when making pictures.",
        detail="image_ref is not valid for type '{type}'",
    ),
    Rule(
        id="P3",
        field="x_norm",
        tasks=GENERATE,
        source="2.3 K",
        broken=ask.said(*POSITION),
        summary="Only a reframe places its source on the canvas.",
        message="The source's position can be set only when reframing.",
        detail="video.source_position is not valid for type '{type}'",
    ),
    Rule(
        id="X3",
        field="end_frame",
        tasks=GENERATE,
        broken=_second_anchor,
        status=422,
        source="3.3 D-jun11, 3P",
        summary="An extension goes one way: forward from a result, or backward from one.",
        message="To extend a clip, name it as the first or the last frame, and leave the other one out.",
        detail="video.start_frame and video.end_frame cannot be combined when one is a generation",
        mends=lambda wanted, source, limits, words: (
            to("Leave the last frame out", end_frame=""),
            to("Leave the first frame out", start_frame=""),
        ),
    ),
    Rule(
        id="X4",
        field="hdr",
        tasks=GENERATE,
        status=422,
        source="3.3 3P, pricing",
        broken=lambda wanted, source, limits: (
            ask.is_extend(wanted) and (wanted.hdr is True or wanted.exr is True)
        ),
        summary="An extension has no HDR and no EXR.",
        message="Extending a clip works without HDR and EXR only.",
        detail="video.hdr is not supported when extending",
        mends=lambda wanted, source, limits, words: (
            to("Turn HDR and EXR off", hdr=False, exr=False),
        ),
    ),
    Rule(
        id="X5",
        field="loop",
        tasks=GENERATE,
        status=422,
        source="3.3 3P",
        broken=lambda wanted, source, limits: (
            wanted.loop is True
            and wanted.end_frame is not None
            and wanted.end_frame.generation_id is not None
        ),
        summary="Only a forward extension can loop.",
        message="A clip that is extended backwards cannot loop.",
        detail="video.loop is only valid on forward extend",
        mends=lambda wanted, source, limits, words: (to("Turn loop off", loop=False),),
    ),
    Rule(
        id="X7",
        field="resolution",
        tasks=GENERATE,
        source="ours: no price is published for it (3.3, 7.16)",
        broken=lambda wanted, source, limits: ask.is_extend(wanted) and wanted.resolution == "360p",
        summary="Extending at 360p has no published price, so it is not offered.",
        message="No price is published for extending at 360p: choose 540p or more.",
        mends=lambda wanted, source, limits, words: (to("Use 540p", resolution="540p"),),
    ),
)


def _position_wrong(wanted: Wanted, source: Facts, limits: Limits) -> list[Hit]:
    given = [name for name in POSITION if getattr(wanted, name) is not None]
    if given and len(given) < len(POSITION):
        missing = [name for name in POSITION if name not in given]
        return [
            Hit(name, says="Give all four of x, y, width and height, or none.") for name in missing
        ]
    edges = ask.outside(-2, 2, "x_norm", "y_norm")(wanted, source, limits)
    sizes = ask.outside(0, 2, "w_norm", "h_norm", is_open=True)(wanted, source, limits)
    says = "{value} is outside {low} to {high}."
    return [
        Hit(hit.field, says=says.format(**hit.words)) for found in (edges, sizes) for hit in found
    ]


def _same_shape(wanted: Wanted, source: Facts, limits: Limits) -> bool:
    if source is None or wanted.aspect_ratio not in limits.aspect_ratios or not source.height:
        return False
    wide, high = map(int, str(wanted.aspect_ratio).split(":"))
    return abs(source.width * high - source.height * wide) <= 0.01 * source.height * wide


REFRAME_RULES = (
    Rule(
        id="R1",
        field="source",
        tasks=REFRAME,
        broken=ask.too_long,
        status=422,
        source="3.4 D-jun11, D-new",
        summary="The source of a reframe lasts at most 30 s.",
        message="{name} reframes clips up to {longest:g} s. This one is {seconds} s: trim it.",
        detail="source: video exceeds {longest:g} s limit",
        mends=lambda wanted, source, limits, words: (
            Fix(
                f"Trim to the first {words['longest']:g} s",
                {"trim_to_seconds": f"{words['longest']:g}"},
            ),
        ),
    ),
    Rule(
        id="R2",
        field="aspect_ratio",
        tasks=REFRAME,
        source="3.4 D-jun11",
        broken=lambda wanted, source, limits: wanted.aspect_ratio not in limits.aspect_ratios,
        summary="A reframe names the new shape, one of six.",
        message="Choose the new shape: 9:16, 3:4, 1:1, 4:3, 16:9 or 21:9.",
        detail="Invalid aspect_ratio '{wanted.aspect_ratio}'. Valid: 16:9, 1:1, 21:9, 3:4, 4:3, 9:16",
    ),
    Rule(
        id="R2.same",
        field="aspect_ratio",
        tasks=REFRAME,
        level=WARN,
        broken=_same_shape,
        source="ours: 3.4 reseller",
        summary="A reframe to the shape that the source has may be refused.",
        message="The source has this shape already: nothing would be added to it.",
    ),
    Rule(
        id="R4",
        field="hdr",
        tasks=REFRAME,
        status=422,
        source="3.4 D-jun11, K",
        broken=ask.said(*NOT_ON_REFRAME),
        summary="A reframe takes no HDR, EXR, loop, guide frames or edit settings.",
        message="A reframe takes no {noun}.",
        detail="{path} is not supported for type '{type}'",
        mends=lambda wanted, source, limits, words: (to("Leave it out", **{words["option"]: ""}),),
    ),
    Rule(
        id="R5",
        field="resolution",
        tasks=REFRAME,
        status=422,
        source="3.4 D-new, K",
        broken=lambda wanted, source, limits: (
            wanted.resolution == "1080p" and wanted.aspect_ratio in ("9:16", "3:4")
        ),
        summary="No 1080p for 9:16 and 3:4.",
        message="1080p is not available for {wanted.aspect_ratio}.",
        detail="video.resolution 1080p is not supported for aspect_ratio {wanted.aspect_ratio}",
        mends=lambda wanted, source, limits, words: (to("Use 720p", resolution="720p"),),
    ),
    Rule(
        id="R5.gated",
        field="resolution",
        tasks=REFRAME,
        level=WARN,
        source="3.4 D-new, K",
        broken=lambda wanted, source, limits: wanted.resolution == "1080p",
        summary="Reframing at 1080p may not be enabled for every account yet.",
        message="Luma is still rolling 1080p reframes out: your account may be refused. 720p works for all.",
    ),
    Rule(
        id="R6",
        field="x_norm",
        tasks=REFRAME,
        broken=_position_wrong,
        source="3.4 K, D-jun11",
        summary="A source position has all four numbers: x and y from -2 to 2, width and height above 0, up to 2.",
        message="{label}: {says}",
        detail="{path}: {says}",
    ),
)
