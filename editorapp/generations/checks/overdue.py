"""Overdue: jobs that take longer than their provider ever should, or are in a state that stands in no table,
and jobs that are lost: said, raised, and never failed.

A flagged job is polled on, ever more slowly (engine/poll_schedule.py): it may still come, and its money
stays held until then. Each look compares rows with what is open as an alert, so a look that was
missed is made up for by the next.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from editorapp.alerts import alerts
from editorapp.alerts.models import AlertKind
from editorapp.core.money import show_usd
from editorapp.generations import alerting, history
from editorapp.generations.engine import poll_schedule, unusable_answers
from editorapp.generations.models import NOTHING_WRONG, Attempt, Generation, failure
from editorapp.generations.states import State
from editorapp.providers import registry

CODE = "overdue"
UNKNOWN_STATE_CODE = "unknown_state"
CODES = (CODE, UNKNOWN_STATE_CODE)
UNKNOWN_STATE_SHOWN = timedelta(minutes=5)  # after so long in a state that nobody here knows
MOST = 500  # of one kind in one look


def look(now: datetime) -> None:
    """Flag what has become overdue or is in an unknown state, and raise and close what is flagged
    or lost.
    """
    _flag_unknown_states(now)  # before those that are late: that one is also late says less
    _flag(now)
    _unflag_known_states()
    flagged = Attempt.objects.filter(
        state=State.RUNNING,
        flagged_at__isnull=False,
        provider_done_at=None,
    )
    _compare(AlertKind.OVERDUE, flagged, says=_late_words, now=now)
    _compare(
        AlertKind.LOST,
        Attempt.objects.filter(state=State.LOST),
        says=_lost_words,
        now=now,
    )


def _flag(now: datetime) -> None:
    """Flag what has run for longer than its kind plausibly may: kind by kind, so that none waits
    behind another's.
    """
    running = Attempt.objects.filter(
        state=State.RUNNING,
        flagged_at=None,
        provider_done_at=None,
        generation__provider__in=registry.slugs(),
    )
    kinds = (
        running.order_by()
        .values_list("generation__provider", "generation__model", "generation__task")
        .distinct()
    )
    for provider, model, task in list(kinds):
        documented = registry.get(provider).SPEC.plausible_seconds
        same = running.filter(
            generation__provider=provider,
            generation__model=model,
            generation__task=task,
        )
        if not same.filter(submitted_at__lt=now - timedelta(seconds=documented)).exists():
            continue  # its history is not asked for nothing
        seconds = poll_schedule.plausible_seconds(
            documented, history.lately(model, task, provider=provider)
        )
        late = same.filter(submitted_at__lt=now - timedelta(seconds=seconds)).select_related(
            "generation", "account"
        )
        for attempt in late.order_by("pk")[:MOST]:
            _flag_one(attempt, seconds, now=now)


def _flag_one(attempt: Attempt, seconds: float, *, now: datetime) -> None:
    """Flag one that is still running; the row may have moved on since it was read."""
    message = (
        f"It takes longer than {attempt.account.spec.name} should ever need, which is about "
        f"{seconds / 60:.0f} minutes. It is asked about on, ever more slowly, and comes if it is ever done. Its price "
        f"stays held. {_what_helps(attempt)}"
    )
    _show(attempt, CODE, message, now=now)


def _show(attempt: Attempt, code: str, message: str, *, now: datetime) -> None:
    with transaction.atomic():
        same = Attempt.objects.filter(
            pk=attempt.pk,
            state=State.RUNNING,
            flagged_at=None,
        )
        if same.update(flagged_at=now):
            _shown_on(attempt).update(**failure(code, message))


def _shown_on(attempt: Attempt) -> QuerySet[Generation]:
    return attempt.shown_on().filter(state=State.RUNNING)


def _what_helps(attempt: Attempt) -> str:
    job = attempt.provider_job_id
    return f"Ask the provider's support about job {job}. If nothing can come any more, an admin can stop following it."


def _flag_unknown_states(now: datetime) -> None:
    """Flag what has been in a state that nobody here knows for a while: it may be over, or wait for
    somebody.
    """
    rows = Attempt.objects.filter(
        state=State.RUNNING,
        flagged_at=None,
        provider_done_at=None,
        odd_count=0,
        odd_since__lt=now - UNKNOWN_STATE_SHOWN,
    )
    for attempt in rows.select_related("generation", "account").order_by("pk")[:MOST]:
        message = (
            f"{unusable_answers.says_unknown(attempt, attempt.odd_answer)} It has said so since "
            f"{attempt.odd_since:%H:%M} UTC. It is asked about on, ever more slowly, and comes if it is ever done. Its "
            f"price stays held. {_what_helps(attempt)}"
        )
        _show(attempt, UNKNOWN_STATE_CODE, message, now=now)


def _unflag_known_states() -> None:
    """Take the flag from what is in a state again that is known; where it is late, it is flagged as
    that.
    """
    rows = Attempt.objects.filter(
        state=State.RUNNING,
        flagged_at__isnull=False,
        odd_since=None,
        generation__failure_code=UNKNOWN_STATE_CODE,
    )
    for attempt in rows.order_by("pk")[:MOST]:
        with transaction.atomic():
            if Attempt.objects.filter(pk=attempt.pk, state=State.RUNNING, odd_since=None).update(
                flagged_at=None
            ):
                _shown_on(attempt).update(**NOTHING_WRONG)


def _compare(
    kind: AlertKind,
    rows: QuerySet[Attempt],
    *,
    says: Callable[[Attempt], str],
    now: datetime,
) -> None:
    """Open what is not open yet, and close what is over."""
    is_open = alerting.open_subjects(kind)
    for attempt in rows.select_related("generation", "account"):
        name = alerting.subject(attempt.generation_id)
        if name not in is_open:
            alerting.open_for_take(kind, attempt.generation, says(attempt), now=now)
        is_open.discard(name)
    for name in is_open:
        with transaction.atomic():
            if kind == AlertKind.OVERDUE:
                number = name.rpartition(":")[2]
                said = Generation.objects.filter(pk=number, failure_code__in=CODES).exclude(
                    state=State.RUNNING
                )
                said.update(**NOTHING_WRONG)
            alerts.close(kind, name, now=now)


def _late_words(attempt: Attempt) -> str:
    return f"Take #{attempt.generation_id}: {attempt.generation.failure_message}"


def _lost_words(attempt: Attempt) -> str:
    held = f"{show_usd(attempt.generation.estimate_high_usd)} stay held"
    return (
        f"Take #{attempt.generation_id} at {attempt.account}: {attempt.generation.failure_message} "
        f"{'It was charged before.' if attempt.provider_done_at else f'{held} until it is settled.'} Say on its page "
        "what became of it."
    )
