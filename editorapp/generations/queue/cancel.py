"""Cancel: take back what has not been sent yet."""

from datetime import datetime

from django.db import transaction

from editorapp.costs import ledger
from editorapp.generations import auditing
from editorapp.generations.models import (
    Attempt,
    Generation,
    InvalidTransition,
    Overtaken,
    newest,
)
from editorapp.generations.states import CANCELABLE, State
from editorapp.teams.models import User


class TooLate(Exception):
    """The paid call is on its way, or the generation is over: there is nothing left to cancel."""


def cancel(
    generation: Generation,
    *,
    now: datetime,
    note: str = "Canceled before it was sent",
    why: str = "",
    by: User | None = None,
) -> Attempt:
    """Take a generation out of the queue and give its reservation back; return the attempt that is
    not sent.

    `note` stands in the ledger, after the name of who decided so (`by`), and `why` on the take.
    Raises: TooLate, when it was sent in the meantime; then nothing has changed.
    """
    try:
        with transaction.atomic():
            # Locked: what a lane claims for its upload in this moment is not sent yet, and can
            # still be canceled.
            attempt = newest(generation, is_locked=True)
            if attempt.state == State.CANCELED:
                raise TooLate("It was canceled already.")
            guard(attempt)
            attempt.move(
                State.CANCELED,
                now=now,
                lease_token=None,
                submit_started_at=None,
                shown={"failure_message": why} if why else {},
            )
            says = f"{by}: {note[:1].lower()}{note[1:]}" if by else note
            ledger.release(attempt.pk, now=now, note=says)
            auditing.record("take.canceled", generation, by=by, why=note)
    except (Overtaken, InvalidTransition) as error:
        raise TooLate("It was sent a moment ago, so it runs to its end at the provider.") from error
    generation.refresh_from_db()
    return attempt


def guard(attempt: Attempt) -> None:
    """Raises: TooLate, when it is not waiting any more."""
    if attempt.state not in CANCELABLE:
        raise TooLate("It has been sent already, so it runs to its end at the provider.")
