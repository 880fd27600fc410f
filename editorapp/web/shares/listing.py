"""Shared links as the pages list them: what each names, who came, and whether it is open."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, Sum

from editorapp.generations.models import Generation
from editorapp.review.models import Guest, Share, ShareItem

MOST_SHOWN = 4  # takes of a link, as pictures in a row


@dataclass(frozen=True)
class SharedLink:
    """A link with what a row of the list says of it."""

    made: Share
    now: datetime
    takes: list[Generation] = field(default_factory=list)
    take_count: int = 0
    guest_count: int = 0
    download_count: int = 0

    @property
    def is_open(self) -> bool:
        return self.made.is_open(self.now)

    @property
    def standing(self) -> str:
        """Whether it leads anywhere, in a word."""
        if self.made.revoked_at is not None:
            return "Revoked"
        return "Open" if self.is_open else "Over"

    @property
    def name(self) -> str:
        return self.made.title or ", ".join(f"#{take.pk}" for take in self.takes) or "Nothing"

    @property
    def rest(self) -> int:
        """How many takes it names beside those that are shown."""
        return max(0, self.take_count - len(self.takes))

    @property
    def allowed(self) -> list[str]:
        """What it allows, and what is switched on, in words."""
        made = self.made
        words = {
            "password": bool(made.password),
            "comments": made.may_comment,
            "downloads": made.may_download,
            "watermark": made.has_watermark,
            "with the source": made.shows_source,
            "with the prompt": made.shows_prompt,
            "with the cost": made.shows_cost,
        }
        always = "as shared" if made.is_frozen else "always newest"
        return [always, *(word for word, is_on in words.items() if is_on)]


def shared_links(rows: Sequence[Share], now: datetime) -> list[SharedLink]:
    """Return links with all that a list says of them: three queries, however many there are."""
    ids = [made.pk for made in rows]
    items = ShareItem.objects.filter(share__in=ids)
    counts = dict(items.order_by().values_list("share").annotate(Count("pk")))
    takes: dict[int, list[Generation]] = defaultdict(list)
    shown = items.filter(place__lte=MOST_SHOWN).select_related("generation__result")
    for item in shown.order_by("share", "place"):
        takes[item.share_id].append(item.generation)
    guests = Guest.objects.filter(share__in=ids).order_by().values_list("share")
    came = {pk: (many, files) for pk, many, files in guests.annotate(Count("pk"), Sum("downloads"))}
    return [
        SharedLink(made, now, takes[made.pk], counts.get(made.pk, 0), *came.get(made.pk, (0, 0)))
        for made in rows
    ]
