"""Cancel what has not been sent yet."""

from datetime import datetime

from django.db import transaction

from editorapp.costs import ledger
from editorapp.generations.models import Generation, InvalidTransition, Overtaken
from editorapp.generations.states import CANCELABLE, State


class TooLate(Exception):
    """The paid call is on its way, or the generation is over: there is nothing left to cancel."""


def cancel(generation: Generation, *, now: datetime) -> None:
    """Take a generation out of the queue and give its reservation back.

    Raises: TooLate, when it was sent in the meantime; then nothing has changed.
    """
    try:
        with transaction.atomic():
            # Locked: what a lane claims for its upload in this moment is not sent yet, and can still be canceled.
            attempt = generation.attempts.select_for_update().order_by("-number").first()
            if attempt is None or attempt.state not in CANCELABLE:
                raise TooLate("It has been sent already, so it runs to its end at the provider.")
            attempt.move(State.CANCELED, now=now, lease_token=None)
            ledger.release(attempt.pk, now=now, note="Canceled before it was sent")
    except (Overtaken, InvalidTransition) as error:
        raise TooLate("It was sent a moment ago, so it runs to its end at the provider.") from error
    generation.refresh_from_db()
