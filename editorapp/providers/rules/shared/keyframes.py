"""Shared rules of keyframes: pictures that are pinned to frames of the source."""

from collections.abc import Callable

from editorapp.providers.rules import conditions as ask
from editorapp.providers.rules import shared_fixes as fixes
from editorapp.providers.spec import Case, Fixes, Hit, Rule, Words

TOO_FEW = "Each keyframe needs a picture and a frame: there are {pictures} pictures and {frames} frame numbers."


def _counted(is_wrong: Callable[[int, int], bool]) -> ask.HitList:
    """Hit the numbers of pictures and of positions, where they are wrong together."""

    def condition(case: Case) -> list[Hit]:
        pictures, frames = ask.pictures_and_frames(case.wanted)
        return [Hit(pictures=pictures, frames=frames)] if is_wrong(pictures, frames) else []

    return condition


def most(case: Case) -> int:
    return max(ask.pictures_and_frames(case.wanted))


def _keep_first(case: Case, words: Words) -> Fixes:
    kept = case.limits.max_keyframes
    return (fixes.to(f"Keep the first {kept}", drop_keyframes=list(range(kept, most(case)))),)


def _beyond_source(case: Case) -> list[Hit]:
    source = case.source
    if source is None or not source.frame_count:
        return []
    return ask.indexes_beyond(case.wanted, source.frame_count - 1)


PAIRED = Rule(
    field="keyframes",
    broken=_counted(lambda pictures, frames: bool(pictures) != bool(frames)),
    summary="Keyframes come with their positions: both or neither.",
    message=TOO_FEW,
    fixes=(fixes.NO_GUIDES,),
)
EVEN = Rule(
    field="keyframes",
    broken=_counted(lambda pictures, frames: min(pictures, frames) > 0 and pictures != frames),
    summary="There are as many positions as keyframes.",
    message=TOO_FEW,
)
AT_MOST = Rule(
    field="keyframes",
    broken=lambda case: most(case) > case.limits.max_keyframes,
    summary="At most 64 keyframes.",
    message="{name} takes up to {limits.max_keyframes} keyframes. Drop some.",
    fixes=_keep_first,
)
POSITIONS = Rule(
    field="keyframe_indexes",
    broken=ask.odd_indexes,
    summary="Keyframe positions are whole numbers from 0, each used once.",
    message="{label}: frame {index} {problem}. Give it a frame of its own, or drop it.",
    fixes=fixes.drop_keyframe,
)
WITHIN_SOURCE = Rule(
    field="keyframe_indexes",
    broken=_beyond_source,
    summary="Keyframes lie within the source.",
    message="{label}: the source ends at frame {last}, and this is frame {index}.",
    fixes=fixes.move_or_drop_keyframe,
)
NOT_BESIDE_ONE = Rule(
    field="start_frame",
    broken=lambda case: case.wanted.start_frame is not None and bool(case.wanted.keyframes),
    summary="A single guide frame or keyframes, not both.",
    message="A single guide frame and keyframes exclude each other: keep one kind.",
    fixes=(fixes.to("Keep the keyframes", guides="keyframes"), fixes.SINGLE_GUIDE),
)
