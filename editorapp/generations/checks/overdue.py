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
from editorapp.generations.engine import poll_schedule, recording
from editorapp.generations.models import NOTHING_WRONG, Attempt, Generation, failure
from editorapp.generations.states import State
from editorapp.providers import registry

CODE = "overdue"
UNKNOWN_STATE_CODE = "unknown_state"
CODES = (CODE, UNKNOWN_STATE_CODE)
UNKNOWN_STATE_SHOWN = timedelta(minutes=5)  # after so long in a state that nobody here knows
MOST = 500  # of one kind in one look
KIND = ("generation__provider", "generation__model", "generation__task")
UNFINISHED = Attempt.objects.filter(state=State.RUNNING, provider_done_at=None)
UNFLAGGED = UNFINISHED.filter(flagged_at=None)
FLAGGED = UNFINISHED.exclude(flagged_at=None)


def look(now: datetime) -> None:
    """Flag what has become overdue or is in an unknown state, and raise and close what is flagged
    or lost.
    """
    _flag_unknown_states(now)  # before those that are late: that one is also late says less
    _flag(now)
    _unflag_known_states()
    _raise_and_close(now)


def _raise_and_close(now: datetime) -> None:
    _compare(AlertKind.OVERDUE, FLAGGED, says=_late_words, now=now)
    lost = Attempt.objects.filter(state=State.LOST)
    _compare(AlertKind.LOST, lost, says=_lost_words, now=now)


def _flag(now: datetime) -> None:
    """Flag what has run for longer than its kind plausibly may: kind by kind, so that none waits
    behind another's.
    """
    running = UNFLAGGED.filter(generation__provider__in=registry.slugs())
    kinds = running.order_by().values(*KIND).distinct()
    for kind in list(kinds):
        _flag_kind(running.filter(**kind), *kind.values(), now=now)


def _flag_kind(
    same: QuerySet[Attempt],
    provider: str,
    model: str,
    task: str,
    *,
    now: datetime,
) -> None:
    documented = registry.get(provider).SPEC.plausible_seconds
    if not _since(same, documented, now).exists():
        return  # its history is not asked for nothing
    past = history.lately(model, task, provider=provider)
    seconds = poll_schedule.plausible_seconds(documented, past)
    late = _since(same, seconds, now).select_related("generation", "account")
    for attempt in late.order_by("pk")[:MOST]:
        message = (
            f"It takes longer than {attempt.account.spec.name} should ever need, which is about "
            f"{seconds / 60:.0f} minutes. {_goes_on(attempt)}"
        )
        _show(attempt, CODE, message, now=now)


def _since(rows: QuerySet[Attempt], seconds: float, now: datetime) -> QuerySet[Attempt]:
    """Return those of these rows that were sent so long ago."""
    return rows.filter(submitted_at__lt=now - timedelta(seconds=seconds))


def _show(attempt: Attempt, code: str, message: str, *, now: datetime) -> None:
    """Flag one that is still running."""
    same = _while_it_runs(attempt, flagged_at=None)
    with transaction.atomic():
        if same.update(flagged_at=now):
            _shown_on(attempt).update(**failure(code, message))


def _shown_on(attempt: Attempt) -> QuerySet[Generation]:
    return attempt.shown_on().filter(state=State.RUNNING)


def _goes_on(attempt: Attempt) -> str:
    return (
        "It is asked about on, ever more slowly, and comes if it is ever done. Its price stays held. "
        f"Ask the provider's support about job {attempt.provider_job_id}. "
        "If nothing can come any more, an admin can stop following it."
    )


def _while_it_runs(attempt: Attempt, **columns: None) -> QuerySet[Attempt]:
    """Return its row, unless that moved on since it was read."""
    return Attempt.objects.filter(pk=attempt.pk, state=State.RUNNING, **columns)


def _flag_unknown_states(now: datetime) -> None:
    """Flag what has been in a state that nobody here knows for a while: it may be over, or wait for
    somebody.
    """
    for attempt in _long_unknown(now):
        _show(attempt, UNKNOWN_STATE_CODE, _unknown_state_words(attempt), now=now)


def _long_unknown(now: datetime) -> QuerySet[Attempt]:
    rows = UNFLAGGED.filter(odd_count=0, odd_since__lt=now - UNKNOWN_STATE_SHOWN)
    return rows.select_related("generation", "account").order_by("pk")[:MOST]


def _unknown_state_words(attempt: Attempt) -> str:
    return (
        f"{recording.says_unknown(attempt, attempt.odd_answer)} "
        f"It has said so since {attempt.odd_since:%H:%M} UTC. {_goes_on(attempt)}"
    )


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
        _unflag(attempt)


def _unflag(attempt: Attempt) -> None:
    same = _while_it_runs(attempt, odd_since=None)
    with transaction.atomic():
        if same.update(flagged_at=None):
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
        take_id = name.rpartition(":")[2]
        with transaction.atomic():
            if kind == AlertKind.OVERDUE:  # what was said of it is taken from its page
                said = Generation.objects.filter(pk=take_id, failure_code__in=CODES)
                said.exclude(state=State.RUNNING).update(**NOTHING_WRONG)
            alerts.close(kind, name, now=now)


def _late_words(attempt: Attempt) -> str:
    return f"#{attempt.generation_id}: {attempt.generation.failure_message}"


def _lost_words(attempt: Attempt) -> str:
    take = attempt.generation
    return (
        f"#{take.pk} at {attempt.account}: {take.failure_message} {_its_money(attempt)} "
        "Say on its page what became of it."
    )


def _its_money(attempt: Attempt) -> str:
    if attempt.provider_done_at:
        return "It was charged before."
    held = show_usd(attempt.generation.estimate_high_usd)
    return f"{held} stay held until it is settled."
