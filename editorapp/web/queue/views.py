"""Queue page: what waits and why, what is at a provider, what needs a person, and what went wrong
lately.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from itertools import chain, zip_longest
from operator import attrgetter
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils import timezone

from editorapp.core.compiled_query import CompiledQuery, padded
from editorapp.core.htmx import Context, is_part, page_or_part
from editorapp.generations.coordination import heartbeat
from editorapp.generations.models import Attempt, Generation, GenerationQuerySet
from editorapp.generations.queue import position as standing
from editorapp.generations.queue.position import (
    AccountStanding,
    QueuePosition,
)
from editorapp.generations.queue.pulse import pulse
from editorapp.generations.states import CANCELABLE
from editorapp.providers.models import ProviderAccount
from editorapp.teams.access import MemberRequest, page_for
from editorapp.teams.models import Member, Team
from editorapp.teams.roles import Act
from editorapp.web.presenters.usual_times import usual_time
from editorapp.web.queue.batch_heads import batch_heads

MOST_ROWS = 100
AT_ONCE = 20  # rows are read in multiples of it
RECENT = timedelta(days=1)
MOST_RECENT = 10
TRIED = attrgetter("tried")  # of a take that `_read` has read: its attempts, the newest first
OF_ATTEMPT = (*standing.IN_LINE, "number", "progress")
PRINTED = (
    *("team_id", "created_at", "state", "state_since", "failure_code", "failure_message"),
    *("can_retry", "prompt", "provider", "model", "task", "request", "batch", "is_simulated"),
    *("estimate_high_usd", "cost_usd", "cost_is_estimated", "held_at", "held_because"),
    "account__name",
    "source_asset__name",
    *(
        f"{who}__{name}"
        for who in ("created_by", "assignee", "held_by")
        for name in ("display_name", "username")
    ),
    *(
        f"{clip}__{name}"
        for clip in ("source_asset", "result", "parent__result")
        for name in ("width", "height")
    ),
)


@dataclass(frozen=True)
class WaitingRow:
    """One that is not sent yet. `batch_count`: it is the first of so many shown that were sent in one
    go.
    """

    take: Generation
    standing: QueuePosition
    batch_count: int


@page_for(Act.SEE_TEAM)
def page(request: MemberRequest) -> HttpResponse:
    """Show the queue; to htmx only its rows, and 204 while they say what they said before."""
    now = timezone.now()
    seen = pulse_of(request.member, now)
    if is_part(request) and seen == request.GET.get("seen"):
        return HttpResponse(status=204)
    return shown(request, now, seen)


def shown(request: MemberRequest, now: datetime, seen: str) -> HttpResponse:
    """Render the queue. `seen` is its pulse from before its rows are read: what changes meanwhile,
    the next poll finds.
    """
    context = _context(request.member, now) | {"seen": seen}
    return page_or_part(request, "queue/page.html", "queue/_rows.html", context)


def pulse_of(member: Member, now: datetime) -> str:
    return pulse(
        member.team,
        now=now,
        recent=RECENT,
        most_recent=MOST_RECENT,
        most_in_need=MOST_ROWS,
    )


def _context(member: Member, now: datetime) -> Context:
    """Return what the page shows; every row is read once, whichever section it stands in."""
    pk = member.team_id
    keys = _KeysOfTeam(pk) if member.sees_all else _KeysOfMember(member)
    accounts = _accounts(set(keys.used()), member, now=now)
    [team] = _teams(pk)
    queued, running, person, recent = _read(
        team,
        _next(keys, accounts.values()),
        keys.running(),
        keys.waiting_for_a_person(),
        keys.over(now - RECENT),
    )
    # What was queued at another account meanwhile, the next poll shows.
    waiting = _waiting([take for take in queued if take.account_id in accounts], accounts)
    shown, at_work = waiting[:MOST_ROWS], running[:MOST_ROWS]
    return {
        "here": "queue",
        "heads": batch_heads([row.take for row in shown], at_work, person, recent),
        "waiting_rows": shown,
        "running_rows": _with_usual(member, at_work),
        "more_waiting": len(queued) > MOST_ROWS,
        "more": len(running) > MOST_ROWS,
        "person_rows": person,
        "recent": recent,
        "team": team,
        "accounts": sorted(accounts.values(), key=attrgetter("account.provider", "account.pk")),
        "silence": heartbeat.signs(now).silence if waiting else "",
    }


@CompiledQuery
def _teams(pk: int) -> "QuerySet[Team]":
    return Team.objects.filter(pk=pk).select_related("queue_paused_by")


class _KeysOfMember:
    """The sections of the queue as ids of takes, of those that a member sees."""

    def __init__(self, member: Member) -> None:
        self.takes = Generation.objects.visible_to(member)

    def used(self) -> list[int]:
        """Return the accounts of what is on its way."""
        return list(_used_by(self.takes))

    def unsent(self) -> list[int]:
        return list(_unsent_of(self.takes))

    def running(self) -> list[int]:
        return list(_running_of(self.takes))

    def waiting_for_a_person(self) -> list[int]:
        return list(_waiting_of(self.takes))

    def over(self, since: datetime) -> list[int]:
        return list(_over_of(self.takes, since))


class _KeysOfTeam(_KeysOfMember):
    """The same of all takes of a team, by queries that are compiled once."""

    def __init__(self, team: int) -> None:
        self.team = team
        self.takes = Generation.objects.of_team(team)

    def used(self) -> list[int]:
        return _used(self.team)

    def unsent(self) -> list[int]:
        return _unsent(self.team)

    def running(self) -> list[int]:
        return _running(self.team)

    def waiting_for_a_person(self) -> list[int]:
        return _waiting_for_a_person(self.team)

    def over(self, since: datetime) -> list[int]:
        return _over(self.team, since)


def _used_by(takes: GenerationQuerySet[Generation]) -> "QuerySet[Generation, int]":
    return takes.active().order_by().values_list("account_id", flat=True).distinct()


def _unsent_of(takes: GenerationQuerySet[Generation]) -> "QuerySet[Generation, int]":
    return _keys(takes.active().filter(state__in=CANCELABLE), "pk", most=MOST_ROWS + 1)


def _running_of(takes: GenerationQuerySet[Generation]) -> "QuerySet[Generation, int]":
    return _keys(takes.active().exclude(state__in=CANCELABLE), "pk", most=MOST_ROWS + 1)


def _waiting_of(takes: GenerationQuerySet[Generation]) -> "QuerySet[Generation, int]":
    return _keys(takes.in_need(), "-pk", most=MOST_ROWS)


def _over_of(takes: GenerationQuerySet[Generation], since: datetime) -> "QuerySet[Generation, int]":
    """Return what is over lately, the last of it first."""
    ended = takes.ended().filter(state_since__gte=since)
    return _keys(ended, "-state_since", "-pk", most=MOST_RECENT)


@CompiledQuery
def _used(team: int) -> "QuerySet[Generation, int]":
    return _used_by(Generation.objects.of_team(team))


@CompiledQuery
def _unsent(team: int) -> "QuerySet[Generation, int]":
    return _unsent_of(Generation.objects.of_team(team))


@CompiledQuery
def _running(team: int) -> "QuerySet[Generation, int]":
    return _running_of(Generation.objects.of_team(team))


@CompiledQuery
def _waiting_for_a_person(team: int) -> "QuerySet[Generation, int]":
    return _waiting_of(Generation.objects.of_team(team))


@CompiledQuery
def _over(team: int, since: datetime) -> "QuerySet[Generation, int]":
    return _over_of(Generation.objects.of_team(team), since)


def _keys(
    takes: GenerationQuerySet[Generation], *order: str, most: int
) -> "QuerySet[Generation, int]":
    return takes.order_by(*order).values_list("pk", flat=True)[:most]


def _next(keys: _KeysOfMember, accounts: Iterable[AccountStanding]) -> list[int]:
    """Return what waits: where there are more than the page shows, the heads of all queues before the
    others.
    """
    found = keys.unsent()
    if len(found) <= MOST_ROWS:
        return found
    unsent = keys.takes.active().filter(state__in=CANCELABLE)
    heads = _keys(unsent.filter(pk__in=_headed(accounts)), "pk", most=MOST_ROWS)
    return list(dict.fromkeys([*heads, *found]))[: MOST_ROWS + 1]


def _headed(accounts: Iterable[AccountStanding]) -> list[int]:
    """Return the takes at the heads of all queues."""
    places = chain.from_iterable(zip_longest(*(account.line for account in accounts)))
    heads = Attempt.objects.filter(pk__in=list(filter(None, places))[:MOST_ROWS])
    return list(heads.values_list("generation_id", flat=True))


def _accounts(used: set[int], member: Member, *, now: datetime) -> dict[int, AccountStanding]:
    """Return how the accounts stand that are used or waited for, and those that are paused and serve
    the team.
    """
    found = ProviderAccount.objects.select_related("paused_by")
    paused = Q(paused_at__isnull=False) & (Q(team=None) | Q(team_id=member.team_id))
    there = found.filter(Q(pk__in=used) | paused)
    return {one.pk: standing.of_account(one, now=now) for one in there}


def _waiting(takes: Sequence[Generation], accounts: dict[int, AccountStanding]) -> list[WaitingRow]:
    """Return what waits in the order in which it is sent; behind it, what is paused, in its order
    too.
    """
    newest = {take.pk: TRIED(take)[0] for take in takes if TRIED(take)}
    stand = standing.of_takes(takes, accounts, newest)
    batches: Counter[UUID | None] = Counter(take.batch for take in takes)
    del batches[None]
    # Each batch's count goes to its first take: it is taken out there.
    in_order = sorted(takes, key=lambda take: _sent_order(stand[take.pk]))
    return [WaitingRow(take, stand[take.pk], batches.pop(take.batch, 0)) for take in in_order]


def _sent_order(position: QueuePosition) -> tuple[int, ...]:
    ahead = position.ahead
    return standing.LOOKED_AHEAD + 1 if ahead is None else ahead, *position.turn


def _with_usual(
    member: Member, takes: list[Generation]
) -> list[tuple[Generation, timedelta | None]]:
    """Return each take with how long its kind usually takes: one query a kind."""
    usual = cache(partial(usual_time, member.team_id))
    return [(take, usual(take.account_id, take.model, take.task)) for take in takes]


def _read(team: Team, *sections: Sequence[int]) -> list[list[Generation]]:
    """Return the takes of each section by their ids, all of this team, with what a row prints and no
    more.

    What TRIED gets is read with them. Two queries, however many sections there are.
    """
    ids = sorted(set(chain(*sections)))
    rows = _rows(*padded(ids, to=AT_ONCE)) if ids else []
    found = {row.pk: row for row in rows}
    for row in rows:
        row.team, row.tried = team, []  # type: ignore[attr-defined]
    for attempt in _attempts(*padded(ids, to=AT_ONCE)) if ids else []:
        if attempt.generation_id in found:
            TRIED(found[attempt.generation_id]).append(attempt)
    return [[found[pk] for pk in section if pk in found] for section in sections]


@CompiledQuery
def _attempts(*takes: int) -> "QuerySet[Attempt]":
    return Attempt.objects.filter(generation_id__in=takes).only(*OF_ATTEMPT).order_by("-number")


@CompiledQuery
def _rows(*ids: int) -> "QuerySet[Generation]":
    rows = Generation.objects.filter(pk__in=ids).select_related(
        "source_asset",
        "result",
        "created_by",
        "assignee",
        "parent__result",
        "account",
        "held_by",
    )
    return rows.only(*PRINTED)
