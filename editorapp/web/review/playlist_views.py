"""Playlist views: playlists of the team, what is in each and in which order, and a sitting along one."""

from dataclasses import dataclass
from functools import partial

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone

from editorapp.core.htmx import Context, is_part
from editorapp.core.paging import cursor, newest_first
from editorapp.core.request_values import needed_whole
from editorapp.generations.models import Generation
from editorapp.review import playlists
from editorapp.review.models import Playlist
from editorapp.review.playlists import PlaylistRefused
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.presenters.cards import read_pictured
from editorapp.web.review.found import (
    playlist_or_404,
    playlists_of,
    take_or_404,
)
from editorapp.web.review.round_views import round_page
from editorapp.web.review.round_ways import playlist_way

ON_A_PAGE = 60


@dataclass(frozen=True)
class PlaylistRow:
    """A take of a playlist: `above` and `below`: the takes whose place it would take."""

    take: Generation
    place: int
    above: int | None
    below: int | None


@page_for(Act.SEE_TEAM)
def page(request: MemberRequest) -> HttpResponse:
    """Show the team's playlists, the newest first."""
    return _list(request)


@action_for(Act.ORGANISE)
def make(request: MemberRequest) -> HttpResponse:
    """Make a playlist."""
    try:
        made = playlists.make(request.POST.get("name", ""), by=request.member, now=timezone.now())
    except PlaylistRefused as error:
        return _list(request, name=request.POST.get("name", ""), wrong=str(error), status=422)
    return redirect("review:playlist", made.pk)


@page_for(Act.SEE_TEAM)
def playlist(request: MemberRequest, pk: int) -> HttpResponse:
    """Show what is in a playlist, in its order."""
    return _playlist(request, playlist_or_404(request, pk))


@page_for(Act.SEE_TEAM)
def play_through(request: MemberRequest, pk: int) -> HttpResponse:
    """Lead on to the first take of a playlist; to the playlist itself where there is none."""
    found = playlist_or_404(request, pk)
    order = playlists.order_for(found, request.member)
    if not order:
        return redirect("review:playlist", found.pk)
    return redirect("review:play", found.pk, order[0])


@page_for(Act.SEE_TEAM)
def play(request: MemberRequest, pk: int, take: int) -> HttpResponse:
    """Show one take of a playlist, large, with those around it."""
    way = playlist_way(take_or_404(request, take), request.member, playlist_or_404(request, pk))
    if way.take.pk not in way.order:
        raise Http404
    return round_page(request, way.take, way)


@action_for(Act.ORGANISE)
def rename(request: MemberRequest, pk: int) -> HttpResponse:
    """Call a playlist something else."""
    found, name = playlist_or_404(request, pk), request.POST.get("name", "")
    try:
        playlists.rename(found, name, by=request.member)
    except PlaylistRefused as error:
        return _playlist(request, found, name=name, wrong=str(error), status=422)
    messages.success(request, f"It is called {found} now.")
    return redirect("review:playlist", found.pk)


@action_for(Act.ORGANISE)
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    """Take a playlist apart."""
    found = playlist_or_404(request, pk)
    try:
        playlists.delete(found, by=request.member)
    except PlaylistRefused as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, f"{found} is deleted. Its takes are where they were.")
    return redirect("review:playlists")


@action_for(Act.ORGANISE)
def move(request: MemberRequest, pk: int) -> HttpResponse:
    """Put a take where another one of the playlist is (`to`)."""
    take, to = (needed_whole(request.POST, name) for name in ("take", "to"))
    return _arranged(request, pk, partial(playlists.move, take=take, to=to), take)


@action_for(Act.ORGANISE)
def remove(request: MemberRequest, pk: int) -> HttpResponse:
    """Take a take out of a playlist."""
    take = needed_whole(request.POST, "take")
    return _arranged(request, pk, partial(playlists.remove, take=take), take)


def _arranged(
    request: MemberRequest,
    pk: int,
    change: "partial[None]",
    take: int,
) -> HttpResponse:
    """Change the order of a playlist, and show it anew."""
    found = playlist_or_404(request, pk)
    try:
        change(found, by=request.member)
    except PlaylistRefused as error:
        messages.warning(request, str(error))
        return redirect("review:playlists")
    if is_part(request):
        context = _context(found, request.member) | {"moved": take}
        return render(request, "review/_playlist_items.html", context)
    return redirect(reverse("review:playlist", args=[found.pk]) + f"#item-{take}")


def _list(
    request: MemberRequest,
    *,
    name: str = "",
    wrong: str = "",
    status: int = 200,
) -> HttpResponse:
    rows = playlists_of(request).with_counts(request.member)
    shown = newest_first(rows, before=cursor(request.GET), size=ON_A_PAGE)
    context = {
        "here": _here(request.member),
        "playlists": shown.rows,
        "older": shown.older(reverse("review:playlists")),
        "name": name,
        "wrong": wrong,
    }
    return render(request, "review/playlists.html", context, status=status)


def _playlist(
    request: MemberRequest,
    found: Playlist,
    *,
    name: str | None = None,
    wrong: str = "",
    status: int = 200,
) -> HttpResponse:
    context = _context(found, request.member) | {
        "here": _here(request.member),
        "name": found.name if name is None else name,
        "wrong": wrong,
    }
    return render(request, "review/playlist.html", context, status=status)


def _context(found: Playlist, member: Member) -> Context:
    takes = read_pictured(playlists.order_for(found, member))
    around = [None, *(take.pk for take in takes), None]
    rows = [
        PlaylistRow(take, place, above=around[place - 1], below=around[place + 1])
        for place, take in enumerate(takes, 1)
    ]
    return {"playlist": found, "rows": rows}


def _here(member: Member) -> str:
    return "review" if member.may_decide else "gallery"


urlpatterns = [
    path("playlists/", page, name="playlists"),
    path("playlists/new", make, name="make_playlist"),
    path("playlists/<int:pk>/", playlist, name="playlist"),
    path("playlists/<int:pk>/play", play_through, name="play_through"),
    path("playlists/<int:pk>/play/<int:take>", play, name="play"),
    path("playlists/<int:pk>/rename", rename, name="rename_playlist"),
    path("playlists/<int:pk>/delete", delete, name="delete_playlist"),
    path("playlists/<int:pk>/move", move, name="move_in_playlist"),
    path("playlists/<int:pk>/remove", remove, name="remove_from_playlist"),
]
