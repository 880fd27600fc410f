"""Cache: what the live check would else ask on every keystroke, kept for two seconds: the accounts,
the month's money.
"""

import time
from collections.abc import Callable
from typing import Any, TypeVar

from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from editorapp.costs.ledger import MonthTotals, month_of, month_totals
from editorapp.providers.accounts import AccountsToShow, to_show
from editorapp.providers.models import ProviderAccount, TeamAccount
from editorapp.teams.models import Team

# What another process changes is seen this much later; queueing reads nothing from here.
SECONDS = 2.0
MOST = 500

Found = TypeVar("Found")
_cache: dict[Any, tuple[float, Any]] = {}


def accounts_to_show(team: Team) -> AccountsToShow:
    """Return the accounts that the studio shows, in the order in which people see them; two seconds
    old at most.
    """
    return _cached(("shown", team.pk, team.created_at), lambda: to_show(team))


def budget_now(team: Team, *, is_simulated: bool) -> MonthTotals | None:
    """Return what the team's month holds, at most two seconds old; None where no limit is set."""
    if team.monthly_limit_usd is None:
        return None
    month = month_of(timezone.now())
    # A changed limit is another question; the instant tells apart teams that bore the same number
    # in turn.
    key = (
        team.pk,
        team.created_at,
        team.monthly_limit_usd,
        month,
        is_simulated,
    )
    return _cached(key, lambda: month_totals(team, month, is_simulated=is_simulated))


def _cached(key: Any, ask: Callable[[], Found]) -> Found:
    until, found = _cache.get(key, (0.0, None))
    if time.monotonic() >= until:
        if len(_cache) >= MOST:
            _cache.clear()
        found = ask()
        _cache[key] = (time.monotonic() + SECONDS, found)
    return found


def _clear(**_signal: object) -> None:
    _cache.clear()


for _changed in (post_save, post_delete):
    _changed.connect(_clear, sender=ProviderAccount, dispatch_uid="known accounts")
    _changed.connect(_clear, sender=TeamAccount, dispatch_uid="known defaults")
