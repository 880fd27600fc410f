"""Answer views: "Make this edit" on a note, and the picture of its frame with its drawing."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode

from editorapp.core.request_values import row_id
from editorapp.generations.models import Generation
from editorapp.media import drawn_frames
from editorapp.media.refusals import Refusal
from editorapp.review import asked_notes
from editorapp.review.asked_notes import AskedNote
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.roles import Act
from editorapp.web.studio import answering
from editorapp.web.studio.new_sources import NotDone

PREVIEW_HEIGHT = 270  # px


@action_for(Act.CREATE)
def of_comment(request: MemberRequest, pk: int) -> HttpResponse:
    """Open the studio with the edit that a comment asks for. Sends nothing."""
    return _begin(request, _note(request, str(pk)))


@action_for(Act.CREATE)
def of_verdict(request: MemberRequest, pk: int) -> HttpResponse:
    """Open the studio with the edit that the note of a verdict asks for. Sends nothing."""
    return _begin(request, _note(request, f"verdict-{pk}"))


def _begin(request: MemberRequest, note: AskedNote) -> HttpResponse:
    take = _take(request, note)
    if not take.can_be_source:
        messages.error(request, f"#{take.pk} has no result that an edit could be made of.")
        return redirect(note.page)
    try:
        aside = answering.begin(note, take, request.member, now=timezone.now())
    except NotDone as error:
        messages.error(request, str(error))
        return redirect(note.page)
    query: dict[str, str | int] = {"generation": take.pk, "answers": note.key}
    if aside is not None:
        query["aside"] = aside
    return redirect(f"{reverse('studio:page')}?{urlencode(query)}")


def _take(request: MemberRequest, note: AskedNote) -> Generation:
    """Return the take that the edit is made of: the one on whose page the button stood (`take`),
    which the note was carried to; else the note's own.
    """
    pk = row_id(request.POST, "take")
    rows = Generation.objects.visible_to(request.member).select_related("result", "account")
    if pk is not None and pk != note.take.pk:
        carried = rows.filter(pk=pk, lineage=note.take.lineage).first()
        if carried is not None:
            return carried
    return rows.get(pk=note.take.pk)


@page_for(Act.STUDIO)
def drawn(request: MemberRequest, pk: int) -> HttpResponse:
    """Answer with the frame of a comment with its drawing, small; of the take where it is used
    (?take=).
    """
    note, take = _note(request, str(pk)), row_id(request.GET, "take")
    rows = Generation.objects.visible_to(request.member).select_related("result")
    clip = rows.filter(pk=take or note.take.pk, lineage=note.take.lineage).first()
    if clip is None or clip.result is None or note.frame is None:
        raise Http404("There is no such frame.")
    try:
        picture = drawn_frames.still(
            clip.result, note.frame, note.drawing, format="jpeg", max_height=PREVIEW_HEIGHT
        )
    except Refusal as refusal:
        raise Http404(refusal.message) from refusal
    headers = {"Cache-Control": "private, max-age=60"}
    return HttpResponse(picture, content_type="image/jpeg", headers=headers)


def _note(request: MemberRequest, key: str) -> AskedNote:
    note = asked_notes.find(key, request.member)
    if note is None:
        raise Http404("There is no such note.")
    return note


urlpatterns = [
    path("answers/<int:pk>", of_comment, name="answer"),
    path("answers/verdict/<int:pk>", of_verdict, name="answer_verdict"),
    path("answers/<int:pk>/drawn.jpg", drawn, name="note_drawn"),
]
