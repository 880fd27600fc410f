"""Take tabs: a source and the takes made of it as tabs of one stage, each saying what differs."""

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import prefetch_related_objects
from django.utils.safestring import SafeString

from editorapp.generations.files.source_sound import SoundOffers
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.library.models import Colour
from editorapp.teams.models import Member
from editorapp.web.presenters.addresses import address
from editorapp.web.presenters.cards import answers_read, whose_note
from editorapp.web.presenters.clips import clip_json
from editorapp.web.presenters.differences import differences
from editorapp.web.presenters.kept_parts import kept_part
from editorapp.web.studio.sources import TakeStanding


@dataclass(frozen=True)
class TakeTab:
    """One take as a tab. `says`: what tells it from its neighbours; "" where nothing does.

    `may_finish`: this person may have it made at full quality.
    """

    take: Generation
    says: str
    may_finish: bool
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

    @property
    def colour(self) -> str:
        """What it is marked with; "" for none."""
        mark = getattr(self.take, "mark", None)
        return mark.colour if mark else ""

    @property
    def drawn(self) -> SafeString:
        """The tab as the page shows it."""
        pk = self.take.pk
        finishes = f"{address('takes:finishes', pk)}?in_form=1" if self.may_finish else ""
        return kept_part(
            "studio/_tab.html",
            number=str(pk),
            tone=self.tone,
            says=self.says,
            answers=whose_note(self.take),
            state=State(self.take.state).label,
            page=address("takes:page", pk),
            panel=address("takes:panel", pk),
            clip=self.clip,
            sound=f"{address('takes:sound', pk)}?in_form=1" if self.has_sound_to_add else "",
            verdicts=f"{address('review:verdicts', pk)}?in_form=1" if self.take.is_done else "",
            can_edit=self.take.can_be_source,
            finishes=finishes,
            colour=self.colour,
            colour_name=Colour(self.colour).label if self.colour else "",
        )


def tabs_of(takes: Sequence[Generation], member: Member) -> list[TakeTab]:
    """Return takes as tabs, the oldest first: a new one stands at the end, and moves nothing."""
    says, sounds, may = differences(takes), SoundOffers(), member.may_create
    prefetch_related_objects([take for take in takes if take.parent_id], answers_read())
    in_order = sorted(takes, key=lambda take: take.pk)
    return [TakeTab(take, says[take.pk], may, sounds) for take in in_order]


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
