"""Take page: what was requested, what came of it, what it cost, what was made from what, and what
to do next.
"""

from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.generations import comparison, trash
from editorapp.generations.models import Generation
from editorapp.inbox import reading
from editorapp.teams.access import MemberRequest, page_for
from editorapp.teams.roles import Act
from editorapp.web.presenters import change
from editorapp.web.takes import (
    actions,
    answer_views,
    finish_views,
    lineage_views,
    panel,
    sound,
)
from editorapp.web.takes import settle_views as settle
from editorapp.web.takes.found import full_take_or_404, trashed_take_or_404
from editorapp.web.takes.page_context import page_context
from editorapp.web.takes.progress import seen

_NOT_YET = {"Cache-Control": "private, no-store"}


@page_for(Act.SEE)
def page(request: MemberRequest, pk: int) -> HttpResponse:
    """Show a take; what a person was told of it counts as read then. Of one in the trash, say that it
    is there, and the way back.
    """
    if request.method == "GET" and "prefetch" not in request.headers.get("Sec-Purpose", ""):
        reading.mark_path_read(request.member, request.path, now=timezone.now())
    try:
        return _page(request, pk)
    except Http404:
        return _in_trash(request, pk)


@page_for(Act.SEE)
def live(request: MemberRequest, pk: int) -> HttpResponse:
    """Return the whole take once it is no longer as the page saw it; until then 204, so that
    nothing is disturbed.
    """
    takes = Generation.objects.visible_to(request.member).select_related("result", "account")
    now, before = seen(get_object_or_404(takes, pk=pk)), request.GET.get("seen", "")
    if now == before:
        return HttpResponse(status=204)
    only_stage = now.rpartition(".")[0] == before.rpartition(".")[0]
    return _page(
        request,
        pk,
        "takes/_changed.html",
        oob=True,
        only_stage=only_stage,
    )


@page_for(Act.SEE)
def curve(request: MemberRequest, pk: int) -> HttpResponse:
    """Answer with how much each frame of the take differs from its source: see change.told.

    202, while it is measured: ask again.
    """
    takes = Generation.objects.visible_to(request.member)
    take = get_object_or_404(
        takes.select_related("result", "source_asset", "parent__result"), pk=pk
    )
    try:
        found = comparison.curve(take)
    except comparison.NotComparable as error:
        return JsonResponse(change.none(str(error)), headers=_NOT_YET)
    if found.is_pending:
        return JsonResponse(change.told(found), status=202, headers=_NOT_YET)
    return JsonResponse(change.told(found), headers={"Cache-Control": "private, max-age=3600"})


def _in_trash(request: MemberRequest, pk: int) -> HttpResponse:
    """Say that a take was thrown away, or deleted for good. Raises: Http404, where it never was."""
    take, member = trashed_take_or_404(request, pk), request.member
    context = {
        "here": "gallery",
        "take": take,
        "until": take.trashed_at + trash.KEPT_FOR if take.trashed_at else None,
        "may_restore": take.emptied_at is None and trash.may_restore(take, member),
        "children": trash.made_from([pk], member),
        "lines": ledger.lines(member, generation_id=pk).order_by("pk"),
    }
    status = 200 if take.emptied_at is None else 410
    return render(request, "takes/trashed.html", context, status=status)


def _page(
    request: MemberRequest,
    pk: int,
    template: str = "takes/page.html",
    **more: object,
) -> HttpResponse:
    take = full_take_or_404(request, pk)
    return render(request, template, page_context(take, request.member) | more)


urlpatterns = [
    path("<int:pk>", page, name="page"),
    path("<int:pk>/live", live, name="live"),
    path("<int:pk>/change", curve, name="change"),
    *panel.urlpatterns,
    *actions.urlpatterns,
    *answer_views.urlpatterns,
    *finish_views.urlpatterns,
    *sound.urlpatterns,
    *lineage_views.urlpatterns,
    *settle.take_patterns,
]
