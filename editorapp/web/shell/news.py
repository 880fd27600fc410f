"""News: what became of a person's takes, and what they were told, since a page was drawn; asked by
every page that is open.
"""

import zlib
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse

from editorapp.core.request_values import as_whole, text
from editorapp.generations.models import Generation
from editorapp.generations.states import FINAL, NEEDS_A_PERSON, State
from editorapp.inbox.reading import unread_count
from editorapp.review import discussion
from editorapp.teams.access import MemberRequest, page_for
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.shell.context import Counts, asked_of, counts

LOOKS_BACK = 20
MOST_TALKS = 9  # discussions that one page shows
COLUMNS = ("pk", "state", "result_id")
TOLD = {*FINAL, *NEEDS_A_PERSON} - {State.CANCELED}
Row = tuple[int, str, int | None]


@page_for(Act.SEE)
def news(request: MemberRequest) -> HttpResponse:
    """Return the shell's counts and the newest ends of this person's takes; 204 while nothing is
    other than the page saw it. `talks`: the takes whose discussion the page shows; it is told how
    each stands.

    Three queries, one more for who reviews, and one with each discussion; the month's money is read
    only where something changed.
    """
    running, rows, talks = counts(request.member), _newest(request.member), _talks(request)
    unread, asked = unread_count(request.member), asked_of(request.member)
    stamp = _stamp(running, rows, unread, asked, talks)
    if stamp == request.GET.get("seen"):
        return HttpResponse(status=204)
    ended = [_told(row) for row in rows if row[1] in TOLD]
    return JsonResponse(
        {
            "stamp": stamp,
            "running": running.running,
            "unread": unread,
            "ended": ended,
            "talks": talks,
            "parts": {
                "asked-box": render_to_string("_asked.html", {"asked": asked}),
                "bell-box": render_to_string("_bell.html", {"unread": unread}),
                "running-box": render_to_string("_running.html", {"counts": running}),
                "month-box": render_to_string("_month.html", request=request),
            },
        }
    )


def _newest(member: Member) -> list[Row]:
    takes = Generation.objects.visible_to(member).filter(created_by=member.user)
    return list(takes.order_by("-pk").values_list(*COLUMNS)[:LOOKS_BACK])


def _talks(request: MemberRequest) -> dict[int, str]:
    """Return the stamp of each discussion that the page shows and this person may see."""
    asked = [as_whole(one) for one in text(request.GET, "talks").split(",")[:MOST_TALKS]]
    if not any(asked):
        return {}
    takes = Generation.objects.visible_to(request.member).filter(pk__in=filter(None, asked))
    return {pk: discussion.stamp(pk) for pk in takes.order_by("pk").values_list("pk", flat=True)}


def _stamp(*seen: Counts | list[Row] | int | dict[int, str]) -> str:
    return f"{zlib.crc32(repr(seen).encode()):x}"


def _told(row: Row) -> dict[str, Any]:
    pk, state, result = row
    is_done = state == State.SUCCEEDED
    what = "is done" if is_done else "needs you" if state in NEEDS_A_PERSON else "failed"
    return {
        "number": pk,
        "says": f"#{pk} {what}.",
        "href": reverse("takes:page", args=[pk]),
        "poster": reverse("media:file", args=[result, "poster"]) if result else "",
        "is_bad": not is_done,
    }
