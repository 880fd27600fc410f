"""Look for paid calls whose outcome is unknown in the provider's own list of jobs, and settle them
where it is plain.

A task of the queue, woken by the ticker; one at a time for each provider. It is careful with the
user's money: exactly one job that is the same and nobody's is followed; none at all, for an hour,
in a list that is documented to leave nothing out, is a post that never arrived; everything else is
for a person, who sees what was found.
"""

import logging
from collections.abc import Callable, Sized
from datetime import datetime, timedelta
from itertools import groupby
from types import ModuleType

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from editorapp.alerts.models import AlertKind
from editorapp.core import retry
from editorapp.core.fault_points import reached
from editorapp.core.money import show_usd
from editorapp.generations import alerting
from editorapp.generations.coordination import lease_holder, leases, wake
from editorapp.generations.models import Attempt, Overtaken, Search
from editorapp.generations.reconcile import matching, settle
from editorapp.generations.reconcile.matching import Found, first_look_at
from editorapp.generations.states import State
from editorapp.providers import registry
from editorapp.providers.contract import Listed, Listing, ProviderError
from editorapp.providers.models import ProviderAccount

log = logging.getLogger(__name__)

LEASE_SECONDS = 150.0
# Lists may lag; after that, a person or, where the list is whole, "never arrived".
NOT_LISTED, WATCHED = retry.policy("search.not_listed"), retry.policy("search.watched")
LATEST = timedelta(seconds=retry.policy("search.unreadable").longest_seconds)
MOST_SHOWN = 20
Verdict = Search.Verdict


def due_providers(now: datetime) -> set[str]:
    """Return the providers at which something unknown is to be looked for, or has been settled
    otherwise.
    """
    new = Attempt.objects.filter(state=State.UNKNOWN, search=None).order_by()
    found = set(new.values_list("account__provider", flat=True).distinct())
    rows = Search.objects.filter(verdict__in=(Verdict.LOOKING, Verdict.PERSON)).order_by()
    rows = rows.filter(Q(at__lte=now) | ~Q(attempt__state=State.UNKNOWN))
    return found | set(rows.values_list("attempt__account__provider", flat=True).distinct())


def search(provider: str, *, clock: Callable[[], datetime] = timezone.now) -> None:
    """Look once for all that is due at a provider."""
    holder, lease = lease_holder.holder(), wake.search_lease(provider)
    wake.answered(lease, now=clock())
    if not leases.take(lease, holder, now=clock(), seconds=LEASE_SECONDS):
        return
    try:
        _end_settled(provider, now=clock())
        _begin(provider, now=clock())
        due = Search.objects.filter(verdict__in=(Verdict.LOOKING, Verdict.PERSON), at__lte=clock())
        rows = _of(provider, due).select_related("attempt__account", "attempt__generation")
        for account, searches in groupby(
            rows.order_by("attempt__account_id", "pk"), lambda one: one.attempt.account
        ):
            if leases.take(lease, holder, now=clock(), seconds=LEASE_SECONDS):
                _look(account, list(searches), clock=clock)
    finally:
        leases.give_back(lease, holder, now=clock())


def ask_again(attempt: Attempt, *, now: datetime) -> bool:
    """Let the list be asked anew, because a person wants to. Say whether there is a list to ask."""
    rows = Search.objects.filter(attempt=attempt, attempt__state=State.UNKNOWN)
    can_look = _can_list(registry.get(attempt.account.provider)) and bool(attempt.request_body)
    if not can_look or not rows.update(at=now):
        return False
    transaction.on_commit(lambda: wake.search(attempt.account.provider, now=now))
    return True


def _of(provider: str, rows: QuerySet[Search]) -> QuerySet[Search]:
    return rows.filter(attempt__account__provider=provider)


def _can_list(adapter: ModuleType) -> bool:
    return hasattr(adapter, "recent")


def _begin(provider: str, *, now: datetime) -> None:
    """Note what has become unknown, and when to look for it; what cannot be looked for waits for a
    person at once.
    """
    can_list = _can_list(registry.get(provider))
    new = Attempt.objects.filter(state=State.UNKNOWN, search=None, account__provider=provider)
    for attempt in new.select_related("generation", "account"):
        with transaction.atomic():
            found = {"since": attempt.generation.state_since, "at": first_look_at(attempt)}
            row, _made = Search.objects.get_or_create(attempt=attempt, defaults=found)
            name = attempt.account.spec.name
            if (
                not attempt.request_body
            ):  # from a backup, and never sent from here: its own words say when to look
                says = f"What would have been sent was not written down yet, so {name}'s list is not compared with it."
                _to_person(row, says, now=now, message=attempt.generation.failure_message)
            elif not can_list:
                _to_person(
                    row,
                    f"{name} has no list of jobs that Rushes could read: its console has.",
                    now=now,
                )


def _end_settled(provider: str, *, now: datetime) -> None:
    """End the search for what became known otherwise: an answer that came late."""
    rows = Search.objects.filter(verdict__in=(Verdict.LOOKING, Verdict.PERSON)).exclude(
        attempt__state=State.UNKNOWN
    )
    for row in _of(provider, rows).select_related("attempt"):
        with transaction.atomic():
            Search.objects.filter(pk=row.pk).update(verdict=Verdict.SETTLED, at=None)
            alerting.close_for_take(row.attempt.generation_id, AlertKind.UNKNOWN_OUTCOME, now=now)


def _look(
    account: ProviderAccount, searches: list[Search], *, clock: Callable[[], datetime]
) -> None:
    """Read an account's list once for all its searches, and decide each."""
    if account.problem:
        for row in searches:
            _failed(row, account.problem, now=clock(), wait=LATEST)
        return
    try:
        wide = account.spec.lists_all and any(_is_long_ago(row, clock()) for row in searches)
        listing = matching.read(account, [row.attempt for row in searches], wide=wide)
    except (ProviderError, TimeoutError) as error:
        why = (
            error.message
            if isinstance(error, ProviderError)
            else f"{account.spec.name} did not answer in time."
        )
        asked = error.retry_after_seconds if isinstance(error, ProviderError) else None
        wait = timedelta(seconds=asked or 0.0)
        for row in searches:
            _failed(row, why, now=clock(), wait=wait)
        return
    except (OperationalError, InterfaceError):
        raise  # our own database, which nothing can be noted in now
    except Exception as error:
        log.exception("The list of the account %s could not be read", account.pk)
        for row in searches:
            _failed(row, _fault(error), now=clock(), wait=LATEST)
        return
    reached("search.listed")
    for row in searches:
        try:
            _decide(row, listing, now=clock())
        except (Overtaken, settle.JobIsTaken) as error:
            log.info(
                "Attempt %s: not settled by its list: %s", row.pk, error
            )  # looked at again, or known by now
        except (OperationalError, InterfaceError):
            raise
        except (
            Exception
        ) as error:  # of this one: the others are looked for, and it is not looked for all the time
            log.exception("Attempt %s could not be compared with its list", row.pk)
            row.refresh_from_db(fields=["looked_at", "looks", "failures", "candidates"])
            _failed(row, _fault(error), now=clock(), wait=LATEST)


def _fault(error: Exception) -> str:
    return f"Rushes could not make sense of it ({type(error).__name__}); its log says more."


def _decide(row: Search, listing: Listing, *, now: datetime) -> None:
    """Follow the one job that it must be; else ask later, release, or show a person what was found.

    Raises: Overtaken, JobIsTaken, when the attempt or the job is somebody else's by now.
    """
    attempt, name = row.attempt, row.attempt.account.spec.name
    found, twins = matching.found(attempt, listing), matching.twins(attempt)
    row.candidates = [one.to_json() for one in found.sightings[:MOST_SHOWN]]
    row.looked_at, row.failures = now, 0
    if any(twin.state == State.SUBMITTING for twin in twins):
        _later(
            row,
            f"The same request is being sent once more; {name}'s list is read again after it.",
            now=now,
        )
    elif len(found.same) == 1 and listing.is_whole and not twins:
        _follow(row, found.same[0], now=now)
    elif twins and found.sightings:
        says = f"{name} lists {_count(found.sightings)} that this could be, but the same request was sent several "
        _to_person(
            row,
            says + "times from here, and nobody knows which of them it belongs to.",
            now=now,
            again=True,
        )
    elif found.same or found.unclear:
        _to_person(row, _why_not(row, found), now=now, again=True)
    else:
        _missing(row, found, listing, now=now)


def _follow(row: Search, job: Listed, *, now: datetime) -> None:
    name = row.attempt.account.spec.name
    note = (
        f"{name}'s list, read at {now:%H:%M:%S} UTC, shows it as made at {job.created_at:%H:%M:%S} UTC: the only job "
        "of that time with the same model and the same request that is nobody's here."
    )
    with transaction.atomic():
        settle.follow(row.attempt, job.job_id, by=settle.ITSELF, now=now, note=note)
        _keep(row, says=note, verdict=Verdict.SETTLED, at=None)


def _missing(row: Search, found: Found, listing: Listing, *, now: datetime) -> None:
    """It is not on the list: ask for a while, for lists may lag; then say that it never arrived, if
    that is proven.
    """
    attempt, spec = row.attempt, row.attempt.account.spec
    row.looks += listing.is_whole
    says = f"{spec.name}'s list, read at {now:%H:%M:%S} UTC, does not show it."
    if not _is_long_ago(row, now) or (row.looks < NOT_LISTED.tries and listing.is_whole):
        _later(row, f"{says} Lists may lag, so it is read again.", now=now)
    elif attempt.perhaps_sent_from is not None:
        # A restored row does not know what was posted in the end: files uploaded anew have other
        # ids in the body.
        _to_person(
            row,
            f"{says} It comes from a backup, and may have been sent with other ids of its files.",
            now=now,
        )
    elif spec.lists_all and listing.is_whole and not found.sightings:
        note = f"{says} It was read {row.looks} times in {_minutes(now - first_look_at(attempt))} minutes."
        with transaction.atomic():
            settle.give_back(attempt, by=settle.ITSELF, now=now, note=note)
            _keep(row, says=note, verdict=Verdict.SETTLED, at=None)
    elif found.sightings:
        _to_person(row, f"{says} It shows {_count(found.sightings)} with the same words.", now=now)
    else:
        _to_person(
            row, f"{says} {spec.name} does not say that its list leaves nothing out.", now=now
        )


def _why_not(row: Search, found: Found) -> str:
    name = row.attempt.account.spec.name
    if len(found.same) > 1:
        return (
            f"{name} lists {len(found.same)} jobs of that time with this very request: which is it?"
        )
    if found.same:
        return (
            f"{name} lists a job with this very request, and does not show all jobs of that time."
        )
    return f"{name} lists {_count(found.unclear)} of that time that this could be, and does not show the whole request."


def _later(row: Search, says: str, *, now: datetime) -> None:
    _keep(row, says=says, verdict=row.verdict, at=now + _pause(row, now))


def _failed(row: Search, why: str, *, now: datetime, wait: timedelta) -> None:
    """The list could not be read.

    That alone never decides anything; after a while a person should know.
    """
    row.failures += 1
    says = f"{row.attempt.account.spec.name}'s list could not be read at {now:%H:%M:%S} UTC: {why}"
    if not _is_long_ago(row, now):
        _keep(row, says=says, verdict=row.verdict, at=now + max(wait, _pause(row, now)))
    else:
        _to_person(row, says, now=now, again=True, wait=wait)


def _to_person(
    row: Search,
    says: str,
    *,
    now: datetime,
    again: bool = False,
    message: str = "",
    wait: timedelta = timedelta(),
) -> None:
    """Leave it to a person, with all that is known.

    `again`: look on meanwhile, for it may become plain; not sooner than the provider asked for,
    which is `wait`.

    `message` is what the alert says, where the take has better words of its own.
    """
    goes_on = again and not WATCHED.is_over(WATCHED.tries, _searched_seconds(row, now))
    generation = row.attempt.generation
    message = message or (
        f"Nobody knows whether take #{generation.pk} was accepted by {row.attempt.account}; "
        f"{show_usd(generation.estimate_high_usd)} stay held until a person says what became of it. {says}"
    )
    with transaction.atomic():
        # A list is read for minutes: a person may have settled it meanwhile, and nothing would
        # close what is opened.
        if _keep(
            row,
            says=says,
            verdict=Verdict.PERSON,
            at=now + max(wait, _pause(row, now)) if goes_on else None,
        ):
            alerting.open_for_take(AlertKind.UNKNOWN_OUTCOME, generation, message, now=now)


def _keep(row: Search, **changes: object) -> bool:
    """Write a row, unless its attempt was settled meanwhile. Say whether it is written."""
    kept = {
        name: getattr(row, name) for name in ("looked_at", "looks", "failures", "candidates")
    } | changes
    settled = changes.get("verdict") == Verdict.SETTLED
    rows = Search.objects.filter(pk=row.pk)
    return bool((rows if settled else rows.exclude(verdict=Verdict.SETTLED)).update(**kept))


def _is_long_ago(row: Search, now: datetime) -> bool:
    """Has it been looked for so long that the list will not change any more?"""
    return NOT_LISTED.is_over(NOT_LISTED.tries, _searched_seconds(row, now))


def _pause(row: Search, now: datetime) -> timedelta:
    """Return how long to wait until the next look: half as long as it has been looked for, within
    bounds.
    """
    return timedelta(seconds=NOT_LISTED.pause_of_age_seconds(_searched_seconds(row, now)))


def _searched_seconds(row: Search, now: datetime) -> float:
    return (now - first_look_at(row.attempt)).total_seconds()


def _count(jobs: Sized) -> str:
    return "one job" if len(jobs) == 1 else f"{len(jobs)} jobs"


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
