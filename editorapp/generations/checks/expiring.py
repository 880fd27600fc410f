"""Expiring: results that are paid, done and not here yet: an alarm while there is still time to save them.

Providers keep results for a while (`Spec.result_kept_seconds`). An eighth of that after a job was
done, a result that is still not stored opens an alert and says so on its take and in the queue. It
closes when the file is here.
"""

from datetime import datetime, timedelta

from editorapp.alerts.models import AlertKind
from editorapp.generations.alerting import close_others, open_for_take, subject, time_and_day
from editorapp.generations.models import Attempt, Generation, failure
from editorapp.generations.states import State
from editorapp.providers import registry

ALARM_SHARE = 0.125  # of the time that the provider keeps a result
WAITING = (State.FETCHING, State.RUNNING)  # running again: a fresh link is being asked for


def look(now: datetime) -> None:
    """Open an alert for each result that has waited for too long, and close those that are over."""
    soonest = min(one.SPEC.result_kept_seconds for one in registry.every())
    since = now - timedelta(seconds=soonest * ALARM_SHARE)
    rows = Attempt.objects.filter(state__in=WAITING, provider_done_at__lte=since)
    subjects = []
    for attempt in rows.select_related("generation__team", "account"):
        if _is_late(attempt, now):
            _raise(attempt, now=now)
            subjects.append(subject(attempt.generation_id))
    close_others(AlertKind.RESULT_EXPIRING, subjects, now=now)


def _is_late(attempt: Attempt, now: datetime) -> bool:
    done_at = attempt.provider_done_at or now
    late = attempt.account.spec.result_kept_seconds * ALARM_SHARE
    return (now - done_at).total_seconds() >= late


def _raise(attempt: Attempt, *, now: datetime) -> None:
    generation = attempt.generation
    why = attempt.last_error or "nobody has fetched it so far."
    ends = time_and_day(attempt.kept_until(now))
    message = (
        f"It is made and paid, and its file is not here yet: {why} "
        f"{attempt.account.spec.name} may delete it after {ends}. Rushes goes on trying; "
        "see that the account, the network and the disk are in order, "
        f"or save it from the provider's own page (job {attempt.provider_job_id})."
    )
    # The row may have moved on since it was read.
    same = attempt.shown_on().filter(state__in=WAITING)
    shown = failure(Generation.EXPIRING, message)
    if generation.failure_message == message or same.update(**shown):
        open_for_take(AlertKind.RESULT_EXPIRING, generation, message, now=now)
