"""Alert checks of what nobody else would notice: accounts that refuse, books that do not balance, a
dead engine.

Each look compares rows with what is open as an alert, so a look that was missed is made up for by
the next.
"""

import shutil
import socket
import time
from datetime import datetime, timedelta

from django.conf import settings

from editorapp.alerts import alerts
from editorapp.alerts.models import Alert, AlertKind
from editorapp.costs.models import Entry
from editorapp.generations.alerting import account_subject, open_for_account, open_for_all
from editorapp.generations.checks import books
from editorapp.generations.coordination import heartbeat
from editorapp.generations.models import Attempt, BooksCheck, Heartbeat
from editorapp.media import store
from editorapp.providers import accounts as provider_accounts
from editorapp.providers.models import ProviderAccount

BOOKS_EVERY = timedelta(minutes=50)  # seven seconds of work for a million lines
BOOKS_KEPT = timedelta(days=90)
DIFFERENCES_SHOWN = 50
GONE_AFTER = timedelta(minutes=10)
FULL_BELOW = 0.05  # of the disk
ENOUGH_FROM = 0.07  # not at the same mark: it would open and close all the time


def accounts(now: datetime) -> None:
    """Compare each account that is in use with what is open about it: keys that are gone, tests
    that failed.
    """
    open_now = Alert.objects.filter(kind=AlertKind.ACCOUNT).still_open()
    is_open = dict(open_now.values_list("subject", "opened_at"))
    # In use or to be proven; none of a provider that is gone.
    known = provider_accounts.ordered(ProviderAccount.objects.all())
    for account in {*provider_accounts.in_use(known), *provider_accounts.unproven(known)}:
        subject = account_subject(account.pk)
        since = is_open.pop(subject, None)
        trouble = (account.problem or account.doubt) if account.is_enabled else ""
        if trouble:
            open_for_account(account, trouble, now=now)
        elif since and _is_mended(account, since):
            alerts.close(AlertKind.ACCOUNT, subject, now=now)
    for subject in is_open:  # of accounts that were deleted, or are used no more
        alerts.close(AlertKind.ACCOUNT, subject, now=now)


def _is_mended(account: ProviderAccount, since: datetime) -> bool:
    """Has it been switched off, passed a test or taken a job after it was refused?"""
    return not account.is_enabled or account.has_passed(since) or _has_taken_a_job(account, since)


def _has_taken_a_job(account: ProviderAccount, since: datetime) -> bool:
    sent = Attempt.objects.filter(account=account, submit_started_at__gt=since)
    return sent.filter(submitted_at__gt=since).exists()


def books_are_due(now: datetime) -> bool:
    """Has nobody checked the ledger for most of an hour, or only before its first line?"""
    checks = BooksCheck.objects.filter(at__gt=now - BOOKS_EVERY)
    return not checks.filter(lines__gt=0).exists() and (
        Entry.objects.exists() or not checks.exists()
    )


def check_books(now: datetime) -> BooksCheck:
    """Check the ledger, keep what was found, and raise it where it does not balance.

    Reads every line.
    """
    began = time.monotonic()
    found = books.audit()
    count = len(found.differences)
    check = BooksCheck.objects.create(
        at=now,
        seconds=time.monotonic() - began,
        lines=found.lines,
        last_line=found.last_line,
        attempts=found.attempts,
        difference_count=count,
        differences=list(found.differences[:DIFFERENCES_SHOWN]),
    )
    if count:
        message = f"The ledger does not balance: {count} differences. manage.py check_ledger lists all of them."
        open_for_all(AlertKind.LEDGER, "ledger", message, now=now)
    else:
        alerts.close(AlertKind.LEDGER, "ledger", now=now)
    BooksCheck.objects.filter(at__lt=now - BOOKS_KEPT).delete()
    return check


def engine(now: datetime) -> bool:
    """Raise that the engine is dead, or that it is back. Say whether it is alive.

    Call it from outside the engine: from the web server and from who looks after the workers.
    """
    silence = heartbeat.signs(now).silence
    if silence:
        message = (
            f"{silence} Nothing is sent, followed or fetched until it is back. "
            "Start manage.py work, or look at its log."
        )
        open_for_all(AlertKind.ENGINE, "engine", message, now=now)
    else:
        alerts.close(AlertKind.ENGINE, "engine", now=now)
    return not silence


def free_space() -> float:
    """Return which part of the fuller disk is free, 0..1: that with the data, or that with the
    media.
    """
    usages = [shutil.disk_usage(folder) for folder in (settings.DATA_DIR, settings.MEDIA_ROOT)]
    return min(usage.free / usage.total for usage in usages)


def disk(now: datetime) -> None:
    """Raise that this machine's disk is almost full, or that there is room again."""
    free = free_space()
    subject = store.disk_subject()
    if free < FULL_BELOW:
        heartbeat.beat(subject, now=now)
        message = (
            f"{free:.1%} of the disk of {socket.gethostname()} is free. Uploads and results need "
            "room: delete what is not needed beside the data folder, or move it to a larger disk. "
            "Nothing that was fetched is lost."
        )
        open_for_all(AlertKind.DISK_FULL, subject, message, now=now)
    elif free >= ENOUGH_FROM:
        alerts.close(AlertKind.DISK_FULL, subject, now=now)
    _forget_machines(subject, now=now)


def _forget_machines(own: str, *, now: datetime) -> None:
    """Close what a machine raised that is there no more: a container that is replaced gets another
    name.
    """
    long_ago = now - GONE_AFTER
    full = Alert.objects.filter(kind=AlertKind.DISK_FULL, opened_at__lt=long_ago)
    others = full.still_open().exclude(subject=own)
    subjects = set(others.values_list("subject", flat=True))
    there = Heartbeat.objects.filter(name__in=subjects, at__gt=long_ago)
    for subject in subjects.difference(there.values_list("name", flat=True)):
        alerts.close(AlertKind.DISK_FULL, subject, now=now)
        Heartbeat.objects.filter(name=subject).delete()
