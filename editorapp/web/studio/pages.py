"""Pages: what the studio's views answer with: the whole page, a pane of it, the parts of a check, or a
line for a toast.
"""

import json
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse

from editorapp.media.models import Asset
from editorapp.providers.contract import Task
from editorapp.teams.access import MemberRequest
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.presenters.context import Context
from editorapp.web.studio import frames, sources, variants
from editorapp.web.studio.account_notices import notice_of
from editorapp.web.studio.choices import (
    Choice,
    Choices,
    id_kinds,
    source_kinds,
    task_words,
)
from editorapp.web.studio.draft_form import DraftForm
from editorapp.web.studio.form_verdict import (
    FormVerdict,
    form_verdict,
    waiting_take,
)
from editorapp.web.studio.resolved_form import (
    ResolvedForm,
    labels_not_sent,
    resolve,
)


def page_of(
    request: MemberRequest,
    resolved: ResolvedForm,
    found: FormVerdict | None = None,
    *,
    status: int = 200,
    is_typed: bool = False,
) -> HttpResponse:
    """Render the whole page.

    `found` is what is said of the form, where it is known. `is_typed`: it holds what was posted, so
    no draft of the browser's may replace it.
    """
    member = request.member
    found = found or form_verdict(resolved, member)
    context = _viewer_context(resolved, member) | _pane_context(resolved, found, member)
    context |= {
        "here": "studio",
        "standing": notice_of(resolved, member),
        "is_typed": is_typed,
        "media_types": sorted(set(sources.MEDIA_TYPES.values())),
        "max_upload_megabytes": settings.MAX_UPLOAD_BYTES // 1_000_000,
        "asset": _asset(resolved),
    }
    return render(request, "studio/page.html", context, status=status)


def panes(request: MemberRequest, form: DraftForm) -> HttpResponse:
    """Render the form anew; the source pane only where one task has a source and the other has
    none.
    """
    member = request.member
    resolved = resolve(form, member)
    context = _pane_context(resolved, form_verdict(resolved, member), member)
    needed = "takes" if resolved.form.task == Task.GENERATE else "source"
    if request.POST.get("viewer_for", needed) != needed:
        context |= _viewer_context(resolved, member) | {"with_viewer": True}
    return render(request, "studio/_panes.html", context)


def viewer_of(request: MemberRequest, form: DraftForm) -> HttpResponse:
    """Render the source pane of a form, and tell the page which source it is."""
    context = _viewer_context(resolve(form, request.member), request.member)
    return render(request, "studio/_viewer.html", context)


def takes_of(request: MemberRequest, asset: Asset | None) -> HttpResponse:
    """Render the takes of a clip; without one, those that were made without."""
    return render(
        request,
        "studio/_takes_now.html",
        _takes_context(asset, request.member),
    )


def queued(request: MemberRequest, resolved: ResolvedForm) -> HttpResponse:
    """Render the takes with the new ones, and a fresh token for what is queued next."""
    context = _viewer_context(resolved, request.member) | {"form_token": DraftForm().form_token}
    return render(request, "studio/_queued.html", context)


def checked(context: Context, *, status: int = 200) -> HttpResponse:
    """Render what a check shows, each part for its own place."""
    return HttpResponse(render_to_string("studio/_checked.html", context), status=status)


def toast(text: str, **events: Any) -> HttpResponse:
    """Change nothing on the page, say why, and set off other events of its script."""
    return triggering(HttpResponse(status=204), {"rushes:refused": {"text": text}} | events)


def triggering(response: HttpResponse, events: Context) -> HttpResponse:
    """Have a response set off events of the page's script."""
    response["HX-Trigger"] = json.dumps(events)
    return response


def check_context(
    resolved: ResolvedForm,
    found: FormVerdict,
    member: Member,
) -> Context:
    """Return what a check shows."""
    return {
        "verdict": found.verdict,
        "can_send": found.can_send,
        "open_count": found.open_count,
        "slots": found.slots,
        "offers": found.offers,
        "chosen": found.chosen,
        "should_ask": found.should_ask,
        "total": found.total,
        "task": task_words(resolved.form.task),
        "mend_url": reverse("studio:mend"),
        "ask_url": reverse("studio:ask"),
        "switch_url": reverse("studio:switch"),
        "is_simulated": resolved.account.is_simulated,
        "may_ask": member.may(Act.CREATE),
    }


def _asset(resolved: ResolvedForm) -> Asset | None:
    """Return the clip that is shown; a generation has no source, and shows what was generated
    before.
    """
    return None if resolved.form.task == Task.GENERATE else resolved.source.asset


def _viewer_context(resolved: ResolvedForm, member: Member) -> Context:
    shown = {"source": resolved.source, "form": resolved.form}
    return _takes_context(_asset(resolved), member) | shown


def _takes_context(asset: Asset | None, member: Member) -> Context:
    takes = sources.takes_of(asset, member)
    return {
        "asset": asset,
        "takes": takes,
        "is_live": any(take.is_active for take in takes),
    }


def _pane_context(
    resolved: ResolvedForm,
    found: FormVerdict,
    member: Member,
) -> Context:
    """Return what the form pane shows, and the parts of the source pane that go with task and
    account.
    """
    form, model, account = resolved.form, resolved.model, resolved.account
    asset = resolved.source.asset
    context = check_context(resolved, found, member) | _lists(form, member)
    context |= frames.context(form, model, account, member, asset)
    return context | {
        "form": form,
        "account": account,
        "model": model,
        "asset": asset,
        "source": resolved.source,
        "tasks": [task_words(task, is_chosen=task == form.task) for task in resolved.tasks],
        "not_sent": labels_not_sent(resolved),
        "models": [Choice(one.name, one.label, one.name == model.name) for one in resolved.models],
        "choices": Choices(form, model, account.spec, found.verdict.unavailable),
        "replaced": waiting_take(form.replaces, member),
        "most_takes": variants.MOST,
        "source_kinds": source_kinds(form, found.closed_sources),
        "id_kinds": id_kinds(form, model, account.spec.name),
    }


def _lists(form: DraftForm, member: Member) -> Context:
    """Return what can be chosen among what is stored."""
    pictures = {form.guide_asset, form.first_asset, form.last_asset}
    pictures |= {row.asset for row in form.keyframes}
    return {
        "rows": frames.keyframes(form, member),
        "pictures": sources.recent_pictures(member, chosen=pictures),
        "clips": sources.recent_clips(member, chosen=form.source_asset),
        "results": sources.recent_takes(member, chosen=form.source_generation),
    }
