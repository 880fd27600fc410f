"""Trash page, and the ways in and out of it: each a plain form."""

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.template.loader import render_to_string
from django.urls import path, reverse
from django.utils import timezone
from django.utils.safestring import mark_safe

from editorapp.core.htmx import is_part
from editorapp.core.paging import Page, cursor
from editorapp.core.way_back import way_back
from editorapp.generations import trash
from editorapp.generations.models import Generation
from editorapp.media.refusals import Refusal
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.keeping import consequences
from editorapp.web.keeping.chosen import NoneChosen, chosen, counted, left_out
from editorapp.web.presenters.cards import read_pictured

PAGE_SIZE = 60


@page_for(Act.TRASH)
def page(request: MemberRequest) -> HttpResponse:
    """Show what lies in the trash, the last thrown first."""
    found = _page_of(request.member, cursor(request.GET))
    context = {
        "here": "gallery",
        "rows": found.rows,
        "older_url": found.older(reverse("trash:page")),
        "is_first_page": "before" not in request.GET,
        "days": trash.KEPT_FOR.days,
    }
    return render(request, "trash/page.html", context)


@page_for(Act.TRASH)
def confirm(request: MemberRequest) -> HttpResponse:
    """Say what becomes of what was made from takes, and of links to them, before they go."""
    try:
        numbers = chosen(request.GET)
    except NoneChosen as error:
        messages.error(request, str(error))
        return redirect("gallery:page")
    weighed, now = trash.weigh(numbers, by=request.member), timezone.now()
    context = {
        "here": "gallery",
        "takes": read_pictured(weighed.ids),
        "left_out": weighed.left_out,
        "consequences": consequences.of(weighed.ids, request.member, now=now),
        "until": now + trash.KEPT_FOR,
        "next": request.GET.get("next", ""),
    }
    return render(request, "trash/confirm.html", context)


@action_for(Act.TRASH)
def throw(request: MemberRequest) -> HttpResponse:
    """Put takes into the trash; first ask (`sure`) where something hangs on them."""
    back = way_back(request, "gallery:page")
    try:
        numbers = chosen(request.POST)
    except NoneChosen as error:
        return _refused(request, str(error), back)
    now = timezone.now()
    if request.POST.get("sure") != "1" and _hangs(numbers, request.member, now):
        return _ask(request, numbers, back)
    done = trash.throw(numbers, by=request.member, now=now)
    # A batch is one card of several takes: the page is shown anew then.
    if is_part(request) and not any(take.batch for take in done.takes):
        return _thrown_part(request, done, back, now)
    if done.takes:
        _tell(request, done.ids, back, now)
    _tell_left_out(request, done)
    return _led(request, back)


@action_for(Act.TRASH)
def restore(request: MemberRequest) -> HttpResponse:
    """Take takes out of the trash."""
    back = way_back(request, "trash:page")
    try:
        done = trash.restore(chosen(request.POST), by=request.member)
    except NoneChosen as error:
        return _refused(request, str(error), back)
    if done.takes:
        where = "is back where it was" if len(done.takes) == 1 else "are back where they were"
        messages.success(request, f"{_named(done.ids)} {where}.")
    _tell_left_out(request, done)
    return redirect(back)


@action_for(Act.TRASH_FOR_ALL)
def delete(request: MemberRequest) -> HttpResponse:
    """Delete takes in the trash for good, now; ask first (`sure`)."""
    try:
        numbers = chosen(request.POST)
    except NoneChosen as error:
        return _refused(request, str(error), "trash:page")
    if request.POST.get("sure") != "1":
        return _ask_to_delete(request, numbers)
    try:
        done = trash.delete(numbers, by=request.member, now=timezone.now())
    except Refusal as error:
        return _refused(request, f"Not all was deleted. {error.message}", "trash:page")
    if done.takes:
        said = f"{_named(done.ids)}: deleted. What they cost stays in the books."
        messages.success(request, said)
    _tell_left_out(request, done)
    return redirect("trash:page")


def _page_of(member: Member, before: int | None) -> Page[Generation]:
    rows = Generation.objects.in_trash_of(member).order_by("-trashed_at", "-pk")
    rows = rows.select_related(
        "account", "source_asset", "result", "parent__result", "created_by", "trashed_by"
    )
    last = Generation.objects.filter(team_id=member.team_id, pk=before or 0).first()
    if last is not None and last.trashed_at is not None:
        same = Q(trashed_at=last.trashed_at, pk__lt=last.pk)
        rows = rows.filter(same | Q(trashed_at__lt=last.trashed_at))
    return _shown(rows, member)


def _shown(rows: QuerySet[Generation], member: Member) -> Page[Generation]:
    found = list(rows[: PAGE_SIZE + 1])
    for take in found:
        take.until = take.trashed_at + trash.KEPT_FOR  # type: ignore[attr-defined, operator]
        take.may_restore = trash.may_restore(take, member)  # type: ignore[attr-defined]
    after = found[PAGE_SIZE - 1].pk if len(found) > PAGE_SIZE else None
    return Page(found[:PAGE_SIZE], after)


def _hangs(numbers: Sequence[int], by: Member, now: datetime) -> bool:
    weighed = trash.weigh(numbers, by=by)
    return bool(consequences.of(weighed.ids, by, now=now)) if weighed.takes else False


def _ask(request: MemberRequest, numbers: Sequence[int], back: str) -> HttpResponse:
    said = {"takes": ",".join(map(str, numbers)), "next": request.POST.get("next", "")}
    return _led(request, f"{reverse('trash:confirm')}?{urlencode(said)}")


def _ask_to_delete(request: MemberRequest, numbers: Sequence[int]) -> HttpResponse:
    rows = Generation.objects.in_trash_of(request.member).filter(pk__in=numbers)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    hangs = consequences.of(ids, request.member, now=timezone.now())
    context = {"here": "gallery", "takes": read_pictured(ids), "consequences": hangs}
    return render(request, "trash/delete.html", context)


def _refused(request: MemberRequest, reason: str, back: str) -> HttpResponse:
    messages.error(request, reason)
    return _led(request, back)


def _led(request: MemberRequest, back: str) -> HttpResponse:
    """Lead to a page, a browser and htmx alike."""
    address = resolve_url(back)
    if is_part(request):
        return HttpResponse(headers={"HX-Redirect": address})
    return redirect(address)


def _thrown_part(
    request: MemberRequest,
    done: trash.Done,
    back: str,
    now: datetime,
) -> HttpResponse:
    """Take the cards off the page that htmx has, and say so in a toast."""
    context = {
        "ids": done.ids,
        "undo": _undo(request, done.ids, back, now) if done.takes else "",
        "left_out": left_out(done.left_out),
    }
    return render(request, "trash/_thrown.html", context)


def _tell(request: MemberRequest, ids: Sequence[int], back: str, now: datetime) -> None:
    messages.success(request, _undo(request, ids, back, now))


def _undo(request: MemberRequest, ids: Sequence[int], back: str, now: datetime) -> str:
    """Write what was thrown away, with the form that takes it back."""
    context = {
        "named": _named(ids),
        "is_one": len(ids) == 1,
        "takes": ",".join(map(str, ids)),
        "until": now + trash.KEPT_FOR,
        "next": resolve_url(back),
    }
    return mark_safe(render_to_string("trash/_undo.html", context, request))


def _named(ids: Sequence[int]) -> str:
    return f"#{ids[0]}" if len(ids) == 1 else counted(len(ids))


def _tell_left_out(request: MemberRequest, done: trash.Done) -> None:
    if said := left_out(done.left_out):
        messages.warning(request, said)


urlpatterns = [
    path("", page, name="page"),
    path("confirm", confirm, name="confirm"),
    path("throw", throw, name="throw"),
    path("restore", restore, name="restore"),
    path("delete", delete, name="delete"),
]
