"""Money of the seed: ledger lines as costs/ledger.py writes them, and the sums beside them."""

from collections import Counter, defaultdict
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from editorapp.core.money import MICRO
from editorapp.costs.models import Entry, Fruitless, MonthBudget, MonthCost
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
        self.fruitless = BulkRows(Fruitless)
        self.months: dict[Key, Counter[str]] = defaultdict(Counter)
        self.names: dict[int, str] = {}

    def reserve(self, about: dict[str, Any], amount: int, at: datetime) -> None:
        """Hold an amount for an attempt."""
        self._add(about, Kind.RESERVE, amount, at, held_usd=amount, holds=1)

    def charge(
        self,
        about: dict[str, Any],
        held: int,
        amount: int,
        at: datetime,
        *,
        in_vain: bool,
    ) -> None:
        """Charge an attempt at most what it holds, and give back the rest."""
        failed = {"failed_usd": amount, "failed_lines": 1} if in_vain else {}
        sums = {"held_usd": -amount, "holds": -1, "spent_usd": amount, "charges": 1} | failed
        self._add(about, Kind.CHARGE, amount, at, **sums)
        if amount < held:
            self._release(about, held - amount, at, note="Not needed")

    def release(self, about: dict[str, Any], amount: int, at: datetime, note: str) -> None:
        """Give back all that an attempt holds."""
        self._release(about, amount, at, note=note, holds=-1)

    def _release(
        self,
        about: dict[str, Any],
        amount: int,
        at: datetime,
        *,
        note: str,
        **more: int,
    ) -> None:
        sums = {"held_usd": -amount, "released_usd": amount, "releases": 1}
        self._add(about, Kind.RELEASE, amount, at, note=note, **sums, **more)

    def write(self) -> None:
        """Write the lines that wait, and the sums."""
        self.lines.write()
        self.fruitless.write()
        budgets: dict[Key, list[int]] = defaultdict(lambda: [0, 0])
        for (team, month, person, provider, model, task), sums in self.months.items():
            budgets[team, month][0] += sums["held_usd"]
            budgets[team, month][1] += sums["spent_usd"]
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
        sums: Counter[str],
    ) -> None:
        in_dollars = {name: sum_ / MICRO for name, sum_ in sums.items() if name.endswith("_usd")}
        MonthCost.objects.create(
            team_id=team,
            month=date.fromisoformat(month),
            is_simulated=True,
            person_id=person,
            person_name=self.names[person],
            **what,
            **(sums | in_dollars),
        )

    def _add(
        self,
        about: dict[str, Any],
        kind: str,
        amount: int,
        at: datetime,
        *,
        note: str = "",
        **sums: int,
    ) -> None:
        self.lines.add(**about, kind=kind.value, amount_usd=amount, at=kept(at), note=note)
        key = ("team_id", "month", "person_id", "provider", "model", "task")
        self.months[tuple(about[name] for name in key)].update(sums)
        self.names[about["person_id"]] = about["person_name"]
