"""Queue actions: pause, move and cancel what waits; pause a queue or an account.

Who may do what is decided in teams/roles.py, and held to in generations/queue/senders.py.
"""

from collections.abc import Callable
from contextlib import suppress
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone

from editorapp.core.htmx import is_part
from editorapp.generations.models import Generation
from editorapp.generations.queue import pause, reorder, senders
from editorapp.generations.queue.cancel import TooLate, cancel
from editorapp.generations.states import CANCELABLE
from editorapp.teams.access import MemberRequest, action_for
from editorapp.teams.roles import Act
from editorapp.web.accounts.found import account_or_404
from editorapp.web.presenters.outcome_messages import reported
from editorapp.web.queue.views import pulse_of, shown

Change = Callable[..., None]
OF_TAKE: dict[str, Change] = {
    "hold": pause.hold,
    "go-on": pause.let_go,
    "up": reorder.up,
    "down": reorder.down,
    "first": reorder.to_the_front,
}
OF_QUEUE: dict[str, Change] = {
    "pause": pause.pause_queue,
    "resume": pause.resume_queue,
}
OF_ACCOUNT: dict[str, Change] = {
    "pause": pause.pause_account,
    "resume": pause.resume_account,
}


@action_for(Act.ANSWER)
def arrange(request: MemberRequest, pk: int, verb: str) -> HttpResponse:
    """Pause one job, let it go on, or move it within its queue."""
    change = _change(OF_TAKE, verb)
    take = get_object_or_404(Generation.objects.visible_to(request.member), pk=pk)
    with reported(request, warnings=(TooLate,)):
        change(take, member=request.member, now=timezone.now())
    return _back(request)


@action_for(Act.CANCEL)
def cancel_batch(request: MemberRequest, batch: UUID) -> HttpResponse:
    """Cancel what is not sent yet of what was sent in one go."""
    takes = Generation.objects.visible_to(request.member).filter(batch=batch)
    canceled = 0
    # The last first: the first may be on their way.
    for take in takes.filter(state__in=CANCELABLE).order_by("-pk"):
        senders.may_arrange(take, request.member, Act.CANCEL)
        with suppress(TooLate):  # sent meanwhile: its row says so
            cancel(take, now=timezone.now(), by=request.member.user)
            canceled += 1
    if canceled:
        done = f"{canceled} canceled. Nothing of them was sent, and their money is free again."
        messages.success(request, done)
    else:
        messages.warning(request, "Nothing of this batch waits any more.")
    return _back(request)


@action_for(Act.MANAGE)
def whole(request: MemberRequest, verb: str) -> HttpResponse:
    """Pause or resume the team's queue."""
    _change(OF_QUEUE, verb)(request.member, now=timezone.now())
    return _back(request)


@action_for(Act.MANAGE)
def of_account(request: MemberRequest, pk: int, verb: str) -> HttpResponse:
    """Pause or resume an account, for every team."""
    change, account = _change(OF_ACCOUNT, verb), account_or_404(pk, request.member)
    change(account, member=request.member, now=timezone.now())
    return redirect("accounts:page") if request.POST.get("back") == "accounts" else _back(request)


def _change(changes: dict[str, Change], verb: str) -> Change:
    if verb not in changes:
        raise Http404
    return changes[verb]


def _back(request: MemberRequest) -> HttpResponse:
    """Show the rows anew to htmx, which pressed a button among them; else the page."""
    if not is_part(request):
        return redirect("queue:page")
    now = timezone.now()
    return shown(request, now, pulse_of(request.member, now))
