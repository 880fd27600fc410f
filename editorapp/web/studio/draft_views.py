"""Draft views: keep what is typed in the studio, for this person alone."""

from dataclasses import replace

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone

from editorapp.core.htmx import is_part, page_or_part
from editorapp.reuse import drafts
from editorapp.reuse.models import SavedDraft
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.roles import Act
from editorapp.web.studio.draft_form import DraftForm
from editorapp.web.studio.draft_versions import address_of, delete, listed
from editorapp.web.studio.new_sources import NotDone
from editorapp.web.studio.saved_form import DraftMark, source_fields, values_of
from editorapp.web.studio.told import quoted


@action_for(Act.CREATE)
def save(request: MemberRequest) -> HttpResponse:
    """Keep the posted form: {"revision"}; {"newer": ...} where another page's version
    counts, and this one is kept aside. `draft_over` makes this one count.
    """
    form, mark = DraftForm.read(request.POST), DraftMark.read(request.POST)
    if form.is_on_other_source:  # not shown yet: it still is what was typed for the one before
        form = replace(form, **source_fields(form.pinned_to))
    try:
        draft = _kept(request, form, mark)
    except NotDone as error:
        return JsonResponse({"message": str(error)}, status=413)
    if draft.aside:
        return JsonResponse({"newer": _newer(draft)})
    return JsonResponse({"revision": draft.revision})


def _kept(request: MemberRequest, form: DraftForm, mark: DraftMark) -> SavedDraft:
    member, now = request.member, timezone.now()
    place, values = mark.at(form.source_key, member), values_of(form)
    if "draft_over" in request.POST:
        return drafts.save_over(member, place, values, page=mark.page, now=now)
    based_on, page = mark.revision, mark.page
    return drafts.save(member, place, values, based_on=based_on, page=page, now=now)


def _newer(draft: SavedDraft) -> dict[str, str | int]:
    """Return what the page says of the version that counts."""
    current = drafts.of(draft.member).get(way=draft.way, source=draft.source, aside="")
    return {
        "pk": current.pk,
        "text": f"This draft was changed in another tab: {quoted(current.words)}.",
    }


@page_for(Act.CREATE)
def versions(request: MemberRequest) -> HttpResponse:
    """Show the versions of this person's drafts that were set aside: to htmx for a dialog, else as
    a page.
    """
    return _listed(request)


def _listed(request: MemberRequest) -> HttpResponse:
    context = {"here": "studio", "versions": listed(request.member)}
    return page_or_part(request, "studio/versions.html", "studio/_versions.html", context)


@action_for(Act.CREATE)
def bring_back(request: MemberRequest, pk: int) -> HttpResponse:
    """Make a version the draft that counts, and open it; the one that it replaces is set aside."""
    draft = drafts.bring_back(_version(request, pk), now=timezone.now())
    messages.success(request, "This version is back. The one that it replaces is set aside.")
    return redirect(address_of(draft))


@action_for(Act.CREATE)
def delete_version(request: MemberRequest, pk: int) -> HttpResponse:
    """Delete a version that was set aside."""
    delete(_version(request, pk))
    return _listed(request) if is_part(request) else redirect("studio:versions")


def _version(request: MemberRequest, pk: int) -> SavedDraft:
    return get_object_or_404(drafts.of(request.member).exclude(aside=""), pk=pk)


urlpatterns = [
    path("draft", save, name="draft"),
    path("versions", versions, name="versions"),
    path("versions/<int:pk>/back", bring_back, name="version_back"),
    path("versions/<int:pk>/delete", delete_version, name="version_delete"),
]
