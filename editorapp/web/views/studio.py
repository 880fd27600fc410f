"""The studio: compose an edit, see what it would cost and break, and queue it. Everything also works as plain forms."""

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.views.decorators.http import require_GET, require_POST

from editorapp.core.htmx import is_part
from editorapp.costs.ledger import OverBudget
from editorapp.generations.enqueue import Refused, enqueue
from editorapp.generations.models import Generation
from editorapp.generations.verdict import weigh
from editorapp.media.models import Asset
from editorapp.providers.accounts import all_simulated
from editorapp.providers.models import ProviderAccount, default_account
from editorapp.teams.access import MemberRequest, needs
from editorapp.teams.models import Member, Team
from editorapp.teams.roles import Act
from editorapp.web import guides, sources
from editorapp.web.answer import Answer, answer
from editorapp.web.compose_choices import choices
from editorapp.web.forms import Compose
from editorapp.web.known import account_now, month_now
from editorapp.web.sources import Source

PROVIDER = "luma-agents"


def _account() -> ProviderAccount:
    return default_account(PROVIDER)


def _weighed(
    form: Compose, source: Source, account: ProviderAccount, team: Team, *, strictly: bool = False
) -> Answer:  # fmt: skip
    verdict = weigh(form.request(source.ref), source.asset, account, budget=month_now(team))
    return answer(form, source, verdict, strictly=strictly)


@needs(Act.SEE)
@require_GET
def page(request: MemberRequest) -> HttpResponse:
    """Show the studio: empty, with a clip (?source=), or with a take to edit again (?generation=)."""
    return _page(request, _asked(request), _account())


def _asked(request: MemberRequest) -> Compose:
    """Read what the address asks for; a picture named there is meant as the opening guide frame."""
    member, wanted = request.member, Compose.read(request.GET)
    if wanted.guide_asset is not None and "guides" not in request.GET:
        wanted = replace(wanted, guides="single")
    if request.GET.get("generation", "").isdecimal():
        take = Generation.objects.visible_to(member).filter(pk=int(request.GET["generation"][:18])).first()
        if take is not None:
            return Compose.editing(take.wanted, take=take.pk)
    if request.GET.get("again", "").isdecimal():
        take = Generation.objects.visible_to(member).filter(pk=int(request.GET["again"][:18])).first()
        if take is not None:
            return Compose.again(take.wanted, parent=take.parent_id)
    if request.GET.get("source", "").isdecimal():
        return replace(wanted, source_asset=int(request.GET["source"][:18]))
    newest = sources.recent_clips(member)[:1]
    return replace(wanted, source_asset=newest[0].pk) if newest else wanted


def _page(
    request: MemberRequest, form: Compose, account: ProviderAccount, *, strictly: bool = False, status: int = 200,
    is_typed: bool = False,
) -> HttpResponse:  # fmt: skip
    """Render the whole page around a form. `is_typed`: it holds what was posted, so no draft may replace it."""
    member = request.member
    source = sources.find(form, member, account)
    said = _weighed(form, source, account, member.team, strictly=strictly)
    context = _viewer_context(request, source) | _answer_context(said)
    chosen = tuple(row.asset for row in form.keyframes if row.asset is not None)
    model = account.spec.model_for(form.request(None))
    context |= {
        "here": "studio", "form": form, "account": account, "model": model, "is_typed": is_typed,
        "clips": sources.recent_clips(member, chosen=source.asset if form.source_kind == "asset" else None),
        "results": sources.recent_takes(member, chosen=source.parent),
        "choices": choices(form, said.closed, model),
        "rows": guides.rows(form, member),
        "pictures": sources.recent_pictures(member, chosen=chosen + ((form.guide_asset,) if form.guide_asset else ())),
        "media_types": sorted(set(sources.MEDIA_TYPES.values())),
        "max_upload_megabytes": settings.MAX_UPLOAD_BYTES // 1_000_000,
    }  # fmt: skip
    return render(request, "studio/page.html", context, status=status)


def _viewer_context(request: MemberRequest, source: Source) -> dict[str, Any]:
    takes = sources.takes_of(source.asset, request.member)
    return {"source": source, "asset": source.asset, "takes": takes, "is_live": any(take.is_active for take in takes)}


def _answer_context(said: Answer) -> dict[str, Any]:
    return {
        "answer": said,
        "slots": said.slots,
        "mend_url": reverse("studio:mend"),
        "is_simulated": all_simulated(),
    }


@needs(Act.SEE)
@require_POST
def check(request: MemberRequest) -> HttpResponse:
    """Say what would happen if this form were sent now. Spends nothing; always 200."""
    if not is_part(request):
        return _page(request, Compose.read(request.POST), _account(), strictly=True, is_typed=True)
    return HttpResponse(render_to_string("studio/_answer.html", answer_to(request.POST, request.member)))


def answer_to(sent: QueryDict, member: Member) -> dict[str, Any]:
    """Return what a check shows of a posted form: one query, for its source."""
    form, account = Compose.read(sent), account_now(PROVIDER)
    source = sources.find(form, member, account)
    shown = _answer_context(_weighed(form, source, account, member.team))
    if "cutting" in sent:
        shown["is_cutting"] = True
        shown["part"] = guides.price_of_part(form, sent, source.asset, provider=PROVIDER, ref=source.ref)
    return shown


@needs(Act.CREATE)
@require_POST
def mend(request: MemberRequest) -> HttpResponse:
    """Apply the way out whose button was pressed, and show the page again with everything else as it was typed."""
    form = Compose.read(request.POST)
    member = request.member
    source = sources.find(form, member, _account())
    changes = parse_qs(request.POST.get("mend", ""), keep_blank_values=True)
    try:
        form = guides.carried_out(form, changes, source.asset, member, request)
    except guides.NotDone as error:
        if is_part(request):
            return _toast(str(error))
        messages.error(request, str(error))
    if is_part(request):
        return _new_source(request, form, guides.wanted_part(changes, source.asset, request))
    return _page(request, form, _account(), strictly=True, is_typed=True)


def _new_source(request: MemberRequest, form: Compose, part: tuple[int, int] | None) -> HttpResponse:
    """Show the source that a button made, and tell the page's script what was kept: its keyframes move with it."""
    asset = sources.find(form, request.member, _account()).asset
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
def viewer(request: MemberRequest) -> HttpResponse:
    """Show the chosen source: player, filmstrip, facts and takes. A page that waits for a playable copy asks again."""
    form = Compose.read(request.GET)
    if "waiting" in request.GET:
        asset = sources.find(form, request.member, _account()).asset
        if asset is not None and asset.proxy == Asset.Proxy.PENDING:
            return HttpResponse(status=204)
    return viewer_of(request, form)


def viewer_of(request: MemberRequest, form: Compose) -> HttpResponse:
    """Render the source pane of a form, and tell the page which source it is."""
    source = sources.find(form, request.member, _account())
    return render(request, "studio/_viewer.html", _viewer_context(request, source))


@needs(Act.SEE)
@require_GET
def takes(request: MemberRequest, pk: int) -> HttpResponse:
    """Show the takes made from a clip; asks for itself again while one of them runs."""
    asset = Asset.objects.visible_to(request.member).filter(pk=pk).first()
    return render(request, "studio/_takes_now.html", _viewer_context(request, Source(asset=asset)))


@needs(Act.CREATE)
@require_POST
def submit(request: MemberRequest) -> HttpResponse:
    """Queue the edit: 422 with every reason and the form as typed, or the new take beside its source."""
    form, account = Compose.read(request.POST), _account()
    member = request.member
    source = sources.find(form, member, account)
    said = _weighed(form, source, account, member.team, strictly=True)
    if said.can_send:
        try:
            generation = enqueue(
                form.request(source.ref), account=account, member=member, source_asset=source.asset,
                parent=source.parent, form_token=form.form_token,
            )  # fmt: skip
        except OverBudget as error:
            return _refused(request, form, said, account, str(error))
        except Refused as error:
            said = answer(form, source, error.verdict, strictly=True)
        else:
            return _queued(request, generation, source)
    return _refused(request, form, said, account, "Not queued: look at the notes beside the fields.")


def _refused(
    request: MemberRequest, form: Compose, said: Answer, account: ProviderAccount, reason: str
) -> HttpResponse:  # fmt: skip
    if is_part(request):
        response = HttpResponse(render_to_string("studio/_answer.html", _answer_context(said)), status=422)
        response["HX-Trigger"] = json.dumps({"rushes:refused": {"text": reason}})
        return response
    messages.error(request, reason)
    return _page(request, form, account, strictly=True, status=422, is_typed=True)


def _queued(request: MemberRequest, generation: Generation, source: Source) -> HttpResponse:
    """Show the new take at once, beside its source; without htmx, come back to the same source."""
    if not is_part(request):
        messages.success(request, f"Take {generation.pk} is queued. Its state shows below the source.")
        return redirect(f"{reverse('studio:page')}?{_same_source(source)}#takes")
    context = _viewer_context(request, source) | {"form_token": Compose().form_token}
    response = render(request, "studio/_queued.html", context)
    words = {
        "text": f"Take {generation.pk} is queued.",
        "take": generation.pk,
        "href": reverse("takes:page", args=[generation.pk]),
    }
    response["HX-Trigger"] = json.dumps({"rushes:queued": words})
    return response


def _same_source(source: Source) -> str:
    if source.parent is not None:
        return f"generation={source.parent.pk}"
    return f"source={source.asset.pk}" if source.asset is not None else ""


def _toast(text: str) -> HttpResponse:
    response = HttpResponse(status=204)
    response["HX-Trigger"] = json.dumps({"rushes:refused": {"text": text}})
    return response


urlpatterns = [
    path("", page, name="page"),
    path("check", check, name="check"),
    path("mend", mend, name="mend"),
    path("source", viewer, name="viewer"),
    path("takes/<int:pk>", takes, name="takes"),
    path("queue", submit, name="submit"),
]
