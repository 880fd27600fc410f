"""Release: what brought nothing and cost nothing ends, and its reservation is given back."""

from datetime import datetime

from django.db import transaction

from editorapp.costs import ledger
from editorapp.generations import alerting
from editorapp.generations.models import Attempt, failure
from editorapp.generations.states import State
from editorapp.providers.contract import ProviderError


def fail(
    attempt: Attempt,
    error: str,
    *,
    code: str,
    says: str,
    can_retry: bool,
    now: datetime,
) -> None:
    """End an attempt in failure; of its money nothing is said. `says` is what its take shows."""
    attempt.move(
        State.FAILED,
        now=now,
        recorded_at=now,
        last_error=error,
        shown=failure(code, says, can_retry=can_retry),
    )


def fail_for_free(
    attempt: Attempt,
    error: str,
    *,
    code: str,
    note: str,
    can_retry: bool,
    now: datetime,
    says: str = "",
) -> None:
    """End an attempt of which nothing is charged: `note` stands in the ledger."""
    with transaction.atomic():
        fail(
            attempt,
            error,
            code=code,
            says=says or error,
            can_retry=can_retry,
            now=now,
        )
        ledger.release(attempt.pk, now=now, note=note)


def refused(
    attempt: Attempt,
    error: ProviderError,
    what: str,
    *,
    can_retry: bool,
    now: datetime,
) -> None:
    """End what the provider refused for good, before it was queued there."""
    with transaction.atomic():
        fail_for_free(
            attempt,
            error.message,
            code=error.code or "refused",
            note=f"{what}: {error.message}",
            can_retry=can_retry,
            now=now,
        )
        alerting.account_refused(attempt.account, error, now=now)
