"""Tags page: what a team's tags are called, their colours, how many takes have each."""

from collections.abc import Callable

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path

from editorapp.core.request_values import BadValue, text
from editorapp.generations.models import Generation
from editorapp.library import organise
from editorapp.library.models import Colour, Tag
from editorapp.library.organise import LONGEST_TAG, NotOrganised
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.roles import Act

MOST = 500  # tags on the page


@page_for(Act.ORGANISE)
def page(request: MemberRequest) -> HttpResponse:
    """Show the tags by name, each with the takes that who asks sees of it."""
    seen = Generation.objects.visible_to(request.member)
    tags = Tag.objects.filter(team=request.member.team_id).order_by("folded", "pk")
    counted = Count("take_tags", filter=Q(take_tags__generation__in=seen.values("pk")))
    context = {
        "here": "gallery",
        "tags": tags.annotate(take_count=counted)[:MOST],
        "colours": Colour.choices,
        "longest": LONGEST_TAG,
    }
    return render(request, "keeping/tags.html", context)


@action_for(Act.ORGANISE)
def change(request: MemberRequest, pk: int) -> HttpResponse:
    """Call a tag something else, or give it another colour."""
    name, colour = text(request.POST, "name"), text(request.POST, "colour", most=8)
    if colour not in Colour.values:
        raise BadValue("colour", "a colour of the list belongs here, or nothing.")

    def changed(tag: Tag) -> str:
        organise.change_tag(tag, name=name, colour=colour, by=request.member)
        return f"The tag “{tag}” is saved."

    return _done(request, pk, changed)


@action_for(Act.ORGANISE)
def merge(request: MemberRequest, pk: int) -> HttpResponse:
    """Put another tag in a tag's place, on all takes that have it."""
    name = text(request.POST, "into")

    def merged(tag: Tag) -> str:
        into = organise.find_tag(name, by=request.member)
        if into is None:
            raise NotOrganised("Choose a tag that there is to merge this one into.")
        organise.merge_tag(tag, into, by=request.member)
        return f"“{tag}” is part of “{into}” now."

    return _done(request, pk, merged)


@action_for(Act.ORGANISE)
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    """Take a tag off all takes."""

    def deleted(tag: Tag) -> str:
        organise.delete_tag(tag, by=request.member)
        return f"The tag “{tag}” is deleted; the takes that had it stay."

    return _done(request, pk, deleted)


def _done(request: MemberRequest, pk: int, work: Callable[[Tag], str]) -> HttpResponse:
    tag = get_object_or_404(Tag, pk=pk, team=request.member.team_id)
    try:
        messages.success(request, work(tag))
    except NotOrganised as error:
        messages.error(request, str(error))
    return redirect("tags:page")


urlpatterns = [
    path("", page, name="page"),
    path("<int:pk>/change", change, name="change"),
    path("<int:pk>/merge", merge, name="merge"),
    path("<int:pk>/delete", delete, name="delete"),
]
