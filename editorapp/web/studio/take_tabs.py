"""Take tabs: a source and the takes made of it as tabs of one stage, each saying what differs."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from editorapp.generations.files.source_sound import SoundOffers
from editorapp.generations.models import Generation
from editorapp.web.presenters.clips import clip_json
from editorapp.web.presenters.differences import differences
from editorapp.web.studio.sources import TakeStanding


@dataclass(frozen=True)
class TakeTab:
    """One take as a tab. `says`: what tells it from its neighbours; "" where nothing does."""

    take: Generation
    says: str
    sounds: SoundOffers

    @property
    def tone(self) -> str:
        """How its state is marked: "done", "warn", "bad" or "live"."""
        take = self.take
        if take.is_done:
            return "done"
        if take.is_unknown or take.can_fetch_again:
            return "warn"
        return "bad" if take.is_failed else "live"

    @cached_property
    def clip(self) -> str:
        """Its result as the stage reads it; "" while there is none."""
        return clip_json(self.take.result, self.take, self.says) if self.take.result else ""

    @cached_property
    def has_sound_to_add(self) -> bool:
        """Can it be played with the sound of its source?"""
        return self.sounds.of(self.take) is not None


def tabs_of(takes: Sequence[Generation]) -> list[TakeTab]:
    """Return takes as tabs, the oldest first: a new one stands at the end, and moves nothing."""
    says, sounds = differences(takes), SoundOffers()
    in_order = sorted(takes, key=lambda take: take.pk)
    return [TakeTab(take, says[take.pk], sounds) for take in in_order]


def standings_of(takes: Iterable[Generation]) -> list[TakeStanding]:
    """Return how these takes stand, as `sources.standings` reads it."""
    return [
        TakeStanding(
            take.pk,
            take.state,
            take.result.proxy if take.result else None,
            take.has_source_sound,
        )
        for take in takes
    ]


def stamp(standings: Iterable[TakeStanding]) -> str:
    """Return a word for how tabs stand: another one as soon as one of them looks different."""
    said = repr(sorted(map(tuple, standings)))
    return f"{zlib.crc32(said.encode()):x}"
