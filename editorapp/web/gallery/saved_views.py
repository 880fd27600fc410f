"""Saved views: filters kept under a name, opened, changed, shared with the team and deleted."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from editorapp.library import saved_views
from editorapp.library.models import SavedView
from editorapp.library.saved_views import ViewRefused, views_of
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.gallery.view_menu import ViewLine


@page_for(Act.SEE)
def page(request: MemberRequest) -> HttpResponse:
    """Show one's own views, to be changed, and those that others share."""
    return _page(request)


@action_for(Act.SEE)
def save(request: MemberRequest) -> HttpResponse:
    """Keep the filters of an address under a name, and open the view."""

    def kept() -> SavedView:
        name, query = request.POST.get("name", ""), request.POST.get("query", "")
        return saved_views.save(name, query, is_shared=_is_shared(request), by=request.member)

    return _done(request, kept, "The view {} is saved.")


@action_for(Act.SEE)
def change(request: MemberRequest, pk: int) -> HttpResponse:
    """Give a view another name, share it or not; where a query comes, keep that."""
    view = get_object_or_404(views_of(request.member), pk=pk)

    def changed() -> SavedView:
        saved_views.change(
            view,
            name=request.POST.get("name", view.name),
            is_shared=_is_shared(request),
            query=request.POST.get("query"),
            by=request.member,
        )
        return view

    return _done(request, changed, "The view {} is saved.")


@action_for(Act.SEE)
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    """Delete a view; no take is touched."""
    view = get_object_or_404(views_of(request.member), pk=pk)
    saved_views.delete(view, by=request.member)
    messages.success(request, f"The view {view} is deleted. No take is touched.")
    return redirect("gallery:views")


def _done(request: MemberRequest, act: Callable[[], SavedView], says: str) -> HttpResponse:
    """Do it and go on to the view, or to where it was done from."""
    try:
        view = act()
    except ViewRefused as refused:
        return _page(request, str(refused), status=422)
    messages.success(request, says.format(view))
    is_listed = "listed" in request.POST
    return redirect(reverse("gallery:views") if is_listed else _line(view, request.member).address)


def _is_shared(request: MemberRequest) -> bool:
    return "is_shared" in request.POST


def _line(view: SavedView, member: Member) -> ViewLine:
    return ViewLine(view, view.owner_id == member.user_id, is_open=False)


def _page(request: MemberRequest, problem: str = "", *, status: int = 200) -> HttpResponse:
    lines = [_line(view, request.member) for view in views_of(request.member)]
    active = Member.objects.active().filter(team_id=request.member.team_id)
    context = {
        "here": "gallery",
        "problem": problem,
        "name": request.POST.get("name", ""),
        "query": _query(request),
        "own": [line for line in lines if line.is_own],
        "shared": [line for line in lines if not line.is_own],
        "active": set(active.values_list("user_id", flat=True)),
    }
    return render(request, "gallery/views.html", context, status=status)


def _query(request: MemberRequest) -> str:
    """Return the filters that were to be kept, so that nothing typed is lost."""
    return request.POST.get("query", "") if request.method == "POST" else ""
