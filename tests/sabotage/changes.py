"""All changes, room by room."""

from tests.sabotage import (
    access,
    answers,
    engine,
    exports,
    fitting,
    intake,
    ledger,
    people,
    requests,
    retries,
    reuse,
    sharing,
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
    *people.CHANGES,
    *requests.CHANGES,
    *retries.CHANGES,
    *reuse.CHANGES,
    *sharing.CHANGES,
    *strangers.CHANGES,
    *upkeep.CHANGES,
    *verifying.CHANGES,
)
