"""Compare page: `/compare/?takes=41,42&source=1`; its stage keeps mode, frame and range in the address."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path

from editorapp.teams.access import MemberRequest, page_for
from editorapp.teams.roles import Act
from editorapp.web.compare import found
from editorapp.web.presenters.clips import MOST_CLIPS


@page_for(Act.SEE)
def page(request: MemberRequest) -> HttpResponse:
    """Show takes beside each other; with fewer than two, or more than nine, what to do."""
    comparison = found.read(request.GET, request.member)
    context = {"here": "gallery", "comparison": comparison, "most": MOST_CLIPS}
    if not comparison.is_too_few and not comparison.is_too_many:
        context |= {
            "on_stage": comparison.clips,
            "stage_mode": comparison.mode,
            "columns": comparison.columns(request.member),
        }
    return render(request, "compare/page.html", context)


urlpatterns = [path("", page, name="page")]
