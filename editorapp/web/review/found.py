"""Found for review: the take, the playlist and the people that a request names, of those that the
person asking may see.
"""

from django.shortcuts import get_object_or_404

from editorapp.core.request_values import row_id
from editorapp.generations.models import Generation
from editorapp.review.models import Playlist
from editorapp.review.models.playlists import PlaylistQuerySet
from editorapp.teams.access import MemberRequest


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
