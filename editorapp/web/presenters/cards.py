"""Take cards: takes with everything that a card prints, in a number of queries that does not grow
with the rows.
"""

from collections.abc import Iterable, Sequence

from django.db.models import (
    Count,
    IntegerField,
    OuterRef,
    Prefetch,
    QuerySet,
    Subquery,
    prefetch_related_objects,
)
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from editorapp.core.compiled_query import CompiledQuery, padded
from editorapp.generations.models import Generation
from editorapp.review.asked_notes import note_of
from editorapp.review.models import Answer, Decision
from editorapp.teams.models import Member

# What a card prints: to read a row with all its clips and people whole costs three times as much.
CLIP = ("name", "kind", "proxy", "width", "height")
RESULT = (*CLIP, "duration_seconds", "hdr")
PERSON = ("display_name", "username")
OWN = (
    *("team_id", "created_at", "state", "state_since", "failure_message", "review", "batch"),
    *("prompt", "provider", "model", "task", "request", "is_simulated", "exr_id"),
    *("estimate_high_usd", "cost_usd", "cost_is_estimated"),
)
PRINTED = (
    *OWN,
    "account__name",
    *(f"created_by__{name}" for name in PERSON),
    *(f"source_asset__{name}" for name in CLIP),
    *(f"parent__result__{name}" for name in CLIP),
    *(f"result__{name}" for name in RESULT),
)

# What a small picture of a take prints, with what tells it from those beside it.
PICTURED = (
    *("team_id", "state", "batch", "prompt", "provider", "model", "task", "request"),
    "account__name",
    *(f"source_asset__{name}" for name in CLIP),
    *(f"parent__result__{name}" for name in CLIP),
    *(f"result__{name}" for name in CLIP),
)

AT_ONCE = 12  # takes are read in multiples of it


def read_cards(ids: Sequence[int], member: Member) -> list[Generation]:
    """Return takes with what a card reads, and no more, in this order: `notes_of` adds what reviewers
    ask for. `ids` are those that the member may see.
    """
    if not ids:
        return []
    rows: Iterable[Generation] = (
        _cards(*padded(ids, to=AT_ONCE)) if member.sees_all else _carded(ids, member)
    )
    found = {take.pk: take for take in rows}
    return [found[pk] for pk in ids if pk in found]


def read_pictured(ids: Sequence[int]) -> list[Generation]:
    """Return takes with what a small picture of them reads, and no more, in this order; `ids` are
    those that who asks may see.
    """
    found = {take.pk: take for take in _pictured(*padded(ids, to=AT_ONCE))} if ids else {}
    return [found[pk] for pk in ids if pk in found]


def notes_of(takes: Sequence[Generation]) -> None:
    """Read the decisions of those that somebody wants changed, and which notes those that were made
    of another take answer: a query for each, or none.
    """
    asked = [take for take in takes if take.review == Generation.Review.NEEDS_CHANGES]
    prefetch_related_objects(asked, decided())
    prefetch_related_objects([take for take in takes if take.parent_id], answers_read())


def in_full(
    takes: "QuerySet[Generation]",
    member: Member | None = None,
) -> "QuerySet[Generation]":
    """Return the takes with all that a take's own page reads: source, parent, result, people.
    `member`: who asks; None, or who sees all of the team.
    """
    takes = takes.select_related(
        "account",
        "team",
        "source_asset",
        "result",
        "exr",
        "parent__result",
        "parent__source_asset",
        "created_by",
        "assignee",
        "held_by",
        "project",
    )
    return _placed(takes, member)


@CompiledQuery
def _cards(*ids: int) -> "QuerySet[Generation]":
    return _carded(ids)


def _carded(ids: Sequence[int], member: Member | None = None) -> "QuerySet[Generation]":
    takes = Generation.objects.filter(pk__in=ids).select_related(
        "account",
        "source_asset",
        "result",
        "parent__result",
        "created_by",
    )
    return _placed(takes.only(*PRINTED), member)


@CompiledQuery
def _pictured(*ids: int) -> "QuerySet[Generation]":
    takes = Generation.objects.filter(pk__in=ids)
    shown = takes.select_related("account", "source_asset", "result", "parent__result")
    return shown.only(*PICTURED)


def finished_as(member: Member) -> Prefetch:
    """Return how to prefetch what takes were finished as, of what the member sees."""
    return Prefetch("finished_as", Generation.objects.visible_to(member))


def answers_read() -> Prefetch:
    """Return how to prefetch the notes that takes answer, with who asked: see `whose_note`."""
    return Prefetch(
        "answers", Answer.objects.select_related("comment__author", "decision__decided_by")
    )


def whose_note(take: Generation) -> str:
    """Return whose note a take answers, of a take that was read with `answers_read`; "" for none."""
    if take.parent_id is None:
        return ""
    return next((note_of(one).by for one in take.answers.all()), "")


def decided() -> Prefetch:
    """Return how to prefetch what people decided about takes, the newest of each take first: in the
    order of their index.
    """
    decisions = Decision.objects.select_related("decided_by")
    return Prefetch("decisions", decisions.order_by("generation", "-pk"))


# As the index generation_by_lineage has it. Compiling this from a query of the ORM, for each page
# anew, cost half of what reading the rows does.
_TABLE = Generation._meta.db_table
_KIN = (
    f"(SELECT COUNT(*) FROM {_TABLE} AS kin WHERE kin.team_id = {_TABLE}.team_id"
    f" AND kin.trashed_at IS NULL AND kin.lineage = {_TABLE}.lineage{{which}})"
)


def _placed(
    takes: "QuerySet[Generation]",
    member: Member | None = None,
) -> "QuerySet[Generation]":
    """Return the takes with their `place` of `places`: from 1 within the lineage, oldest first;
    counted are those that the member sees.
    """
    if member is not None and not member.sees_all:
        kin = Generation.objects.visible_to(member).filter(lineage=OuterRef("lineage")).order_by()
        older = kin.filter(pk__lte=OuterRef("pk"))
        return takes.annotate(place=_counted(older), places=_counted(kin))
    return takes.annotate(place=_kin(f" AND kin.id <= {_TABLE}.id"), places=_kin(""))


def _counted(kin: "QuerySet[Generation]") -> Coalesce:
    """Return how many rows a subquery has."""
    count = kin.values("team_id").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(count, output_field=IntegerField()), 0)


def _kin(which: str) -> RawSQL:
    """Return how many takes of a take's lineage there are, itself among them."""
    return RawSQL(_KIN.format(which=which), [], output_field=IntegerField())
