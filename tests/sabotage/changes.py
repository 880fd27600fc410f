"""All changes, room by room."""

from tests.sabotage import access, answers, engine, intake, ledger, people, retries, upkeep, verifying

CHANGES = (
    *engine.CHANGES,
    *answers.CHANGES,
    *ledger.CHANGES,
    *access.CHANGES,
    *intake.CHANGES,
    *people.CHANGES,
    *retries.CHANGES,
    *upkeep.CHANGES,
    *verifying.CHANGES,
)
