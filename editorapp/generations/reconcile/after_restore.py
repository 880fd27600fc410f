"""After a restore from a backup what the lost installation may have sent since is not sent again
by itself.

A backup is older than the end of what it was made of. What was queued then may have been posted
minutes later, and no row here knows: posted again, it would be paid twice. So all that waits to be
sent, or was being sent, becomes unknown: its price stays held, and a person (or the provider's own
list) says what became of it. What was running is followed on; polls and downloads are free.
"""

from datetime import datetime

from django.db import transaction

from editorapp.alerts.models import AlertKind
from editorapp.generations import alerting
from editorapp.generations.branches import advance
from editorapp.generations.models import Attempt, failure
from editorapp.generations.states import State

CODE = "restored"
BRANCHES = (
    "This comes from a backup: what follows may have been sent afterwards, so it is not sent again "
    "by itself."
)
PERHAPS_SENT = (State.QUEUED, State.STAGING, State.SUBMITTING)


def hold(*, backed_up_at: datetime, now: datetime) -> list[Attempt]:
    """Make everything unknown that may have been sent between the backup and now; return those
    attempts.
    """
    advance.stop_all(BRANCHES, now=now)
    rows = Attempt.objects.filter(state__in=PERHAPS_SENT).select_related("generation", "account")
    found = list(rows.order_by("pk"))
    for attempt in found:
        _hold(attempt, attempt.submit_started_at or backed_up_at, now)
    return found


def _hold(attempt: Attempt, since: datetime, now: datetime) -> None:
    began = alerting.time_and_day(since)
    ended = alerting.time_and_day(now)
    message = (
        "This comes from a backup: it was waiting to be sent, and may have been sent afterwards. "
        f"Look in {attempt.account}'s own list for a job made between {began} and {ended}. "
        "If it is there, give its id; if not, it never arrived. Its price stays held until then."
    )
    with transaction.atomic():
        attempt.move(
            State.UNKNOWN,
            now=now,
            lease_token=None,
            last_error="Restored from a backup.",
            perhaps_sent_from=since,
            perhaps_sent_until=now,
            shown=failure(CODE, message),
        )
        alerting.open_for_take(AlertKind.UNKNOWN_OUTCOME, attempt.generation, message, now=now)
