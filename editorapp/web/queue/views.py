"""Queue page: what waits and why, what is at a provider, what needs a person, and what went wrong
lately.

Who may pause, move and cancel is decided in teams/roles.py, and held to in
generations/queue/senders.py.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import chain, zip_longest
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone

from editorapp.core.htmx import Context, is_part, page_or_part
from editorapp.generations.coordination import heartbeat
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.queue import pause, reorder, senders
from editorapp.generations.queue import position as standing
from editorapp.generations.queue.cancel import TooLate, cancel
from editorapp.generations.queue.position import (
    AccountStanding,
    QueuePosition,
)
from editorapp.generations.states import (
    ACTIVE,
    CANCELABLE,
    NEEDS_A_PERSON,
    State,
)
from editorapp.providers.models import ProviderAccount
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.models import Member, Team
from editorapp.teams.roles import Act
from editorapp.web.presenters.outcome_messages import reported
from editorapp.web.presenters.usual_times import usual_time
from editorapp.web.queue.batch_heads import batch_heads
from editorapp.web.templatetags.takes import percent

MOST_ROWS = 100
RECENT = timedelta(days=1)
SEEN = ("pk", "state", "state_since", "attempt_count", "error_count")
OVER = (State.FAILED, State.CANCELED, State.SUCCEEDED)
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


@dataclass(frozen=True)
class WaitingRow:
    """One that is not sent yet. `batch_count`: it is the first of so many shown that were sent in one
    go.
    """

    take: Generation
    standing: QueuePosition
    batch_count: int


@page_for(Act.SEE)
def page(request: MemberRequest) -> HttpResponse:
    """Show the queue; to htmx only its rows, and 204 while they say what they said before."""
    context = _context(request.member)
    if is_part(request) and context["seen"] == request.GET.get("seen"):
        return HttpResponse(status=204)
    return _shown(request, context)


def _shown(request: MemberRequest, context: Context) -> HttpResponse:
    return page_or_part(request, "queue/page.html", "queue/_rows.html", context)


def _context(member: Member) -> Context:
    now, rows = timezone.now(), _rows(member)
    running = list(rows.filter(state__in=ACTIVE - CANCELABLE).order_by("pk")[: MOST_ROWS + 1])
    unsent = rows.filter(state__in=CANCELABLE)
    accounts = _accounts({take.account_id for take in running}, unsent, now=now)
    queued = _next(unsent, accounts.values())
    waiting = _waiting(queued, accounts)
    above: dict[str, Any] = {
        "team": Team.objects.select_related("queue_paused_by").get(pk=member.team_id),
        "accounts": sorted(accounts.values(), key=attrgetter("account.provider", "account.pk")),
        "silence": heartbeat.signs(now).silence if waiting else "",
    }
    person = list(rows.filter(state__in=NEEDS_A_PERSON).order_by("-pk")[:MOST_ROWS])
    over = rows.filter(state__in=OVER, state_since__gte=now - RECENT)
    recent = list(over.order_by("-pk")[:10])
    return {
        "here": "queue",
        "seen": _seen([*queued, *running, *person, *recent], waiting, **above),
        "heads": batch_heads(
            [row.take for row in waiting[:MOST_ROWS]], running[:MOST_ROWS], person, recent
        ),
        "waiting_rows": waiting[:MOST_ROWS],
        "running_rows": _with_usual(member, running[:MOST_ROWS]),
        "more_waiting": len(queued) > MOST_ROWS,
        "more": len(running) > MOST_ROWS,
        "person_rows": person,
        "recent": recent,
        **above,
    }


def _next(unsent: QuerySet[Generation], accounts: Iterable[AccountStanding]) -> list[Generation]:
    """Return what waits: where there are more than the page shows, the heads of all queues before the
    others.
    """
    heads = Exists(Attempt.objects.filter(pk__in=_heads(accounts), generation=OuterRef("pk")))
    return list(unsent.annotate(is_head=heads).order_by("-is_head", "pk")[: MOST_ROWS + 1])


def _heads(accounts: Iterable[AccountStanding]) -> list[int]:
    places = chain.from_iterable(zip_longest(*(account.line for account in accounts)))
    return list(filter(None, places))[:MOST_ROWS]


def _accounts(
    used: set[int],
    unsent: QuerySet[Generation],
    *,
    now: datetime,
) -> dict[int, AccountStanding]:
    """Return how the accounts stand that are used or waited for, and those that are paused."""
    used |= {*unsent.values_list("account_id", flat=True).distinct()}
    found = ProviderAccount.objects.select_related("paused_by")
    there = found.filter(pk__in=used) | found.filter(paused_at__isnull=False)
    return {one.pk: standing.of_account(one, now=now) for one in there}


def _waiting(takes: Sequence[Generation], accounts: dict[int, AccountStanding]) -> list[WaitingRow]:
    """Return what waits in the order in which it is sent; behind it, what is paused, in its order
    too.
    """
    stand = standing.of_takes(takes, accounts)
    batches: Counter[UUID | None] = Counter(take.batch for take in takes)
    del batches[None]
    # Each batch's count goes to its first take: it is taken out there.
    in_order = sorted(takes, key=lambda take: _sent_order(stand[take.pk]))
    return [WaitingRow(take, stand[take.pk], batches.pop(take.batch, 0)) for take in in_order]


def _sent_order(position: QueuePosition) -> tuple[int, ...]:
    ahead = position.ahead
    return standing.LOOKED_AHEAD + 1 if ahead is None else ahead, *position.turn


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
    change, account = _change(OF_ACCOUNT, verb), get_object_or_404(ProviderAccount, pk=pk)
    change(account, member=request.member, now=timezone.now())
    return redirect("accounts:page") if request.POST.get("back") == "accounts" else _back(request)


def _change(changes: dict[str, Change], verb: str) -> Change:
    if verb not in changes:
        raise Http404
    return changes[verb]


def _back(request: MemberRequest) -> HttpResponse:
    return _shown(request, _context(request.member)) if is_part(request) else redirect("queue:page")


def _seen(
    takes: Sequence[Any],
    waiting: Sequence[WaitingRow],
    *,
    team: Team,
    accounts: Sequence[AccountStanding],
    silence: str,
) -> str:
    """Return a short name for what the rows say, so that a poll that finds nothing new leaves the
    page alone. `takes` have what `_rows` looks up.
    """
    said = [[getattr(take, name) for name in SEEN] + [percent(take.progress)] for take in takes]
    held = [(row.take.pk, row.standing, row.batch_count) for row in waiting]
    around = [(one.account.pk, one.in_flight, len(one.line), one.why) for one in accounts]
    shown = repr((said, held, around, team.queue_paused_at, bool(silence)))
    return hashlib.sha256(shown.encode()).hexdigest()[:16]


def _with_usual(
    member: Member, takes: list[Generation]
) -> list[tuple[Generation, timedelta | None]]:
    """Return each take with how long its kind usually takes: one query a kind."""
    usual = cache(partial(usual_time, member.team_id))
    return [(take, usual(take.model, take.task, is_simulated=take.is_simulated)) for take in takes]


def _rows(member: Member) -> "QuerySet[Generation]":
    """Return the takes with what a row reads."""
    takes = Generation.objects.visible_to(member).select_related(
        "source_asset",
        "result",
        "created_by",
        "assignee",
        "parent__result",
        "account",
        "team",
        "held_by",
    )
    # Looked up for the rows shown: a GROUP BY would first count the attempts of every take there
    # ever was.
    newest = Attempt.objects.filter(generation=OuterRef("pk")).order_by("-number")
    return takes.annotate(
        attempt_count=Subquery(newest.values("number")[:1]),
        error_count=Subquery(newest.values("error_count")[:1]),
        progress=Subquery(newest.values("progress")[:1]),
    )


urlpatterns = [
    path("", page, name="page"),
    path("<str:verb>", whole, name="whole"),
    path("<int:pk>/<str:verb>", arrange, name="arrange"),
    path("batch/<uuid:batch>/cancel", cancel_batch, name="cancel_batch"),
    path("account/<int:pk>/<str:verb>", of_account, name="account"),
]
