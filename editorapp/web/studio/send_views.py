"""The studio's buttons: ask for a price, take a way out, and queue what is composed."""

import json

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_POST

from editorapp.core.htmx import is_part
from editorapp.costs.ledger import OverBudget
from editorapp.generations.models import Generation
from editorapp.generations.request import quotes
from editorapp.generations.request.enqueue import Draft, RequestRefused, TooLate, enqueue_all
from editorapp.providers.contract import Task
from editorapp.teams.access import MemberRequest, needs
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.studio import guides, page_context, variants
from editorapp.web.studio.desk import Desk, settle
from editorapp.web.studio.forms import Compose
from editorapp.web.studio.page_context import Shown, viewer_context, weighed
from editorapp.web.studio.pages import changes_of, page_of, panes, toast, viewer_of
from editorapp.web.studio.quotes import label_of


@needs(Act.CREATE)
@require_POST
def ask(request: MemberRequest) -> HttpResponse:
    """Ask an account what this draft would cost, where it publishes no price.

    Free; the answer comes with a check.
    """
    member = request.member
    desk = settle(Compose.read(request.POST), member)
    named = request.POST.get("ask", "")
    account = next((one for one in desk.accounts if str(one.pk) == named), desk.account)
    try:
        asked = (
            variants.kinds(desk)[: variants.MOST]
            if account.pk == desk.account.pk
            else (desk.wanted_at(account),)
        )
        for wanted in asked:
            quotes.ask(account, wanted, desk.source.asset, member=member)
    except quotes.NothingToAsk as error:
        if is_part(request):
            return toast(str(error))
        messages.error(request, str(error))
    if not is_part(request):
        return page_of(request, desk, is_typed=True)
    return HttpResponse(
        render_to_string(
            "studio/_answer.html", page_context.answer_context(desk, weighed(desk, member), member)
        )
    )


@needs(Act.CREATE)
@require_POST
def mend(request: MemberRequest) -> HttpResponse:
    """Apply the way out whose button was pressed, and show the form again with everything else as
    it was typed.
    """
    form, member = Compose.read(request.POST), request.member
    source = settle(form, member).source
    changes = changes_of(request)
    try:
        mended = guides.carried_out(form, changes, source.asset, member, request)
    except guides.NotDone as error:
        if is_part(request):
            return toast(str(error))
        messages.error(request, str(error))
        mended = form
    if not is_part(request):
        return page_of(request, settle(mended, member), strictly=True, is_typed=True)
    if (mended.source_kind, mended.source_asset) != (
        form.source_kind,
        form.source_asset,
    ) and mended.source_asset:
        return _new_source(request, mended, guides.wanted_part(changes, source.asset, request))
    return panes(request, mended)


def _new_source(
    request: MemberRequest, form: Compose, part: tuple[int, int] | None
) -> HttpResponse:
    """Show the source that a button made, and tell the page's script what was kept: its keyframes
    move with it.
    """
    asset = settle(form, request.member).source.asset
    response = viewer_of(request, form)
    if asset is not None:
        made = {
            "asset": asset.pk,
            "name": asset.name,
            "duration": float(asset.duration_seconds),
            "part": part,
            "poster": reverse("media:file", args=[asset.pk, "poster"]),
        }
        response["HX-Trigger-After-Swap"] = json.dumps({"rushes:source": made})
    return response


@needs(Act.CREATE)
@require_POST
def submit(request: MemberRequest) -> HttpResponse:
    """Queue what the form asks: 422 with every reason and the form as typed, or the new take beside
    its source.
    """
    member = request.member
    desk = settle(Compose.read(request.POST), member)
    if desk.is_switched:  # what was shown, and priced, was another offer
        return _other_offer(request, desk)
    said = weighed(desk, member, strictly=True)
    if said.answer.can_send:
        try:
            made = _sent(desk, member)
        except (OverBudget, TooLate) as error:
            return _refused(request, desk, said, str(error))
        except RequestRefused as error:
            offered = [one.offer for one in said.quotes]
            said = page_context.shown(desk, error.verdict, offered, said.total, strictly=True)
        else:
            return _queued(request, made, desk)
    return _refused(request, desk, said, "Not queued: look at the notes beside the fields.")


def _sent(desk: Desk, member: Member) -> list[Generation]:
    """Queue all that the form asks for, instead of what it replaces.

    Raises: Refused; OverBudget; TooLate, when that was sent, canceled or replaced meanwhile.
    """
    replaced = None
    if desk.form.replaces is not None:
        replaced = Generation.objects.visible_to(member).filter(pk=desk.form.replaces).first()
        if replaced is None:
            raise TooLate("What this should replace is not there any more.")
    drafts = [
        Draft(wanted, desk.source.asset, desk.source.parent) for wanted in variants.all_of(desk)
    ]
    try:
        return enqueue_all(
            drafts,
            account=desk.account,
            member=member,
            form_token=desk.form.form_token,
            replaces=replaced,
        )
    except TooLate as error:
        assert replaced is not None
        raise TooLate(
            f"Nothing was queued: take {replaced.pk} cannot be replaced any more. {error}"
        ) from error


def _other_offer(request: MemberRequest, desk: Desk) -> HttpResponse:
    name = label_of(desk.account, desk.accounts)
    reason = f"Not queued yet: this is now {desk.model.label} at {name}. Look at its price, then queue it."
    if is_part(request):
        return toast(reason, **{"rushes:switched": {}})
    messages.error(request, reason)
    return page_of(request, desk, strictly=True, status=422, is_typed=True)


def _refused(request: MemberRequest, desk: Desk, said: Shown, reason: str) -> HttpResponse:
    if is_part(request):
        response = HttpResponse(
            render_to_string(
                "studio/_answer.html", page_context.answer_context(desk, said, request.member)
            ),
            status=422,
        )
        response["HX-Trigger"] = json.dumps({"rushes:refused": {"text": reason}})
        return response
    messages.error(request, reason)
    return page_of(request, desk, strictly=True, status=422, is_typed=True)


def _queued(request: MemberRequest, made: list[Generation], desk: Desk) -> HttpResponse:
    """Show the new takes at once, beside their source; without htmx, come back to the same source.

    What was edited was opened from the queue, so one comes back there.
    """
    what = f"Take {made[0].pk} is" if len(made) == 1 else f"{len(made)} takes are"
    if desk.form.replaces is not None:
        messages.success(request, f"{what} queued, in the place of take {desk.form.replaces}.")
        if not is_part(request):
            return redirect("queue:page")
        return HttpResponse(status=204, headers={"HX-Redirect": reverse("queue:page")})
    if not is_part(request):
        messages.success(request, f"{what} queued. What becomes of it shows below the source.")
        return redirect(f"{reverse('studio:page')}?{_same_source(desk)}#takes")
    context = viewer_context(desk, request.member) | {"form_token": Compose().form_token}
    response = render(request, "studio/_queued.html", context)
    href = reverse("takes:page", args=[made[0].pk]) if len(made) == 1 else reverse("queue:page")
    action = "Open the take" if len(made) == 1 else "Open the queue"
    words = {"text": f"{what} queued.", "take": made[0].pk, "href": href, "action": action}
    response["HX-Trigger"] = json.dumps({"rushes:queued": words})
    return response


def _same_source(desk: Desk) -> str:
    source, task = desk.source, desk.form.task
    named = "" if task == Task.EDIT else f"task={task}&"
    if task == Task.GENERATE:
        return named.rstrip("&")
    if source.parent is not None:
        return f"{named}generation={source.parent.pk}"
    return f"{named}source={source.asset.pk}" if source.asset is not None else named.rstrip("&")
