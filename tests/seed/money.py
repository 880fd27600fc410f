"""Money of the seed: ledger lines as costs/ledger.py writes them, and the sums beside them."""

from collections import defaultdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from editorapp.core.money import MICRO
from editorapp.costs.models import Entry, MonthBudget, MonthCost
from tests.seed.bulk import BulkRows, kept

Kind = Entry.Kind
Key = tuple[Any, ...]


def micro(amount_usd: str) -> int:
    """Return dollars as the columns hold them."""
    return int(Decimal(amount_usd) * MICRO)


class SeedLedger:
    """The lines of all attempts, and what they add up to by team, person and month."""

    def __init__(self) -> None:
        self.lines = BulkRows(Entry)
        self.months: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0])
        self.names: dict[int, str] = {}

    def reserve(self, about: dict[str, Any], amount: int, at: datetime) -> None:
        """Hold an amount for an attempt."""
        self._add(about, Kind.RESERVE, amount, at, held=amount)

    def charge(self, about: dict[str, Any], held: int, amount: int, at: datetime) -> None:
        """Charge an attempt at most what it holds, and give back the rest."""
        self._add(about, Kind.CHARGE, amount, at, held=-amount, spent=amount, charges=1)
        if amount < held:
            self.release(about, held - amount, at, note="Not needed")

    def release(self, about: dict[str, Any], amount: int, at: datetime, note: str = "") -> None:
        """Give back what an attempt holds."""
        self._add(about, Kind.RELEASE, amount, at, held=-amount, note=note)

    def write(self) -> None:
        """Write the lines that wait, and the sums."""
        self.lines.write()
        budgets: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
        for (team, month, person, provider, model, task), sums in self.months.items():
            budgets[team, month][0] += sums[0]
            budgets[team, month][1] += sums[1]
            what = {"provider": provider, "model": model, "task": task}
            self._month(team, month, person, what, sums)
        MonthBudget.objects.bulk_create(
            MonthBudget(
                team_id=team,
                month=date.fromisoformat(month),
                is_simulated=True,
                reserved_usd=held / MICRO,
                spent_usd=spent / MICRO,
            )
            for (team, month), (held, spent) in budgets.items()
        )

    def _month(
        self,
        team: int,
        month: str,
        person: int,
        what: dict[str, str],
        sums: list[int],
    ) -> None:
        held, spent, charges = sums
        MonthCost.objects.create(
            team_id=team,
            month=date.fromisoformat(month),
            is_simulated=True,
            person_id=person,
            person_name=self.names[person],
            held_usd=held / MICRO,
            spent_usd=spent / MICRO,
            charges=charges,
            **what,
        )

    def _add(
        self,
        about: dict[str, Any],
        kind: str,
        amount: int,
        at: datetime,
        *,
        held: int,
        spent: int = 0,
        charges: int = 0,
        note: str = "",
    ) -> None:
        self.lines.add(**about, kind=kind.value, amount_usd=amount, at=kept(at), note=note)
        key = ("team_id", "month", "person_id", "provider", "model", "task")
        sums = self.months[tuple(about[name] for name in key)]
        sums[0] += held
        sums[1] += spent
        sums[2] += charges
        self.names[about["person_id"]] = about["person_name"]
