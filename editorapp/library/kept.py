"""Kept: what people have put on takes, read for many of them at once."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from editorapp.core.compiled_query import CompiledQuery, padded
from editorapp.core.exists_by_row import ExistsByRow
from editorapp.generations.models import Generation
from editorapp.library.models import Rating, Star, Tag, TakeTag

AT_ONCE = 12  # takes are read in multiples of it
MOST_TAGS = 200  # of a team, in a list to choose from


@dataclass(frozen=True)
class KeptTag:
    """A tag as a card shows it."""

    pk: int
    name: str
    colour: str


@dataclass(frozen=True)
class TakeKept:
    """What is put on a take, as one person sees it: their own star and rating, and the team's."""

    is_starred: bool = False
    own_rating: int = 0  # 1 to 5; 0: none
    rating: int = 0  # the mean, in hundredths
    rated_by: int = 0  # so many people
    colour: str = ""
    tags: tuple[KeptTag, ...] = ()

    @property
    def mean(self) -> str:
        """The mean of all ratings: "4.2"; "" where nobody rated it."""
        return f"{self.rating / 100:.1f}" if self.rated_by else ""


NOTHING = TakeKept()


def kept_of(ids: Sequence[int], user_id: int) -> dict[int, TakeKept]:
    """Return what is put on these takes: two queries, however many there are."""
    if not ids:
        return {}
    tags: dict[int, list[KeptTag]] = defaultdict(list)
    for take, *tag in _tags(*padded(ids, to=AT_ONCE)):
        tags[take].append(KeptTag(*tag))
    found = _marks(user_id, *padded(ids, to=AT_ONCE))
    return {
        pk: TakeKept(
            is_starred=starred,
            own_rating=own or 0,
            rating=rating or 0,
            rated_by=rated_by or 0,
            colour=colour or "",
            tags=tuple(tags[pk]),
        )
        for pk, colour, rating, rated_by, starred, own in found
    }


def tags_of_team(team_id: int) -> dict[int, str]:
    """Return what the tags of a team are called, by their ids, in order: one query."""
    return dict(_tags_of_team(team_id))


@CompiledQuery
def _tags_of_team(team: int) -> "QuerySet[Tag, Any]":
    return Tag.objects.filter(team_id=team).order_by("folded").values_list("pk", "name")[:MOST_TAGS]


@CompiledQuery
def _marks(user: int, *ids: int) -> "QuerySet[Generation, Any]":
    star = Star.objects.filter(user=user, generation=OuterRef("pk"))
    own = Rating.objects.filter(user=user, generation=OuterRef("pk")).values("value")
    rows = Generation.objects.filter(pk__in=ids).order_by("pk")
    rows = rows.annotate(is_starred=ExistsByRow(star), own_rating=Subquery(own[:1]))
    return rows.values_list(
        *("pk", "mark__colour", "mark__rating", "mark__rated_by", "is_starred", "own_rating")
    )


@CompiledQuery
def _tags(*ids: int) -> "QuerySet[TakeTag, Any]":
    rows = TakeTag.objects.filter(generation__in=ids).order_by("tag__folded")
    return rows.values_list("generation_id", "tag_id", "tag__name", "tag__colour")
