"""Search: paid calls whose outcome is unknown are looked for in the provider's own list of jobs,
and settled where it is plain (decide.py).

A task of the queue, woken by the ticker; one at a time for each provider.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from editorapp.alerts.models import AlertKind
from editorapp.core import retry
from editorapp.core.fault_points import reached
from editorapp.core.money import show_usd
from editorapp.generations import alerting
from editorapp.generations.coordination import leases, wake
from editorapp.generations.models import Attempt, Overtaken, Search
from editorapp.generations.reconcile import matching, settle
from editorapp.generations.reconcile.decide import (
    NextStep,
    SearchDecision,
    decide,
    is_long_ago,
    pause,
    seconds_searched,
)
from editorapp.generations.states import State
from editorapp.providers import registry
from editorapp.providers.contract import Listing, ProviderError
from editorapp.providers.models import ProviderAccount

log = logging.getLogger(__name__)

LEASE_SECONDS = 150.0
WATCHED = retry.policy("search.watched")
LATEST = timedelta(seconds=retry.policy("search.unreadable").longest_seconds)
MOST_SHOWN = 20
Verdict = Search.Verdict
OPEN = Q(verdict__in=(Verdict.LOOKING, Verdict.PERSON))
UNKNOWN = Q(attempt__state=State.UNKNOWN)
NEW = Attempt.objects.filter(state=State.UNKNOWN, search=None)  # not looked for yet


def due_providers(now: datetime) -> set[str]:
    """Return the providers at which something unknown is to be looked for, or has been settled
    otherwise.
    """
    rows = Search.objects.filter(OPEN, Q(at__lte=now) | ~UNKNOWN).order_by()
    return {
        *NEW.order_by().values_list("account__provider", flat=True).distinct(),
        *rows.values_list("attempt__account__provider", flat=True).distinct(),
    }


def search(provider: str, *, clock: leases.Clock = timezone.now) -> None:
    """Look once for all that is due at a provider."""
    name = wake.lease_of("search", provider)
    wake.answered(name, now=clock())
    with leases.held(name, clock=clock, seconds=LEASE_SECONDS) as renew:
        if renew is None:
            return
        rows = Search.objects.filter(OPEN, attempt__account__provider=provider)
        _end_settled(rows, now=clock())
        _begin(provider, now=clock())
        due = rows.filter(at__lte=clock()).order_by("attempt__account_id", "pk")
        due = due.select_related("attempt__account", "attempt__generation")
        for account, searches in groupby(due, lambda one: one.attempt.account):
            if renew(LEASE_SECONDS):
                _look(account, list(searches), clock=clock)


def ask_again(attempt: Attempt, *, now: datetime) -> bool:
    """Let the list be asked anew, because a person wants to. Say whether there is a list to ask."""
    provider = attempt.account.provider
    rows = Search.objects.filter(UNKNOWN, attempt=attempt)
    can_look = _can_list(provider) and bool(attempt.request_body)
    if not can_look or not rows.update(at=now):
        return False
    transaction.on_commit(lambda: wake.wake("search", provider, now=now))
    return True


def _can_list(provider: str) -> bool:
    return hasattr(registry.get(provider), "recent")


def _begin(provider: str, *, now: datetime) -> None:
    """Note what has become unknown, and when to look for it; what cannot be looked for waits for a
    person at once.
    """
    new = NEW.filter(account__provider=provider)
    for attempt in new.select_related("generation", "account"):
        take = attempt.generation
        first = {"since": take.state_since, "at": matching.first_look_at(attempt)}
        with transaction.atomic():
            row, _made = Search.objects.get_or_create(attempt=attempt, defaults=first)
            if says := _cannot_look(attempt):
                # From a backup, and never sent from here: its own words say when to look.
                message = "" if attempt.request_body else take.failure_message
                _to_person(row, says, now=now, message=message)


def _cannot_look(attempt: Attempt) -> str:
    """Say why an attempt cannot be looked for; "" where it can be."""
    name = attempt.account.spec.name
    if not attempt.request_body:
        says = "What would have been sent was not written down yet, so "
        return f"{says}{name}'s list is not compared with it."
    if not _can_list(attempt.account.provider):
        return f"{name} has no list of jobs that Rushes could read: its console has."
    return ""


def _end_settled(rows: QuerySet[Search], *, now: datetime) -> None:
    """End the search for what became known otherwise: an answer that came late."""
    for row in rows.exclude(UNKNOWN).select_related("attempt"):
        _end(row, now=now)


def _end(row: Search, *, now: datetime) -> None:
    with transaction.atomic():
        Search.objects.filter(pk=row.pk).update(verdict=Verdict.SETTLED, at=None)
        take_id = row.attempt.generation_id
        alerting.close_for_take(take_id, AlertKind.UNKNOWN_OUTCOME, now=now)


def _look(
    account: ProviderAccount,
    searches: Sequence[Search],
    *,
    clock: leases.Clock,
) -> None:
    """Read an account's list once for all its searches, and decide each."""
    listing, why, wait = _read(account, searches, now=clock())
    if listing:
        reached("search.listed")
    for row in searches:
        if listing is None:
            _failed(row, why, now=clock(), wait=wait)
        else:
            _compare(row, listing, now=clock())


def _read(
    account: ProviderAccount,
    searches: Sequence[Search],
    *,
    now: datetime,
) -> tuple[Listing | None, str, timedelta]:
    """Return an account's list; or None, why it cannot be read, and how long to wait at least."""
    if account.problem:
        return None, account.problem, LATEST
    try:
        wide = account.spec.lists_all and any(is_long_ago(row, now) for row in searches)
        return matching.read(account, [row.attempt for row in searches], wide=wide), "", LATEST
    except ProviderError as error:
        return None, error.message, timedelta(seconds=error.retry_after_seconds or 0.0)
    except TimeoutError:
        return None, f"{account.spec.name} did not answer in time.", timedelta()
    except (OperationalError, InterfaceError):
        raise  # our own database, which nothing can be noted in now
    except Exception as error:
        log.exception("The list of the account %s could not be read", account.pk)
        return None, _fault(error), LATEST


def _compare(row: Search, listing: Listing, *, now: datetime) -> None:
    """Decide one search. What goes wrong is of this one: the others are looked for, and it is not
    looked for all the time.
    """
    try:
        found = matching.found(row.attempt, listing)
        row.candidates = [one.to_json() for one in found.candidates[:MOST_SHOWN]]
        row.looked_at = now
        row.failures = 0
        _act(row, decide(row, found, listing, now=now), now=now)
    except (Overtaken, settle.JobIsTaken) as error:  # looked at again, or known by now
        log.info("Attempt %s: not settled by its list: %s", row.pk, error)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("Attempt %s could not be compared with its list", row.pk)
        row.refresh_from_db(fields=["looked_at", "looks", "failures", "candidates"])
        _failed(row, _fault(error), now=now, wait=LATEST)


def _fault(error: Exception) -> str:
    return f"Rushes could not make sense of it ({type(error).__name__}); its log says more."


def _act(row: Search, decision: SearchDecision, *, now: datetime) -> None:
    """Do what was decided.

    Raises: Overtaken, JobIsTaken, when the attempt or the job is somebody else's by now.
    """
    says = decision.says
    if decision.step is NextStep.LATER:
        _keep(row, row.verdict, says, now + pause(row, now))
    elif decision.step in (NextStep.PERSON, NextStep.WATCH):
        wait = timedelta() if decision.step is NextStep.WATCH else None
        _to_person(row, says, now=now, wait=wait)
    else:
        by = settle.Decider(None, now, says)
        with transaction.atomic():
            if decision.job:
                settle.follow(row.attempt, decision.job.job_id, by)
            else:
                settle.give_back(row.attempt, by)
            _keep(row, Verdict.SETTLED, says, None)


def _failed(row: Search, why: str, *, now: datetime, wait: timedelta) -> None:
    """The list could not be read.

    That alone never decides anything; after a while a person should know.
    """
    row.failures += 1
    says = f"{row.attempt.account.spec.name}'s list could not be read at {now:%H:%M:%S} UTC: {why}"
    if is_long_ago(row, now):
        _to_person(row, says, now=now, wait=wait)
    else:
        _keep(row, row.verdict, says, now + max(wait, pause(row, now)))


def _to_person(
    row: Search,
    says: str,
    *,
    now: datetime,
    message: str = "",
    wait: timedelta | None = None,
) -> None:
    """Leave it to a person, with all that is known.

    `wait`: look on meanwhile, for it may become plain; not sooner than the provider asked for. None:
    do not.

    `message` is what the alert says, where the take has better words of its own.
    """
    at = None
    if wait is not None and not WATCHED.is_over(WATCHED.tries, seconds_searched(row, now)):
        at = now + max(wait, pause(row, now))
    take = row.attempt.generation
    message = message or (
        f"Nobody knows whether #{take.pk} was accepted by {row.attempt.account}; "
        f"{show_usd(take.estimate_high_usd)} stay held until a person says what became of it. {says}"
    )
    with transaction.atomic():
        # A list is read for minutes: a person may have settled it meanwhile, and nothing would
        # close what is opened.
        if _keep(row, Verdict.PERSON, says, at):
            alerting.open_for_take(AlertKind.UNKNOWN_OUTCOME, take, message, now=now)


def _keep(row: Search, verdict: str, says: str, at: datetime | None) -> bool:
    """Write a row, unless its attempt was settled meanwhile. Say whether it is written."""
    looked = {name: getattr(row, name) for name in ("looked_at", "looks", "failures", "candidates")}
    rows = Search.objects.filter(pk=row.pk)
    if verdict != Verdict.SETTLED:
        rows = rows.exclude(verdict=Verdict.SETTLED)
    return bool(rows.update(verdict=verdict, says=says, at=at, **looked))
