"""Gallery: every take of the team, newest first, and the clips that they were made from."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.safestring import SafeString

from editorapp.core.compiled_query import CompiledQuery
from editorapp.core.htmx import is_part, page_or_part
from editorapp.core.paging import Page, cursor, newest_first, page_of
from editorapp.core.request_values import MOST_ID, BadValue, as_whole, row_id, text
from editorapp.generations.models import Generation, GenerationQuerySet
from editorapp.generations.states import ACTIVE, NEEDS_A_PERSON, State
from editorapp.media.models import Asset
from editorapp.providers.contract import Task
from editorapp.teams.access import MemberRequest, page_for
from editorapp.teams.models import Member, Project, User
from editorapp.teams.roles import Act
from editorapp.web.gallery import batches
from editorapp.web.presenters import request_summary
from editorapp.web.presenters.addresses import address
from editorapp.web.presenters.kept_parts import kept_part

PAGE_SIZE = 24
MOST_LIVE = 500
STOP_POLLING = 286  # htmx's own status

STATE_GROUPS: dict[str, tuple[str, frozenset[State]]] = {
    "running": ("Running", ACTIVE),
    "done": ("Done", frozenset({State.SUCCEEDED})),
    "attention": ("Needs a person", NEEDS_A_PERSON),
    "failed": ("Failed", frozenset({State.FAILED, State.CANCELED})),
}
REVIEWS = {
    "none": Generation.Review.NONE,
    "needs_changes": Generation.Review.NEEDS_CHANGES,
    "approved": Generation.Review.APPROVED,
}


@dataclass(frozen=True)
class Filters:
    """What the address bar narrows the gallery to; "" and None mean everything."""

    state: str = ""
    review: str = ""
    task: str = ""
    provider: str = ""
    model: str = ""
    person: int | None = None
    source: int | None = None
    project: int | None = None
    lineage: str = ""
    q: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> "Filters":
        """Read the address bar. A choice that there is not (any more) is let go.

        Raises: BadValue.
        """
        choices = _choices()
        said = {name: query.get(name, "") for name in choices}
        return cls(
            **{name: value for name, value in said.items() if value in choices[name]},
            person=row_id(query, "person"),
            source=row_id(query, "source"),
            project=row_id(query, "project"),
            lineage=text(query, "lineage", most=64),
            q=text(query, "q", most=200),
        )

    def apply(self, takes: GenerationQuerySet) -> GenerationQuerySet:
        if self.state:
            takes = _in_group(takes, self.state)
        if self.review:
            takes = takes.filter(review=REVIEWS[self.review], state=State.SUCCEEDED)
        same = {
            "task": self.task,
            "provider": self.provider,
            "model": self.model,
            "created_by_id": self.person,
            "source_asset_id": self.source,
            "project_id": self.project,
            "lineage": self.lineage,
        }
        takes = takes.filter(**{name: value for name, value in same.items() if value})
        if self.q:
            # Reads every prompt of the team until the page is full: fine to some 100,000, then a
            # full-text index.
            takes = takes.filter(prompt__icontains=self.q)
        return takes

    def without(self, *names: str) -> str:
        """Return the address of the gallery with these filters let go."""
        return self.address(**dict.fromkeys(names))

    def address(self, **changes: object) -> str:
        """Return the address of the gallery with these filters, changed or added to."""
        said = {name: value for name, value in (vars(self) | changes).items() if value}
        return reverse("gallery:page") + (f"?{urlencode(said)}" if said else "")

    @property
    def any(self) -> bool:
        return self != Filters()


def _in_group(takes: GenerationQuerySet, name: str) -> GenerationQuerySet:
    """Return the takes of one of STATE_GROUPS: of the few that are under way, or need a person, by
    an index of their own.
    """
    states = STATE_GROUPS[name][1]
    if states == ACTIVE:
        return takes.active()
    return takes.in_need() if states == NEEDS_A_PERSON else takes.filter(state__in=states)


def _choices() -> dict[str, dict[str, str]]:
    """Return what each filter may be set to, in words."""
    return {
        "state": {key: label for key, (label, _states) in STATE_GROUPS.items()},
        "review": {key: review.label for key, review in REVIEWS.items()},
        "task": {task.value: task.capitalize() for task in Task},
        "provider": request_summary.provider_names(),
        "model": request_summary.model_names(),
    }


@page_for(Act.SEE)
def page(request: MemberRequest) -> HttpResponse:
    """Show the takes that the address bar asks for; to htmx only the grid, or the next part of it."""
    filters = Filters.read(request.GET)
    before = cursor(request.GET)
    found = _found(request.member, filters, before)
    groups = batches.cards_of(found.rows, request.member)
    context = {
        "here": "gallery",
        "filters": filters,
        "before": before,
        "groups": groups,
        "open": batches.named(request.GET),
        "here_url": filters.address(before=before),
        "older_url": found.older(filters.without()),
        "has_live": any(group.is_active for group in groups),
    }
    if not is_part(request):
        context["filters_form"] = _filters_form(request.member, filters)
    part = "gallery/_more.html" if before else "gallery/_takes.html"
    return page_or_part(request, "gallery/page.html", part, context)


def _found(member: Member, filters: Filters, before: int | None) -> Page[Generation]:
    """Return the heads of the cards, newest first."""
    if not filters.any and member.sees_all:
        return page_of(_newest_heads(member.team_id, before or MOST_ID), size=PAGE_SIZE)
    takes = filters.apply(Generation.objects.visible_to(member))
    return newest_first(_heads(takes), before=before, size=PAGE_SIZE)


@CompiledQuery
def _newest_heads(team: int, before: int) -> "QuerySet[Generation]":
    takes = Generation.objects.of_team(team)
    return _heads(takes).filter(pk__lt=before).order_by("-pk")[: PAGE_SIZE + 1]


def _heads(takes: "QuerySet[Generation]") -> "QuerySet[Generation]":
    return batches.heads(takes).only("batch")


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
    groups = batches.cards_of(takes.filter(pk__in=changed).only("batch"), request.member)
    opened = batches.all_named(request.GET)
    context = {"groups": groups, "opened": opened, "changed": changed, "oob": True}
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
    takes = _takes(member).filter(source_asset=OuterRef("pk")).order_by()
    counted = takes.values("source_asset").annotate(count=Count("pk")).values("count")
    count = Coalesce(Subquery(counted, output_field=IntegerField()), 0)
    return clips.select_related("created_by").annotate(take_count=count)


def _takes(member: Member) -> "QuerySet[Generation]":
    return Generation.objects.visible_to(member)


def _filters_form(member: Member, filters: Filters) -> SafeString:
    """Write the filters, and the names of what they are set to."""
    choices = _choices()
    states = choices.pop("state")
    return kept_part(
        "gallery/_filters.html",
        page=address("gallery:page"),
        filters=filters,
        states=(("", "All"), *states.items()),
        selects=tuple(
            (name, name.capitalize(), getattr(filters, name), (("", f"Any {name}"), *words.items()))
            for name, words in choices.items()
        ),
        people=tuple(_makers(member).items()),
        projects=_projects(member, filters.project),
        source_name=_source_name(member, filters.source),
        without_source=filters.without("source"),
        without_lineage=filters.without("lineage"),
    )


def _projects(member: Member, chosen: int | None) -> tuple[tuple[int, str], ...]:
    """Return the projects to choose from: the current ones, and the chosen one."""
    shown = Q(archived_at=None) | Q(pk=chosen or 0)
    rows = Project.objects.visible_to(member).filter(shown).order_by("name", "pk")
    return tuple(rows.values_list("pk", "name"))


def _source_name(member: Member, source: int | None) -> str:
    """Name the clip that is filtered by; "" for none, and for one that is gone."""
    if not source:
        return ""
    named = Asset.objects.visible_to(member).filter(pk=source)
    return named.values_list("name", flat=True).first() or ""


def _makers(member: Member) -> dict[int, str]:
    """Return who is in the team, by name; then who was, and has made something in it; to who sees
    not the team, who made what they see.
    """
    if not member.may_see_team:
        made = _takes(member).filter(created_by=OuterRef("pk"))
        makers = User.objects.filter(Exists(made)).order_by("display_name", "username")
        return {one.pk: str(one) for one in makers}
    here = {pk: shown or name for pk, shown, name in _members(member.team_id)}
    gone = _former_makers(member.team_id)
    return here | {pk: f"{shown or name} (former member)" for pk, shown, name in gone}


@CompiledQuery
def _members(team: int) -> "QuerySet[Member, Any]":
    here = Member.objects.active().filter(team_id=team)
    return here.order_by("user__display_name", "user__username").values_list(
        "user_id", "user__display_name", "user__username"
    )


@CompiledQuery
def _former_makers(team: int) -> "QuerySet[User, Any]":
    made = Generation.objects.of_team(team).filter(created_by=OuterRef("pk"))
    here = Member.objects.active().filter(team_id=team, user=OuterRef("pk"))
    gone = User.objects.filter(~Exists(here), Exists(made))
    return gone.order_by("display_name", "username").values_list("pk", "display_name", "username")


def _seen(pair: str) -> tuple[int, str]:
    """Read "<id>.<state>". Raises: BadValue."""
    number, _dot, state = pair.partition(".")
    if (pk := as_whole(number)) is None:
        raise BadValue("live", "the number of a take, a point and its state belong here.")
    return pk, state


urlpatterns = [
    path("", page, name="page"),
    path("live", live, name="live"),
    path("batch/<uuid:batch>", batches.strip, name="batch"),
    path("sources", sources, name="sources"),
]
