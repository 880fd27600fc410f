"""Settle what nobody knows: the list of all that waits for a person, and the choices on the page of
a take.
"""

from collections.abc import Callable
from decimal import Decimal

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from editorapp.core import request_values
from editorapp.core.htmx import is_part
from editorapp.core.money import ZERO, NotAnAmount, usd_typed
from editorapp.core.notes import NoteNeeded
from editorapp.costs import ledger
from editorapp.generations.models import Generation, Overtaken
from editorapp.generations.reconcile import search, settle
from editorapp.generations.request import quotes, retry
from editorapp.providers.http.typed_readers import LONGEST_ID
from editorapp.teams.access import MemberRequest, needs
from editorapp.teams.roles import Act
from editorapp.web.takes import unknown_outcome
from editorapp.web.templatetags.takes import NEEDS_A_PERSON

MOST_ROWS = 200
REFUSED = (
    settle.NothingToSettle,
    settle.JobIsTaken,
    settle.JobNotKnown,
    settle.PriceChanged,
    ledger.OverBudget,
    NoteNeeded,
)


@require_safe
@needs(Act.SEE)
def page(request: MemberRequest) -> HttpResponse:
    """Show all that waits for a person, the longest waiting first; what is still being looked for
    by itself apart.
    """
    rows = Generation.objects.visible_to(request.member).filter(state__in=NEEDS_A_PERSON)
    takes = list(
        rows.select_related("account", "created_by", "assignee").order_by("state_since", "pk")[
            : MOST_ROWS + 1
        ]
    )
    shown = unknown_outcome.waiting(takes[:MOST_ROWS])
    context = {
        "here": "queue",
        "waiting": [one for one in shown if not one.is_looking],
        "looking": [one for one in shown if one.is_looking],
        "held_usd": sum((one.held_usd for one in shown), Decimal(0)),
        "more": len(takes) > MOST_ROWS,
    }
    return render(request, "settle/page.html", context)


@require_POST
@needs(Act.ANSWER)
def settle_it(request: MemberRequest, pk: int) -> HttpResponse:
    """Say what became of a paid call whose outcome nobody knows: of one's own take, or as an admin
    of anybody's.
    """
    take, now, note = _found(request, pk), timezone.now(), request.POST.get("note", "")
    job_id, agreed = (
        request_values.text(request.POST, "job_id", most=LONGEST_ID),
        _amount(request, "agreed_usd"),
    )
    member = request.member
    verbs: dict[str, Callable[[], object]] = {
        "adopt": lambda: settle.adopt(take, job_id, member=member, now=now, note=note),
        "never_arrived": lambda: settle.never_arrived(take, member=member, now=now, note=note),
        "count_as_spent": lambda: settle.count_as_spent(take, member=member, now=now, note=note),
        "send_again": lambda: settle.send_again(
            take, member=member, now=now, agreed_usd=agreed or ZERO, note=note
        ),
    }
    verb = request.POST.get("outcome", "")
    if (
        verb not in verbs
        or (verb == "adopt" and not job_id)
        or (verb == "send_again" and agreed is None)
    ):
        messages.error(
            request, "Say what became of it; to follow it, give the id that the provider shows."
        )
        return redirect("takes:page", pk)
    try:
        verbs[verb]()
    except REFUSED as error:
        messages.error(request, str(error))
    except Overtaken:
        messages.warning(request, "Somebody was faster: look at what it says now.")
    else:
        messages.success(request, "Settled. Who decided is kept with the cost lines.")
    return redirect("takes:page", pk)


@require_POST
@needs(Act.CREATE)
def look_again(request: MemberRequest, pk: int) -> HttpResponse:
    """Have the provider's list read anew, because a person wants to know now. Free."""
    attempt = _found(request, pk).attempts.select_related("account").order_by("-number").first()
    if attempt is not None and search.ask_again(attempt, now=timezone.now()):
        messages.success(request, "The list is being read again. Look at this page in a moment.")
    else:
        messages.warning(request, "There is nothing to look for in a list.")
    return redirect("takes:page", pk)


@require_safe
@needs(Act.SEE)
def price(request: MemberRequest, pk: int) -> HttpResponse:
    """Return what a second time costs now, as far as it is known: the part that asks on until it
    is.
    """
    return _price(request, _found(request, pk))


def _price(request: MemberRequest, take: Generation) -> HttpResponse:
    attempt = take.attempts.select_related("search").order_by("-number").first()
    if attempt is None or not take.can_settle:
        return HttpResponse(status=204)
    found = unknown_outcome.of(take, attempt, now=timezone.now())
    return render(request, "takes/_again.html", {"take": take, "settling": found})


@require_POST
@needs(Act.CREATE)
def ask_price(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask the provider what a second time would cost. Free."""
    take = _found(request, pk)
    try:
        retry.ask_second_price(take, member=request.member, now=timezone.now())
    except quotes.NothingToAsk as error:
        messages.warning(request, str(error))
    return _price(request, take) if is_part(request) else redirect("takes:page", pk)


@require_POST
@needs(Act.MANAGE)
def correct_cost(request: MemberRequest, pk: int) -> HttpResponse:
    """Set what a take really cost, as the provider's console or invoice says."""
    take, note = _found(request, pk), request.POST.get("note", "")
    try:
        actual = usd_typed(request.POST.get("actual_usd", ""))
        settle.correct_cost(take, actual, member=request.member, now=timezone.now(), note=note)
    except (NotAnAmount, settle.NothingToSettle, ledger.NothingHeld, NoteNeeded) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Corrected. The difference is a line of its own.")
    return redirect("takes:page", pk)


def _found(request: MemberRequest, pk: int) -> Generation:
    takes = Generation.objects.visible_to(request.member).select_related(
        "created_by", "assignee", "source_asset", "account"
    )
    return get_object_or_404(takes, pk=pk)


def _amount(request: MemberRequest, name: str) -> Decimal | None:
    """Return the dollars that a form names; None where it names none."""
    try:
        return usd_typed(request.POST.get(name, ""))
    except NotAnAmount:
        return None


urlpatterns = [path("", page, name="page")]
take_patterns = [
    path("<int:pk>/settle", settle_it, name="settle"),
    path("<int:pk>/look", look_again, name="look"),
    path("<int:pk>/price", price, name="price"),
    path("<int:pk>/ask", ask_price, name="ask"),
    path("<int:pk>/cost", correct_cost, name="correct"),
]
