"""Round ways: where the round screen leads on to and back to, in a round of review or along a
playlist.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from editorapp.core.request_values import row_id
from editorapp.generations.models import Generation
from editorapp.review import playlists, rounds
from editorapp.review.models import Playlist
from editorapp.review.rounds import MOST_COUNTED, Round
from editorapp.teams.access import MemberRequest
from editorapp.teams.models import Member
from editorapp.web.review.found import playlist_in


@dataclass(frozen=True)
class RoundWay:
    """A round of review, at one of its takes; `before`: it began with takes older than that id."""

    take: Generation
    member: Member
    before: int | None = None
    playlist: None = None

    @property
    def fields(self) -> Mapping[str, object]:
        """What a form of the screen says, so that its answer leads on along the same way."""
        return {"round": 1} | ({"before": self.before} if self.before else {})

    @property
    def here(self) -> str:
        return self._address(self.take.pk)

    @property
    def next_url(self) -> str:
        """Where the next take is asked for, by a POST: this one is seen then."""
        return reverse("review:next", args=[self.take.pk])

    @cached_property
    def previous_url(self) -> str:
        """The take that came before; "" where none did."""
        take = rounds.previous(self.take.pk, self.member)
        return self._address(take) if take else ""

    @cached_property
    def waits(self) -> Round:
        return rounds.of(self.member, after=self.take.pk, before=self.before)

    @property
    def says(self) -> str:
        return waiting_words(self.waits)

    def decided(self) -> str:
        """Keep that this take was looked at, and return where the next one is."""
        rounds.saw(self.take, by=self.member, now=timezone.now())
        following = rounds.following(self.take.pk, self.member)
        if following is None:
            found = rounds.of(self.member, after=self.take.pk, before=self.before)
            following = found.next_take
        return self._address(following) if following else self._over()

    def _address(self, take: int) -> str:
        return reverse("review:take", args=[take]) + self._query()

    def _over(self) -> str:
        return reverse("review:page") + self._query()

    def _query(self) -> str:
        return f"?{urlencode({'before': self.before})}" if self.before else ""


@dataclass(frozen=True)
class PlaylistWay:
    """A sitting along a playlist, at one of its takes. `order`: those that the person sees."""

    take: Generation
    member: Member
    playlist: Playlist
    order: list[int]

    @property
    def fields(self) -> Mapping[str, object]:
        return {"playlist": self.playlist.pk}

    @cached_property
    def place(self) -> int:
        return self.order.index(self.take.pk) if self.take.pk in self.order else 0

    @property
    def here(self) -> str:
        return self._address(self.take.pk)

    @property
    def next_url(self) -> str:
        """The next take, or the playlist itself after its last one."""
        following = self.order[self.place + 1 :]
        return self._address(following[0]) if following else self._over()

    @property
    def previous_url(self) -> str:
        return self._address(self.order[self.place - 1]) if self.place else ""

    @property
    def says(self) -> str:
        return f"{self.place + 1} of {len(self.order)}"

    def decided(self) -> str:
        """Return where the next take is."""
        return self.next_url

    def _address(self, take: int) -> str:
        return reverse("review:play", args=[self.playlist.pk, take])

    def _over(self) -> str:
        return reverse("review:playlist", args=[self.playlist.pk])


Way = RoundWay | PlaylistWay


def way_of(request: MemberRequest, take: Generation) -> Way | None:
    """Return along which way a form was sent; None where it stood on another page.

    Raises: BadValue; Http404.
    """
    if (playlist := playlist_in(request)) is not None:
        return playlist_way(take, request.member, playlist)
    if request.POST.get("round") == "1":
        return RoundWay(take, request.member, row_id(request.POST, "before"))
    return None


def playlist_way(take: Generation, member: Member, playlist: Playlist) -> PlaylistWay:
    return PlaylistWay(take, member, playlist, playlists.order_for(playlist, member))


def waiting_words(waits: Round) -> str:
    """Say how much waits: "3 asked of you, 42 not seen"; "" where nothing does."""
    said = (
        f"{_count(waits.asked)} asked of you" if waits.asked else "",
        f"{_count(waits.unseen)} more not seen" if waits.unseen else "",
    )
    return ", ".join(filter(None, said))


def _count(number: int) -> str:
    return f"{MOST_COUNTED}+" if number > MOST_COUNTED else str(number)
