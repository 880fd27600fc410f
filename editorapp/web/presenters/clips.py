"""Clips on the stage: what the scripts are told of a clip, alone or as the result of a take."""

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from editorapp.generations import comparison
from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from editorapp.providers.contract import Task
from editorapp.web.presenters import change, playing
from editorapp.web.presenters.addresses import address, file_address, versioned
from editorapp.web.presenters.request_summary import in_short

MOST_CLIPS = 9  # that one stage shows at once: a key each


@dataclass(frozen=True)
class StageClip:
    """A clip as the stage's template reads it: a source, or the result of a take."""

    asset: Asset
    take: Generation | None = None
    is_lead: bool = True
    said: str = ""  # what tells it from those beside it
    heard_as: Generation | None = None  # the take whose result a source is, for its sound

    @property
    def name(self) -> str:
        """What stands beside the picture where there are several: "#42 Flex 3, 720p", "Source"."""
        if self.take is None:
            return self.said or self.asset.name
        return f"#{self.take.pk} {self.says}".strip()

    @property
    def says(self) -> str:
        """What tells its take from others."""
        return self.said or (in_short(self.take) if self.take else "")

    @property
    def is_simulated(self) -> bool:
        """Did the simulator make it?"""
        return self.take.is_simulated if self.take else self.asset.is_simulated

    @property
    def src(self) -> str:
        """The address of what is played; "" where no browser plays it. With a version, so that
        browsers may keep it.
        """
        if not self.asset.is_playable:
            return ""
        return versioned(playing.address_of(self.asset, self.take or self.heard_as), self.asset)

    @property
    def still(self) -> str:
        """The address of its frame 0."""
        return address("media:still", self.asset.pk, 0, "png")

    @property
    def saved_still(self) -> str:
        """The address under which a frame is taken along; "" where that is not allowed."""
        return self.still

    @property
    def poster(self) -> str:
        """The address of its poster."""
        return file_address(self.asset, "poster")

    @property
    def filmstrip(self) -> str:
        """The address of its filmstrip; "" where it has none."""
        return file_address(self.asset, "filmstrip") if self.asset.is_video else ""

    @property
    def times(self) -> str:
        """The address of when its frames are shown."""
        return address("media:times", self.asset.pk)

    @property
    def page(self) -> str:
        """The address of its take's page."""
        return address("takes:page", self.take.pk) if self.take else ""

    @property
    def talk(self) -> str:
        """The address of what people say of its take."""
        return address("comments:panel", self.take.pk) if self.take else ""

    @property
    def change(self) -> str:
        """The address of how much it differs from its source; "" where nobody can say."""
        return change.address(self.take) if self.take else ""

    @property
    def file_name(self) -> str:
        """What its file is called."""
        return self.asset.name

    @cached_property
    def json(self) -> str:
        """The clip as scripts read it from `data-clip`."""
        return json.dumps(_told(self), ensure_ascii=False)


def clip_json(
    asset: Asset,
    take: Generation | None = None,
    says: str = "",
    heard_as: Generation | None = None,
) -> str:
    """Return a clip as scripts read it from `data-clip`; with the take whose result it is.

    `says`: what tells the take from those beside it; by default its settings in short. A take of
    web.presenters.cards.read_cards costs no query. `heard_as`: the take whose result a source is; it
    is played with the sound that the take has.
    """
    return StageClip(asset, take, said=says, heard_as=heard_as).json


def laid(take: Generation) -> list[float] | None:
    """Return where a reframe shows its source: x, y, width, height in fractions of the result's
    picture; None for any other take, and where nobody knows.
    """
    result, source = take.result, take.made_from
    if take.task != Task.REFRAME or source is None or result is None:
        return None
    try:
        place = comparison.placement(take.wanted, result, source)
    except comparison.NotComparable:
        return None
    return [round(value, 5) for value in place]


def _told(shown: StageClip) -> dict[str, Any]:
    asset, take = shown.asset, shown.take
    rate = asset.fps
    return {
        "id": asset.pk,
        "name": shown.file_name,
        "label": shown.name,
        "width": asset.width,
        "height": asset.height,
        "frames": asset.frame_count,
        "fps": [rate.numerator, rate.denominator] if rate else None,
        "varies": asset.variable_frame_rate,
        "seconds": float(asset.duration_seconds),
        "playable": bool(shown.src),
        "src": shown.src,
        "poster": shown.poster,
        "filmstrip": shown.filmstrip,
        "times": shown.times,
        "still": shown.still,
        "has_audio": playing.is_heard(asset, take or shown.heard_as),
        "hdr": asset.hdr,
        "simulated": shown.is_simulated,
        "take": _take(shown, take) if take else None,
    }


def _take(shown: StageClip, take: Generation) -> dict[str, Any]:
    source = take.made_from
    return {
        "number": take.pk,
        "says": shown.says,
        "simulated": take.is_simulated,
        "source": source.pk if source else None,
        "page": shown.page,
        "talk": shown.talk,
        "change": shown.change,
        "laid": laid(take),
    }
