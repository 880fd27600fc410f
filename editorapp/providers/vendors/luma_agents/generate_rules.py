"""The rules of generating and extending with Ray 3.2; see rules.py for the table they belong to."""

from editorapp.providers.contract import CONTROL_VALUES, CONTROLS
from editorapp.providers.rules import conditions as ask
from editorapp.providers.rules import shared_fixes as fixes
from editorapp.providers.rules.shared import settings
from editorapp.providers.spec import Case, Hit, Rule

EDIT_FIELDS = (
    "auto_controls",
    "strength",
    *(f"{name}_enabled" for name in CONTROLS),
    *CONTROL_VALUES.values(),
)


def _hdr_with(case: Case) -> list[Hit]:
    """Hit what an HDR generation cannot have: a draft size, 10 s, a loop."""
    wanted, off = case.wanted, fixes.HDR_OFF
    if wanted.hdr is not True:
        return []
    small = f"HDR needs 720p or 1080p, not {wanted.resolution}."
    is_long, is_loop = wanted.duration == "10s", wanted.loop is True
    return ask.hits_where(
        (settings.hdr_too_small(case), "hdr", small, (fixes.USE_720P, off)),
        (is_long, "duration", "HDR comes for 5 s only.", (fixes.FIVE_SECONDS, off)),
        (is_loop, "loop", "HDR and loop exclude each other.", (fixes.LOOP_OFF, off)),
    )


def _loop_with(case: Case) -> list[Hit]:
    """Hit what excludes a loop. Extending backwards with a loop is rule X5's."""
    wanted = case.wanted
    if wanted.loop is not True:
        return []
    has_last = wanted.end_frame is not None and not wanted.is_extension
    hits = [Hit("end_frame", thing="a last frame")] if has_last else []
    return hits + ([Hit("keyframes", thing="keyframes")] if wanted.keyframes else [])


def _keyframes_wrong(case: Case) -> list[Hit]:
    """Hit keyframes of a generation that are not paired, too many, odd, or outside the clip to
    come.
    """
    pictures, frames = ask.pictures_and_frames(case.wanted)
    if pictures != frames:
        return [Hit(says=f"There are {pictures} pictures and {frames} frame numbers.")]
    hits = []
    if pictures > case.limits.max_keyframes:
        hits.append(Hit(says=f"There are {pictures}; up to {case.limits.max_keyframes} are taken."))
    return hits + _positions_wrong(case)


def _positions_wrong(case: Case) -> list[Hit]:
    last = (10 if case.wanted.duration == "10s" else 5) * case.limits.grid_fps
    beyond = ask.indexes_beyond(case.wanted, last)
    return [
        *ask.saying("Frame {index} {problem}.", ask.odd_indexes(case)),
        *ask.saying("The clip ends at frame {last}, and this is frame {index}.", beyond),
    ]


def _keyframes_with(case: Case) -> list[Hit]:
    if not case.wanted.keyframes:
        return []
    without = fixes.to("Use no keyframes", guides="none")
    return [
        Hit(name, thing=thing, fixes=(leave_out, without))
        for name, (thing, leave_out) in _FRAMES.items()
        if getattr(case.wanted, name) is not None
    ]


_FRAMES = {
    "start_frame": ("the first frame", fixes.NO_FIRST_FRAME),
    "end_frame": ("the last frame", fixes.NO_LAST_FRAME),
}


def _second_anchor(case: Case) -> bool:
    wanted = case.wanted
    has_both = wanted.start_frame is not None and wanted.end_frame is not None
    return wanted.is_extension and has_both


def _bright_extension(case: Case) -> bool:
    wanted = case.wanted
    return wanted.is_extension and (wanted.hdr is True or wanted.exr is True)


def _unpriced_extension(case: Case) -> bool:
    return case.wanted.is_extension and case.wanted.resolution == "360p"


NO_REFERENCE_PICTURES = Rule(
    "P2",
    "image_refs",
    "2.1 K",
    broken=ask.said("image_refs"),
    summary="Reference pictures are for pictures only.",
    message="{name} takes reference pictures only when making pictures.",
    detail="image_ref is not valid for type '{type}'",
)
GENERATE_RULES = (
    settings.ASPECT_RATIO.adopt(
        "G2",
        "3.2 D-old, D-new",
        "Invalid aspect_ratio '{value}'. Valid: {choices}",
        summary="The aspect ratio is one of six, or left to the model.",
    ),
    settings.DURATION.adopt("G3", "3.2 K", "Invalid duration '{value}'. Valid: {choices}"),
    settings.TEN_SECONDS.adopt(
        "G4",
        "3.2 D-jun11, K",
        "video.duration 10s cannot be combined with {path}",
        status=422,
    ),
    Rule(
        "G5",
        "hdr",
        "3.2 D-jun11, K",
        broken=_hdr_with,
        status=422,
        summary="HDR needs 720p or 1080p and 5 s, and excludes loop.",
        message="{says}",
        detail="video.hdr is not supported with {path}",
    ),
    settings.EXR_NEEDS_HDR.adopt("G6", "3.2 K", "video.exr_export requires video.hdr", status=422),
    Rule(
        "G7",
        "loop",
        "3.2 D-jun11, K",
        broken=_loop_with,
        status=422,
        summary="Loop excludes a last frame and keyframes.",
        message="Loop cannot be combined with {thing}.",
        detail="video.loop cannot be combined with {path}",
        fixes=(fixes.LOOP_OFF,),
    ),
    Rule(
        "G8",
        "keyframes",
        "3.2 K",
        broken=_keyframes_wrong,
        summary="1 to 64 keyframes, each at its own frame of the clip (24 a second: 0 to 120, or to 240 for 10 s).",
        message="{label}: {says}",
        detail="{path}: {says}",
    ),
    Rule(
        "G9",
        "keyframes",
        "3.2 K",
        broken=_keyframes_with,
        status=422,
        summary="Keyframes exclude a first and a last frame.",
        message="Keyframes cannot be combined with {thing}.",
        detail="video.keyframes cannot be combined with {path}",
    ),
    Rule(
        "G10",
        "source",
        "3.2 K, 3P",
        broken=ask.said("source", *EDIT_FIELDS),
        summary="A generation has no source and no edit settings.",
        message="A generation takes no {noun}: choose Edit to work on a clip.",
        detail="{path} is only valid for type 'video_edit'",
    ),
    NO_REFERENCE_PICTURES,
    settings.ONLY_REFRAMES_PLACE.adopt(
        "P3", "2.3 K", "video.source_position is not valid for type '{type}'"
    ),
    Rule(
        "X3",
        "end_frame",
        "3.3 D-jun11, 3P",
        broken=_second_anchor,
        status=422,
        summary="An extension goes one way: forward from a result, or backward from one.",
        message="To extend a clip, name it as the first or the last frame, and leave the other one out.",
        detail="video.start_frame and video.end_frame cannot be combined when one is a generation",
        fixes=(fixes.NO_LAST_FRAME, fixes.NO_FIRST_FRAME),
    ),
    Rule(
        "X4",
        "hdr",
        "3.3 3P, pricing",
        broken=_bright_extension,
        status=422,
        summary="An extension has no HDR and no EXR.",
        message="Extending a clip works without HDR and EXR only.",
        detail="video.hdr is not supported when extending",
        fixes=(fixes.HDR_AND_EXR_OFF,),
    ),
    settings.LOOP_BACKWARDS.adopt(
        "X5", "3.3 3P", "video.loop is only valid on forward extend", status=422
    ),
    Rule(
        "X7",
        "resolution",
        "ours: no price is published for it (3.3, 7.16)",
        broken=_unpriced_extension,
        summary="Extending at 360p has no published price, so it is not offered.",
        message="No price is published for extending at 360p: choose 540p or more.",
        fixes=(fixes.to("Use 540p", resolution="540p"),),
    ),
)
