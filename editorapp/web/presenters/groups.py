"""Groups: takes that were sent in one go stand together everywhere, with what differs among them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from uuid import UUID

from django.urls import reverse

from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from editorapp.web.presenters.clips import MOST_CLIPS
from editorapp.web.presenters.differences import Differing, among_takes

ENDINGS = {1: "st", 2: "nd", 3: "rd"}


@dataclass(frozen=True)
class TakeGroup:
    """A take by itself, or a batch in the order in which it was sent. Never empty."""

    takes: Sequence[Generation]

    @property
    def first(self) -> Generation:
        return self.takes[0]

    @property
    def is_batch(self) -> bool:
        return len(self.takes) > 1

    @property
    def batch(self) -> UUID | None:
        return self.first.batch

    @cached_property
    def _differing(self) -> Differing:
        return among_takes(self.takes)

    @cached_property
    def differs(self) -> dict[int, str]:
        """What is each take's own, by its id."""
        return {take.pk: self._differing.of(place) for place, take in enumerate(self.takes)}

    @property
    def named(self) -> str:
        """In what they differ: "strength and resolution"; "" where all ask the same."""
        return self._differing.named

    @property
    def label(self) -> str:
        """Name it: "4 takes from bunny: differ in strength"."""
        differ = f"differ in {self.named}" if self.named else "asked alike"
        source = source_name(self.first)
        return f"{len(self.takes)} takes{f' from {source}' if source else ''}: {differ}"

    @property
    def states(self) -> str:
        """Count their states: "3 done, 1 processing"."""
        counts = Counter(take.get_state_display().lower() for take in self.takes)
        return ", ".join(f"{number} {state}" for state, number in counts.most_common())

    @property
    def done(self) -> list[Generation]:
        return [take for take in self.takes if take.can_be_source]

    @property
    def is_active(self) -> bool:
        return any(take.is_active for take in self.takes)

    @property
    def compare_url(self) -> str:
        """The address that compares those that are done; "" where there are not two."""
        return compare_url(self.done)

    def place_of(self, take: Generation) -> str:
        """Return where a take stands: "3rd of 4"."""
        at = [one.pk for one in self.takes].index(take.pk)
        return f"{ordinal(at + 1)} of {len(self.takes)}"


def grouped(takes: Iterable[Generation]) -> list[TakeGroup]:
    """Return takes as groups, each batch where its first one stands; in it the first sent first."""
    found: dict[object, list[Generation]] = {}
    for take in takes:
        found.setdefault(take.batch or take.pk, []).append(take)
    return [TakeGroup(sorted(one, key=lambda take: take.pk)) for one in found.values()]


def compare_url(takes: Sequence[Generation]) -> str:
    """Return the address of the page that compares takes; "" where that makes no sense."""
    if len(takes) < 2:
        return ""
    named = ",".join(str(take.pk) for take in takes[:MOST_CLIPS])
    return f"{reverse('compare:page')}?takes={named}"


def ordinal(number: int) -> str:
    """Write a place: 1st, 2nd, 11th."""
    is_teen = number // 10 % 10 == 1
    return f"{number}{'th' if is_teen else ENDINGS.get(number % 10, 'th')}"


def stem(asset: Asset) -> str:
    """Return a file's name without its ending."""
    return PurePath(asset.name).stem or asset.name


def source_name(take: Generation) -> str:
    """Name what a take was made from: "bunny", "#41"; "" for nothing of ours. Reads the source."""
    if take.parent_id is not None:
        return f"#{take.parent_id}"
    return stem(take.source_asset) if take.source_asset is not None else ""
