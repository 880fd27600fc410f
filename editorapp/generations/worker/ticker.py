"""Ticker: once a second, what is due and who should be woken.

Makes no call to a provider; of attempts it moves only when they are due.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import DatabaseError
from django_q.scheduler import scheduler

from editorapp.alerts import alerts, delivery
from editorapp.alerts.models import AlertKind
from editorapp.core import retry, table_statistics
from editorapp.core.fault_points import reached
from editorapp.generations import alerting, trash
from editorapp.generations.branches import advance
from editorapp.generations.checks import alert_checks, expiring, overdue, unsendable
from editorapp.generations.coordination import heartbeat, lease_holder, leases, wake
from editorapp.generations.engine import reclaim, transfer
from editorapp.generations.engine.claims import SWEPT
from editorapp.generations.models import Attempt
from editorapp.generations.queue import pause
from editorapp.generations.reconcile import search
from editorapp.generations.request import quotes
from editorapp.generations.verification import checks
from editorapp.inbox import mail, reading, webhooks
from editorapp.media import tasks
from editorapp.providers import capability_discovery

log = logging.getLogger(__name__)

LEASE_SECONDS = 10.0
BEAT_EVERY = 5
LOOK_EVERY = 60
SWEEP_EVERY = 3600


class Ticker:
    """The one ticker of an installation; of several that are started, the others wait."""

    def __init__(self) -> None:
        self.holder = lease_holder.holder()
        self.failing: Counter[str] = Counter()  # how often in a row each look has failed for itself
        self.ticks = 0

    def tick(self, now: datetime) -> bool:
        """Look once and wake who is needed. Say whether this ticker is the one in charge."""
        if not leases.take("ticker", self.holder, now=now, seconds=LEASE_SECONDS):
            return False
        reclaim.from_the_future(now=now)
        reached("ticker.leased")
        heartbeat.beat("ticker", now=now)
        _wake_sweeps(now)
        reached("ticker.woken")
        if delivery.is_due(now):
            wake.wake("tell", now=now)
        if mail.is_due(now) or webhooks.is_due(now):
            wake.wake("notify", now=now)
        if advance.due().exists():
            wake.wake("run_branches", now=now)
        if self.ticks % BEAT_EVERY == 0:
            _wake_lost(now)
            scheduler()  # django-q2's own looks only every 30 s
        if self.ticks % LOOK_EVERY == 0:
            self._do_each(
                now,
                pause.release_forgotten,
                expiring.look,
                overdue.look,
                unsendable.look,
                alert_checks.accounts,
                alert_checks.disk,
                checks.close_past,
            )
        if self.ticks % SWEEP_EVERY == 0:
            self._do_each(
                now,
                tasks.sweep,
                capability_discovery.sweep,
                alerts.sweep,
                reading.sweep,
                webhooks.sweep,
                _check_books,
                _empty_trash,
                _gather_statistics,
            )
        self.ticks += 1
        return True

    def _do_each(self, now: datetime, *looks: Callable[[datetime], object]) -> None:
        """Look at everything.

        What fails for itself keeps neither the others nor the waking from their turn.

        One that fails again and again is raised: nobody else would know that it looks no more.
        """
        for look in looks:
            name = f"{look.__module__.rpartition('.')[2]}.{getattr(look, '__name__', '')}"
            try:
                look(now)
            except DatabaseError:
                raise  # said by the caller, which tries again in a second
            except Exception as error:
                log.exception("%s failed", look.__module__)
                self._count_fault(name, error, now=now)
            else:
                self.failing.pop(name, None)
                alerts.close(AlertKind.FAULT, f"chore:{name}", now=now)

    def _count_fault(self, name: str, error: Exception, *, now: datetime) -> None:
        self.failing[name] += 1
        if not retry.policy("chore.fault").is_over(self.failing[name], 0.0):
            return
        message = (
            f"The regular check {name} fails each time ({type(error).__name__}), so what it looks "
            "for goes unnoticed. The log of the ticker says where. Report it, or update Rushes."
        )
        alerting.open_for_all(AlertKind.FAULT, f"chore:{name}", message, now=now)

    def stop(self, now: datetime) -> None:
        leases.give_back("ticker", self.holder, now=now)


def _wake_sweeps(now: datetime) -> None:
    for provider in _due_providers(now):
        wake.work(provider, now=now)
    _wake_searches(now)
    if transfer.is_due(now):
        wake.transfers(now=now)


def _wake_searches(now: datetime) -> None:
    for provider in search.due_providers(now):
        wake.wake("search", provider, now=now)


def _due_providers(now: datetime) -> Iterable[str]:
    """Return the providers of which something is due for a sweep."""
    due = Attempt.objects.filter(state__in=SWEPT, next_action_at__lte=now).order_by()
    return due.values_list("account__provider", flat=True).distinct()


def _wake_lost(now: datetime) -> None:
    """Wake again what a killed worker or a lost task has left."""
    wake.wake("beat", now=now)
    reclaim.from_the_dead(now=now)
    for asked_id in quotes.unanswered(now):
        wake.wake("ask_price", asked_id, now=now)
    for verification_id in checks.unfinished(now):
        wake.wake("verify", verification_id, now=now)


def _check_books(now: datetime) -> None:
    if alert_checks.books_are_due(now):
        wake.wake("check_books", now=now)


def _empty_trash(now: datetime) -> None:
    if trash.is_due(now):
        wake.wake("empty_trash", now=now)


def _gather_statistics(_now: datetime) -> None:
    table_statistics.gather()
