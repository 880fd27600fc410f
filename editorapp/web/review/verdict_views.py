"""Verdict views: how the review of a take stands, a verdict, and people who are asked for theirs.

A page without script gets the take's page, or one with what was typed and why it was refused; htmx
gets the panel anew.
"""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone

from editorapp.core.htmx import Context, is_part, page_or_part
from editorapp.core.request_values import row_ids
from editorapp.generations.models import Generation
from editorapp.review import approval
from editorapp.review.decide import NotDecidable, NoteNeeded, decide
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.review.found import take_or_404
from editorapp.web.review.round_views import round_page
from editorapp.web.review.round_ways import way_of
from editorapp.web.review.verdict_context import named, verdicts_for


@page_for(Act.SEE)
def verdicts(request: MemberRequest, pk: int) -> HttpResponse:
    """Show the verdicts of a take; with ?in_form=1 in one line, for the studio's stage."""
    take = take_or_404(request, pk)
    review = verdicts_for(take, request.member)
    context: Context = {"here": "gallery", "take": take, "review": review}
    if request.GET.get("in_form"):
        return render(request, "review/_verdict_line.html", context)
    return page_or_part(request, "review/verdicts.html", "review/_verdicts.html", context)


@action_for(Act.DECIDE)
def decide_it(request: MemberRequest, pk: int) -> HttpResponse:
    """Approve the take or ask for changes; in a round or a playlist, go on to the next one."""
    take, note = take_or_404(request, pk), request.POST.get("note", "")
    verdict = request.POST.get("verdict", "")
    try:
        decision = decide(take, verdict, member=request.member, note=note, now=timezone.now())
    except ValueError:
        return _told(request, take, "Choose: approve, or needs changes.")
    except NotDecidable as error:
        return _told(request, take, str(error))
    except NoteNeeded as error:
        return _refused(request, take, note=note, wrong=str(error))
    words = f"#{take.pk}: {decision.get_verdict_display().lower()}. {take.created_by} sees it."
    if (way := way_of(request, take)) is not None:
        messages.success(request, words)
        return redirect(way.decided())
    return _done(request, take, words)


@action_for(Act.ORGANISE)
def ask(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask people to review the take."""
    take, wanted = take_or_404(request, pk), row_ids(request.POST, "reviewer")
    people = Member.objects.filter(team=request.member.team_id, pk__in=wanted)
    fresh = approval.ask(take, people, by=request.member, now=timezone.now())
    if not fresh:
        return _told(request, take, "Nobody was asked: choose who should look at it.")
    return _done(request, take, f"{named(fresh)} {'is' if len(fresh) == 1 else 'are'} asked.")


def _done(request: MemberRequest, take: Generation, words: str) -> HttpResponse:
    if is_part(request):
        return _part(request, take, said=words)
    messages.success(request, words)
    return _to_take(take)


def _told(request: MemberRequest, take: Generation, problem: str) -> HttpResponse:
    """Say why nothing was done, where the button was."""
    if is_part(request):
        return _part(request, take, problem=problem, status=422)
    messages.error(request, problem)
    way = way_of(request, take)
    return redirect(way.here) if way else _to_take(take)


def _refused(request: MemberRequest, take: Generation, *, note: str, wrong: str) -> HttpResponse:
    """Show the form as it was typed, with what is wrong with it."""
    review = verdicts_for(take, request.member, note=note, wrong=wrong)
    if (way := way_of(request, take)) is not None:
        return round_page(request, take, way, review=review, status=422)
    context = {"here": "gallery", "take": take, "review": review}
    template = "review/_verdicts.html" if is_part(request) else "review/verdicts.html"
    return render(request, template, context, status=422)


def _part(
    request: MemberRequest,
    take: Generation,
    *,
    status: int = 200,
    **said: str,
) -> HttpResponse:
    """Return the panel anew, or the studio's line, with the badge at the head of the page."""
    review = verdicts_for(take, request.member)
    context = {"take": take, "review": review, "with_badge": True, **said}
    is_line = request.POST.get("in_form") == "1"
    template = "review/_verdict_line.html" if is_line else "review/_verdicts.html"
    return render(request, template, context, status=status)


def _to_take(take: Generation) -> HttpResponse:
    return redirect(f"{reverse('takes:page', args=[take.pk])}#verdicts")


urlpatterns = [
    path("<int:pk>/verdicts", verdicts, name="verdicts"),
    path("<int:pk>/decide", decide_it, name="decide"),
    path("<int:pk>/ask", ask, name="ask"),
]
