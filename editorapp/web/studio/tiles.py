"""Tiles: the clips and takes of the bin as pictures to choose, each rendered once for all that it
says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from editorapp.web.presenters.addresses import address
from editorapp.web.presenters.kept_parts import kept_part
from editorapp.web.studio.clip_bin import BinClip, stacked
from editorapp.web.studio.draft_form import DraftForm
from editorapp.web.studio.sources import ClipChoice, TakeChoice

TILE = "studio/_tile.html"
CLIP, TAKE = "source_asset", "source_generation"  # the fields that a tile chooses
BLANK = {"value": "", "picture": "", "number": "", "name": "", "seconds": None}


@dataclass(frozen=True)
class Bin:
    """The tiles of the bin, and those that a script fills in."""

    clips: Sequence[SafeString]
    takes: Sequence[SafeString]
    clip_mould: SafeString
    take_mould: SafeString


def bin_of(clips: Sequence[ClipChoice], takes: Iterable[TakeChoice], form: DraftForm) -> Bin:
    """Return the bin of `sources.recent_clips` and `sources.recent_takes`, each clip with its cuts
    below it.
    """
    return Bin(
        [_of_clip(one, form.source_asset) for one in stacked(clips)],
        [_of_take(take, form.source_generation) for take in takes],
        clip_mould=_mould(CLIP),
        take_mould=_mould(TAKE),
    )


def _of_clip(one: BinClip, chosen: int | None) -> SafeString:
    clip = one.clip
    return kept_part(
        TILE,
        field=CLIP,
        value=str(clip.pk),
        picture=address("media:file", clip.pk, "poster"),
        number="",
        name=clip.name,
        seconds=clip.duration_seconds,
        is_cut=one.depth > 0,
        is_chosen=clip.pk == chosen,
    )


def _of_take(take: TakeChoice, chosen: int | None) -> SafeString:
    return kept_part(
        TILE,
        field=TAKE,
        value=str(take.pk),
        picture=address("media:file", take.result_id, "poster"),
        number=str(take.pk),
        name=take.prompt,
        seconds=take.duration_seconds,
        is_cut=False,
        is_chosen=take.pk == chosen,
    )


def _mould(field: str) -> SafeString:
    return kept_part(TILE, None, field=field, is_cut=False, is_chosen=False, **BLANK)
