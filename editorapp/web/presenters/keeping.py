"""Keeping on cards: what is put on takes, and what who asks may do to them."""

from collections.abc import Sequence
from dataclasses import dataclass

from editorapp.generations.models import Generation
from editorapp.library.kept import NOTHING, TakeKept, kept_of
from editorapp.library.models import Colour
from editorapp.teams.models import Member

STARS = range(1, 6)
COLOURS = tuple((one.value, one.label) for one in Colour if one.value)


@dataclass(frozen=True)
class CardKeeping:
    """What a card shows of a take beside the take itself."""

    kept: TakeKept = NOTHING
    may_edit: bool = False
    may_organise: bool = False

    @property
    def colour_name(self) -> str:
        return Colour(self.kept.colour).label if self.kept.colour else ""


BARE = CardKeeping()


def keep(takes: Sequence[Generation], member: Member) -> None:
    """Read what is put on takes, for `keeping_of`: two queries, however many there are."""
    found = kept_of([take.pk for take in takes], member.user_id)
    may_organise, may_create = member.may_organise, member.may_create
    for take in takes:
        may_edit = may_create and take.can_be_source
        kept = CardKeeping(found.get(take.pk, NOTHING), may_edit, may_organise)
        take.keeping = kept  # type: ignore[attr-defined]


def keeping_of(take: Generation) -> CardKeeping:
    """Return what `keep` has read of a take; nothing where it has not."""
    return getattr(take, "keeping", BARE)
