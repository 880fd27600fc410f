"""Jobs that take longer than their provider ever should, and jobs that it has lost: said, raised, and never failed.

A flagged job is polled on, ever more slowly (schedule.py): it may still come, and its money stays held until then.
Each look compares rows with what is open as an alert, so a look that was missed is made up for by the next.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from editorapp.alerts import alerts
from editorapp.alerts.models import Alert, Kind
from editorapp.core.money import show_usd
from editorapp.generations import schedule
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.raised import subject, where
from editorapp.generations.states import State
from editorapp.providers import registry

CODE = "overdue"
HISTORY = 25
MOST = 500  # in one look


def look(now: datetime) -> None:
    """Flag what has become overdue, and raise and close what is overdue or lost."""
    _flag(now)
    flagged = Attempt.objects.filter(state=State.RUNNING, flagged_at__isnull=False, provider_done_at=None)
    _compare(Kind.OVERDUE, flagged, says=_late_words, now=now)
    _compare(Kind.LOST, Attempt.objects.filter(state=State.LOST), says=_lost_words, now=now)


def plausible(attempt: Attempt) -> float:
    """Return how many seconds a job of this kind may plausibly take: by its provider's word, and by our own history."""
    generation = attempt.generation
    rows = Attempt.objects.filter(
        generation__model=generation.model, generation__task=generation.task, state=State.SUCCEEDED,
        account__provider=generation.provider, submitted_at__isnull=False, provider_done_at__isnull=False,
    ).order_by("-pk")  # fmt: skip
    times = rows.values_list("submitted_at", "provider_done_at")[:HISTORY]
    past = [(done - sent).total_seconds() for sent, done in times if sent and done]
    return schedule.plausible_seconds(registry.get(generation.provider).SPEC.plausible_seconds, past)


def _flag(now: datetime) -> None:
    shortest = min(registry.get(slug).SPEC.plausible_seconds for slug in registry.slugs())
    rows = Attempt.objects.filter(
        state=State.RUNNING, flagged_at=None, provider_done_at=None, submitted_at__lte=now - timedelta(seconds=shortest)
    ).select_related("generation")
    limits: dict[tuple[str, str, str], float] = {}
    for attempt in rows.order_by("pk")[:MOST]:
        generation = attempt.generation
        kind = (generation.provider, generation.model, generation.task)
        if kind not in limits:
            limits[kind] = plausible(attempt)
        if attempt.submitted_at is not None and (now - attempt.submitted_at).total_seconds() > limits[kind]:
            _flag_one(attempt, limits[kind], now=now)


def _flag_one(attempt: Attempt, seconds: float, *, now: datetime) -> None:
    """Flag one that is still running; the row may have moved on since it was read."""
    message = (
        f"It takes longer than {attempt.generation.account.spec.name} should ever need, which is about "
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
