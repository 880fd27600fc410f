"""Verification page: an account is held against its provider's documents, and its price is agreed to."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache

from editorapp.core.htmx import page_or_part
from editorapp.core.money import ZERO, show_usd, usd_typed_or_none
from editorapp.costs.ledger import OverBudget
from editorapp.generations.models import Verification
from editorapp.generations.verification import checks, paid_take, report
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.roles import Act
from editorapp.web.accounts.found import account_or_404


@action_for(Act.MANAGE)
def begin(request: MemberRequest, pk: int) -> HttpResponse:
    """Begin to verify an account, or show what was begun. Free; the queue does it."""
    account = account_or_404(pk, request.member)
    try:
        verification = checks.begin(account, request.member, now=timezone.now())
    except checks.CannotVerify as error:
        messages.error(request, str(error))
        return redirect("accounts:page")
    return redirect("verifying:page", verification.pk)


@never_cache
@page_for(Act.MANAGE)
def page(request: MemberRequest, pk: int) -> HttpResponse:
    """Show how a verification stands: to htmx the part that changes."""
    verification = _found(request, pk)
    context = {
        "here": "accounts",
        "verification": verification,
        "account": verification.account,
        "summary": report.summary_of(verification),
    }
    part = "accounts/_verification.html"
    return page_or_part(request, "accounts/verification.html", part, context)


@action_for(Act.MANAGE)
def go_on(request: MemberRequest, pk: int) -> HttpResponse:
    """Send the paid take, for at most the price that the person was shown."""
    verification = _found(request, pk)
    at_most = usd_typed_or_none(request.POST.get("agreed_usd", "")) or ZERO
    try:
        take = paid_take.go_on(
            verification,
            request.member,
            at_most_usd=at_most,
            now=timezone.now(),
        )
    except OverBudget as error:
        needed, left = show_usd(error.needed_usd), show_usd(error.available_usd)
        messages.error(request, f"It needs {needed}, and this month's budget has {left} left.")
    except paid_take.REFUSED as error:
        messages.error(request, str(error) or "Your role may not spend money.")
    else:
        messages.success(request, f"#{take.pk} is queued. It is sent once.")
    return redirect("verifying:page", pk)


@action_for(Act.MANAGE)
def leave_it(request: MemberRequest, pk: int) -> HttpResponse:
    """End it without the paid take."""
    paid_take.leave_it(_found(request, pk))
    return redirect("verifying:page", pk)


@never_cache
@page_for(Act.MANAGE)
def report_file(request: MemberRequest, pk: int) -> HttpResponse:
    """Hand out the report as a file."""
    verification = _found(request, pk)
    text = report.text_of(verification, now=timezone.now())
    response = HttpResponse(text, content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{report.file_name(verification)}"'
    return response


def _found(request: MemberRequest, pk: int) -> Verification:
    rows = Verification.objects.select_related("account", "take", "clip", "person")
    return get_object_or_404(rows, pk=pk, team_id=request.member.team_id)


urlpatterns = [
    path("begin/<int:pk>", begin, name="begin"),
    path("<int:pk>/", page, name="page"),
    path("<int:pk>/go-on", go_on, name="go_on"),
    path("<int:pk>/leave-it", leave_it, name="leave_it"),
    path("<int:pk>/report.md", report_file, name="report"),
]
