"""Found for a comparison: the takes that an address names, in its order, and what cannot be shown."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlencode

from django.db.models import prefetch_related_objects
from django.http import QueryDict
from django.urls import reverse

from editorapp.core.request_values import BadValue, row_ids
from editorapp.generations.models import Generation
from editorapp.generations.request.finish import Finish, finishes
from editorapp.media.models import Asset
from editorapp.teams.models import Member
from editorapp.web.presenters import request_summary
from editorapp.web.presenters.cards import decided, finished_as, in_full
from editorapp.web.presenters.clips import MOST_CLIPS, StageClip
from editorapp.web.presenters.differences import differences

MOST_NAMED = 50  # more in an address are a mistake, or worse


@dataclass(frozen=True)
class Column:
    """A take of the comparison, with what stands below it."""

    take: Generation
    differs: str
    without_url: str
    finishes: list[Finish] = field(default_factory=list)


@dataclass(frozen=True)
class SettingRow:
    """A setting in which the takes differ, with what each says of it."""

    label: str
    values: list[str]


@dataclass(frozen=True)
class Comparison:
    """What an address asks to see beside each other."""

    takes: list[Generation]
    missing: list[int]  # numbers that are no takes here
    with_source: bool

    @cached_property
    def shown(self) -> list[Generation]:
        """The takes that have a picture."""
        return [take for take in self.takes if take.result is not None and take.result.is_video]

    @property
    def unshown(self) -> list[Generation]:
        """The takes that have none, or none yet."""
        return [take for take in self.takes if take not in self.shown]

    @cached_property
    def source(self) -> Asset | None:
        """What the first of them was made from, that we hold."""
        found = (take.made_from for take in self.shown)
        return next((one for one in found if one is not None and one.is_video), None)

    @cached_property
    def clips(self) -> list[StageClip]:
        """What the stage shows: the source before them, where it is asked for."""
        said = differences(self.shown)
        clips = [
            StageClip(take.result, take, is_lead=place == 0, said=said[take.pk])
            for place, take in enumerate(self.shown)
            if take.result is not None
        ]
        if self.with_source and self.source:
            clips.insert(0, StageClip(self.source, is_lead=False, said="Source"))
        return clips

    @property
    def is_too_few(self) -> bool:
        return len(self.clips) < 2

    @property
    def is_too_many(self) -> bool:
        return len(self.clips) > MOST_CLIPS

    @property
    def mode(self) -> str:
        """How they are shown first: two by a wipe, more in a grid."""
        return "wipe" if len(self.clips) == 2 else "grid"

    @property
    def source_url(self) -> str:
        """The address with the source, or without it where it is there."""
        return _address(self.shown, with_source=not self.with_source)

    def columns(self, member: Member) -> list[Column]:
        """Return the takes with what stands below them, and how each can be finished."""
        said = differences(self.shown)
        prefetch_related_objects(self.shown, finished_as(member))
        return [
            Column(
                take,
                said[take.pk],
                self._without(take),
                finishes(take, member) if member.may_create else [],
            )
            for take in self.shown
        ]

    def _without(self, take: Generation) -> str:
        """Return the address without a take; "" where too few would be left."""
        left = [one for one in self.shown if one != take]
        is_enough = len(left) + (self.with_source and self.source is not None) >= 2
        return _address(left, with_source=self.with_source) if is_enough else ""

    @cached_property
    def rows(self) -> list[SettingRow]:
        """The settings in which they differ, the prompt first."""
        said = [{"Prompt": take.prompt} | request_summary.settings(take) for take in self.shown]
        labels = list(dict.fromkeys(label for one in said for label in one))
        rows = [SettingRow(label, [one.get(label, "") for one in said]) for label in labels]
        return [row for row in rows if len(set(row.values)) > 1]


def read(query: QueryDict, member: Member) -> Comparison:
    """Return what an address asks for: `takes`, said once with commas or several times, and `source`.

    Raises: BadValue.
    """
    numbers = _numbers(query)
    visible = in_full(Generation.objects.visible_to(member), member).filter(pk__in=numbers)
    visible = visible.prefetch_related(decided())
    found = {take.pk: take for take in visible}
    return Comparison(
        takes=[found[number] for number in numbers if number in found],
        missing=[number for number in numbers if number not in found],
        with_source=query.get("source", "") == "1",
    )


def _numbers(query: QueryDict) -> list[int]:
    numbers = row_ids(query, "takes")
    if len(numbers) > MOST_NAMED:
        raise BadValue("takes", f"at most {MOST_CLIPS} takes are compared at once.")
    return numbers


def _address(takes: Sequence[Generation], *, with_source: bool) -> str:
    said = {"takes": ",".join(str(take.pk) for take in takes)}
    said |= {"source": "1"} if with_source else {}
    return f"{reverse('compare:page')}?{urlencode(said, safe=',')}"
