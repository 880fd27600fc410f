"""What base.html shows on every page: who is here, where one can go, what runs, what the month has
cost.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from editorapp.alerts.models import Alert
from editorapp.core.money import ZERO
from editorapp.costs.ledger import month_of
from editorapp.costs.models import MonthBudget
from editorapp.generations.models import Generation
from editorapp.generations.states import ACTIVE, NEEDS_A_PERSON
from editorapp.providers.accounts import all_simulated
from editorapp.teams.models import Member
from editorapp.web.presenters.figures import Computed, Figure
from editorapp.web.presenters.line_selection import LineSelection

THEMES = (("", "System"), ("dark", "Dark"), ("light", "Light"))
THEME_COOKIE = "rushes_theme"


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


@dataclass(frozen=True)
class MonthSpend:
    """A team's spending this month against its limit (None: no limit).

    The amounts are for the meter.
    """

    used: Figure | Computed
    limit: Computed | None
    used_usd: Decimal
    limit_usd: Decimal | None


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the shell's values, lazily: a part that shows no shell costs no query."""
    member = getattr(request, "member", None)
    theme = request.COOKIES.get(THEME_COOKIE, "")
    simulated = SimpleLazyObject(all_simulated)
    return {
        "member": member,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "theme": theme if theme in dict(THEMES) else "",
        "themes": THEMES,
        "is_simulated": simulated,
        "places": SimpleLazyObject(lambda: places(member) if member else []),
        "counts": SimpleLazyObject(lambda: counts(member) if member else Counts(0, 0)),
        "alerts_open": SimpleLazyObject(
            lambda: alerts_open(member) if member and member.may_manage else 0
        ),
        "month": SimpleLazyObject(
            lambda: (
                month(member, is_simulated=bool(simulated))
                if member and member.may_create
                else None
            )
        ),
    }


def places(member: Member) -> list[Place]:
    """Return where this person can go, in the order of the shell."""
    wanted = [
        ("studio", "Studio", "studio:page"),
        ("gallery", "Gallery", "gallery:page"),
        ("queue", "Queue", "queue:page"),
    ]
    if member.may_create:  # reviewers spend nothing
        wanted.append(("costs", "Costs", "costs:page"))
    if member.may_manage:
        wanted += [
            ("people", "People", "people:page"),
            ("accounts", "Accounts", "accounts:page"),
            ("status", "Status", "status:page"),
        ]
    return [Place(name, label, url) for name, label, route in wanted if (url := _url(route))]


def counts(member: Member) -> Counts:
    """Count the team's generations that the engine looks after now, and those that wait for a
    person: one query.
    """
    rows = (
        Generation.objects.visible_to(member).filter(state__in=ACTIVE | NEEDS_A_PERSON).order_by()
    )
    found = dict(rows.values_list("state").annotate(Count("pk")))
    waiting = sum(found.get(state, 0) for state in NEEDS_A_PERSON)
    return Counts(running=sum(found.values()) - waiting, waiting=waiting)


def alerts_open(member: Member) -> int:
    """Count what needs an admin now."""
    return Alert.objects.still_open().visible_to(member).count()


def month(member: Member, *, is_simulated: bool) -> MonthSpend:
    """Return this month's spending and reservations, of real or of simulated money, whichever is in
    use.
    """
    this_month, limit_usd = month_of(timezone.now()), member.team.monthly_limit_usd
    kept = MonthBudget.objects.filter(
        team_id=member.team_id, month=this_month, is_simulated=is_simulated
    ).first()
    used_usd = kept.spent_usd + kept.reserved_usd if kept else ZERO
    lines = LineSelection(is_simulated=is_simulated, month=this_month)
    used: Figure | Computed = Figure(used_usd, lines.changed(shows="used"))
    if not member.may_see_all_costs:
        used = Computed(
            used_usd, "What the whole team was charged and still holds this month", lines.url()
        )
    limit = (
        None
        if limit_usd is None
        else Computed(limit_usd, "The team's limit for a month, as it is now")
    )
    return MonthSpend(used, limit, used_usd, limit_usd)


def _url(route: str) -> str:
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""
