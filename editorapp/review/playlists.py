"""Playlists: made, filled, put in order and taken apart. Places begin at 1 and have no gaps."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from editorapp.core.compiled_query import CompiledQuery
from editorapp.core.locks import locked
from editorapp.core.typed_text import wrong_in
from editorapp.generations.models import Generation
from editorapp.review.models import Playlist, PlaylistItem, Share
from editorapp.teams import audit
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

LONGEST_NAME = 120
MOST_ITEMS = 200
MOST_OFFERED = 200


class PlaylistRefused(Exception):
    """A playlist that cannot be kept so; says what to do."""


def make(name: str, *, by: Member, now: datetime) -> Playlist:
    """Make an empty playlist. Raises: PermissionDenied; PlaylistRefused."""
    _may_arrange(by, by.team_id)
    return Playlist.objects.create(
        team=by.team,
        name=_named(name),
        made_by=by.user,
        made_at=now,
    )


def rename(playlist: Playlist, name: str, *, by: Member) -> None:
    """Call a playlist something else. Raises: PermissionDenied; PlaylistRefused."""
    _may_arrange(by, playlist.team_id)
    playlist.name = _named(name)
    Playlist.objects.filter(pk=playlist.pk).update(name=playlist.name)


@transaction.atomic
def delete(playlist: Playlist, *, by: Member) -> None:
    """Take a playlist apart; its takes stay. Raises: PermissionDenied; PlaylistRefused."""
    _may_arrange(by, playlist.team_id)
    count = len(_order(playlist))
    subject = f"playlist:{playlist.pk}"
    audit.record("playlist.deleted", subject, by=by, about=playlist.name, takes=count)
    locked(Share.objects.filter(playlist=playlist))  # its links forget it, row by row
    playlist.delete()


def offered(member: Member) -> dict[int, str]:
    """Return what the newest playlists are called that somebody sees, by their ids: one query."""
    if member.sees_all:
        return dict(_newest(member.team_id))
    return dict(_listed(Playlist.objects.visible_to(member)))


@CompiledQuery
def _newest(team: int) -> "QuerySet[Playlist, Any]":
    return _listed(Playlist.objects.filter(team=team))


def _listed(rows: "QuerySet[Playlist]") -> "QuerySet[Playlist, Any]":
    return rows.order_by("-pk").values_list("pk", "name")[:MOST_OFFERED]


def order_for(playlist: Playlist, member: Member) -> list[int]:
    """Return the takes of a playlist that somebody sees, in its order."""
    takes = Generation.objects.visible_to(member).filter(pk=OuterRef("generation"))
    rows = playlist.items.filter(Exists(takes)).order_by("place", "pk")
    return list(rows.values_list("generation_id", flat=True))


@transaction.atomic
def add(playlist: Playlist, takes: Iterable[int], *, by: Member) -> int:
    """Put takes, named by their ids, at the end, but for those that are in it already or that the
    person does not see. Return how many were added.

    Raises: PermissionDenied; PlaylistRefused, where they are too many.
    """
    _may_arrange(by, playlist.team_id)
    wanted = list(dict.fromkeys(takes))
    there = _order(playlist)
    visible = Generation.objects.visible_to(by).filter(pk__in=wanted)
    known, found = set(there), set(visible.values_list("pk", flat=True))
    fresh = [take for take in wanted if take in found and take not in known]
    if len(there) + len(fresh) > MOST_ITEMS:
        raise PlaylistRefused(f"A playlist holds {MOST_ITEMS} takes: begin another one.")
    PlaylistItem.objects.bulk_create(
        PlaylistItem(playlist=playlist, generation_id=take, place=place)
        for place, take in enumerate(fresh, len(there) + 1)
    )
    return len(fresh)


@transaction.atomic
def remove(playlist: Playlist, take: int, *, by: Member) -> None:
    """Take a take out of a playlist; those behind it move up.

    Raises: PermissionDenied; PlaylistRefused.
    """
    _may_arrange(by, playlist.team_id)
    _arrange(playlist, [one for one in _order(playlist) if one != take])


@transaction.atomic
def move(playlist: Playlist, take: int, to: int, *, by: Member) -> None:
    """Put a take where another one is: before it on the way up, behind it on the way down. Nothing
    changes where one of the two is not in the playlist (any more).

    Raises: PermissionDenied; PlaylistRefused.
    """
    _may_arrange(by, playlist.team_id)
    order = _order(playlist)
    if take not in order or to not in order:
        return
    place = order.index(to)
    order.remove(take)
    order.insert(place, take)
    _arrange(playlist, order)


def _order(playlist: Playlist) -> list[int]:
    """Lock a playlist with its items and return its takes in their order.

    Raises: PlaylistRefused.
    """
    rows = Playlist.objects.filter(pk=playlist.pk)
    if not locked(rows).exists():
        raise PlaylistRefused("Somebody deleted this playlist just now.")
    items = locked(playlist.items.all()).order_by("place", "pk")
    return list(items.values_list("generation_id", flat=True))


def _arrange(playlist: Playlist, order: Sequence[int]) -> None:
    """Write the places anew of a playlist that is locked."""
    playlist.items.exclude(generation__in=order).delete()
    places = {take: place for place, take in enumerate(order, 1)}
    rows = list(playlist.items.all())
    for row in rows:
        row.place = places[row.generation_id]
    PlaylistItem.objects.bulk_update(rows, ["place"])


def _may_arrange(by: Member, team_id: int) -> None:
    if by.team_id != team_id or not by.may(Act.ORGANISE):
        raise PermissionDenied("This role may not keep playlists.")


def _named(name: str) -> str:
    words = " ".join(name.split())
    if not words:
        raise PlaylistRefused("Give the playlist a name.")
    if wrong := wrong_in(words, most=LONGEST_NAME):
        raise PlaylistRefused(f"The name cannot be kept. {wrong}")
    return words
