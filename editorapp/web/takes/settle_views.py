"""Settle views: the list of all that waits for a person, and the choices on the page of a take."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone

from editorapp.core import request_values
from editorapp.core.htmx import is_part
from editorapp.core.money import ZERO, NotAnAmount, usd_typed, usd_typed_or_none
from editorapp.core.notes import NoteNeeded
from editorapp.costs import ledger
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.reconcile import search, settle
from editorapp.generations.request import quotes
from editorapp.generations.request.draft import Draft
from editorapp.generations.states import NEEDS_A_PERSON
from editorapp.providers.http.typed_readers import LONGEST_ID
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.roles import Act
from editorapp.web.presenters.outcome_messages import reported
from editorapp.web.takes import unknown_outcome
from editorapp.web.takes.found import note_of, take_or_404

MOST_ROWS = 200
REFUSED = (
    settle.NothingToSettle,
    settle.JobIsTaken,
    settle.JobNotKnown,
    settle.PriceChanged,
    ledger.OverBudget,
    NoteNeeded,
)


@page_for(Act.SEE_TEAM)
def page(request: MemberRequest) -> HttpResponse:
    """Show all that waits for a person, the longest waiting first; what is still being looked for
    by itself apart.
    """
    rows = Generation.objects.visible_to(request.member).filter(state__in=NEEDS_A_PERSON)
    people = rows.select_related("account", "created_by", "assignee")
    takes = list(people.order_by("state_since", "pk")[: MOST_ROWS + 1])
    shown = unknown_outcome.waiting(takes[:MOST_ROWS])
    context = {
        "here": "queue",
        "waiting": [one for one in shown if not one.is_looking],
        "looking": [one for one in shown if one.is_looking],
        "held_usd": sum((one.held_usd for one in shown), ZERO),
        "more": len(takes) > MOST_ROWS,
    }
    return render(request, "settle/page.html", context)


@action_for(Act.ANSWER)
def settle_it(request: MemberRequest, pk: int) -> HttpResponse:
    """Say what became of a paid call whose outcome nobody knows: of one's own take, or as an admin
    of anybody's.
    """
    chosen = _chosen(request, take_or_404(request, pk))
    if chosen is None:
        messages.error(
            request, "Say what became of it; to follow it, give the id that the provider shows."
        )
        return redirect("takes:page", pk)
    with reported(
        request,
        "Settled. Who decided is kept with the cost lines.",
        errors=REFUSED,
        overtaken="Somebody was faster: look at what it says now.",
    ):
        chosen()
    return redirect("takes:page", pk)


def _chosen(request: MemberRequest, take: Generation) -> Callable[[], object] | None:
    """Return the outcome that the form chooses, to be settled; None where it says too little."""
    given, outcome = request.POST, request.POST.get("outcome", "")
    by: dict[str, Any] = {
        "member": request.member,
        "now": timezone.now(),
        "note": note_of(request),
    }
    job_id = request_values.text(given, "job_id", most=LONGEST_ID)
    agreed_usd = usd_typed_or_none(given.get("agreed_usd", ""))
    if outcome == "adopt" and job_id:
        return partial(settle.adopt, take, job_id, **by)
    if outcome == "send_again" and agreed_usd is not None:
        return partial(settle.send_again, take, agreed_usd=agreed_usd, **by)
    plain = {"never_arrived": settle.never_arrived, "count_as_spent": settle.count_as_spent}
    return partial(plain[outcome], take, **by) if outcome in plain else None


@action_for(Act.CREATE)
def look_again(request: MemberRequest, pk: int) -> HttpResponse:
    """Have the provider's list read anew, because a person wants to know now. Free."""
    take = take_or_404(request, pk)
    attempt = take.attempts.select_related("account").order_by("-number").first()
    if attempt is not None and search.ask_again(attempt, now=timezone.now()):
        messages.success(request, "The list is being read again. Look at this page in a moment.")
    else:
        messages.warning(request, "There is nothing to look for in a list.")
    return redirect("takes:page", pk)


@page_for(Act.SEE)
def price(request: MemberRequest, pk: int) -> HttpResponse:
    """Return what a second time costs now, as far as it is known: the part that asks on until it
    is.
    """
    return _price(request, take_or_404(request, pk))


def _price(request: MemberRequest, take: Generation) -> HttpResponse:
    attempt = _last_attempt(take)
    if attempt is None or not take.can_settle:
        return HttpResponse(status=204)
    found = unknown_outcome.of(take, attempt, now=timezone.now())
    return render(request, "takes/_again.html", {"take": take, "settling": found})


def _last_attempt(take: Generation) -> Attempt | None:
    return take.attempts.select_related("search").order_by("-number").first()


@action_for(Act.CREATE)
def ask_price(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask the provider what a second time would cost. Free."""
    take = take_or_404(request, pk)
    with reported(request, warnings=(quotes.NothingToAsk,)):
        quotes.ask(Draft.of(take), member=request.member, now=timezone.now())
    return _price(request, take) if is_part(request) else redirect("takes:page", pk)


@action_for(Act.SET_BUDGET)
def correct_cost(request: MemberRequest, pk: int) -> HttpResponse:
    """Set what a take really cost, as the provider's console or invoice says."""
    take = take_or_404(request, pk)
    with reported(
        request,
        "Corrected. The difference is a line of its own.",
        errors=(NotAnAmount, settle.NothingToSettle, ledger.NothingHeld, NoteNeeded),
    ):
        actual = usd_typed(request.POST.get("actual_usd", ""))
        settle.correct_cost(
            take,
            actual,
            member=request.member,
            now=timezone.now(),
            note=note_of(request),
        )
    return redirect("takes:page", pk)


urlpatterns = [path("", page, name="page")]
take_patterns = [
    path("<int:pk>/settle", settle_it, name="settle"),
    path("<int:pk>/look", look_again, name="look"),
    path("<int:pk>/price", price, name="price"),
    path("<int:pk>/ask", ask_price, name="ask"),
    path("<int:pk>/cost", correct_cost, name="correct"),
]
