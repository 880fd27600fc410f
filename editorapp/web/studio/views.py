"""The studio's page: compose a request, see who would do it, what it would cost and what it would
break.

Its buttons are in studio_send.py. Everything also works as plain forms.
"""

import json
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from editorapp.core.htmx import is_part
from editorapp.core.request_values import row_id
from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from editorapp.teams.access import MemberRequest, needs
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.studio import guides, page_context, repeat, sources
from editorapp.web.studio.desk import settle
from editorapp.web.studio.forms import Compose
from editorapp.web.studio.page_context import takes_context, weighed
from editorapp.web.studio.pages import changes_of, page_of, panes, viewer_of
from editorapp.web.studio.send_views import ask, mend, submit


@needs(Act.SEE)
@require_safe
def page(request: MemberRequest) -> HttpResponse:
    """Show the studio: empty, with a clip (?source=), with a take to work on (?generation=), for
    any ?task=.
    """
    return page_of(request, settle(_asked(request), request.member))


def _asked(request: MemberRequest) -> Compose:
    """Read what the address asks for; a picture named there is meant as the opening guide frame."""
    member, wanted = request.member, Compose.read(request.GET)
    if wanted.guide_asset is not None and "guides" not in request.GET:
        wanted = replace(wanted, guides="single")
    take = _take_named(request, "generation")
    if take is not None:
        form = repeat.editing(take, task=wanted.task)
        return replace(form, account=wanted.account) if wanted.account is not None else form
    take = _take_named(request, "replace")
    if take is not None:
        if page_context.waiting_take(take.pk, member) is not None:
            return replace(repeat.again(take), replaces=take.pk)
        messages.warning(
            request,
            f"Take {take.pk} cannot be replaced (any more), so what you queue now is another take.",
        )
        return repeat.again(take)
    take = _take_named(request, "again")
    if take is not None:
        return repeat.again(take)
    if (clip := row_id(request.GET, "source")) is not None:
        return replace(wanted, source_asset=clip)
    if wanted.extend_generation is not None:
        continued = (
            Generation.objects.visible_to(member).filter(pk=wanted.extend_generation).first()
        )
        if continued is not None and wanted.account is None:
            wanted = replace(wanted, account=continued.account_id)
    newest = sources.recent_clips(member)[:1]
    return replace(wanted, source_asset=newest[0].pk) if newest else wanted


def _take_named(request: MemberRequest, name: str) -> Generation | None:
    number = row_id(request.GET, name)
    return (
        Generation.objects.visible_to(request.member).filter(pk=number).first()
        if number is not None
        else None
    )


@needs(Act.SEE)
@require_POST
def check(request: MemberRequest) -> HttpResponse:
    """Say what would happen if this form were sent now. Spends nothing; always 200."""
    if not is_part(request):
        return page_of(
            request,
            settle(Compose.read(request.POST), request.member),
            strictly=True,
            is_typed=True,
        )
    shown = answer_to(request.POST, request.member)
    response = HttpResponse(render_to_string("studio/_answer.html", shown))
    if shown["is_switched"]:  # an admin switched its account off: the page asks for the form anew
        response["HX-Trigger"] = json.dumps({"rushes:switched": {}})
    return response


def answer_to(sent: QueryDict, member: Member) -> dict[str, Any]:
    """Return what a check shows of a posted form.

    Of a plain one it costs one query, for its source.
    """
    desk = settle(Compose.read(sent), member, is_quick=True)
    shown = {"is_switched": desk.is_switched} | page_context.answer_context(
        desk, weighed(desk, member), member
    )
    if "cutting" in sent:
        source = desk.source
        shown["is_cutting"] = True
        shown["part"] = guides.price_of_part(
            desk.form, sent, source.asset, provider=desk.account.provider, ref=source.ref
        )
    return shown


@needs(Act.SEE)
@require_POST
def switch(request: MemberRequest) -> HttpResponse:
    """Show the form for what was just chosen (task, model, account, a way out), with everything
    that was typed.
    """
    form = Compose.read(request.POST).changed(changes_of(request))
    if not is_part(request):
        return page_of(request, settle(form, request.member), is_typed=True)
    return panes(request, form)


@needs(Act.SEE)
@require_safe
def viewer(request: MemberRequest) -> HttpResponse:
    """Show the chosen source: player, filmstrip, facts and takes.

    A page that waits for a playable copy asks again.
    """
    form = Compose.read(request.GET)
    if "waiting" in request.GET:
        asset = settle(form, request.member).source.asset
        if asset is not None and asset.proxy == Asset.Proxy.PENDING:
            return HttpResponse(status=204)
    return viewer_of(request, form)


@needs(Act.SEE)
@require_safe
def takes(request: MemberRequest, pk: int) -> HttpResponse:
    """Show the takes made from a clip; asks for itself again while one of them runs."""
    asset = Asset.objects.visible_to(request.member).filter(pk=pk).first()
    return render(request, "studio/_takes_now.html", takes_context(asset, request.member))


@needs(Act.SEE)
@require_safe
def generated(request: MemberRequest) -> HttpResponse:
    """Show the takes made without a source; asks for itself again while one of them runs."""
    return render(request, "studio/_takes_now.html", takes_context(None, request.member))


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
