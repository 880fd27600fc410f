"""The rules of editing with Ray 3.2; see rules.py for the table they belong to."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import STRENGTHS, GenerationRequest
from editorapp.providers.rules import conditions as ask
from editorapp.providers.rules.shared_fixes import to
from editorapp.providers.spec import OFFER, WARN, Fix, Hit, Limits, Rule
from editorapp.providers.vendors.luma_agents.parameters import EDIT, FROM_SOURCE

Wanted: TypeAlias = GenerationRequest
Facts: TypeAlias = MediaFacts | None
Words: TypeAlias = Mapping[str, Any]

ORDER_OF_STRENGTHS = (
    "Luma's guide says in its text that a lower number is lighter within its band, and in its table that adhere_3 is "
    "the strongest adherence, which would change the least. Here change rises from adhere_1 to reimagine_3, one step "
    "at a time: so the form names the strengths, and so the simulator draws them (7.18)."
)


def _hdr_too_small(wanted: Wanted, source: Facts, limits: Limits) -> bool:
    return wanted.hdr is True and wanted.resolution in limits.sdr_resolutions


def _keyframes_unpaired(wanted: Wanted, source: Facts, limits: Limits) -> bool | list[Hit]:
    pictures, frames = ask.keyframes_of(wanted), len(ask.indexes_of(wanted))
    return [Hit(pictures=pictures, frames=frames)] if bool(pictures) != bool(frames) else False


def _keyframes_uneven(wanted: Wanted, source: Facts, limits: Limits) -> bool | list[Hit]:
    pictures, frames = ask.keyframes_of(wanted), len(ask.indexes_of(wanted))
    return (
        [Hit(pictures=pictures, frames=frames)]
        if pictures and frames and pictures != frames
        else False
    )


def _most_keyframes(wanted: Wanted) -> int:
    return max(ask.keyframes_of(wanted), len(ask.indexes_of(wanted)))


def _drop(words: Words) -> Fix:
    return Fix(f"Drop keyframe {words['at'] + 1}", {"drop_keyframes": [words["at"]]})


def _move_or_drop(wanted: Wanted, source: Facts, limits: Limits, words: Words) -> tuple[Fix, ...]:
    moved = list(ask.indexes_of(wanted))
    moved[words["at"]] = words["last"]
    move = Fix(f"Move it to the last frame ({words['last']})", {"keyframe_index": moved})
    return (_drop(words),) if words["last"] in ask.indexes_of(wanted) else (move, _drop(words))


EDIT_RULES = (
    Rule(
        id="E10",
        field="image_refs",
        tasks=EDIT,
        broken=ask.said("image_refs"),
        source="3.1 S",
        summary="An edit takes no reference pictures.",
        message="An edit takes no reference pictures: use a guide frame.",
        detail="image_ref is not valid for type '{type}'",
    ),
    Rule(
        id="E11",
        field="end_frame",
        tasks=EDIT,
        broken=ask.said("end_frame"),
        source="3.1 S",
        summary="An edit takes no last frame.",
        message="An edit takes no last frame: pin a keyframe at the last frame instead.",
        detail="video.end_frame is not valid for type '{type}'",
        mends=lambda wanted, source, limits, words: (to("Leave the last frame out", end_frame=""),),
    ),
    Rule(
        id="E12",
        field="loop",
        tasks=EDIT,
        broken=ask.said("loop"),
        source="3.1 S",
        summary="An edit cannot loop.",
        message="An edit cannot be made to loop.",
        detail="video.loop is not valid for type '{type}'",
        mends=lambda wanted, source, limits, words: (to("Turn loop off", loop=False),),
    ),
    Rule(
        id="P1",
        field="x_norm",
        tasks=EDIT,
        source="2.3 K",
        broken=ask.said("x_norm", "y_norm", "w_norm", "h_norm"),
        summary="Only a reframe places its source on the canvas.",
        message="The source's position can be set only when reframing.",
        detail="video.source_position is not valid for type '{type}'",
    ),
    Rule(
        id="E14",
        field="hdr",
        tasks=EDIT,
        broken=_hdr_too_small,
        status=422,
        source="3.1 S",
        summary="HDR needs 720p or 1080p.",
        message="HDR needs 720p or 1080p; {wanted.resolution} is chosen.",
        why="HDR needs 720p or 1080p, not {wanted.resolution}.",
        detail="video.hdr is not supported at {wanted.resolution}",
        conflict="Luma's guide refuses HDR on an edit at 360p and 540p; its SDK names that for generations only, and "
        "two price lists have a price for it. It is refused here (7.3).",
        mends=lambda wanted, source, limits, words: (
            to("Use 720p", resolution="720p"),
            to("Turn HDR off", hdr=False),
        ),
    ),
    Rule(
        id="E15",
        field="exr",
        tasks=EDIT,
        status=422,
        source="3.1 S, K",
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
        id="E16",
        field="strength",
        tasks=EDIT,
        broken=ask.not_one_of("strength", lambda limits: STRENGTHS),
        source="3.1 S, K",
        summary="The strength is one of nine, adhere_1 to reimagine_3.",
        message="{value} is no strength: choose one of {choices}.",
        detail="Invalid strength '{value}'. Valid: {choices}",
        mends=lambda wanted, source, limits, words: (
            to("Use flex_2, the usual choice", strength="flex_2"),
        ),
        conflict=ORDER_OF_STRENGTHS,
    ),
    Rule(
        id="E17",
        field="auto_controls",
        tasks=EDIT,
        status=422,
        source="3.1 S",
        broken=lambda wanted, source, limits: (
            wanted.auto_controls is True and bool(wanted.controls_in_use())
        ),
        summary="Auto excludes the five controls.",
        message="Auto decides the signals itself: choose Manual, or leave the controls out.",
        why="Auto decides the signals; choose Manual to set {option}.",
        detail="video.edit.controls cannot be combined with video.edit.auto_controls",
        mends=lambda wanted, source, limits, words: (
            to("Choose Manual", conditioning="manual"),
            to("Keep Auto, without controls", conditioning="auto"),
        ),
    ),
    Rule(
        id="E26",
        field="strength",
        tasks=EDIT,
        level=OFFER,
        source="ours: 3.1 S allows both; cross-provider X1",
        broken=lambda wanted, source, limits: (
            wanted.auto_controls is True and wanted.strength is not None
        ),
        summary="Auto or a strength: the page offers one at a time, and results then agree between providers.",
        message="Auto decides how closely to follow the source; choose Manual to set a strength.",
        mends=lambda wanted, source, limits, words: (to("Choose Manual", conditioning="manual"),),
        conflict="Luma's guide lets a strength stand beside Auto, and says that a strength means manual unless Auto is "
        "set explicitly; others that pass on to Luma refuse the two. Auto wins here where it is set, also in what the "
        "simulator draws (7.5, 7.19).",
    ),
    Rule(
        id="E18",
        field="depth_blur",
        tasks=EDIT,
        source="3.1 S, K",
        broken=ask.every(
            ask.outside(0, 1, "depth_blur", "normals_augmentation", "trajectory_sparsity"),
            ask.not_one_of("pose_strength", lambda limits: ("precise", "coarse")),
        ),
        summary="Pose strength is precise or coarse; blur, augmentation and sparsity lie from 0 to 1.",
        message="{label} cannot be {value}: it is precise or coarse for pose, and a number from 0 to 1 for the others.",
        detail="{path}: invalid value '{value}'",
    ),
    Rule(
        id="E19",
        field="keyframes",
        tasks=EDIT,
        broken=_keyframes_unpaired,
        status=400,
        source="3.1 S",
        summary="Keyframes come with their positions: both or neither.",
        message="Each keyframe needs a picture and a frame: there are {pictures} pictures and {frames} frame numbers.",
        detail="video.edit.keyframes and video.edit.keyframe_indexes must be given together",
        mends=lambda wanted, source, limits, words: (to("Use no guides", guides="none"),),
    ),
    Rule(
        id="E20",
        field="keyframes",
        tasks=EDIT,
        broken=_keyframes_uneven,
        source="3.1 S",
        summary="There are as many positions as keyframes.",
        message="Each keyframe needs a picture and a frame: there are {pictures} pictures and {frames} frame numbers.",
        detail="video.edit.keyframes and video.edit.keyframe_indexes must have the same length",
    ),
    Rule(
        id="E21",
        field="keyframes",
        tasks=EDIT,
        source="3.1 S, K",
        broken=lambda wanted, source, limits: _most_keyframes(wanted) > limits.max_keyframes,
        summary="At most 64 keyframes.",
        message="{name} takes up to {limits.max_keyframes} keyframes. Drop some.",
        conflict="Luma's guide and SDK say 64 keyframes, its marketing page 16. 64 are taken here, with a warning "
        "above 16 (7.10).",
        detail="video.edit.keyframes supports up to {limits.max_keyframes} entries",
        mends=lambda wanted, source, limits, words: (
            Fix(
                f"Keep the first {limits.max_keyframes}",
                {"drop_keyframes": list(range(limits.max_keyframes, _most_keyframes(wanted)))},
            ),
        ),
    ),
    Rule(
        id="E21.many",
        field="keyframes",
        tasks=EDIT,
        level=WARN,
        source="ours: 7.10, Luma's own page says 16",
        broken=lambda wanted, source, limits: (
            limits.warn_keyframes < _most_keyframes(wanted) <= limits.max_keyframes
        ),
        summary="More than 16 keyframes may be refused.",
        message="Luma's pages disagree on more than {limits.warn_keyframes} keyframes (up to 64 are documented).",
    ),
    Rule(
        id="E22",
        field="keyframe_indexes",
        tasks=EDIT,
        broken=ask.odd_indexes,
        source="3.1 S, K",
        summary="Keyframe positions are whole numbers from 0, each used once.",
        message="{label}: frame {index} {problem}. Give it a frame of its own, or drop it.",
        detail="video.edit.keyframe_indexes must be non-negative and unique",
        mends=lambda wanted, source, limits, words: (_drop(words),),
    ),
    Rule(
        id="E22.beyond",
        field="keyframe_indexes",
        tasks=EDIT,
        broken=ask.beyond(ask.last_frame_of_source),
        source="ours: positions lie on the source's frame grid (2.4 S, K), so there is no such frame",
        summary="Keyframes lie within the source.",
        message="{label}: the source ends at frame {last}, and this is frame {index}.",
        detail="video.edit.keyframe_indexes must lie within the source",
        mends=_move_or_drop,
    ),
    Rule(
        id="E23",
        field="start_frame",
        tasks=EDIT,
        status=400,
        source="3.1 S",
        broken=lambda wanted, source, limits: (
            wanted.start_frame is not None and bool(wanted.keyframes)
        ),
        summary="A single guide frame or keyframes, not both.",
        message="A single guide frame and keyframes exclude each other: keep one kind.",
        detail="video.start_frame cannot be combined with video.edit.keyframes",
        mends=lambda wanted, source, limits, words: (
            to("Keep the keyframes", guides="keyframes"),
            to("Keep the single guide frame", guides="single"),
        ),
    ),
    Rule(
        id="E25",
        field="aspect_ratio",
        tasks=EDIT,
        level=WARN,
        broken=ask.said("aspect_ratio"),
        source="3.1 S",
        summary="An edit keeps the shape of its source; an aspect ratio is ignored.",
        message="An edit keeps the shape of its source: the aspect ratio is not sent. Reframe changes the shape.",
    ),
    Rule(
        id="E28",
        field="duration",
        tasks=FROM_SOURCE,
        level=WARN,
        broken=ask.said("duration"),
        source="3.1 K; 7.8",
        summary="A result lasts as long as its source; a duration is not sent.",
        message="The result lasts as long as the source: the duration is not sent.",
    ),
)
