"""The rules of generating and extending at GMI Cloud; see rules.py for the table they belong to."""

from editorapp.providers.contract import GenerationRequest
from editorapp.providers.rules import shared_fixes as fixes
from editorapp.providers.rules.shared import media, settings
from editorapp.providers.spec import Case, Hit, Rule

FRAMES = ("start_frame", "end_frame")


def _pictures(wanted: GenerationRequest) -> list[str]:
    """Return the first and last frame where they are pictures, and no earlier results."""
    named = ((name, getattr(wanted, name)) for name in FRAMES)
    return [name for name, ref in named if ref is not None and ref.generation_id is None]


def _ten_seconds_with_pictures(case: Case) -> list[Hit]:
    return settings.ten_seconds_with(*_pictures(case.wanted))(case)


def _extend_with(case: Case) -> list[Hit]:
    """Hit what going on from an earlier result excludes: a second one, 10 s, HDR and EXR."""
    wanted = case.wanted
    if not wanted.is_extension:
        return []
    hits = []
    if _goes_both_ways(wanted):
        says = "Extending goes one way: name one earlier result, first or last."
        only_one = (fixes.NO_LAST_FRAME, fixes.NO_FIRST_FRAME)
        hits.append(Hit("end_frame", says=says, fixes=only_one))
    if wanted.duration == "10s":
        says = "Extending adds 5 s at a time."
        hits.append(Hit("duration", says=says, fixes=(fixes.FIVE_SECONDS,)))
    return hits + [
        Hit(name, says=f"Extending a clip works without {word}.", fixes=(fixes.HDR_AND_EXR_OFF,))
        for name, word in (("hdr", "HDR"), ("exr", "EXR"))
        if getattr(wanted, name) is True
    ]


def _goes_both_ways(wanted: GenerationRequest) -> bool:
    return bool(wanted.start_frame and wanted.end_frame) and not _pictures(wanted)


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
    wanted, hits = case.wanted, []
    is_long, is_loop = wanted.duration == "10s", wanted.loop is True
    if is_long and wanted.hdr is True:
        says = "HDR comes for 5 s only."
        hits.append(Hit("hdr", says=says, fixes=(fixes.FIVE_SECONDS, fixes.HDR_OFF)))
    if is_long and is_loop:
        says = "A loop comes for 5 s only."
        hits.append(Hit("loop", says=says, fixes=(fixes.FIVE_SECONDS, fixes.LOOP_OFF)))
    if is_loop and wanted.hdr is True:
        says = "HDR and loop exclude each other."
        hits.append(Hit("loop", says=says, fixes=(fixes.LOOP_OFF, fixes.HDR_OFF)))
    if is_loop and wanted.end_frame is not None and not wanted.is_extension:
        says = "A loop has no last frame."
        hits.append(Hit("end_frame", says=says, fixes=(fixes.LOOP_OFF, fixes.NO_LAST_FRAME)))
    return hits


GENERATE_RULES = (
    media.PROMPT_LENGTH.adopt(
        "GG1", "3.4 stated PG", "prompt must have 1 to {limits.prompt_max} characters"
    ),
    media.PROMPT_BLANK.adopt("GG1.blank", "ours: nothing can be made of it"),
    settings.TEN_SECONDS.adopt(
        "GG2",
        "3.4 stated PG",
        "duration 10s cannot be combined with {path}",
        broken=_ten_seconds_with_pictures,
        summary="10 s excludes a first and a last picture.",
    ),
    Rule(
        id="GG3",
        field="end_frame",
        broken=_extend_with,
        source="3.4 stated PG",
        summary="An extension goes on from exactly one earlier result, by 5 s, without HDR and EXR.",
        message="{says}",
        detail="not supported when extending: {path}",
    ),
    Rule(
        id="GG3.picture",
        field="end_frame",
        broken=_second_anchor,
        source="ours: upstream, luma-agents X3",
        summary="An extension has no picture at its other end.",
        message="Extending a clip cannot be combined with {thing}.",
    ),
    settings.LOOP_BACKWARDS.adopt(
        "GG4", "3.4 stated PG", "loop is only valid when extending forward"
    ),
    settings.HDR_SIZE.adopt("GG5", "3.4 stated PG", "hdr is not supported at {wanted.resolution}"),
    settings.EXR_NEEDS_HDR.adopt("GG5.exr", "3.4 stated PG", "exr_export requires hdr"),
    Rule(
        id="GG6",
        field="loop",
        broken=_upstream,
        source="ours: upstream, luma-agents G4, G5, G7",
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
