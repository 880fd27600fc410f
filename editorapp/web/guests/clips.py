"""Guests' clips: the takes of a link on the stage, with addresses below the link and no others."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from django.urls import reverse
from django.utils import timezone

from editorapp.generations.files import source_sound as of_takes
from editorapp.generations.models import Generation
from editorapp.media import layout, source_sound, watermarked
from editorapp.media.models import Asset, WatermarkedCopy
from editorapp.media.watermarked import TooManyWait
from editorapp.review.models import Guest, Share
from editorapp.web.presenters.clips import MOST_CLIPS, StageClip
from editorapp.web.presenters.request_summary import in_short

TAKE, SOURCE = "take", "source"  # which file of a take an address means


@dataclass(frozen=True)
class LinkedFile:
    """A file that a link reaches: a take's result, or what it was made from; and for whom."""

    share: Share
    guest: Guest
    take: Generation
    part: str

    @property
    def asset(self) -> Asset | None:
        """The file; None where the link does not show it."""
        if self.part == TAKE:
            return self.take.result
        return self._source if self.share.shows_source else None

    @property
    def _source(self) -> Asset | None:
        """What the take was made from; not what lies in the trash."""
        found, parent = self.take.made_from, self.take.parent
        is_parents = parent is not None and found is not None and parent.result_id == found.pk
        return None if is_parents and parent is not None and parent.is_trashed else found

    def stored(self, asset: Asset, *, is_original: bool) -> str:
        """Return the file of the clip that a guest is given: with the sound that the take has.

        Raises: Refusal, where that sound cannot be added.
        """
        plain = layout.ORIGINAL if is_original else source_sound.playable_part(asset)
        if self.part == SOURCE or not self.take.has_source_sound:
            return plain
        source = of_takes.offered(self.take)
        return plain if source is None else source_sound.make(asset, source, plain)

    def copy(self, asset: Asset) -> WatermarkedCopy | None:
        """Return the copy with the guest's name; None while so many wait that it is not asked for.

        Raises: Refusal.
        """
        part = self.stored(asset, is_original=True)
        try:
            return watermarked.ask(asset, self.guest.name, part, now=timezone.now())
        except TooManyWait:
            return None


@dataclass(frozen=True)
class GuestClip(StageClip):
    """A clip on a guest's stage. `token`: of the link; `number`: of the take that leads to it."""

    token: str = ""
    number: int = 0
    is_ready: bool = True
    may_save: bool = False

    @property
    def src(self) -> str:
        return self._at("playable") if self.is_ready else ""

    @property
    def still(self) -> str:
        part = TAKE if self.take else SOURCE
        return reverse("guests:still", args=[self.token, self.number, part, 0, "png"])

    @property
    def saved_still(self) -> str:
        return self.still if self.may_save else ""

    @property
    def poster(self) -> str:
        return self._at("poster")

    @property
    def filmstrip(self) -> str:
        return self._at("filmstrip") if self.asset.is_video else ""

    @property
    def times(self) -> str:
        return self._at("times")

    @property
    def page(self) -> str:
        return ""

    @property
    def talk(self) -> str:
        return ""

    @property
    def change(self) -> str:
        return ""

    @property
    def file_name(self) -> str:
        return f"#{self.number}" if self.take else "Source"

    def _at(self, what: str) -> str:
        part = TAKE if self.take else SOURCE
        return reverse("guests:file", args=[self.token, self.number, part, what])


def takes_in_full(share: Share, ids: Sequence[int]) -> list[Generation]:
    """Return the takes of a link with what its pages read, in this order: one query."""
    rows = Generation.objects.of_team(share.team_id).filter(pk__in=ids)
    rows = rows.select_related("result", "source_asset", "parent__result")
    found = rows.in_bulk()
    return [found[pk] for pk in ids if pk in found]


def stage_of(
    share: Share,
    guest: Guest,
    token: str,
    takes: Sequence[Generation],
) -> list[GuestClip]:
    """Return what the stage shows of takes, in step; before them their source, where it is shown and
    there is room.
    """
    clip = partial(_clip, share, guest, token)
    clips = [made for take in takes if (made := clip(take, TAKE)) is not None][:MOST_CLIPS]
    clips = [replace(one, is_lead=place == 0) for place, one in enumerate(clips)]
    if share.shows_source and clips and len(clips) < MOST_CLIPS:
        source = clip(takes[0], SOURCE)
        if source is not None:
            clips.insert(0, replace(source, is_lead=False))
    return clips


def _clip(
    share: Share,
    guest: Guest,
    token: str,
    take: Generation,
    part: str,
) -> GuestClip | None:
    linked = LinkedFile(share, guest, take, part)
    asset = linked.asset
    if asset is None or not asset.is_video:
        return None
    return GuestClip(
        asset,
        take if part == TAKE else None,
        said=in_short(take) if part == TAKE else "Source",
        token=token,
        number=take.pk,
        is_ready=_is_ready(linked, asset),
        may_save=share.may_download,
    )


def _is_ready(linked: LinkedFile, asset: Asset) -> bool:
    """Is there anything that a browser can play, and that this guest may see?"""
    if not linked.share.has_watermark:
        return asset.is_playable
    copy = linked.copy(asset)
    return copy is not None and copy.is_ready
