"""Found takes: the take that an address names, of those that the person asking may see."""

from collections.abc import Iterable

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from editorapp.core.compiled_query import CompiledQuery
from editorapp.core.request_values import MOST_ID
from editorapp.generations.models import Generation
from editorapp.teams.access import MemberRequest
from editorapp.teams.models import Member
from editorapp.web.presenters.cards import in_full


def take_or_404(request: MemberRequest, pk: int) -> Generation:
    """Return a take with the people, the source and the account that its actions read."""
    takes = Generation.objects.visible_to(request.member).select_related(
        "created_by",
        "assignee",
        "source_asset",
        "account",
    )
    return get_object_or_404(takes, pk=pk)


def full_take_or_404(request: MemberRequest, pk: int) -> Generation:
    """Return a take with all that its own page reads: see `in_full`."""
    for take in _found(request.member, pk) if pk <= MOST_ID else ():
        return take
    raise Http404


def _found(member: Member, pk: int) -> "Iterable[Generation]":
    if member.sees_all:
        return _full(member.team_id, pk)
    return in_full(Generation.objects.visible_to(member).filter(pk=pk), member)


@CompiledQuery
def _full(team: int, pk: int) -> "QuerySet[Generation]":
    return in_full(Generation.objects.of_team(team).filter(pk=pk))


def trashed_take_or_404(request: MemberRequest, pk: int) -> Generation:
    """Return a take that was thrown away, with or without its files."""
    rows = Generation.objects.filter(team_id=request.member.team_id).exclude(trashed_at=None)
    rows = rows.seen_by(request.member).select_related(
        *("account", "created_by", "trashed_by", "source_asset", "result", "parent__result")
    )
    return get_object_or_404(rows, pk=min(pk, MOST_ID))


def note_of(request: MemberRequest) -> str:
    """Return the note that was sent with a choice; "" for none."""
    return request.POST.get("note", "")
