"""Delivery of alerts: tell what is due, to everybody who has not taken it yet; what failed is told again later.

A message may arrive twice (the worker was killed after sending it), never not at all.
"""

import logging
import uuid
from collections import defaultdict
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max

from editorapp.alerts import channels
from editorapp.alerts.alerts import GATHER
from editorapp.alerts.channels import NotDelivered, Readers
from editorapp.alerts.models import Alert
from editorapp.core import retry

log = logging.getLogger(__name__)

PAUSE = timedelta(minutes=5)  # between messages: an outage of an hour is a dozen, not a hundred
LEASE = timedelta(minutes=5)
AT_ONCE = 500
NOBODY = (
    "Nobody is told: set RUSHES_EMAIL_URL, and an admin's address or RUSHES_ALERT_EMAIL; "
    "or set RUSHES_ALERT_WEBHOOK."
)


def has_nobody() -> bool:
    """Is there neither a webhook nor an address that anything is told to?"""
    return not Readers().anybody


def is_due(now: datetime) -> bool:
    """Is there something to tell?"""
    return Alert.objects.filter(tell_at__lte=now).exists()


def tell(now: datetime) -> None:
    """Tell everybody what is due.

    Takes as long as the mail server and the webhook take: not inside a transaction.
    """
    token, claimed = _claim(now)
    if not claimed:
        return
    readers = Readers()
    took, problems = _delivered(claimed, readers, now=now)
    for alert in claimed:
        problem = problems.get(alert.pk, "" if readers.of(alert) else NOBODY)
        with transaction.atomic():
            rows = Alert.objects.select_for_update()
            row = rows.filter(pk=alert.pk, lease_token=token).first()
            if row is not None:  # it is still this teller's
                _note(row, took[alert.pk], problem, was_end=alert.is_over, now=now)


def _delivered(
    claimed: list[Alert], readers: Readers, *, now: datetime
) -> tuple[dict[int, set[str]], dict[int, str]]:
    """Send each reader all that is due in one message; return by alert who took it, and why
    somebody did not.
    """
    took: dict[int, set[str]] = defaultdict(set)
    problems: dict[int, str] = {}
    for to, told in _bundles(claimed, readers).items():
        try:
            channels.send(to, told, now=now)
        except NotDelivered as error:
            log.warning("Alerts could not be told: %s", error)
            problems |= {alert.pk: str(error) for alert in told}
        else:
            for alert in told:
                took[alert.pk].add(to)
    return took, problems


def _bundles(claimed: list[Alert], readers: Readers) -> dict[str, list[Alert]]:
    bundles: dict[str, list[Alert]] = defaultdict(list)
    for alert in claimed:
        for to in _missing(alert, readers):
            bundles[to].append(alert)
    return bundles


def _claim(now: datetime) -> tuple[uuid.UUID, list[Alert]]:
    """Take what is due, and what will be in a moment; of several tellers each row has one."""
    token = uuid.uuid4()
    _hold_back(now)
    if not is_due(now):
        return token, []
    soon = Alert.objects.filter(tell_at__lte=now + GATHER)
    ids = list(soon.order_by("tell_at").values_list("pk", flat=True)[:AT_ONCE])
    soon.filter(pk__in=ids).update(tell_at=now + LEASE, lease_token=token)
    claimed = Alert.objects.filter(lease_token=token, tell_at=now + LEASE)
    return token, list(claimed.select_related("team"))


def _hold_back(now: datetime) -> None:
    """Let the next message wait where somebody was told a moment ago; what failed does not wait."""
    lately = _told_lately(now)
    if lately is not None:
        Alert.objects.filter(tell_at__lte=now, tries=0).update(tell_at=lately + PAUSE)


def _told_lately(now: datetime) -> datetime | None:
    """Return when somebody was told last, where that is not long ago."""
    rows = Alert.objects.filter(told_at__gt=now - PAUSE)
    return rows.aggregate(at=Max("told_at"))["at"]


def _missing(alert: Alert, readers: Readers) -> set[str]:
    """Return who should still be told: of an end, only who took the opening."""
    everybody = readers.of(alert)
    if alert.is_over:
        return everybody.intersection(alert.told_to).difference(alert.end_told_to)
    return everybody.difference(alert.told_to)


def _note(
    row: Alert,
    took: set[str],
    problem: str,
    *,
    was_end: bool,
    now: datetime,
) -> None:
    """Write down who took it and when to try again.

    It may have been closed meanwhile: then its end is told next.
    """
    if was_end:
        row.end_told_to = sorted({*row.end_told_to, *took})
    else:
        row.told_to = sorted({*row.told_to, *took})
        row.told_at = row.told_at or (now if took else None)
    row.lease_token = None
    is_over_now = row.is_over and not was_end
    if problem and not is_over_now:
        row.tries, row.problem = row.tries + 1, problem
        row.tell_at = _again_at(row, was_end=was_end, now=now)
    else:
        row.tries, row.problem = 0, ""
        row.tell_at = now if is_over_now and row.told_at else None
    row.save()


def _again_at(row: Alert, *, was_end: bool, now: datetime) -> datetime | None:
    """Return when to tell it again; None, when that is given up.

    The page of open alerts shows it all the same.
    """
    tried = retry.policy("tell.end" if was_end else "tell.opening")
    began = row.closed_at if was_end and row.closed_at else row.opened_at
    if tried.is_over(row.tries, (now - began).total_seconds()):
        return None
    return now + timedelta(seconds=tried.pause_seconds(row.tries))
