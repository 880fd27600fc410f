"""The studio: compose an edit, see what it would cost and break, and queue it."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import path

from editorapp.media.models import Asset
from editorapp.teams.access import needs
from editorapp.teams.roles import Act


@needs(Act.SEE)
def page(request: HttpRequest) -> HttpResponse:
    """Show the studio with its sources."""
    sources = Asset.objects.visible_to(request.member).filter(kind=Asset.Kind.VIDEO).order_by("-pk")[:12]  # type: ignore[attr-defined]
    return render(request, "studio/page.html", {"here": "studio", "sources": sources})


urlpatterns = [path("", page, name="page")]
