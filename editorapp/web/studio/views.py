"""Studio views: compose a draft, see who would do it, what it would cost and what it would break, and
queue it. Everything also works as plain forms.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import path, reverse

from editorapp.core.htmx import Context, is_part
from editorapp.core.request_values import whole
from editorapp.costs.ledger import OverBudget
from editorapp.generations.models import Generation
from editorapp.generations.queue.cancel import TooLate
from editorapp.generations.request import quotes
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import RequestRefused
from editorapp.media.models import Asset
from editorapp.media.tasks import copied_percent
from editorapp.providers.contract import Task
from editorapp.providers.models import ProviderAccount
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.studio import (
    answer_views,
    answering,
    buttons,
    draft_views,
    new_sources,
    notes,
    pages,
    project_choice,
    prompt_views,
    rearranging,
    recipe_views,
    sources,
    take_tabs,
    variants,
)
from editorapp.web.studio.answering import NoteGone
from editorapp.web.studio.draft_form import Changes, DraftForm
from editorapp.web.studio.form_verdict import (
    form_verdict,
    label_of,
)
from editorapp.web.studio.opening_form import opening_at
from editorapp.web.studio.pages import triggering
from editorapp.web.studio.project_choice import ProjectGone
from editorapp.web.studio.resolved_form import ResolvedForm, resolve
from editorapp.web.studio.saved_form import DraftMark

OTHER_CLIP = "Not queued yet: another clip was chosen. Look at its guide frames, then queue it."
NOT_QUEUED = "Not queued: look at the notes beside the fields."
# What keeps a form from being queued, each in words for who pressed.
NOT_MADE = (OverBudget, TooLate, RequestRefused, ProjectGone, NoteGone)


@page_for(Act.STUDIO)
def page(request: MemberRequest) -> HttpResponse:
    """Show the studio: empty, with a clip (?source=), with a take to work on (?generation=), for
    any ?task=.
    """
    begun = opening_at(request)
    resolved = resolve(begun.form.in_order(), request.member)
    return pages.page_of(request, form_verdict(resolved), begun=begun)


@action_for(Act.STUDIO)
def check(request: MemberRequest) -> HttpResponse:
    """Say what would happen if this form were sent now. Spends nothing; always 200."""
    if not is_part(request):
        return _followed_page(request)
    context = check_of(request.POST, request.member)
    response = pages.checked(context)
    if context["is_switched"]:  # an admin switched its account off: the page asks for the form anew
        triggering(response, {"rushes:switched": {}})
    return response


def check_of(sent: QueryDict, member: Member) -> Context:
    """Return what a check shows of a posted form.

    Of a plain one it costs one query, for its source.
    """
    resolved = resolve(DraftForm.read(sent), member, is_quick=True)
    context = pages.check_context(form_verdict(resolved))
    if "cutting" in sent:
        part = new_sources.price_of_part(resolved.draft, sent)
        context |= {"is_cutting": True, "part": part}
    return context | {"is_switched": resolved.is_switched}


def _followed_page(request: MemberRequest) -> HttpResponse:
    """Show what was posted; where another source was chosen, with what was begun with that one."""
    try:
        begun = rearranging.posted(request)
    except new_sources.NotDone as error:  # too long to be kept: shown as it was typed
        messages.error(request, str(error))
        return _typed_page(request, _posted(request), strictly=True)
    resolved = resolve(begun.form.in_order(), request.member)
    return pages.page_of(request, form_verdict(resolved, strictly=True), begun=begun)


def _posted(request: MemberRequest) -> ResolvedForm:
    return resolve(DraftForm.read(request.POST).in_order(), request.member)


def _typed_page(
    request: MemberRequest,
    resolved: ResolvedForm,
    *,
    strictly: bool = False,
    status: int = 200,
) -> HttpResponse:
    """Show the page with what was posted. `strictly`: also say what is merely missing yet."""
    return pages.page_of(request, form_verdict(resolved, strictly=strictly), status=status)


def _not_done(
    request: MemberRequest,
    resolved: ResolvedForm,
    reason: str,
    *,
    status: int = 200,
    **events: Any,
) -> HttpResponse:
    """Say why a button changed nothing; `events` are set off on a page with its script."""
    if is_part(request):
        return pages.toast(reason, **events)
    messages.error(request, reason)
    return _typed_page(request, resolved, strictly=True, status=status)


@action_for(Act.STUDIO)
def switch(request: MemberRequest) -> HttpResponse:
    """Show the form for what was just chosen (task, model, account, a way out), with everything
    that was typed.
    """
    try:
        begun = rearranging.rearranged(request, _changes_of(request))
    except new_sources.NotDone as error:
        return _not_done(request, _posted(request), str(error))
    resolved = resolve(begun.form.in_order(), request.member)
    if is_part(request):
        return pages.panes(request, resolved, begun)
    return pages.page_of(request, form_verdict(resolved), begun=begun)


def _changes_of(request: MemberRequest) -> Changes:
    """Return what the pressed button changes in the form."""
    return parse_qs(request.POST.get("mend", ""), keep_blank_values=True)


@page_for(Act.STUDIO)
def viewer(request: MemberRequest) -> HttpResponse:
    """Show the chosen source: player, filmstrip, facts and takes.

    A page that waits for a copy asks again, and is told how far that is.
    """
    if "copy" in request.GET:
        return pages.source_copy(request, whole(request.GET, "copy") or 0)
    resolved = resolve(DraftForm.read(request.GET), request.member)
    asset = resolved.source.asset
    if "waiting" in request.GET and asset and asset.proxy == Asset.Proxy.PENDING:
        return pages.copying(request, copied_percent(asset))
    return pages.viewer_of(request, resolved)


@page_for(Act.STUDIO)
def takes(request: MemberRequest, pk: int | None = None) -> HttpResponse:
    """Show the takes made from a clip, or those made without one; 204 while they are as the page
    saw them.
    """
    seen, member = request.GET.get("seen"), request.member
    if seen and seen == take_tabs.stamp(sources.standings(pk, member)):
        return HttpResponse(status=204)
    asset = Asset.objects.visible_to(member).filter(pk=pk).first() if pk else None
    context = pages.takes_context(asset, member)
    return render(request, "studio/_takes_now.html", context)


@action_for(Act.CREATE)
def ask(request: MemberRequest) -> HttpResponse:
    """Ask an account what this draft would cost, where it publishes no price.

    Free; the quote comes with a check.
    """
    resolved = _posted(request)
    try:
        for draft in _to_ask(resolved, request.POST.get("ask", "")):
            quotes.ask(draft, member=request.member)
    except quotes.NothingToAsk as error:
        if is_part(request):
            return pages.toast(str(error))
        messages.error(request, str(error))
    if not is_part(request):
        return _typed_page(request, resolved)
    return pages.checked(pages.check_context(form_verdict(resolved)))


def _to_ask(resolved: ResolvedForm, named: str) -> Sequence[Draft]:
    """Return the drafts whose price is asked for: all of the form's, or another account's one."""
    account = _account_named(named, resolved)
    if account == resolved.account:
        return resolved.kinds[: variants.MOST]
    return (resolved.draft_at(account),)


def _account_named(number: str, resolved: ResolvedForm) -> ProviderAccount:
    """Return the account of this number, the form's where there is none."""
    named = (one for one in resolved.accounts if str(one.pk) == number)
    return next(named, resolved.account)


@action_for(Act.CREATE)
def apply_fix(request: MemberRequest) -> HttpResponse:
    """Apply the fix whose button was pressed, and show the form again with everything else as it
    was typed.
    """
    try:
        begun, changes = rearranging.posted(request), _changes_of(request)
    except new_sources.NotDone as error:
        return _not_done(request, _posted(request), str(error))
    form = begun.form
    before = resolve(form, request.member)
    try:
        done = buttons.pressed(request, form, changes, before.source)
    except new_sources.NotDone as error:
        return _not_done(request, before, str(error))
    resolved = resolve(done.form.in_order(), request.member)
    if not is_part(request):
        return pages.page_of(request, form_verdict(resolved, strictly=True), begun=begun)
    is_choice = "use_copy" in changes
    if done.copy is not None and (done.kept is None or not is_choice):
        return pages.waiting_for(request, done.copy, is_aside=is_choice)
    if _has_other_source(done.form, form):
        return _new_source(request, resolved, done.kept)
    return pages.panes(request, resolved, begun)


def _has_other_source(after: DraftForm, before: DraftForm) -> bool:
    if not after.source_asset:
        return False
    source = (after.source_kind, after.source_asset)
    return source != (before.source_kind, before.source_asset)


def _new_source(
    request: MemberRequest,
    resolved: ResolvedForm,
    kept: new_sources.KeptPart | None,
) -> HttpResponse:
    """Show the source that a button made, and tell the page's script what was kept: its keyframes
    move with it.
    """
    asset = resolved.source.asset
    response = pages.viewer_of(request, resolved)
    if asset is not None:
        made = {
            "asset": asset.pk,
            "name": asset.name,
            "duration": float(asset.duration_seconds),
            "poster": reverse("media:file", args=[asset.pk, "poster"]),
            "part": kept.part if kept else None,
            "moves": kept.moves if kept else {},
        }
        response["HX-Trigger-After-Swap"] = json.dumps({"rushes:source": made})
    return response


@action_for(Act.CREATE)
def submit(request: MemberRequest) -> HttpResponse:
    """Queue what the form asks: 422 with every reason and the form as typed, or the new take beside
    its source.
    """
    resolved = _posted(request)
    if resolved.is_switched:  # what was shown, and priced, was another offer
        return _other_offer(request, resolved)
    if resolved.form.is_on_other_source and resolved.form.guide_count:
        return _other_source(request, resolved)
    missing = notes.own_findings(resolved)
    if missing or variants.limits_broken(resolved):
        return _refused(request, resolved)
    try:
        made = _enqueued(resolved)
    except NOT_MADE as error:
        return _refused(request, resolved, error)
    answering.done_with(resolved.form, DraftMark.read(request.POST), request.member)
    return _queued(request, made, resolved)


def _enqueued(resolved: ResolvedForm) -> list[Generation]:
    """Queue all that the form asks for, instead of what it replaces.

    What answers a note says so in the same transaction.
    Raises: RequestRefused; OverBudget; ProjectGone; NoteGone; TooLate, when that was sent, canceled
            or replaced meanwhile.
    """
    member, pk, replaced = resolved.member, resolved.form.replaces, None
    if pk is not None:
        replaced = Generation.objects.visible_to(member).filter(pk=pk).first()
        if replaced is None:
            raise TooLate("What this should replace is not there any more.")
    project, token = project_choice.chosen(resolved), resolved.form.form_token
    drafts = [replace(draft, project_id=project) for draft in variants.all_of(resolved)]
    try:
        return answering.enqueued(
            resolved.form, drafts, member=member, form_token=token, replaces=replaced
        )
    except TooLate as error:
        raise TooLate(f"Nothing was queued: #{pk} cannot be replaced any more. {error}") from error


def _other_offer(request: MemberRequest, resolved: ResolvedForm) -> HttpResponse:
    name = label_of(resolved.account, resolved.accounts)
    reason = f"Not queued yet: this is now {resolved.model.label} at {name}. Look at its price, then queue it."
    return _not_done(request, resolved, reason, status=422, **{"rushes:switched": {}})


def _other_source(request: MemberRequest, resolved: ResolvedForm) -> HttpResponse:
    """Never send a clip with the guide frames of another: show it with its own first."""
    if is_part(request):
        return pages.toast(OTHER_CLIP, **{"rushes:switched": {}})
    messages.error(request, OTHER_CLIP)
    return _followed_page(request)


def _refused(
    request: MemberRequest,
    resolved: ResolvedForm,
    error: Exception | None = None,
) -> HttpResponse:
    found = form_verdict(resolved, strictly=True, refused=getattr(error, "verdict", None))
    reason = str(error) if found.can_send else NOT_QUEUED
    if is_part(request):
        response = pages.checked(pages.check_context(found), status=422)
        return triggering(response, {"rushes:refused": {"text": reason}})
    messages.error(request, reason)
    return pages.page_of(request, found, status=422)


def _queued(request: MemberRequest, made: list[Generation], resolved: ResolvedForm) -> HttpResponse:
    """Show the new takes at once, beside their source; without htmx, come back to the same source.

    What was edited was opened from the queue, so one comes back there.
    """
    what = f"#{made[0].pk} is" if len(made) == 1 else f"{len(made)} takes are"
    if resolved.form.replaces is not None:
        place = f"in the place of #{resolved.form.replaces}"
        messages.success(request, f"{what} queued, {place}.")
        if is_part(request):
            return HttpResponse(status=204, headers={"HX-Redirect": reverse("queue:page")})
        return redirect("queue:page")
    if not is_part(request):
        messages.success(request, f"{what} queued. What becomes of it shows below the source.")
        return redirect(f"{reverse('studio:page')}?{_same_source(resolved)}#takes")
    words = {"text": f"{what} queued.", "take": made[0].pk, **_way_to(made)}
    return triggering(pages.queued(request, resolved), {"rushes:queued": words})


def _way_to(made: list[Generation]) -> Context:
    if len(made) > 1:
        return {"href": reverse("queue:page"), "action": "Open the queue"}
    return {"href": reverse("takes:page", args=[made[0].pk]), "action": "Open the take"}


def _same_source(resolved: ResolvedForm) -> str:
    source, task = resolved.source, resolved.form.task
    said = [] if task == Task.EDIT else [f"task={task}"]
    if task != Task.GENERATE and source.parent is not None:
        said.append(f"generation={source.parent.pk}")
    elif task != Task.GENERATE and source.asset is not None:
        said.append(f"source={source.asset.pk}")
    return "&".join(said)


urlpatterns = [
    *answer_views.urlpatterns,
    *draft_views.urlpatterns,
    *prompt_views.urlpatterns,
    *recipe_views.urlpatterns,
    path("", page, name="page"),
    path("check", check, name="check"),
    path("form", switch, name="switch"),
    path("ask", ask, name="ask"),
    path("mend", apply_fix, name="mend"),
    path("source", viewer, name="viewer"),
    path("takes/<int:pk>", takes, name="takes"),
    path("takes/generated", takes, name="generated"),
    path("queue", submit, name="submit"),
]
