"""Take panel: a take that has no picture yet, or never will, as the studio's stage shows it: its
state, its place in the queue, and for one that went wrong what it cost and what to do next.
"""

import zlib

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils import timezone

from editorapp.core.htmx import Context
from editorapp.generations.models import Generation
from editorapp.generations.queue import position
from editorapp.generations.states import State
from editorapp.teams.access import MemberRequest, page_for
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.presenters.groups import ordinal
from editorapp.web.takes.found import full_take_or_404
from editorapp.web.takes.page_context import page_context
from editorapp.web.takes.progress import seen

IN_LINE = {State.QUEUED, State.STAGING}


@page_for(Act.SEE)
def panel(request: MemberRequest, pk: int) -> HttpResponse:
    """Show a take on the stage of the studio; 204 while it is as the page saw it."""
    take = full_take_or_404(request, pk)
    place = _place(take)
    now = f"{seen(take)}.{zlib.crc32(place.encode()):x}"
    if now == request.GET.get("seen"):
        return HttpResponse(status=204)
    return render(request, "takes/_panel.html", _context(take, request.member, place, now))


def _context(take: Generation, member: Member, place: str, seen_now: str) -> Context:
    return page_context(take, member) | {"place": place, "seen": seen_now}


def _place(take: Generation) -> str:
    """Say where it stands: "3rd in the queue at Luma Agents"; or why it is not sent; or nothing."""
    if take.state not in IN_LINE:
        return ""
    account = position.of_account(take.account, now=timezone.now())
    newest = {one.generation_id: one for one in take.attempts.filter(number=take.attempt_number)}
    stands = position.of_takes([take], {take.account_id: account}, newest)[take.pk]
    if stands.ahead is None:
        return stands.why or stands.place
    return f"{ordinal(stands.ahead + 1)} in the queue at {take.account}"


urlpatterns: list[URLPattern] = [path("<int:pk>/panel", panel, name="panel")]
