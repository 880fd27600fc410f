"""Opening form: the form that the studio's address asks for."""

from dataclasses import replace

from django.contrib import messages

from editorapp.core.request_values import row_id
from editorapp.generations.models import Generation
from editorapp.teams.access import MemberRequest
from editorapp.web.studio import form_request, sources
from editorapp.web.studio.draft_form import DraftForm
from editorapp.web.studio.resolved_form import waiting_take


def form_at(request: MemberRequest) -> DraftForm:
    """Read the form that the address asks for; a picture named there is meant as the opening guide
    frame.
    """
    form = DraftForm.read(request.GET)
    if form.guide_asset is not None and "guides" not in request.GET:
        form = replace(form, guides="single")
    if (take := _take_named(request, "generation")) is not None:
        return form_request.editing(take, task=form.task, account=form.account)
    if (take := _take_named(request, "replace")) is not None:
        return _replacing(request, take)
    if (take := _take_named(request, "again")) is not None:
        return form_request.again(take)
    if (clip := row_id(request.GET, "source")) is not None:
        return replace(form, source_asset=clip)
    if form.account is None and (take := _take_named(request, "extend_generation")) is not None:
        form = replace(form, account=take.account_id)
    newest = sources.recent_clips(request.member, chosen=None)[:1]
    return replace(form, source_asset=newest[0].pk) if newest else form


def _take_named(request: MemberRequest, name: str) -> Generation | None:
    if (pk := row_id(request.GET, name)) is None:
        return None
    return Generation.objects.visible_to(request.member).filter(pk=pk).first()


def _replacing(request: MemberRequest, take: Generation) -> DraftForm:
    form = form_request.again(take)
    if waiting_take(take.pk, request.member) is not None:
        return replace(form, replaces=take.pk)
    messages.warning(
        request,
        f"#{take.pk} cannot be replaced (any more), so what you queue now is another take.",
    )
    return form
