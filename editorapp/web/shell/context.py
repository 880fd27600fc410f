"""Shell context: who is here, where one can go, what runs, what the month has cost. base.html shows it
on every page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from editorapp.alerts.models import Alert
from editorapp.core.compiled_query import CompiledQuery
from editorapp.core.htmx import Context
from editorapp.costs.ledger import month_of
from editorapp.generations.models import Generation
from editorapp.generations.states import ACTIVE, NEEDS_A_PERSON
from editorapp.inbox.reading import unread_count
from editorapp.providers.accounts import all_simulated
from editorapp.review.rounds import asked_count
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.presenters.addresses import address
from editorapp.web.presenters.figures import Computed, MonthMeter, month_meter
from editorapp.web.shell import themes

# Where one can go, and which act each place needs.
PLACES: dict[str, Act] = {
    "studio": Act.STUDIO,
    "gallery": Act.SEE,
    "review": Act.DECIDE,
    "queue": Act.SEE_TEAM,
    "costs": Act.SEE_COSTS,
    "people": Act.MANAGE,
    "accounts": Act.MANAGE,
    "status": Act.MANAGE,
}


@dataclass(frozen=True)
class Place:
    name: str
    label: str
    url: str


@dataclass(frozen=True)
class Counts:
    """How many of a team's generations are on their way, and how many go on only when somebody says
    how.
    """

    running: int
    waiting: int


def shell(request: HttpRequest) -> Context:
    """Return the shell's values, lazily: a part that shows no shell costs no query."""
    member = getattr(request, "member", None)
    simulated = SimpleLazyObject(lambda: all_simulated(member and member.team))

    def of_month(member: Member) -> MonthMeter:
        return month(member, is_simulated=bool(simulated))

    return {
        "member": member,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "theme": themes.chosen(request),
        "themes": themes.THEMES,
        "is_simulated": simulated,
        "places": _lazily(member, places, []),
        "home": SimpleLazyObject(lambda: home(member)),
        "counts": _lazily(member, counts, Counts(0, 0)),
        "unread": _lazily(member, unread_count, 0),
        "asked": _lazily(member, asked_of, 0),
        "alerts_open": _lazily(member, alerts_open, 0, act=Act.MANAGE),
        "month": _lazily(member, of_month, None, act=Act.SEE_COSTS),
    }


def _lazily(
    member: Member | None,
    read: Callable[[Member], Any],
    nothing: Any,
    *,
    act: Act = Act.SEE,
) -> Any:
    """Return what is read once a page shows it, of a member who may do the act; else `nothing`."""
    return SimpleLazyObject(lambda: read(member) if member and member.may(act) else nothing)


def places(member: Member) -> list[Place]:
    """Return where this person can go, in the order of the shell."""
    return [_place(name) for name, act in PLACES.items() if member.may(act)]


def home(member: Member | None) -> Place:
    """Return where a person begins: the first place that they can go to. Strangers sign in there."""
    return places(member)[0] if member else _place("studio")


def _place(name: str) -> Place:
    return Place(name, name.capitalize(), address(f"{name}:page"))


def counts(member: Member) -> Counts:
    """Count the team's generations that the engine looks after now, and those that wait for a
    person: one query.
    """
    if member.sees_all:
        found = dict(_of_team(member.team_id))
    else:
        found = dict(_by_state(Generation.objects.visible_to(member)))
    waiting = sum(found.get(state, 0) for state in NEEDS_A_PERSON)
    return Counts(running=sum(found.values()) - waiting, waiting=waiting)


def asked_of(member: Member) -> int:
    """Count the takes that wait for this person's verdict: one query, none for who decides nothing."""
    return asked_count(member) if member.may(Act.DECIDE) else 0


@CompiledQuery
def _of_team(team: int) -> "QuerySet[Generation, Any]":
    return _by_state(Generation.objects.of_team(team))


def _by_state(takes: "QuerySet[Generation]") -> "QuerySet[Generation, Any]":
    shown = takes.filter(state__in=ACTIVE | NEEDS_A_PERSON)
    return shown.order_by().values_list("state").annotate(Count("pk"))


def alerts_open(member: Member) -> int:
    """Count what needs an admin now."""
    return sum(_open_alerts(member.team_id))


@CompiledQuery
def _open_alerts(team: int) -> "QuerySet[Alert, int]":
    alerts = Alert.objects.still_open().visible_to(Member(team_id=team)).order_by()
    return alerts.values("closed_at").annotate(count=Count("pk")).values_list("count", flat=True)


def month(member: Member, *, is_simulated: bool) -> MonthMeter:
    """Return this month's spending and reservations, of real or of simulated money, whichever is in
    use.
    """
    return month_meter(
        member,
        month_of(timezone.now()),
        is_simulated=is_simulated,
        limit=_limit_of(member),
        basis="What the whole team was charged and still holds this month",
        links=True,
    )


def _limit_of(member: Member) -> Computed | None:
    limit_usd = member.team.monthly_limit_usd
    if limit_usd is None:
        return None
    return Computed(limit_usd, "The team's limit for a month, as it is now")
