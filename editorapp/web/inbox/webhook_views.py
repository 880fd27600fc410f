"""Webhooks page: the team's addresses that are posted what happens, and the log of deliveries."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone

from editorapp.core.htmx import page_or_part
from editorapp.core.paging import cursor, newest_first
from editorapp.inbox import webhooks
from editorapp.inbox.models import Delivery, NoticeKind, Webhook
from editorapp.inbox.webhooks import Wanted, WebhookRefused
from editorapp.teams.access import MemberRequest, action_for, form_page_for, page_for
from editorapp.teams.roles import Act
from editorapp.web.inbox.webhook_form import WebhookForm, filled

PAGE_SIZE = 40


@page_for(Act.MANAGE)
def page(request: MemberRequest) -> HttpResponse:
    """Show the team's webhooks, and the form for another one."""
    return _page(request, WebhookForm(initial={"kinds": NoticeKind.values}))


@action_for(Act.MANAGE)
def make(request: MemberRequest) -> HttpResponse:
    """Keep another webhook; its secret is shown with this answer and never again."""
    form = WebhookForm(request.POST)
    made = _kept(form, lambda wanted: webhooks.make(wanted, by=request.member, now=timezone.now()))
    if made is None:
        return _page(request, form, status=422)
    webhook, secret = made
    return _one(request, webhook, filled(webhook), secret=secret)


@form_page_for(Act.MANAGE)
def one(request: MemberRequest, pk: int) -> HttpResponse:
    """Show a webhook with its log, and change it; to htmx only more of the log."""
    webhook = _webhook(request, pk)
    if request.method != "POST":
        return _one(request, webhook, filled(webhook))
    form = WebhookForm(request.POST, is_new=False)
    done = _kept(form, lambda wanted: _change(request, webhook, wanted))
    if done is None:
        return _one(request, webhook, form, status=422)
    return _back(request, webhook, "The webhook is saved. Nothing was sent to it.")


def _change(request: MemberRequest, webhook: Webhook, wanted: Wanted) -> bool:
    webhooks.change(webhook, wanted, by=request.member)
    return True


@action_for(Act.MANAGE)
def switch(request: MemberRequest, pk: int) -> HttpResponse:
    """Switch a webhook on (`on`: 1) or off."""
    webhook, is_on = _webhook(request, pk), request.POST.get("on") == "1"
    webhooks.switch(webhook, is_on, by=request.member)
    said = "on" if is_on else "off: what happens meanwhile is not posted to it"
    return _back(request, webhook, f"{webhook} is switched {said}.")


@action_for(Act.MANAGE)
def rotate(request: MemberRequest, pk: int) -> HttpResponse:
    """Sign with a new secret, which is shown with this answer and never again."""
    webhook = _webhook(request, pk)
    secret = webhooks.rotate(webhook, by=request.member)
    return _one(request, webhook, filled(webhook), secret=secret)


@action_for(Act.MANAGE)
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    """Delete a webhook with its log."""
    webhook = _webhook(request, pk)
    webhooks.delete(webhook, by=request.member)
    messages.success(request, f"{webhook} is deleted, with its log.")
    return redirect("inbox:webhooks")


@action_for(Act.MANAGE)
def test(request: MemberRequest, pk: int) -> HttpResponse:
    """Let a test be posted, which the log shows."""
    webhook = _webhook(request, pk)
    if not webhook.is_enabled:
        messages.error(request, "Switch it on first: nothing is posted to one that is off.")
        return redirect("inbox:webhook", webhook.pk)
    webhooks.ask_test(webhook, by=request.member, now=timezone.now())
    return _back(request, webhook, "A test is on its way: the log says what came of it.")


@action_for(Act.MANAGE)
def send_again(request: MemberRequest, pk: int) -> HttpResponse:
    """Let something that was given up be posted once more."""
    rows = Delivery.objects.filter(webhook__team=request.member.team_id)
    delivery = get_object_or_404(rows.select_related("webhook"), pk=pk)
    is_sent = webhooks.send_again(delivery, by=request.member, now=timezone.now())
    said = "It is sent once more." if is_sent else "It is delivered, or still tried by itself."
    return _back(request, delivery.webhook, said)


def _kept(form: WebhookForm, keep: Callable[[Wanted], Any]) -> Any:
    """Keep what a form says; None, with the reason beside its field, where it cannot be kept."""
    if not form.is_valid():
        return None
    try:
        return keep(form.wanted())
    except WebhookRefused as error:
        form.add_error("address" if "address" in str(error) else "name", str(error))
        return None


def _webhook(request: MemberRequest, pk: int) -> Webhook:
    return get_object_or_404(Webhook.objects.filter(team=request.member.team_id), pk=pk)


def _back(request: MemberRequest, webhook: Webhook, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("inbox:webhook", webhook.pk)


def _page(request: MemberRequest, form: WebhookForm, *, status: int = 200) -> HttpResponse:
    context = {"here": "inbox", "form": form, "webhooks": webhooks.listed(request.member)}
    return render(request, "inbox/webhooks.html", context, status=status)


def _one(
    request: MemberRequest,
    webhook: Webhook,
    form: WebhookForm,
    *,
    secret: str = "",
    status: int = 200,
) -> HttpResponse:
    before = cursor(request.GET)
    found = newest_first(webhooks.deliveries(webhook), before=before, size=PAGE_SIZE)
    context = {
        "here": "inbox",
        "webhook": webhook,
        "address": webhooks.shown_address(webhook),
        "form": form,
        "secret": secret,
        "deliveries": found.rows,
        "older_url": found.older(request.path),
    }
    response = page_or_part(request, "inbox/webhook.html", "inbox/_deliveries.html", context)
    response.status_code = status
    if secret:
        response["Cache-Control"] = "no-store"
    return response


urlpatterns = [
    path("webhooks/", page, name="webhooks"),
    path("webhooks/new", make, name="webhook_make"),
    path("webhooks/<int:pk>/", one, name="webhook"),
    path("webhooks/<int:pk>/switch", switch, name="webhook_switch"),
    path("webhooks/<int:pk>/rotate", rotate, name="webhook_rotate"),
    path("webhooks/<int:pk>/delete", delete, name="webhook_delete"),
    path("webhooks/<int:pk>/test", test, name="webhook_test"),
    path("webhooks/deliveries/<int:pk>/again", send_again, name="delivery_again"),
]
