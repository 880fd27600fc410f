"""Studio views: compose a draft, see who would do it, what it would cost and what it would break, and
queue it. Everything also works as plain forms.
"""

import json
from collections.abc import Sequence
from urllib.parse import parse_qs

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import path, reverse
from django.views.decorators.http import require_POST, require_safe

from editorapp.core.htmx import is_part
from editorapp.costs.ledger import OverBudget
from editorapp.generations.models import Generation
from editorapp.generations.queue.cancel import TooLate
from editorapp.generations.request import quotes
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import RequestRefused, enqueue_all
from editorapp.media.models import Asset
from editorapp.providers.contract import Task
from editorapp.teams.access import MemberRequest, needs
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.presenters.context import Context
from editorapp.web.studio import (
    buttons,
    notes,
    pages,
    variants,
)
from editorapp.web.studio.draft_form import Changes, DraftForm
from editorapp.web.studio.form_verdict import (
    form_verdict,
    label_of,
)
from editorapp.web.studio.opening_form import form_at
from editorapp.web.studio.pages import page_of, toast, triggering
from editorapp.web.studio.resolved_form import ResolvedForm, resolve

NOT_QUEUED = "Not queued: look at the notes beside the fields."


@needs(Act.SEE)
@require_safe
def page(request: MemberRequest) -> HttpResponse:
    """Show the studio: empty, with a clip (?source=), with a take to work on (?generation=), for
    any ?task=.
    """
    return page_of(request, resolve(form_at(request), request.member))


@needs(Act.SEE)
@require_POST
def check(request: MemberRequest) -> HttpResponse:
    """Say what would happen if this form were sent now. Spends nothing; always 200."""
    if not is_part(request):
        resolved = resolve(DraftForm.read(request.POST), request.member)
        return _typed_page(request, resolved, strictly=True)
    return _checked(check_of(request.POST, request.member))


def _checked(context: Context) -> HttpResponse:
    response = pages.checked(context)
    if context["is_switched"]:  # an admin switched its account off: the page asks for the form anew
        triggering(response, {"rushes:switched": {}})
    return response


def check_of(sent: QueryDict, member: Member) -> Context:
    """Return what a check shows of a posted form.

    Of a plain one it costs one query, for its source.
    """
    resolved = resolve(DraftForm.read(sent), member, is_quick=True)
    context = pages.check_context(
        resolved,
        form_verdict(resolved, member),
        member,
    )
    context["is_switched"] = resolved.is_switched
    return context | _cutting(resolved, sent)


def _cutting(resolved: ResolvedForm, sent: QueryDict) -> Context:
    if "cutting" not in sent:
        return {}
    part = buttons.price_of_part(resolved.draft, sent)
    return {"is_cutting": True, "part": part}


def _typed_page(
    request: MemberRequest, resolved: ResolvedForm, *, strictly: bool = False, status: int = 200
) -> HttpResponse:
    """Show the page with what was posted. `strictly`: also say what is merely missing yet."""
    found = form_verdict(resolved, request.member, strictly=strictly)
    return page_of(request, resolved, found, status=status, is_typed=True)


@needs(Act.SEE)
@require_POST
def switch(request: MemberRequest) -> HttpResponse:
    """Show the form for what was just chosen (task, model, account, a way out), with everything
    that was typed.
    """
    form = DraftForm.read(request.POST).changed(_changes_of(request))
    if not is_part(request):
        return _typed_page(request, resolve(form, request.member))
    return pages.panes(request, form)


def _changes_of(request: MemberRequest) -> Changes:
    """Return what the pressed button changes in the form."""
    return parse_qs(request.POST.get("mend", ""), keep_blank_values=True)


@needs(Act.SEE)
@require_safe
def viewer(request: MemberRequest) -> HttpResponse:
    """Show the chosen source: player, filmstrip, facts and takes.

    A page that waits for a playable copy asks again.
    """
    form = DraftForm.read(request.GET)
    if "waiting" in request.GET and _awaits_copy(form, request.member):
        return HttpResponse(status=204)
    return pages.viewer_of(request, form)


def _awaits_copy(form: DraftForm, member: Member) -> bool:
    asset = resolve(form, member).source.asset
    return asset is not None and asset.proxy == Asset.Proxy.PENDING


@needs(Act.SEE)
@require_safe
def takes(request: MemberRequest, pk: int) -> HttpResponse:
    """Show the takes made from a clip; asks for itself again while one of them runs."""
    return pages.takes_of(request, Asset.objects.visible_to(request.member).filter(pk=pk).first())


@needs(Act.SEE)
@require_safe
def generated(request: MemberRequest) -> HttpResponse:
    """Show the takes made without a source; asks for itself again while one of them runs."""
    return pages.takes_of(request, None)


@needs(Act.CREATE)
@require_POST
def ask(request: MemberRequest) -> HttpResponse:
    """Ask an account what this draft would cost, where it publishes no price.

    Free; the quote comes with a check.
    """
    member = request.member
    resolved = resolve(DraftForm.read(request.POST), member)
    try:
        for draft in _to_ask(resolved, request.POST.get("ask", "")):
            quotes.ask(draft, member=member)
    except quotes.NothingToAsk as error:
        if is_part(request):
            return toast(str(error))
        messages.error(request, str(error))
    if not is_part(request):
        return _typed_page(request, resolved)
    found = form_verdict(resolved, member)
    return pages.checked(pages.check_context(resolved, found, member))


def _to_ask(resolved: ResolvedForm, named: str) -> Sequence[Draft]:
    """Return the drafts whose price is asked for: all of the form's, or another account's one."""
    account = next((one for one in resolved.accounts if str(one.pk) == named), resolved.account)
    if account.pk == resolved.account.pk:
        return resolved.kinds[: variants.MOST]
    return (resolved.draft_at(account),)


@needs(Act.CREATE)
@require_POST
def apply_fix(request: MemberRequest) -> HttpResponse:
    """Apply the fix whose button was pressed, and show the form again with everything else as it
    was typed.
    """
    form, member, changes = DraftForm.read(request.POST), request.member, _changes_of(request)
    source = resolve(form, member).source.asset
    try:
        after = buttons.pressed(request, form, changes, source)
    except buttons.NotDone as error:
        if is_part(request):
            return toast(str(error))
        messages.error(request, str(error))
        after = form
    if not is_part(request):
        return _typed_page(request, resolve(after, member), strictly=True)
    if _has_other_source(after, form):
        part = buttons.part_kept(request, changes, source)
        return _new_source(request, after, part)
    return pages.panes(request, after)


def _has_other_source(after: DraftForm, before: DraftForm) -> bool:
    if not after.source_asset:
        return False
    source = (after.source_kind, after.source_asset)
    return source != (before.source_kind, before.source_asset)


def _new_source(
    request: MemberRequest, form: DraftForm, part: tuple[int, int] | None
) -> HttpResponse:
    """Show the source that a button made, and tell the page's script what was kept: its keyframes
    move with it.
    """
    asset = resolve(form, request.member).source.asset
    response = pages.viewer_of(request, form)
    if asset is not None:
        made = _new_asset(asset) | {"part": part}
        response["HX-Trigger-After-Swap"] = json.dumps({"rushes:source": made})
    return response


def _new_asset(asset: Asset) -> Context:
    return {
        "asset": asset.pk,
        "name": asset.name,
        "duration": float(asset.duration_seconds),
        "poster": reverse("media:file", args=[asset.pk, "poster"]),
    }


@needs(Act.CREATE)
@require_POST
def submit(request: MemberRequest) -> HttpResponse:
    """Queue what the form asks: 422 with every reason and the form as typed, or the new take beside
    its source.
    """
    resolved = resolve(DraftForm.read(request.POST), request.member)
    if resolved.is_switched:  # what was shown, and priced, was another offer
        return _other_offer(request, resolved)
    missing = notes.own_findings(resolved.form, resolved.source)
    if missing or variants.limits_broken(resolved):
        return _refused(request, resolved)
    try:
        made = _enqueued(resolved, request.member)
    except (OverBudget, TooLate, RequestRefused) as error:
        return _refused(request, resolved, error)
    return _queued(request, made, resolved)


def _enqueued(resolved: ResolvedForm, member: Member) -> list[Generation]:
    """Queue all that the form asks for, instead of what it replaces.

    Raises: RequestRefused; OverBudget; TooLate, when that was sent, canceled or replaced meanwhile.
    """
    pk, replaced = resolved.form.replaces, None
    if pk is not None:
        replaced = Generation.objects.visible_to(member).filter(pk=pk).first()
        if replaced is None:
            raise TooLate("What this should replace is not there any more.")
    drafts, token = variants.all_of(resolved), resolved.form.form_token
    try:
        return enqueue_all(
            drafts,
            member=member,
            form_token=token,
            replaces=replaced,
        )
    except TooLate as error:
        raise TooLate(
            f"Nothing was queued: take {pk} cannot be replaced any more. {error}"
        ) from error


def _other_offer(request: MemberRequest, resolved: ResolvedForm) -> HttpResponse:
    name = label_of(resolved.account, resolved.accounts)
    reason = f"Not queued yet: this is now {resolved.model.label} at {name}. Look at its price, then queue it."
    if is_part(request):
        return toast(reason, **{"rushes:switched": {}})
    messages.error(request, reason)
    return _typed_page(request, resolved, strictly=True, status=422)


def _refused(
    request: MemberRequest, resolved: ResolvedForm, error: Exception | None = None
) -> HttpResponse:
    member, refused = request.member, getattr(error, "verdict", None)
    found = form_verdict(resolved, member, strictly=True, refused=refused)
    reason = str(error) if found.can_send else NOT_QUEUED
    if is_part(request):
        response = pages.checked(
            pages.check_context(resolved, found, member),
            status=422,
        )
        return triggering(response, {"rushes:refused": {"text": reason}})
    messages.error(request, reason)
    return page_of(request, resolved, found, status=422, is_typed=True)


def _queued(
    request: MemberRequest,
    made: list[Generation],
    resolved: ResolvedForm,
) -> HttpResponse:
    """Show the new takes at once, beside their source; without htmx, come back to the same source.

    What was edited was opened from the queue, so one comes back there.
    """
    what = f"Take {made[0].pk} is" if len(made) == 1 else f"{len(made)} takes are"
    if resolved.form.replaces is not None:
        place = f"in the place of take {resolved.form.replaces}"
        messages.success(request, f"{what} queued, {place}.")
        return _back_to_queue(request)
    if not is_part(request):
        messages.success(request, f"{what} queued. What becomes of it shows below the source.")
        return redirect(f"{reverse('studio:page')}?{_same_source(resolved)}#takes")
    words = {"text": f"{what} queued.", "take": made[0].pk, **_way_to(made)}
    return triggering(pages.queued(request, resolved), {"rushes:queued": words})


def _back_to_queue(request: MemberRequest) -> HttpResponse:
    if not is_part(request):
        return redirect("queue:page")
    headers = {"HX-Redirect": reverse("queue:page")}
    return HttpResponse(status=204, headers=headers)


def _way_to(made: list[Generation]) -> Context:
    if len(made) > 1:
        return {"href": reverse("queue:page"), "action": "Open the queue"}
    return {
        "href": reverse("takes:page", args=[made[0].pk]),
        "action": "Open the take",
    }


def _same_source(resolved: ResolvedForm) -> str:
    source, task = resolved.source, resolved.form.task
    said = [] if task == Task.EDIT else [f"task={task}"]
    if task != Task.GENERATE and source.parent is not None:
        said.append(f"generation={source.parent.pk}")
    elif task != Task.GENERATE and source.asset is not None:
        said.append(f"source={source.asset.pk}")
    return "&".join(said)


urlpatterns = [
    path("", page, name="page"),
    path("check", check, name="check"),
    path("form", switch, name="switch"),
    path("ask", ask, name="ask"),
    path("mend", apply_fix, name="mend"),
    path("source", viewer, name="viewer"),
    path("takes/<int:pk>", takes, name="takes"),
    path("takes/generated", generated, name="generated"),
    path("queue", submit, name="submit"),
]
