"""Clip bin: the clips that can be chosen, each cut below the clip that it was cut from."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from editorapp.web.studio.sources import ClipChoice


@dataclass(frozen=True)
class BinClip:
    """A clip of the bin. `depth`: how many clips it was cut from, of those that are shown."""

    clip: ClipChoice
    depth: int = 0


def stacked(clips: Sequence[ClipChoice]) -> list[BinClip]:
    """Return clips in their order, each followed by its cuts; a cut whose original is not among
    them stands for itself.
    """
    known = {clip.pk for clip in clips}
    cuts = defaultdict(list)
    for clip in clips:
        cuts[clip.cut_from_id if clip.cut_from_id in known else None].append(clip)
    return list(_below(None, cuts, 0))


def _below(
    pk: int | None, cuts: dict[int | None, list[ClipChoice]], depth: int
) -> Iterator[BinClip]:
    for clip in cuts.pop(pk, ()):
        yield BinClip(clip, depth)
        yield from _below(clip.pk, cuts, depth + 1)
