"""Prompt views: the person's own earlier prompts, to walk through and to search."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import path, reverse
from django.utils.cache import patch_vary_headers

from editorapp.core.paging import cursor
from editorapp.core.request_values import text, wants_json
from editorapp.reuse import prompts
from editorapp.reuse.prompts import UsedPrompt
from editorapp.teams.access import MemberRequest, page_for
from editorapp.teams.roles import Act


@page_for(Act.STUDIO)
def earlier(request: MemberRequest) -> HttpResponse:
    """Show this person's own prompts, newest first; those that hold the words of ?q=.

    To a script: {"prompts": [{"text", "take", "poster", "href"}], "before"}.
    """
    words = text(request.GET, "q", most=200)
    found = prompts.used(request.member, words=words, before=cursor(request.GET))
    if wants_json(request):
        told = [_told(one) for one in found.prompts]
        answer: HttpResponse = JsonResponse({"prompts": told, "before": found.before})
    else:
        context = {"here": "studio", "found": found, "words": words}
        answer = render(request, "studio/prompts.html", context)
    patch_vary_headers(answer, ["Accept"])
    return answer


def _told(one: UsedPrompt) -> dict[str, str | int]:
    poster = reverse("media:file", args=[one.picture, "poster"]) if one.picture else ""
    href = reverse("takes:page", args=[one.take])
    return {"text": one.text, "take": one.take, "poster": poster, "href": href}


urlpatterns = [path("prompts", earlier, name="prompts")]
