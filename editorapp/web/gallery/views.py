"""Gallery: every take of the team, newest first, and the clips that they were made from."""

from typing import Any

from django.conf import settings
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path, reverse

from editorapp.core.compiled_query import CompiledQuery
from editorapp.core.htmx import Context, is_part, page_or_part
from editorapp.core.paging import cursor, newest_first
from editorapp.core.request_values import MOST_ID, BadValue, as_whole
from editorapp.generations.models import Generation
from editorapp.generations.states import ACTIVE
from editorapp.library.finding import FoundTakes, find
from editorapp.library.take_orders import OrderedTake, TakePlace
from editorapp.media.models import Asset
from editorapp.review import playlists
from editorapp.teams.access import MemberRequest, page_for
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.gallery import batches, counts, filter_form, saved_views, view_menu
from editorapp.web.gallery.asked_words import asked_by_page, asked_words
from editorapp.web.gallery.filter_options import FilterOptions
from editorapp.web.gallery.filters import Filters, place_read
from editorapp.web.presenters.keeping import COLOURS

PAGE_SIZE = 24
MOST_LIVE = 500
STOP_POLLING = 286  # htmx's own status


@page_for(Act.SEE)
def page(request: MemberRequest) -> HttpResponse:
    """Show the takes that the address bar asks for; to htmx only the grid, or the next part of it."""
    filters = Filters.read(request.GET)
    after = place_read(request.GET, filters.order)
    found = _found(request.member, filters, after)
    heads = [(head.take, head.batch) for head in found.heads]
    groups = batches.cards_of(heads, request.member)
    context: Context = {
        "here": "gallery",
        "filters": filters,
        "before": after is not None,
        "groups": groups,
        "asked_words": asked_words(filters),
        "open": batches.named(request.GET),
        "here_url": filters.address(after=after),
        "older_url": filters.address(after=found.after) if found.after else "",
        "is_further": found.is_further,
        "has_live": any(group.is_active for group in groups),
    }
    if is_part(request) and after is not None:
        return page_or_part(request, "gallery/page.html", "gallery/_more.html", context)
    options = FilterOptions(request.member, filters.said)
    context |= _over_the_grid(request, filters, options, found)
    if not is_part(request):
        context["filters_form"] = filter_form.form(filters, options)
        context |= _put_into(request.member, options)
    response = page_or_part(request, "gallery/page.html", "gallery/_takes.html", context)
    if is_part(request):
        response["HX-Trigger"] = "takes-shown"  # the page counts them
    return response


def _put_into(member: Member, options: FilterOptions) -> Context:
    """Return what marked takes can be put into."""
    if not member.may_organise:
        return {}
    lists = playlists.offered(member)
    tags, projects = options.tags, options.projects
    return {"tags": tags, "projects": projects, "playlists": lists, "colours": COLOURS}


def _over_the_grid(
    request: MemberRequest,
    filters: Filters,
    options: FilterOptions,
    found: FoundTakes,
) -> Context:
    """Return what stands over the grid: what narrows it, how many there are, the saved views."""
    context: Context = {
        "chips": filter_form.chips(filters, options),
        "counts_url": filters.address(name="gallery:counts"),
        "count": counts.said(request, filters),
        "menu": view_menu.menu(request.member, filters),
    }
    if filters.any and not found.heads and not found.is_further:
        context["ways_out"] = counts.ways_out(request.member, filters, options)
    return context


def _found(member: Member, filters: Filters, after: TakePlace | None) -> FoundTakes:
    """Return the first take of each card."""
    if not filters.is_plain or not member.sees_all:
        return find(filters.query(member), after=after, size=PAGE_SIZE)
    rows = _newest_heads(member.team_id, after.take if after else MOST_ID)
    heads = [OrderedTake(pk, batch, TakePlace(pk)) for pk, batch in rows]
    is_more = len(heads) > PAGE_SIZE
    return FoundTakes(heads[:PAGE_SIZE], heads[PAGE_SIZE - 1].place if is_more else None)


@CompiledQuery
def _newest_heads(team: int, before: int) -> "QuerySet[Generation, Any]":
    heads = batches.heads(Generation.objects.of_team(team)).filter(pk__lt=before)
    return heads.order_by("-pk").values_list("pk", "batch")[: PAGE_SIZE + 1]


@page_for(Act.SEE)
def live(request: MemberRequest) -> HttpResponse:
    """Return the cards whose state has changed since the page saw it: one request for the whole
    page.

    The page names what it shows as `live=<id>.<state>`. Nothing has changed: 204. Nothing runs any
    more: 286, which ends htmx's polling.
    """
    seen = dict(map(_seen, request.GET.getlist("live")[:MOST_LIVE]))
    takes = Generation.objects.visible_to(request.member).filter(pk__in=seen)
    now = dict(takes.values_list("pk", "state"))
    changed = [pk for pk, state in now.items() if seen[pk] != state]
    goes_on = any(state in ACTIVE for state in now.values())
    if not changed:
        return HttpResponse(status=204 if goes_on else STOP_POLLING)
    named = takes.filter(pk__in=changed).values_list("pk", "batch")
    groups = batches.cards_of(named, request.member)
    opened = batches.all_named(request.GET)
    context: Context = {"groups": groups, "opened": opened, "changed": changed, "oob": True}
    context["asked_words"] = asked_by_page(request)
    status = 200 if goes_on else STOP_POLLING
    return render(request, "gallery/_changed.html", context, status=status)


@page_for(Act.SEE)
def sources(request: MemberRequest) -> HttpResponse:
    """Show the clips of the team with how many takes each has."""
    found = newest_first(_clips(request.member), before=cursor(request.GET), size=PAGE_SIZE)
    context = {
        "here": "gallery",
        "clips": found.rows,
        "older_url": found.older(reverse("gallery:sources")),
        "is_first_page": "before" not in request.GET,
        "most_megabytes": settings.MAX_UPLOAD_BYTES // 1_000_000,
        "most_minutes": settings.MAX_SOURCE_SECONDS // 60,
    }
    return page_or_part(request, "gallery/sources.html", "gallery/_clips.html", context)


def _clips(member: Member) -> QuerySet[Asset]:
    clips = Asset.objects.visible_to(member).brought().filter(kind=Asset.Kind.VIDEO)
    takes = Generation.objects.visible_to(member).filter(source_asset=OuterRef("pk")).order_by()
    counted = takes.values("source_asset").annotate(count=Count("pk")).values("count")
    count = Coalesce(Subquery(counted, output_field=IntegerField()), 0)
    return clips.select_related("created_by").annotate(take_count=count)


def _seen(pair: str) -> tuple[int, str]:
    """Read "<id>.<state>". Raises: BadValue."""
    number, _dot, state = pair.partition(".")
    if (pk := as_whole(number)) is None:
        raise BadValue("live", "the number of a take, a point and its state belong here.")
    return pk, state


urlpatterns = [
    path("", page, name="page"),
    path("counts", counts.page, name="counts"),
    path("live", live, name="live"),
    path("views/", saved_views.page, name="views"),
    path("views/save", saved_views.save, name="save_view"),
    path("views/<int:pk>/change", saved_views.change, name="change_view"),
    path("views/<int:pk>/delete", saved_views.delete, name="delete_view"),
    path("batch/<uuid:batch>", batches.strip, name="batch"),
    path("sources", sources, name="sources"),
]
