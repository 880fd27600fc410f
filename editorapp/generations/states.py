"""States of a generation and of its attempts, and the steps that are allowed between them."""

from django.db import models


class State(models.TextChoices):
    QUEUED = "queued", "Queued"
    STAGING = "staging", "Uploading source"  # free and repeatable
    SUBMITTING = "submitting", "Submitting"  # the paid call is, or was, on the wire
    RUNNING = "running", "Processing"
    FETCHING = "fetching", "Fetching result"
    SUCCEEDED = "succeeded", "Done"
    FAILED = "failed", "Failed"
    CANCELED = "canceled", "Canceled"
    UNKNOWN = "unknown", "Outcome unknown"  # perhaps accepted, perhaps paid; the reservation stays
    LOST = "lost", "Lost at the provider"
    FETCH_FAILED = "fetch_failed", "Result not fetched"


LABELS: dict[str, str] = dict(State.choices)

TRANSITIONS: dict[State, frozenset[State]] = {
    # To unknown only by a restore: an older database may hold as queued what was sent since
    # (reconcile/after_restore.py).
    State.QUEUED: frozenset(
        {State.STAGING, State.SUBMITTING, State.CANCELED, State.FAILED, State.UNKNOWN}
    ),
    State.STAGING: frozenset(
        {State.QUEUED, State.SUBMITTING, State.CANCELED, State.FAILED, State.UNKNOWN}
    ),
    State.SUBMITTING: frozenset({State.RUNNING, State.QUEUED, State.FAILED, State.UNKNOWN}),
    # To fetch_failed where it was done before, and only its fresh links cannot be had.
    State.RUNNING: frozenset({State.FETCHING, State.FAILED, State.LOST, State.FETCH_FAILED}),
    State.FETCHING: frozenset({State.SUCCEEDED, State.RUNNING, State.FETCH_FAILED}),
    State.UNKNOWN: frozenset({State.RUNNING, State.FAILED}),
    State.FETCH_FAILED: frozenset({State.RUNNING, State.SUCCEEDED}),
    State.LOST: frozenset({State.RUNNING, State.FAILED}),
    State.SUCCEEDED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELED: frozenset(),
}

# What the sweep looks after by itself. UNKNOWN is looked for or waits for a person (reconcile/); the
# others are over.
ACTIVE = frozenset({State.QUEUED, State.STAGING, State.SUBMITTING, State.RUNNING, State.FETCHING})
FINAL = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELED, State.LOST, State.FETCH_FAILED})
FRUITLESS = FINAL - {State.SUCCEEDED}  # how an attempt ends that brought nothing
CANCELABLE = frozenset({State.QUEUED, State.STAGING})
# What takes one of an account's slots at the provider.
IN_FLIGHT = (State.SUBMITTING, State.RUNNING)
SETTLEABLE = frozenset({State.UNKNOWN, State.LOST})
# What goes on only when somebody says how.
NEEDS_A_PERSON = SETTLEABLE | {State.FETCH_FAILED}
# What is over, and asks nothing of anybody.
ENDED = FINAL - NEEDS_A_PERSON
# What has a result at its provider that is not here, and may be deleted there.
TO_FETCH = (State.FETCHING, State.FETCH_FAILED)
