"""Actions on one take: cancel, retry, fetch again, take as it is, stop following."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone

from editorapp.core.notes import NoteNeeded
from editorapp.costs import ledger
from editorapp.generations.models import Overtaken
from editorapp.generations.queue import senders
from editorapp.generations.queue.cancel import TooLate, cancel
from editorapp.generations.reconcile.stop_following import NotFollowed, stop_following
from editorapp.generations.request.enqueue import RequestRefused
from editorapp.generations.request.retry import (
    NotRetryable,
    fetch_again,
    fetch_frames_again,
    retry,
    take_as_it_is,
)
from editorapp.teams.access import MemberRequest, action_for
from editorapp.teams.roles import Act
from editorapp.web.presenters.outcome_messages import reported
from editorapp.web.takes.found import note_of, take_or_404

LATE = (NotRetryable, Overtaken)


@action_for(Act.CANCEL)
def cancel_it(request: MemberRequest, pk: int) -> HttpResponse:
    """Take it out of the queue: one's own, or as an admin anybody's."""
    take = take_or_404(request, pk)
    senders.may_arrange(take, request.member, Act.CANCEL)
    done = "Canceled. Nothing was sent, and the reservation is released."
    with reported(request, done, warnings=(TooLate,)):
        cancel(take, now=timezone.now(), by=request.member.user)
    return back_to(request, pk)


@action_for(Act.CREATE)
def retry_it(request: MemberRequest, pk: int) -> HttpResponse:
    """Send it again as a new attempt."""
    return _do(
        request,
        pk,
        retry,
        "Queued again, with a new reservation.",
        errors=(NotRetryable, RequestRefused, ledger.OverBudget),
        overtaken="Somebody was faster: it is on its way already.",
    )


@action_for(Act.CREATE)
def fetch_it(request: MemberRequest, pk: int) -> HttpResponse:
    """Fetch the paid result once more."""
    return _do(
        request,
        pk,
        fetch_again,
        "Fetching again. This costs nothing.",
        overtaken="It is not waiting to be fetched any more.",
        late=LATE,
    )


@action_for(Act.CREATE)
def fetch_frames(request: MemberRequest, pk: int) -> HttpResponse:
    """Fetch the EXR frames of a take that is done without them."""
    done = "Fetching the EXR frames. This costs nothing; look here again in a while."
    with reported(request, done, warnings=(NotRetryable,)):
        fetch_frames_again(take_or_404(request, pk), member=request.member)
    return back_to(request, pk)


@action_for(Act.ANSWER)
def take_it_as_it_is(request: MemberRequest, pk: int) -> HttpResponse:
    """Make what came the result, although it is not as it should be."""
    return _do(
        request,
        pk,
        take_as_it_is,
        "Taken as it is. What is wrong with it stays noted on the take.",
        overtaken="There is nothing any more that could be taken as it is.",
        late=LATE,
    )


@action_for(Act.STOP_FOLLOWING)
def stop_it(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask no more about its job: it is to be settled."""
    return _do(
        request,
        pk,
        partial(stop_following, note=note_of(request)),
        "It is not followed any more. Its price stays held until it is settled.",
        errors=(NoteNeeded,),
        warnings=(NotFollowed,),
        overtaken="It changed just then: try again.",
    )


def _do(
    request: MemberRequest,
    pk: int,
    act: Callable[..., object],
    done: str,
    **kinds: Any,
) -> HttpResponse:
    """Do something to a take, and say how it went: see `reported` for the kinds of errors."""
    with reported(request, done, **kinds):
        act(take_or_404(request, pk), member=request.member, now=timezone.now())
    return back_to(request, pk)


def back_to(request: MemberRequest, pk: int) -> HttpResponse:
    """Return to where the button was: the queue, or the take's page."""
    if request.POST.get("back") == "queue":
        return redirect("queue:page")
    return redirect("takes:page", pk)


urlpatterns = [
    path("<int:pk>/cancel", cancel_it, name="cancel"),
    path("<int:pk>/retry", retry_it, name="retry"),
    path("<int:pk>/fetch", fetch_it, name="fetch"),
    path("<int:pk>/fetch-frames", fetch_frames, name="fetch_frames"),
    path("<int:pk>/stop", stop_it, name="stop"),
    path("<int:pk>/take-as-it-is", take_it_as_it_is, name="take_as_it_is"),
]
