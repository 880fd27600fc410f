"""Round views: one take after the other, with what was asked and its previous version."""

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone

from editorapp.core.request_values import row_id
from editorapp.generations.models import Generation
from editorapp.inbox import reading
from editorapp.review import rounds
from editorapp.review.notices import path_of
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.roles import Act
from editorapp.web.presenters.cards import read_pictured
from editorapp.web.review.found import take_or_404
from editorapp.web.review.round_context import round_context
from editorapp.web.review.round_ways import RoundWay, Way
from editorapp.web.review.verdict_context import VerdictPanel, verdicts_for


@page_for(Act.DECIDE)
def page(request: MemberRequest) -> HttpResponse:
    """Lead on to the next take that waits for this person; where none does, say what was passed."""
    before = row_id(request.GET, "before")
    waits = rounds.of(request.member, before=before)
    if waits.next_take is not None:
        query = f"?before={before}" if before else ""
        return redirect(reverse("review:take", args=[waits.next_take]) + query)
    last = rounds.latest(request.member)
    context = {
        "here": "review",
        "waits": waits,
        "passed": read_pictured(waits.passed),
        "last_url": reverse("review:take", args=[last]) if last else "",
    }
    return render(request, "review/round_over.html", context)


@page_for(Act.DECIDE)
def take(request: MemberRequest, pk: int) -> HttpResponse:
    """Show a take of the round."""
    shown = take_or_404(request, pk)
    if not shown.is_done:
        return redirect("takes:page", shown.pk)
    return round_page(
        request, shown, RoundWay(shown, request.member, row_id(request.GET, "before"))
    )


@action_for(Act.DECIDE)
def go_on(request: MemberRequest, pk: int) -> HttpResponse:
    """Keep that a take was looked at, and lead on to the next one."""
    shown = take_or_404(request, pk)
    return redirect(RoundWay(shown, request.member, row_id(request.POST, "before")).decided())


def round_page(
    request: MemberRequest,
    shown: Generation,
    way: Way,
    *,
    review: VerdictPanel | None = None,
    status: int = 200,
) -> HttpResponse:
    """Show one take of a round or of a playlist, large; what leads to it counts as read then."""
    reading.mark_path_read(request.member, path_of(shown), now=timezone.now())
    context = round_context(shown, request.member) | {
        "here": "review" if request.member.may_decide else "gallery",
        "way": way,
        "review": review or verdicts_for(shown, request.member),
    }
    return render(request, "review/round.html", context, status=status)


urlpatterns = [
    path("", page, name="page"),
    path("<int:pk>", take, name="take"),
    path("<int:pk>/next", go_on, name="next"),
]
