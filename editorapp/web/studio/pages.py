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
from django.utils import timezone

from editorapp.core.htmx import Context
from editorapp.generations.models import Generation
from editorapp.media import source_copies
from editorapp.media.models import Asset, SourceCopy
from editorapp.media.tasks import copied_percent
from editorapp.providers.contract import Task
from editorapp.teams.access import MemberRequest
from editorapp.teams.models import Member
from editorapp.web.presenters.clips import clip_json
from editorapp.web.studio import (
    answering,
    frames,
    project_choice,
    sizes,
    sources,
    take_tabs,
    tiles,
    variants,
)
from editorapp.web.studio.account_notices import notice_of
from editorapp.web.studio.choices import Choices
from editorapp.web.studio.draft_form import DraftForm
from editorapp.web.studio.following import Followed
from editorapp.web.studio.form_verdict import FormVerdict, form_verdict
from editorapp.web.studio.resolved_form import ResolvedForm, labels_not_sent
from editorapp.web.studio.saved_form import DraftMark
from editorapp.web.studio.told import NOTHING
from editorapp.web.studio.words import TASKS


def page_of(
    request: MemberRequest,
    found: FormVerdict,
    *,
    status: int = 200,
    begun: Followed | None = None,
) -> HttpResponse:
    """Render the whole page; `begun` is what it says of its draft.

    `is_typed`: it holds what was posted, which is not kept yet.
    """
    context = _viewer_context(found.resolved) | _pane_context(found)
    context |= _draft_context(request, begun)
    context |= {
        "here": "studio",
        "standing": notice_of(found.resolved),
        "is_typed": request.method == "POST",
        "media_types": sorted(set(sources.MEDIA_TYPES.values())),
        "max_upload_megabytes": settings.MAX_UPLOAD_BYTES // 1_000_000,
    }
    return render(request, "studio/page.html", context, status=status)


def _draft_context(request: MemberRequest, begun: Followed | None) -> Context:
    """Return where the page keeps its draft, and what it says of it."""
    if begun is None:
        return {"mark": DraftMark.read(request.POST), "told": NOTHING}
    return {"mark": begun.mark, "told": begun.told}


def panes(
    request: MemberRequest,
    resolved: ResolvedForm,
    begun: Followed | None = None,
) -> HttpResponse:
    """Render the form anew; the source pane only where one task has a source and the other has
    none.
    """
    context = _pane_context(form_verdict(resolved)) | _draft_context(request, begun)
    needed = "takes" if resolved.form.task == Task.GENERATE else "source"
    if request.POST.get("viewer_for", needed) != needed:
        context |= _viewer_context(resolved) | {"with_viewer": True}
    return render(request, "studio/_panes.html", context)


def viewer_of(request: MemberRequest, resolved: ResolvedForm) -> HttpResponse:
    """Render the source pane of a form, and tell the page which source it is."""
    return render(request, "studio/_viewer.html", _viewer_context(resolved))


def copying(request: MemberRequest, percent: int | None) -> HttpResponse:
    """Change nothing but how far the copy for viewing is; nothing at all where nobody knows."""
    if percent is None:
        return HttpResponse(status=204)
    return _percent(request, "copied", "Copy for viewing", percent)


def waiting_for(request: MemberRequest, copy: SourceCopy, *, is_aside: bool) -> HttpResponse:
    """Say beside the stage that a new source is being made; where it is there, the page chooses it.

    Two steps, because the button that was pressed may be gone from the page: only what it aimed at
    from the beginning is found then. `is_aside`: it aimed at the stage.
    """
    context = {"copy": copy, "is_awaited": True}
    response = render(request, "studio/_source_copy.html", context)
    if is_aside:
        response["HX-Retarget"] = "#source-copy"
    return response


def source_copy(request: MemberRequest, pk: int) -> HttpResponse:
    """Say how far a new source is; once it is there, the page that waited for it chooses it."""
    copy = source_copies.found(request.member, pk)
    if copy is not None:
        copy = source_copies.looked_after(copy, now=timezone.now())
    if copy is not None and copy.is_pending:
        return _percent(request, "source-copied", "New source", copy.percent)
    return render(request, "studio/_source_copy.html", {"copy": copy, "is_awaited": True})


def _percent(request: MemberRequest, name: str, what: str, percent: int) -> HttpResponse:
    """Change nothing but how far a copy is: its element of this name."""
    shown = {"name": name, "what": what, "copied": percent}
    return _beside(request, "studio/_copied.html", shown)


def _beside(request: MemberRequest, part: str, context: Context) -> HttpResponse:
    """Render a part for its own place, and leave what the request was for as it is."""
    response = render(request, part, context | {"oob": True})
    response["HX-Reswap"] = "none"
    return response


def queued(request: MemberRequest, resolved: ResolvedForm) -> HttpResponse:
    """Render the takes with the new ones, and a fresh token for what is queued next."""
    context = _viewer_context(resolved) | {"form_token": DraftForm().form_token}
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


def check_context(found: FormVerdict) -> Context:
    """Return what a check shows."""
    return {
        "found": found,
        "verdict": found.verdict,
        "slots": found.slots,
        "chosen": found.chosen,
        "ladders": variants.ladders(found.resolved),
        "task": TASKS[found.resolved.form.task],
        "mend_url": reverse("studio:mend"),
        "ask_url": reverse("studio:ask"),
        "switch_url": reverse("studio:switch"),
        "is_simulated": found.resolved.account.is_simulated,
        "may_ask": found.resolved.member.may_create,
    }


def _viewer_context(resolved: ResolvedForm) -> Context:
    shown = {"source": resolved.source, "form": resolved.form, "copy": _copy_of(resolved)}
    return takes_context(resolved.clip, resolved.member, resolved.source.parent) | shown


def _copy_of(resolved: ResolvedForm) -> SourceCopy | None:
    """Return the new source that this person has made of the chosen one, where that is news."""
    clip, member = resolved.clip, resolved.member
    if clip is None or not member.may_create:
        return None
    return source_copies.newest(clip, member, now=timezone.now())


def takes_context(
    asset: Asset | None,
    member: Member,
    parent: Generation | None = None,
) -> Context:
    """Return the tabs of the stage: a clip with the takes made of it, or those made without one.

    `parent` is the take whose result the clip is. `newest`: where there is no clip, the newest
    take that has a picture.
    """
    takes = sources.takes_of(asset, member)
    tabs = take_tabs.tabs_of(takes, member)
    pictured = [tab.take for tab in tabs if tab.clip]
    return {
        "asset": asset,
        "source_clip": clip_json(asset, heard_as=parent) if asset else "",
        "source_query": _query_of(asset, parent) if asset else "",
        "tabs": tabs,
        "stamp": take_tabs.stamp(take_tabs.standings_of(takes)),
        "newest": pictured[-1] if pictured and not asset else None,
        "is_live": any(tab.take.is_active for tab in tabs),
        "copied": copied_percent(asset) if asset and asset.proxy == Asset.Proxy.PENDING else None,
    }


def _query_of(asset: Asset, parent: Generation | None) -> str:
    return f"generation={parent.pk}" if parent else f"source={asset.pk}"


def _pane_context(found: FormVerdict) -> Context:
    """Return what the form pane shows, and the parts of the source pane that go with task and
    account.
    """
    resolved, form, member = found.resolved, found.resolved.form, found.resolved.member
    choices = Choices(resolved, found.closed)
    clips = sources.recent_clips(member, chosen=form.source_asset)
    takes = sources.recent_takes(member, chosen=form.source_generation)
    pictures = {form.guide_asset, form.first_asset, form.last_asset}
    pictures |= {row.asset for row in form.keyframes}
    return {
        **check_context(found),
        **frames.context(resolved),
        "rows": frames.keyframes(form, member),
        "pictures": sources.recent_pictures(member, chosen=pictures),
        "clips": clips,
        "results": takes,
        "bin": tiles.bin_of(clips, takes, form),
        "form": form,
        "account": resolved.account,
        "model": resolved.model,
        "asset": resolved.clip,
        "source": resolved.source,
        "not_sent": labels_not_sent(resolved),
        "choices": choices,
        "sizes": sizes.drawn(choices, found.price_steps),
        "replaced": resolved.replaced,
        "answered": answering.shown(form, member),
        "project_options": project_choice.options(resolved),
        "most_takes": variants.MOST,
    }
