"""Sound of the source on a take: switched for everybody, served with it."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse

from editorapp.core import reasons
from editorapp.core.htmx import is_part
from editorapp.exports.provenance.ai_mark import mark_of
from editorapp.exports.provenance.leaving import leaving
from editorapp.generations.files import source_sound as of_takes
from editorapp.generations.models import Generation
from editorapp.media import layout, source_sound
from editorapp.media.models import Asset
from editorapp.media.refusals import Refusal
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.media.ranges import serve
from editorapp.web.presenters import file_names
from editorapp.web.studio.pages import toast, triggering
from editorapp.web.takes.actions import back_to

_NOTHING = "There is no sound of a source to add to this take."


@action_for(Act.SEE_TEAM)
def switch(request: MemberRequest, pk: int) -> HttpResponse:
    """Play the take with the sound of its source, or without: for everybody who sees it.

    `in_form`: the studio asks, and stays where it is.
    """
    problem = _switched(_take(request, pk), is_on=request.POST.get("on") == "1")
    if is_part(request) and "in_form" in request.GET:
        if problem:
            return toast(problem)
        return triggering(HttpResponse(status=204), {"rushes:sounded": {"take": pk}})
    if problem:
        messages.error(request, problem)
    return back_to(request, pk)


def _switched(take: Generation, *, is_on: bool) -> str:
    """Switch the sound of a take; return why it was not, "" where it was."""
    source = of_takes.offered(take)
    if source is None:
        return _NOTHING
    try:
        of_takes.switch(take, source, is_on=is_on)
    except Refusal as refusal:
        return f"The sound could not be added. {refusal.message}"
    return ""


@page_for(Act.SEE)
def with_sound(request: MemberRequest, pk: int, what: str) -> HttpResponseBase:
    """Serve a take's result with the sound of its source; made first where it is not there (yet).

    `what`: "original", or "playable" for what browsers play.
    """
    take = _take(request, pk)
    source, result = of_takes.offered(take), take.result
    if source is None or result is None or what not in ("original", "playable"):
        raise Http404(_NOTHING)
    if what == "playable" and not result.is_playable:
        raise Http404("A playable copy of this file is not ready.")
    part = source_sound.playable_part(result) if what == "playable" else layout.ORIGINAL
    is_download, name = "download" in request.GET, _name(take, result, request.member)
    is_leaving = is_download or what == "original"
    try:
        made = leaving(
            result.sha256,
            mark_of(take) if is_leaving else None,
            what=source_sound.make(result, source, part),
            name=name,
        )
    except Refusal as refusal:
        status = 503 if refusal.is_passing else 507 if refusal.is_ours else 422
        status = 404 if refusal.code == "gone" else status
        return reasons.answer(refusal.code, refusal.message, status=status)
    return serve(
        request,
        made.file,
        content_type="video/mp4" if what == "playable" else result.mime_type,
        etag=f'"{result.sha256[:32]}-{source.sha256[:16]}-{part}{made.tag}"',
        name=name,
        download=is_download,
    )


@page_for(Act.SEE)
def video(request: MemberRequest, pk: int) -> HttpResponse:
    """Lead to the download of a take's video: as it is heard, with the sound of its source or
    without.
    """
    take = _take(request, pk)
    if take.result is None:
        raise Http404("This take has no video.")
    if take.has_source_sound and of_takes.offered(take) is not None:
        address = reverse("takes:with_sound", args=[pk, "original"])
        return redirect(f"{address}?download=1")
    address = reverse("media:file", args=[take.result_id, "original"])
    return redirect(f"{address}?download=1&take={pk}")


def _name(take: Generation, result: Asset, member: Member) -> str:
    ending = ".mov" if result.container == "mov" else ".mp4"
    return file_names.of_take(take, member, note=" with sound", ending=ending)


def _take(request: MemberRequest, pk: int) -> Generation:
    takes = Generation.objects.visible_to(request.member).select_related("result", "source_asset")
    return get_object_or_404(takes, pk=pk)


urlpatterns = [
    path("<int:pk>/sound", switch, name="sound"),
    path("<int:pk>/video", video, name="video"),
    path("<int:pk>/sound/<str:what>", with_sound, name="with_sound"),
]
