"""Hand-out views: one take by its address, or up to 200 that a form names, as any of the kinds.

Each is a download, so nothing of a page is swapped: what cannot be handed on is said on the page that
one came from.
"""

from collections.abc import Sequence

from django.contrib import messages
from django.http import Http404, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone

from editorapp.core import reasons
from editorapp.core.request_values import wants_json
from editorapp.core.way_back import is_ours
from editorapp.exports.take_timeline import NothingToLay
from editorapp.exports.timelines.edl import MixedRates
from editorapp.generations.models import Generation
from editorapp.teams import audit
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.roles import Act
from editorapp.web.exports.answers import ANSWERS, HandOut
from editorapp.web.exports.chosen_takes import NotHandedOn, chosen_takes, numbers_in

REFUSED = (NotHandedOn, NothingToLay, MixedRates)


@page_for(Act.EXPORT)
def of_take(request: MemberRequest, pk: int, kind: str) -> HttpResponseBase:
    """Hand on one take: `exr=1` with its frames, `timecode=ndf` without drop frame."""
    known = _known(kind)
    if not Generation.objects.visible_to(request.member).filter(pk=pk).exists():
        raise Http404("There is no such take.")
    return _handed_on(request, known, [pk], request.GET)


@action_for(Act.EXPORT)
def of_chosen(request: MemberRequest, kind: str) -> HttpResponseBase:
    """Hand on the takes that a form names: see `numbers_in`, and `of_take` for the rest."""
    known = _known(kind)
    try:
        numbers = numbers_in(request.POST)
    except NotHandedOn as error:
        return _refused(request, str(error), ())
    return _handed_on(request, known, numbers, request.POST)


def _known(kind: str) -> str:
    if kind not in ANSWERS:
        raise Http404(f"Nothing is handed on as {kind}.")
    return kind


def _handed_on(
    request: MemberRequest,
    kind: str,
    numbers: Sequence[int],
    said: QueryDict,
) -> HttpResponseBase:
    try:
        out = HandOut(
            chosen_takes(numbers, request.member),
            request.member,
            now=timezone.now(),
            with_exr=said.get("exr") == "1",
            drop=said.get("timecode") != "ndf",
        )
        answer = ANSWERS[kind](out)
    except REFUSED as error:
        return _refused(request, str(error), numbers)
    if request.method != "HEAD":
        _record(out, kind)
    if request.method == "HEAD" and answer.streaming:
        return StreamingHttpResponse((), headers=dict(answer.headers))  # written for nobody
    return answer


def _record(out: HandOut, kind: str) -> None:
    takes = [one.take.pk for one in out.chosen]
    subject = f"take:{takes[0]}" if len(takes) == 1 else ""
    about = f"#{takes[0]}" if len(takes) == 1 else f"{len(takes)} takes"
    audit.record("take.handed_on", subject, by=out.member, about=about, kind=kind, takes=takes)


def _refused(request: MemberRequest, reason: str, numbers: Sequence[int]) -> HttpResponseBase:
    """Say on the page that one came from why nothing comes; to a script, in the answer."""
    if wants_json(request):
        return reasons.answer("not_handed_on", reason, status=422)
    messages.error(request, reason)
    back = request.headers.get("Referer", "")
    if is_ours(request, back):
        return redirect(back)
    return redirect("takes:page", numbers[0]) if len(numbers) == 1 else redirect("gallery:page")


urlpatterns = [
    path("<int:pk>/<str:kind>", of_take, name="of_take"),
    path("<str:kind>", of_chosen, name="of_chosen"),
]
