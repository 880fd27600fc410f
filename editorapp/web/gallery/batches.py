"""Batches in the gallery: what was sent in one go is one card, which opens as a strip."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse

from editorapp.core.compiled_query import CompiledQuery, padded
from editorapp.core.htmx import Context, is_part
from editorapp.generations.models import Generation
from editorapp.teams.access import MemberRequest, page_for
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.gallery.asked_words import asked_by_page
from editorapp.web.presenters.cards import notes_of, read_cards
from editorapp.web.presenters.groups import TakeGroup, grouped
from editorapp.web.presenters.keeping import keep

MOST_OPEN = 60
AT_ONCE = 4  # batches are named in multiples of it


def heads(takes: "QuerySet[Generation]") -> "QuerySet[Generation]":
    """Return the takes without those of a batch whose newer one is among them: one for each card."""
    newer = takes.order_by().filter(batch=OuterRef("batch"), pk__gt=OuterRef("pk"))
    return takes.filter(~Exists(newer))


def cards_of(found: Iterable[tuple[int, UUID | None]], member: Member) -> list[TakeGroup]:
    """Return a card for each take found (its id, its batch), with the whole batch of each that has
    one: one query more, however many batches there are; none without any.
    """
    batch_of = dict(found)
    ids = list(batch_of)
    if named := {batch for batch in batch_of.values() if batch is not None}:
        ids += _of_named(named, member)
    takes = read_cards(list(dict.fromkeys(ids)), member)
    notes_of(takes)
    keep(takes, member)
    return grouped(takes)


def _of_named(batches: set[UUID], member: Member) -> list[int]:
    """Return the takes of these batches that this member sees."""
    if member.sees_all:
        return _of_batches(member.team_id, *padded(sorted(batches), to=AT_ONCE))
    takes = Generation.objects.visible_to(member).filter(batch__in=batches)
    return list(takes.values_list("pk", flat=True))


@CompiledQuery
def _of_batches(team: int, *batches: UUID) -> "QuerySet[Generation, int]":
    takes = Generation.objects.of_team(team).filter(batch__in=batches)
    return takes.values_list("pk", flat=True)


def named(query: QueryDict) -> UUID | None:
    """Return the batch that an address opens (?batch=); None for none, or for no name of one."""
    return _read(query.get("batch", ""))


def all_named(query: QueryDict) -> set[UUID]:
    """Return the batches that a page says are open on it."""
    names = map(_read, query.getlist("open")[:MOST_OPEN])
    return {name for name in names if name is not None}


def _read(text: str) -> UUID | None:
    try:
        return UUID(text) if len(text) == len(str(UUID(int=0))) else None
    except ValueError:
        return None


@page_for(Act.SEE)
def strip(request: MemberRequest, batch: UUID) -> HttpResponse:
    """Show one batch's card anew: open as a strip (?open=1), or closed; to who opens the address,
    the gallery with it open.
    """
    if not is_part(request):
        return redirect(f"{reverse('gallery:page')}?batch={batch}#batch-{batch}")
    found = Generation.objects.visible_to(request.member).filter(batch=batch)[:1]
    groups = cards_of(found.values_list("pk", "batch"), request.member)
    if not groups:
        raise Http404
    [group] = groups
    context: Context = {"group": group, "open": batch if "open" in request.GET else None}
    context["asked_words"] = asked_by_page(request)
    return render(request, "gallery/_group.html", context)
