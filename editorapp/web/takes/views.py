"""One take: what was asked, what came of it, what it cost, what was made from what, and what to do
next.
"""

import json
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from editorapp.costs import ledger
from editorapp.generations.models import Generation, Overtaken
from editorapp.generations.queue import senders
from editorapp.generations.queue.cancel import TooLate, cancel
from editorapp.generations.reconcile.stop_following import NotFollowed, stop_following
from editorapp.generations.request import references
from editorapp.generations.request.enqueue import RequestRefused
from editorapp.generations.request.retry import (
    NotRetryable,
    fetch_again,
    fetch_frames_again,
    retry,
    take_as_it_is,
)
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.providers import accounts
from editorapp.providers.contract import GenerationRequest, Task
from editorapp.providers.models import ProviderAccount
from editorapp.review.decide import NotDecidable, NoteNeeded, decide
from editorapp.review.models import Decision
from editorapp.teams.access import MemberRequest, needs
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.presenters import request_summary, usual_times
from editorapp.web.presenters.cards import as_cards
from editorapp.web.studio import canvas
from editorapp.web.takes import lineage, unknown_outcome
from editorapp.web.takes import settle_views as settle
from editorapp.web.templatetags.takes import held_up, made_from, percent

NOT_A_HICCUP = 2  # errors in a row; one alone is over before anybody has read of it


@dataclass(frozen=True)
class Moment:
    """Something that happened to an attempt."""

    label: str
    at: datetime


@dataclass(frozen=True)
class WaysOn:
    """What the studio can do with a take's result: reframe it, go on from it where it was made,
    edit it elsewhere.
    """

    can_reframe: bool = False
    extends: tuple[tuple[str, str], ...] = ()  # (direction, words)
    others: tuple[ProviderAccount, ...] = ()


@require_safe
@needs(Act.SEE)
def page(request: MemberRequest, pk: int) -> HttpResponse:
    """Show a take."""
    return render(request, "takes/page.html", _context(request, _take(request, pk)))


@require_safe
@needs(Act.SEE)
def live(request: MemberRequest, pk: int) -> HttpResponse:
    """Return the whole take once it is no longer as the page saw it; until then 204, so that
    nothing is disturbed.
    """
    take = get_object_or_404(
        Generation.objects.visible_to(request.member).select_related("result", "account"), pk=pk
    )
    if _seen(take) == request.GET.get("seen"):
        return HttpResponse(status=204)
    only_stage = _seen(take).rpartition(".")[0] == request.GET.get("seen", "").rpartition(".")[0]
    context = _context(request, _take(request, pk)) | {"oob": True, "only_stage": only_stage}
    return render(request, "takes/_changed.html", context)


@require_POST
@needs(Act.ANSWER)
def cancel_it(request: MemberRequest, pk: int) -> HttpResponse:
    """Take it out of the queue: one's own, or as an admin anybody's."""
    take = _found(request, pk)
    senders.may_arrange(take, request.member)
    try:
        cancel(take, now=timezone.now(), by=request.member.user)
    except TooLate as error:
        messages.warning(request, str(error))
    else:
        messages.success(request, "Canceled. Nothing was sent, and the reservation is released.")
    return _back(request, pk)


@require_POST
@needs(Act.CREATE)
def retry_it(request: MemberRequest, pk: int) -> HttpResponse:
    """Send it again as a new attempt."""
    try:
        retry(_found(request, pk), member=request.member, now=timezone.now())
    except (NotRetryable, RequestRefused, ledger.OverBudget) as error:
        messages.error(request, str(error))
    except Overtaken:
        messages.warning(request, "Somebody was faster: it is on its way already.")
    else:
        messages.success(request, "Queued again, with a new reservation.")
    return _back(request, pk)


@require_POST
@needs(Act.CREATE)
def fetch_it(request: MemberRequest, pk: int) -> HttpResponse:
    """Fetch the paid result once more."""
    try:
        fetch_again(_found(request, pk), member=request.member, now=timezone.now())
    except (NotRetryable, Overtaken):
        messages.warning(request, "It is not waiting to be fetched any more.")
    else:
        messages.success(request, "Fetching again. This costs nothing.")
    return _back(request, pk)


@require_POST
@needs(Act.CREATE)
def fetch_frames(request: MemberRequest, pk: int) -> HttpResponse:
    """Fetch the EXR frames of a take that is done without them."""
    try:
        fetch_frames_again(_found(request, pk), member=request.member)
    except NotRetryable as error:
        messages.warning(request, str(error))
    else:
        messages.success(
            request, "Fetching the EXR frames. This costs nothing; look here again in a while."
        )
    return _back(request, pk)


@require_POST
@needs(Act.ANSWER)
def take_it_as_it_is(request: MemberRequest, pk: int) -> HttpResponse:
    """Make what came the result, although it is not as it should be."""
    try:
        take_as_it_is(_found(request, pk), member=request.member, now=timezone.now())
    except (NotRetryable, Overtaken):
        messages.warning(request, "There is nothing any more that could be taken as it is.")
    else:
        messages.success(request, "Taken as it is. What is wrong with it stays noted on the take.")
    return _back(request, pk)


@require_POST
@needs(Act.STOP_FOLLOWING)
def stop_it(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask no more about its job: it is to be settled."""
    try:
        stop_following(
            _found(request, pk),
            member=request.member,
            now=timezone.now(),
            note=request.POST.get("note", ""),
        )
    except NoteNeeded as error:
        messages.error(request, str(error))
    except (NotFollowed, Overtaken) as error:
        messages.warning(
            request,
            str(error) if isinstance(error, NotFollowed) else "It changed just then: try again.",
        )
    else:
        messages.success(
            request, "It is not followed any more. Its price stays held until it is settled."
        )
    return _back(request, pk)


@require_POST
@needs(Act.DECIDE)
def review_it(request: MemberRequest, pk: int) -> HttpResponse:
    """Approve the take or ask for changes."""
    take, note, verdict = (
        _found(request, pk),
        request.POST.get("note", ""),
        request.POST.get("verdict", ""),
    )
    try:
        decision = decide(take, verdict, member=request.member, note=note, now=timezone.now())
    except ValueError:
        messages.error(request, "Choose: approve, or needs changes.")
    except NotDecidable as error:
        messages.error(request, str(error))
    except NoteNeeded as error:
        context = _context(request, _take(request, pk)) | {"note": note, "note_error": str(error)}
        return render(request, "takes/page.html", context, status=422)
    else:
        messages.success(request, f"{decision.get_verdict_display()}. {take.created_by} sees it.")
    return _back(request, pk)


def _take(request: MemberRequest, pk: int) -> Generation:
    return get_object_or_404(as_cards(Generation.objects.visible_to(request.member)), pk=pk)


def _found(request: MemberRequest, pk: int) -> Generation:
    takes = Generation.objects.visible_to(request.member).select_related(
        "created_by", "assignee", "source_asset", "account"
    )
    return get_object_or_404(takes, pk=pk)


def _back(request: MemberRequest, pk: int) -> HttpResponse:
    return (
        redirect("queue:page")
        if request.POST.get("back") == "queue"
        else redirect("takes:page", pk)
    )


def _seen(take: Generation) -> str:
    """Return what a page shows of a take that can change by itself."""
    changing = take.result.proxy if take.result else bool(held_up(take)) or percent(_progress(take))
    if trouble := _trouble(take):
        changing = f"{changing}-{zlib.crc32(trouble.encode()):x}"
    return f"{take.state}.{take.state_since.timestamp():.0f}.{'' if changing is None else changing}"


def _progress(take: Generation) -> float | None:
    """Return how far the provider says that it is, 0..1; None where it says nothing."""
    if take.state != State.RUNNING:
        return None
    return (
        take.attempts.filter(number=take.attempt_number).values_list("progress", flat=True).first()
    )


def _trouble(take: Generation) -> str:
    """Say what was in the way at the last try of what is tried again by itself; "" where nothing
    is.
    """
    if not take.is_active:
        return ""
    newest = take.attempts.filter(number=take.attempt_number).values_list(
        "last_error", "error_count", "fetch_count"
    )
    said, errors, fetches = newest.first() or ("", 0, 0)
    return said if fetches or errors >= NOT_A_HICCUP else ""


def _context(request: MemberRequest, take: Generation) -> dict[str, Any]:
    member, wanted = request.member, take.wanted
    steps = lineage.steps(take)
    attempts = list(
        take.attempts.select_related("search", "account")
        .prefetch_related(*unknown_outcome.TRACE)
        .order_by("number")
    )
    result_waits = take.result is not None and take.result.proxy == Asset.Proxy.PENDING
    return {
        "here": "gallery",
        "take": take,
        "source": made_from(take),
        "source_words": _source_words(steps[0].take.wanted),
        "can_compare": take.task != Task.GENERATE,
        "laid": _laid(take, made_from(take)),
        "ways_on": _ways_on(take, member),
        "usual": usual_times.usual(take) if take.is_active else None,
        "progress": _progress(take),
        "trouble": _trouble(take),
        "steps": steps,
        "settings": request_summary.settings(take),
        "guides": request_summary.guides(wanted, member),
        "siblings": lineage.siblings(take),
        "children": lineage.children(take),
        "attempts": [(attempt, _moments(attempt), _body(attempt)) for attempt in attempts],
        "lines": ledger.lines(member, generation_id=take.pk).order_by("pk"),
        "settling": unknown_outcome.of(take, attempts[-1], now=timezone.now())
        if take.can_settle and attempts
        else None,
        "can_correct": unknown_outcome.can_correct(take, member),
        "is_live": take.is_active
        or result_waits
        or take.is_unknown,  # it may be found, and followed
        "seen": _seen(take),
        "verdicts": Decision.Verdict,
    }


def _source_words(wanted: GenerationRequest) -> str:
    """Say what the first take was made from where we hold no file of it."""
    source = wanted.source
    if wanted.task == Task.GENERATE:
        pictures = sum(
            ref.generation_id is None for field, ref in wanted.refs() if field != "source"
        )
        return (
            f"none: made from the prompt{_and_pictures(pictures)}"
            if not request_summary.direction(wanted)
            else "none here"
        )
    if source is None:
        return "none"
    if source.url:
        return f"from {urlsplit(source.url).hostname}"  # the rest of a link may be a secret
    return f"id {source.generation_id or source.file_id or 'unknown'} at the provider"


def _laid(take: Generation, source: Asset | None) -> str:
    """Return where a reframe shows its source, for the script that lays one over the other: "x y
    width height".
    """
    wanted, result = take.wanted, take.result
    if (
        wanted.task != Task.REFRAME
        or source is None
        or result is None
        or not (source.height and result.height)
    ):
        return ""
    said = (wanted.x_norm, wanted.y_norm, wanted.w_norm, wanted.h_norm)
    fit = canvas.fitted(source.width / source.height / (result.width / result.height))
    place = (fit.x, fit.y, fit.w, fit.h) if None in said else said
    return " ".join(f"{float(value or 0):.5g}" for value in place)


def _and_pictures(count: int) -> str:
    return f" and {count} picture{'s' if count > 1 else ''}" if count else ""


def _ways_on(take: Generation, member: Member) -> WaysOn:
    """Return how a take can be worked on: nothing for one without a result, or for who may not
    spend.
    """
    if not take.can_be_source or not member.may(Act.CREATE):
        return WaysOn()
    found = accounts.usable()
    others = [
        account
        for account in found
        if account.pk != take.account_id and Task.EDIT in account.spec.tasks
    ]
    own = next((account for account in found if account.pk == take.account_id), None)
    models = own.spec.models_for(Task.GENERATE) if own and take.chain_id else ()
    extends = tuple(
        (way, f"Extend {way}")
        for way, frame in references.DIRECTIONS.items()
        if any(references.can_continue(model, frame) for model in models)
    )
    can_reframe = any(Task.REFRAME in account.spec.tasks for account in found)
    return WaysOn(can_reframe, extends, tuple(others))


def _moments(attempt: Any) -> list[Moment]:
    happened = [
        ("Queued", attempt.created_at),
        ("Sent to the provider", attempt.submit_started_at),
        ("Accepted by the provider", attempt.submitted_at),
        ("Provider was done", attempt.provider_done_at),
        ("Outcome recorded", attempt.recorded_at),
    ]
    return sorted((Moment(label, at) for label, at in happened if at), key=lambda moment: moment.at)


def _body(attempt: Any) -> str:
    if attempt.request_body is None:
        return ""
    return json.dumps(request_summary.shortened(attempt.request_body), indent=2, ensure_ascii=False)


urlpatterns = [
    path("<int:pk>", page, name="page"),
    path("<int:pk>/live", live, name="live"),
    path("<int:pk>/cancel", cancel_it, name="cancel"),
    path("<int:pk>/retry", retry_it, name="retry"),
    path("<int:pk>/fetch", fetch_it, name="fetch"),
    path("<int:pk>/fetch-frames", fetch_frames, name="fetch_frames"),
    path("<int:pk>/stop", stop_it, name="stop"),
    path("<int:pk>/take-as-it-is", take_it_as_it_is, name="take_as_it_is"),
    *settle.take_patterns,
    path("<int:pk>/review", review_it, name="review"),
]
