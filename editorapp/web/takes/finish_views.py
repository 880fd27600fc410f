"""Finish views: the ways to make a take once more at full quality, and the press that queues one."""

from decimal import Decimal

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse

from editorapp.core.htmx import Context, is_part
from editorapp.core.money import usd_typed_or_none
from editorapp.costs.ledger import OverBudget
from editorapp.generations.models import Generation
from editorapp.generations.request import quotes
from editorapp.generations.request.enqueue import RequestRefused
from editorapp.generations.request.finish import (
    NotFinishable,
    ask_price,
    finish,
    finishes,
)
from editorapp.generations.request.quality import Quality
from editorapp.review import answers
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.roles import Act
from editorapp.web.studio.pages import triggering
from editorapp.web.takes.found import take_or_404

REFUSED = (NotFinishable, RequestRefused, OverBudget)


@page_for(Act.CREATE)
def ways(request: MemberRequest, pk: int) -> HttpResponse:
    """Return the ways to finish a take, for the place of a page that shows it; the take's page to
    who opens the address.
    """
    take = take_or_404(request, pk)
    return _shown(request, take) if is_part(request) else _back_to(take)


@action_for(Act.CREATE)
def finish_it(request: MemberRequest, pk: int) -> HttpResponse:
    """Queue the take once more, as the pressed button says: "1080p+hdr@2.16", for no more than that;
    422 with the reason where it cannot be.
    """
    take = take_or_404(request, pk)
    quality, agreed_usd = _pressed(request.POST.get("finish", ""))
    try:
        with transaction.atomic():
            made = finish(take, quality, member=request.member, agreed_usd=agreed_usd)
            answers.carry(made, take)
    except REFUSED as error:
        return _refused(request, take, str(error))
    words = f"#{made.pk} is queued: #{take.pk} at {quality.label}."
    if not is_part(request):
        messages.success(request, words)
        return redirect("takes:page", made.pk)
    href = reverse("takes:page", args=[made.pk])
    said = {"text": words, "take": made.pk, "href": href, "action": f"Open #{made.pk}"}
    return triggering(_shown(request, take, said=words), {"rushes:queued": said})


@action_for(Act.CREATE)
def ask_finish(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask the provider what finishing a take would cost, where it publishes no price. Free."""
    take = take_or_404(request, pk)
    quality, _agreed = _pressed(request.POST.get("finish", ""))
    try:
        ask_price(take, quality, member=request.member)
    except (NotFinishable, quotes.NothingToAsk) as error:
        return _refused(request, take, str(error))
    return _shown(request, take) if is_part(request) else _back_to(take)


def _pressed(value: str) -> tuple[Quality, Decimal]:
    """Read what a button says: a quality, and the price that stands on it."""
    name, _at, price = value.partition("@")
    return Quality.read(name), usd_typed_or_none(price) or Decimal(0)


def _refused(request: MemberRequest, take: Generation, reason: str) -> HttpResponse:
    if is_part(request):
        return _shown(request, take, status=422, problem=reason)
    messages.error(request, reason)
    return _back_to(take)


def _shown(
    request: MemberRequest,
    take: Generation,
    *,
    status: int = 200,
    **more: str,
) -> HttpResponse:
    context: Context = {
        "take": take,
        "finishes": finishes(take, request.member),
        "is_in_form": "in_form" in request.GET,
        **more,
    }
    return render(request, "takes/_finish.html", context, status=status)


def _back_to(take: Generation) -> HttpResponse:
    return redirect(f"{reverse('takes:page', args=[take.pk])}#finish-{take.pk}")


urlpatterns = [
    path("<int:pk>/finishes", ways, name="finishes"),
    path("<int:pk>/finish", finish_it, name="finish"),
    path("<int:pk>/finish/ask", ask_finish, name="ask_finish"),
]
