"""The studio: compose a request, see who would do it and what it would cost and break, and queue it.

Everything also works as plain forms.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any
from urllib.parse import parse_qs

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_POST

from editorapp.core.htmx import is_part
from editorapp.costs.ledger import OverBudget
from editorapp.generations import asking
from editorapp.generations.enqueue import Draft, Refused, TooLate, enqueue_all
from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from editorapp.providers.accounts import NoAccount
from editorapp.providers.contract import Task
from editorapp.teams.access import MemberRequest, needs
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.studio import guides, remade, showing, sources, variants
from editorapp.web.studio.desk import Desk, settle
from editorapp.web.studio.forms import Compose
from editorapp.web.studio.quotes import label_of
from editorapp.web.studio.showing import Shown, takes_context, viewer_context, weighed


def _with_account(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Say why nothing can be sent, and where an admin mends that, instead of a form that leads nowhere."""

    @wraps(view)
    def inner(request: MemberRequest) -> HttpResponse:
        try:
            return view(request)
        except NoAccount as error:
            if is_part(request):
                return _toast(str(error))
            context = {"here": "studio", "problem": str(error), "may_manage": request.member.may(Act.MANAGE)}
            return render(request, "studio/no_account.html", context, status=503)

    return inner


@needs(Act.SEE)
@require_GET
@_with_account
def page(request: MemberRequest) -> HttpResponse:
    """Show the studio: empty, with a clip (?source=), with a take to work on (?generation=), for any ?task=."""
    return _page(request, settle(_asked(request), request.member))


def _asked(request: MemberRequest) -> Compose:
    """Read what the address asks for; a picture named there is meant as the opening guide frame."""
    member, wanted = request.member, Compose.read(request.GET)
    if wanted.guide_asset is not None and "guides" not in request.GET:
        wanted = replace(wanted, guides="single")
    take = _take_named(request, "generation")
    if take is not None:
        form = remade.editing(take, task=wanted.task)
        return replace(form, account=wanted.account) if wanted.account is not None else form
    take = _take_named(request, "replace")
    if take is not None:
        if showing.waiting_take(take.pk, member) is not None:
            return replace(remade.again(take), replaces=take.pk)
        messages.warning(
            request, f"Take {take.pk} cannot be replaced (any more), so what you queue now is another take."
        )
        return remade.again(take)
    take = _take_named(request, "again")
    if take is not None:
        return remade.again(take)
    if request.GET.get("source", "").isdecimal():
        return replace(wanted, source_asset=int(request.GET["source"][:18]))
    if wanted.extend_generation is not None:
        continued = Generation.objects.visible_to(member).filter(pk=wanted.extend_generation).first()
        if continued is not None and wanted.account is None:
            wanted = replace(wanted, account=continued.account_id)
    newest = sources.recent_clips(member)[:1]
    return replace(wanted, source_asset=newest[0].pk) if newest else wanted


def _take_named(request: MemberRequest, name: str) -> Generation | None:
    number = request.GET.get(name, "")[:18]
    if not number.isdecimal():
        return None
    return Generation.objects.visible_to(request.member).filter(pk=int(number)).first()


def _page(
    request: MemberRequest, desk: Desk, *, strictly: bool = False, status: int = 200, is_typed: bool = False,
) -> HttpResponse:  # fmt: skip
    said = weighed(desk, request.member, strictly=strictly)
    context = showing.page_context(desk, said, request.member, is_typed=is_typed)
    return render(request, "studio/page.html", context, status=status)


@needs(Act.SEE)
@require_POST
@_with_account
def check(request: MemberRequest) -> HttpResponse:
    """Say what would happen if this form were sent now. Spends nothing; always 200."""
    if not is_part(request):
        return _page(request, settle(Compose.read(request.POST), request.member), strictly=True, is_typed=True)
    shown = answer_to(request.POST, request.member)
    response = HttpResponse(render_to_string("studio/_answer.html", shown))
    if shown["is_switched"]:  # an admin switched its account off: the page asks for the form anew
        response["HX-Trigger"] = json.dumps({"rushes:switched": {}})
    return response


def answer_to(sent: QueryDict, member: Member) -> dict[str, Any]:
    """Return what a check shows of a posted form: one query, for its source."""
    desk = settle(Compose.read(sent), member, is_quick=True)
    shown = {"is_switched": desk.is_switched} | showing.answer_context(desk, weighed(desk, member), member)
    if "cutting" in sent:
        source = desk.source
        shown["is_cutting"] = True
        shown["part"] = guides.price_of_part(
            desk.form, sent, source.asset, provider=desk.account.provider, ref=source.ref
        )
    return shown


@needs(Act.SEE)
@require_POST
@_with_account
def switch(request: MemberRequest) -> HttpResponse:
    """Show the form for what was just chosen (task, model, account, a way out), with everything that was typed."""
    form = Compose.read(request.POST).changed(_changes(request))
    if not is_part(request):
        return _page(request, settle(form, request.member), is_typed=True)
    return _panes(request, form)


def _changes(request: MemberRequest) -> dict[str, list[str]]:
    return parse_qs(request.POST.get("mend", ""), keep_blank_values=True)


def _panes(request: MemberRequest, form: Compose) -> HttpResponse:
    """Render the form anew; the source pane only where one task has a source and the other has none."""
    desk, member = settle(form, request.member), request.member
    context = showing.pane_context(desk, weighed(desk, member), member)
    needed = "takes" if desk.form.task == Task.GENERATE else "source"
    if request.POST.get("viewer_for", needed) != needed:
        context |= viewer_context(desk, member) | {"with_viewer": True}
    return render(request, "studio/_panes.html", context)


@needs(Act.CREATE)
@require_POST
@_with_account
def ask(request: MemberRequest) -> HttpResponse:
    """Ask an account what this draft would cost, where it publishes no price. Free; the answer comes with a check."""
    member = request.member
    desk = settle(Compose.read(request.POST), member)
    named = request.POST.get("ask", "")
    account = next((one for one in desk.accounts if str(one.pk) == named), desk.account)
    try:
        asked = variants.kinds(desk)[: variants.MOST] if account.pk == desk.account.pk else (desk.wanted_at(account),)
        for wanted in asked:
            asking.ask(account, wanted, desk.source.asset, member=member)
    except asking.NothingToAsk as error:
        if is_part(request):
            return _toast(str(error))
        messages.error(request, str(error))
    if not is_part(request):
        return _page(request, desk, is_typed=True)
    return HttpResponse(
        render_to_string("studio/_answer.html", showing.answer_context(desk, weighed(desk, member), member))
    )


@needs(Act.CREATE)
@require_POST
@_with_account
def mend(request: MemberRequest) -> HttpResponse:
    """Apply the way out whose button was pressed, and show the form again with everything else as it was typed."""
    form, member = Compose.read(request.POST), request.member
    source = settle(form, member).source
    changes = _changes(request)
    try:
        mended = guides.carried_out(form, changes, source.asset, member, request)
    except guides.NotDone as error:
        if is_part(request):
            return _toast(str(error))
        messages.error(request, str(error))
        mended = form
    if not is_part(request):
        return _page(request, settle(mended, member), strictly=True, is_typed=True)
    if (mended.source_kind, mended.source_asset) != (form.source_kind, form.source_asset) and mended.source_asset:
        return _new_source(request, mended, guides.wanted_part(changes, source.asset, request))
    return _panes(request, mended)


def _new_source(request: MemberRequest, form: Compose, part: tuple[int, int] | None) -> HttpResponse:
    """Show the source that a button made, and tell the page's script what was kept: its keyframes move with it."""
    asset = settle(form, request.member).source.asset
    response = viewer_of(request, form)
    if asset is not None:
        made = {
            "asset": asset.pk, "name": asset.name, "duration": float(asset.duration_seconds), "part": part,
            "poster": reverse("media:file", args=[asset.pk, "poster"]),
        }  # fmt: skip
        response["HX-Trigger-After-Swap"] = json.dumps({"rushes:source": made})
    return response


@needs(Act.SEE)
@require_GET
@_with_account
def viewer(request: MemberRequest) -> HttpResponse:
    """Show the chosen source: player, filmstrip, facts and takes. A page that waits for a playable copy asks again."""
    form = Compose.read(request.GET)
    if "waiting" in request.GET:
        asset = settle(form, request.member).source.asset
        if asset is not None and asset.proxy == Asset.Proxy.PENDING:
            return HttpResponse(status=204)
    return viewer_of(request, form)


def viewer_of(request: MemberRequest, form: Compose) -> HttpResponse:
    """Render the source pane of a form, and tell the page which source it is."""
    return render(request, "studio/_viewer.html", viewer_context(settle(form, request.member), request.member))


@needs(Act.SEE)
@require_GET
def takes(request: MemberRequest, pk: int) -> HttpResponse:
    """Show the takes made from a clip; asks for itself again while one of them runs."""
    asset = Asset.objects.visible_to(request.member).filter(pk=pk).first()
    return render(request, "studio/_takes_now.html", takes_context(asset, request.member))


@needs(Act.SEE)
@require_GET
def generated(request: MemberRequest) -> HttpResponse:
    """Show the takes made without a source; asks for itself again while one of them runs."""
    return render(request, "studio/_takes_now.html", takes_context(None, request.member))


@needs(Act.CREATE)
@require_POST
@_with_account
def submit(request: MemberRequest) -> HttpResponse:
    """Queue what the form asks: 422 with every reason and the form as typed, or the new take beside its source."""
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
        except Refused as error:
            offered = [one.offer for one in said.quotes]
            said = showing.shown(desk, error.verdict, offered, said.total, strictly=True)
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
    drafts = [Draft(wanted, desk.source.asset, desk.source.parent) for wanted in variants.all_of(desk)]
    try:
        return enqueue_all(
            drafts, account=desk.account, member=member, form_token=desk.form.form_token, replaces=replaced
        )  # fmt: skip
    except TooLate as error:
        assert replaced is not None
        raise TooLate(f"Nothing was queued: take {replaced.pk} cannot be replaced any more. {error}") from error


def _other_offer(request: MemberRequest, desk: Desk) -> HttpResponse:
    name = label_of(desk.account, desk.accounts)
    reason = f"Not queued yet: this is now {desk.model.label} at {name}. Look at its price, then queue it."
    if is_part(request):
        return _toast(reason, **{"rushes:switched": {}})
    messages.error(request, reason)
    return _page(request, desk, strictly=True, status=422, is_typed=True)


def _refused(request: MemberRequest, desk: Desk, said: Shown, reason: str) -> HttpResponse:
    if is_part(request):
        response = HttpResponse(
            render_to_string("studio/_answer.html", showing.answer_context(desk, said, request.member)), status=422
        )  # fmt: skip
        response["HX-Trigger"] = json.dumps({"rushes:refused": {"text": reason}})
        return response
    messages.error(request, reason)
    return _page(request, desk, strictly=True, status=422, is_typed=True)


def _queued(request: MemberRequest, made: list[Generation], desk: Desk) -> HttpResponse:
    """Show the new takes at once, beside their source; without htmx, come back to the same source. What was edited
    was opened from the queue, so one comes back there."""
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


def _toast(text: str, **events: Any) -> HttpResponse:
    response = HttpResponse(status=204)
    response["HX-Trigger"] = json.dumps({"rushes:refused": {"text": text}} | events)
    return response


urlpatterns = [
    path("", page, name="page"),
    path("check", check, name="check"),
    path("form", switch, name="switch"),
    path("ask", ask, name="ask"),
    path("mend", mend, name="mend"),
    path("source", viewer, name="viewer"),
    path("takes/<int:pk>", takes, name="takes"),
    path("takes/generated", generated, name="generated"),
    path("queue", submit, name="submit"),
]
