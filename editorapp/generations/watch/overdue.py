"""Jobs that take longer than their provider ever should, and jobs that it has lost: said, raised, and never failed.

A flagged job is polled on, ever more slowly (engine/schedule.py): it may still come, and its money stays held until
then. Each look compares rows with what is open as an alert, so a look that was missed is made up for by the next.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from editorapp.alerts import alerts
from editorapp.alerts.models import Alert, Kind
from editorapp.core.money import show_usd
from editorapp.generations import history
from editorapp.generations.engine import schedule
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.states import State
from editorapp.generations.watch.raised import subject, where
from editorapp.providers import registry

CODE = "overdue"
MOST = 500  # of one kind in one look


def look(now: datetime) -> None:
    """Flag what has become overdue, and raise and close what is overdue or lost."""
    _flag(now)
    flagged = Attempt.objects.filter(state=State.RUNNING, flagged_at__isnull=False, provider_done_at=None)
    _compare(Kind.OVERDUE, flagged, says=_late_words, now=now)
    _compare(Kind.LOST, Attempt.objects.filter(state=State.LOST), says=_lost_words, now=now)


def _flag(now: datetime) -> None:
    """Flag what has run for longer than its kind plausibly may: kind by kind, so that none waits behind another's."""
    running = Attempt.objects.filter(
        state=State.RUNNING, flagged_at=None, provider_done_at=None, generation__provider__in=registry.slugs()
    )
    kinds = running.order_by().values_list("generation__provider", "generation__model", "generation__task").distinct()
    for provider, model, task in list(kinds):
        documented = registry.get(provider).SPEC.plausible_seconds
        same = running.filter(generation__provider=provider, generation__model=model, generation__task=task)
        if not same.filter(submitted_at__lt=now - timedelta(seconds=documented)).exists():
            continue  # its history is not asked for nothing
        seconds = schedule.plausible_seconds(documented, history.lately(model, task, provider=provider))
        late = same.filter(submitted_at__lt=now - timedelta(seconds=seconds)).select_related("generation", "account")
        for attempt in late.order_by("pk")[:MOST]:
            _flag_one(attempt, seconds, now=now)


def _flag_one(attempt: Attempt, seconds: float, *, now: datetime) -> None:
    """Flag one that is still running; the row may have moved on since it was read."""
    message = (
        f"It takes longer than {attempt.account.spec.name} should ever need, which is about "
        f"{seconds / 60:.0f} minutes. It is asked about on, ever more slowly, and comes if it is ever done. Its price "
        f"stays held. Ask the provider's support about job {attempt.provider_job_id}."
    )
    with transaction.atomic():
        same = Attempt.objects.filter(pk=attempt.pk, state=State.RUNNING, flagged_at=None)
        if same.update(flagged_at=now):
            shown = Generation.objects.filter(
                pk=attempt.generation_id, attempt_number=attempt.number, state=State.RUNNING
            )
            shown.update(failure_code=CODE, failure_message=message)


def _compare(kind: Kind, rows: QuerySet[Attempt], *, says: Callable[[Attempt], str], now: datetime) -> None:
    """Open what is not open yet, and close what is over."""
    is_open = set(Alert.objects.filter(kind=kind).still_open().values_list("subject", flat=True))
    for attempt in rows.select_related("generation", "account"):
        name = subject(attempt.generation_id)
        if name not in is_open:
            alerts.open(kind, name, message=says(attempt), now=now, **where(attempt.generation))
        is_open.discard(name)
    for name in is_open:
        with transaction.atomic():
            alerts.close(kind, name, now=now)
            if kind == Kind.OVERDUE:
                number = name.rpartition(":")[2]
                said = Generation.objects.filter(pk=number, failure_code=CODE).exclude(state=State.RUNNING)
                said.update(failure_code="", failure_message="")


def _late_words(attempt: Attempt) -> str:
    return f"Take #{attempt.generation_id}: {attempt.generation.failure_message}"


def _lost_words(attempt: Attempt) -> str:
    held = f"{show_usd(attempt.generation.estimate_high_usd)} stay held"
    return (
        f"{attempt.account} does not know the job of take #{attempt.generation_id} any more; "
        f"{'it was charged before.' if attempt.provider_done_at else f'{held} until it is settled.'} Say on its page "
        "what became of it."
    )
