"""Alerts are opened and closed here.

Safe under races, one query where nothing changes, no call to anything but the database.
"""

import logging
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, DateTimeField, Value, When

from editorapp.alerts.models import Alert
from editorapp.core.logs import secrets

log = logging.getLogger(__name__)

# What comes in a burst (a provider that is silent to sixty posts) is told in one message; nothing
# is told that is over before.
GATHER = timedelta(seconds=10)
KEPT = timedelta(days=90)


def open(
    kind: str,
    subject: str,
    *,
    message: str,
    team_id: int | None,
    path: str = "",
    now: datetime,
) -> None:
    """Say that something needs a person. One that is open already only gets the new message.

    `team_id` None: it concerns the whole installation. `message` is a sentence that tells what to
    do; never a key, and never what somebody wrote in a prompt.
    """
    message = secrets.without(message)  # providers like to quote the key that they refuse
    rows = Alert.objects.filter(kind=kind, subject=subject).still_open()
    said = rows.values_list("message", flat=True).first()
    # It may have been closed since it was read: what is said now is news then.
    if said is None or (said != message and not rows.update(message=message, path=path)):
        alert = Alert(
            kind=kind,
            subject=subject,
            message=message,
            team_id=team_id,
            path=path,
            opened_at=now,
            tell_at=now + GATHER,
        )
        # Somebody may have opened it since: no error, which would undo what the caller has written.
        Alert.objects.bulk_create([alert], ignore_conflicts=True)
        transaction.on_commit(lambda: log.warning("Alert: %s, %s", kind, subject))


def close(kind: str, subject: str, *, now: datetime) -> None:
    """Say that it is over, if it is open. Who was told of it is told of its end too."""
    rows = Alert.objects.filter(kind=kind, subject=subject).still_open()
    told = When(told_at__isnull=False, then=Value(now + GATHER))
    tell_at = Case(told, default=None, output_field=DateTimeField())
    rows.update(closed_at=now, tell_at=tell_at, tries=0, problem="")


def sweep(now: datetime) -> None:
    """Forget what has been over for a long time."""
    Alert.objects.filter(closed_at__lt=now - KEPT, tell_at__isnull=True).delete()
