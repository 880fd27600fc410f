"""All changes, room by room."""

from tests.sabotage import access, answers, engine, intake, ledger, people, upkeep

CHANGES = (
    *engine.CHANGES,
    *answers.CHANGES,
    *ledger.CHANGES,
    *access.CHANGES,
    *intake.CHANGES,
    *people.CHANGES,
    *upkeep.CHANGES,
)
