"""All changes, room by room."""

from tests.sabotage import access, engine, intake, ledger, people, upkeep

CHANGES = (
    *engine.CHANGES,
    *ledger.CHANGES,
    *access.CHANGES,
    *intake.CHANGES,
    *people.CHANGES,
    *upkeep.CHANGES,
)
