"""Found for review: the take, the playlist and the people that a request names, of those that the
person asking may see.
"""

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.http import url_has_allowed_host_and_scheme

from editorapp.core.request_values import BadValue, as_whole, row_id
from editorapp.generations.models import Generation
from editorapp.review.models import Playlist
from editorapp.review.models.playlists import PlaylistQuerySet
from editorapp.teams.access import MemberRequest

MOST_NAMED = 500  # in one form


def take_or_404(request: MemberRequest, pk: int) -> Generation:
    """Return a take with what its verdicts, its stage and its prompt read."""
    takes = Generation.objects.visible_to(request.member).select_related(
        "team",
        "project",
        "account",
        "created_by",
        "result",
        "source_asset",
        "parent__result",
        "parent__source_asset",
        "parent__account",
    )
    return get_object_or_404(takes, pk=pk)


def playlists_of(request: MemberRequest) -> PlaylistQuerySet:
    """Return the playlists that the person asking sees, with who made them."""
    return Playlist.objects.visible_to(request.member).select_related("made_by")


def playlist_or_404(request: MemberRequest, pk: int) -> Playlist:
    return get_object_or_404(playlists_of(request), pk=pk)


def playlist_in(request: MemberRequest) -> Playlist | None:
    """Return the playlist that a form or an address names; None where it names none.

    Raises: BadValue; Http404.
    """
    pk = row_id(request.POST or request.GET, "playlist")
    return playlist_or_404(request, pk) if pk else None


def numbers(request: MemberRequest, name: str) -> list[int]:
    """Return the ids that a form says under a name, in its order. Raises: BadValue."""
    found = [as_whole(one) for one in request.POST.getlist(name)[:MOST_NAMED]]
    if None in found:
        raise BadValue(name, "numbers belong here.")
    return list(dict.fromkeys(one for one in found if one is not None))


def back(request: MemberRequest, otherwise: str) -> HttpResponse:
    """Return to the page that the form stood on; to another where it says none of ours."""
    said = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(said, allowed_hosts={request.get_host()})
    return redirect(said if is_ours and said.startswith("/") else otherwise)
