"""Status page: how the installation is, for admins, on one page that keeps itself fresh."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache

from editorapp.core.htmx import is_part, page_or_part
from editorapp.generations.coordination import wake
from editorapp.ops import status
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.roles import Act


@never_cache
@page_for(Act.MANAGE)
def page(request: MemberRequest) -> HttpResponse:
    """Show how things are; to htmx only the part that changes."""
    now = status.gather(request.member, now=timezone.now())
    context = {"here": "status", "status": now, "is_part": is_part(request)}
    return page_or_part(request, "status/page.html", "status/_status.html", context)


@action_for(Act.MANAGE)
def check(request: MemberRequest) -> HttpResponse:
    """Have the ledger checked now."""
    wake.wake("check_books", now=timezone.now())
    messages.success(request, "The ledger is being checked; what is found appears here.")
    return redirect("status:page")


urlpatterns = [
    path("", page, name="page"),
    path("check", check, name="check"),
]
