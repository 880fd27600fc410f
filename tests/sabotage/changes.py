"""All changes, room by room."""

from tests.sabotage import (
    access,
    answers,
    engine,
    exports,
    fitting,
    intake,
    keeping,
    ledger,
    notes,
    people,
    requests,
    retries,
    reuse,
    strangers,
    upkeep,
    verifying,
)

CHANGES = (
    *engine.CHANGES,
    *answers.CHANGES,
    *exports.CHANGES,
    *ledger.CHANGES,
    *access.CHANGES,
    *fitting.CHANGES,
    *intake.CHANGES,
    *notes.CHANGES,
    *keeping.CHANGES,
    *people.CHANGES,
    *requests.CHANGES,
    *retries.CHANGES,
    *reuse.CHANGES,
    *strangers.CHANGES,
    *upkeep.CHANGES,
    *verifying.CHANGES,
)
