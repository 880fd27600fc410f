"""Consequences: what becomes of takes that were made from others, and of links to them, when those
are thrown away; said before it is done.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from editorapp.generations import trash
from editorapp.generations.models import Generation
from editorapp.review.models import Playlist, Share
from editorapp.teams.models import Member

MOST_NAMED = 6


@dataclass(frozen=True)
class Consequences:
    """What hangs on takes that somebody would throw away."""

    children: Sequence[Generation]  # made from them, and not thrown away with them
    links: int  # open ones that show them
    playlists: int

    def __bool__(self) -> bool:
        return bool(self.children or self.links or self.playlists)

    @property
    def named(self) -> Sequence[Generation]:
        return self.children[:MOST_NAMED]

    @property
    def more(self) -> int:
        return max(0, len(self.children) - MOST_NAMED)

    @property
    def running(self) -> int:
        """How many of those made from them still run."""
        return sum(take.is_active for take in self.children)


def of(ids: Sequence[int], by: Member, *, now: datetime) -> Consequences:
    """Return what hangs on these takes: three queries."""
    lists = Playlist.objects.filter(team=by.team_id, items__generation__in=ids).distinct()
    names = Q(items__generation__in=ids) | Q(playlist__items__generation__in=ids, is_frozen=False)
    is_open = Q(expires_at=None) | Q(expires_at__gt=now)
    links = Share.objects.filter(names, is_open, team=by.team_id, revoked_at=None).distinct()
    return Consequences(trash.made_from(ids, by), links.count(), lists.count())
