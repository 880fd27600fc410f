"""Unsendable: uploads and posts that fail for a while, and takes that were given up before
they were sent.

One alert for each account, for what keeps one take from being sent mostly keeps them all. Each look
compares rows with what is open as an alert, so a look that was missed is made up for by the next.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from editorapp.alerts.models import AlertKind
from editorapp.core import retry
from editorapp.generations.alerting import account_subject, close_others, open_for_all, time_and_day
from editorapp.generations.engine import requeue
from editorapp.generations.models import Attempt, Generation, Pause
from editorapp.generations.states import State
from editorapp.providers.http.error_mapping import UPLOAD_REFUSED
from editorapp.providers.models import ProviderAccount, StagedFile

WAITING = (State.QUEUED, State.STAGING)
GIVEN_UP = ("not_sent", UPLOAD_REFUSED)  # the failure codes of what was given up before its post
RECENT = timedelta(days=7)
UPLOAD_AT_MOST = timedelta(hours=3)  # without any error: its worker may be killed each time


def look(now: datetime) -> None:
    """Open an alert for each account with which something cannot be sent, and close those that are
    over.
    """
    open_now = []
    for account in ProviderAccount.objects.all():
        if says := [*_failing(account, now=now), *_given_up(account, now=now)]:
            open_now.append(account_subject(account.pk))
            open_for_all(AlertKind.NOT_SENT, open_now[-1], " ".join(says), now=now)
    close_others(AlertKind.NOT_SENT, open_now, now=now)


def _failing(account: ProviderAccount, *, now: datetime) -> Iterator[str]:
    """Say what is tried in vain: what fails by itself, and the line behind it."""
    waiting = Attempt.objects.filter(
        account=account,
        state__in=WAITING,
        next_action_at__isnull=False,
    )
    since = now - timedelta(seconds=retry.ALERT_AFTER)
    worst = _worst(waiting, since, now)
    pause = _long_pause(account, since, now)
    if (worst is None and pause is None) or not (count := waiting.count()):
        return
    began = min(at for at in (worst and worst.failing_since, pause and pause.since, now) if at)
    why = (worst and worst.last_error) or (pause and pause.reason) or "An upload takes hours."
    yield (
        f"{_takes(count)} for the account {account} cannot be sent since {time_and_day(began)}. "
        f"{why} It is tried again by itself, ever more slowly, and given up in the end, "
        "unsent and uncharged. See that the account and the network are in order."
    )


def _worst(waiting: QuerySet[Attempt], since: datetime, now: datetime) -> Attempt | None:
    """Return what has failed, or been uploaded, for the longest; None where that is not long."""
    slow = Q(state=State.STAGING, generation__state_since__lte=now - UPLOAD_AT_MOST)
    failing = waiting.filter(Q(failing_since__lte=since) | slow)
    return failing.order_by("failing_since", "pk").first()


def _long_pause(account: ProviderAccount, since: datetime, now: datetime) -> Pause | None:
    """Return the pause of an account that has taken nothing since then."""
    until = now - requeue.CONTINUOUS
    pause = Pause.objects.filter(account=account, since__lte=since, until__gt=until).first()
    if pause and requeue.has_taken_any(account.pk, since=pause.since or now):
        return None
    return pause


def _given_up(account: ProviderAccount, *, now: datetime) -> Iterator[str]:
    """Say what was given up since anything could last be sent, until somebody has tried it again or
    tested the way.
    """
    rows = Generation.objects.filter(
        account=account,
        state=State.FAILED,
        failure_code__in=GIVEN_UP,
        can_retry=True,
        finished_at__gt=now - RECENT,
    ).order_by("-finished_at")
    newest = rows.first()
    if newest is None or (ended_at := newest.finished_at) is None:
        return
    staged = StagedFile.objects.filter(account=account, staged_at__gt=ended_at)
    was_sent = staged.exists() or requeue.has_taken_any(account.pk, since=ended_at)
    if was_sent or account.has_passed(ended_at):
        return
    yield (
        f"{_takes(rows.count())} for the account {account} could not be sent and was given up, "
        f"the last at {time_and_day(ended_at)}: {newest.failure_message} "
        "Try it again on its page once it is mended, or test the account."
    )


def _takes(count: int) -> str:
    return "One take" if count == 1 else f"{count} takes"
