"""All changes, room by room."""

from tests.sabotage import access, engine, intake, ledger, upkeep

CHANGES = (*engine.CHANGES, *ledger.CHANGES, *access.CHANGES, *intake.CHANGES, *upkeep.CHANGES)
