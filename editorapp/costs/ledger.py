"""Ledger: reserve, charge, release. Every change of money is one appended line and the sums beside
it, in one transaction.

Each function opens its own atomic block and may be called inside a larger one, so that a state and
its money change together. Sums change by conditional updates with F(), never by reading, adding and
saving.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

from editorapp.core.compiled_query import CompiledQuery
from editorapp.core.fault_points import reached
from editorapp.core.locks import locked
from editorapp.core.money import ZERO, show_usd, usd
from editorapp.costs import month_sums, reports
from editorapp.costs.models import CLOSING, Entry, EntryQuerySet, MonthBudget
from editorapp.teams.models import Member, Team


class OverBudget(Exception):
    """The month's budget has no room for this reservation; nothing was reserved."""

    def __init__(self, *, needed_usd: Decimal, available_usd: Decimal) -> None:
        super().__init__(
            f"This needs {show_usd(needed_usd)} and {show_usd(max(available_usd, ZERO))} of this month's budget is "
            "free. Ask an admin to raise the budget, or wait for running generations to settle."
        )
        self.needed_usd = needed_usd
        self.available_usd = available_usd


class NothingHeld(Exception):
    """The attempt holds no money: it never reserved any, or it was charged or released already."""


@dataclass(frozen=True)
class Subject:
    """What a reservation is for: plain values, copied onto every line."""

    team_id: int
    person_id: int
    person_name: str
    generation_id: int
    attempt_id: int
    provider: str
    model: str
    task: str
    is_simulated: bool


@dataclass(frozen=True)
class Charge:
    """What an attempt cost. None charges all that is held for it."""

    attempt_id: int
    amount_usd: Decimal | None
    is_estimated: bool
    note: str = ""


@dataclass(frozen=True)
class MonthTotals:
    """A team's month in dollars. `limit_usd` None: no limit."""

    limit_usd: Decimal | None
    reserved_usd: Decimal
    spent_usd: Decimal

    @property
    def available_usd(self) -> Decimal | None:
        return (
            None if self.limit_usd is None else self.limit_usd - self.spent_usd - self.reserved_usd
        )


_SUBJECT = tuple(field.name for field in fields(Subject))


def month_of(at: datetime) -> date:
    """Return the first day of the month of an instant (UTC)."""
    return at.astimezone(UTC).date().replace(day=1)


def reserve(
    subject: Subject,
    amount_usd: Decimal,
    *,
    now: datetime,
    note: str = "",
) -> Entry:
    """Hold an amount against the month's budget.

    Raises: OverBudget, when the budget has no room; IntegrityError, when this attempt reserved
    already.
    """
    amount_usd, month = usd(amount_usd), month_of(now)
    with transaction.atomic():
        budget = month_sums.budget(subject.team_id, month, is_simulated=subject.is_simulated)
        if not month_sums.hold(budget, amount_usd):
            available = (budget.limit_usd or ZERO) - budget.spent_usd - budget.reserved_usd
            raise OverBudget(needed_usd=amount_usd, available_usd=available)
        entry = Entry.objects.create(
            at=now,
            month=month,
            kind=Entry.Kind.RESERVE,
            amount_usd=amount_usd,
            note=note[:300],
            **vars(subject),
        )
        reached("ledger.reserving")
        month_sums.add_held(entry)
    return entry


def charge(charges: Sequence[Charge], *, now: datetime) -> list[Entry]:
    """Turn attempts' reservations into charges and give back what is left of them, all or none: a
    line for each, and one change of each sum. Returns their charges.

    Raises: NothingHeld, when any of them has no open reservation.
    """
    if not charges:
        return []
    with transaction.atomic():
        held = _open_reservations([one.attempt_id for one in charges])
        lines = [line for one in charges for line in _lines_of(one, held[one.attempt_id], now=now)]
        Entry.objects.bulk_create(lines)
        reached("ledger.charging")
        month_sums.settle(list(held.values()), lines)
    return [line for line in lines if line.kind == Entry.Kind.CHARGE]


def _lines_of(one: Charge, reserved: Entry, *, now: datetime) -> list[Entry]:
    """Return a charge as lines: the charge, what is given back of the reservation, what goes beyond
    it.
    """
    amount_usd = reserved.amount_usd if one.amount_usd is None else usd(one.amount_usd)
    within = min(amount_usd, reserved.amount_usd)
    line = partial(_line, reserved, now=now)
    lines = [line(Entry.Kind.CHARGE, within, is_estimated=one.is_estimated, note=one.note)]
    if within < reserved.amount_usd:
        lines.append(line(Entry.Kind.RELEASE, reserved.amount_usd - within, note="Not needed"))
    if amount_usd > within:
        note = "The provider charged more than was reserved"
        lines.append(
            line(Entry.Kind.ADJUST, amount_usd - within, is_estimated=one.is_estimated, note=note)
        )
    return lines


def release(attempt_id: int, *, now: datetime, note: str = "") -> Entry:
    """Give an attempt's whole reservation back.

    Raises: NothingHeld, when there is no open reservation.
    """
    with transaction.atomic():
        reserved = _open_reservations([attempt_id])[attempt_id]
        entry = _line(reserved, Entry.Kind.RELEASE, reserved.amount_usd, now=now, note=note)
        entry.save()
        reached("ledger.releasing")
        month_sums.settle([reserved], [entry])
    return entry


def adjust(attempt_id: int, amount_usd: Decimal, *, now: datetime, note: str) -> Entry:
    """Correct what an attempt cost by an amount, positive or negative, after it was charged or
    released.

    Raises: NothingHeld, when the attempt has no reservation to be about.
    """
    amount_usd = usd(amount_usd)
    with transaction.atomic():
        reserved = _reservations([attempt_id])[attempt_id]
        entry = _line(reserved, Entry.Kind.ADJUST, amount_usd, now=now, note=note)
        entry.save()
        month_sums.settle([], [entry])
    return entry


def lock(attempt_ids: Collection[int]) -> None:
    """Lock the reservations of these attempts, and their budgets by team, month and world.

    Call it at the beginning of a transaction that settles several of them step by step; one step
    does so by itself.
    """
    if not connection.features.has_select_for_update:
        return
    held = locked(Entry.objects.filter(attempt_id__in=attempt_ids, kind=Entry.Kind.RESERVE))
    theirs = set(held.values_list("team_id", "month"))
    budgets = MonthBudget.objects.filter(
        team_id__in={team for team, _month in theirs}, month__in={month for _team, month in theirs}
    )
    list(
        budgets.order_by("team_id", "month", "is_simulated")
        .select_for_update(no_key=True)
        .values_list("pk")
    )


def remark(attempt_id: int, text: str, *, now: datetime) -> Entry:
    """Leave a line about an attempt's money that moves none of it: who decided what, and why.

    Raises: NothingHeld, when the attempt has no reservation to be about.
    """
    return adjust(attempt_id, ZERO, now=now, note=text)


def held_usd(generation_id: int) -> Decimal:
    """Return what is still held for a generation, over all its attempts."""
    return sum((held for held, _spent in _of_generation(generation_id)), ZERO)


def held_of(generation_ids: Collection[int]) -> dict[int, Decimal]:
    """Return what is still held for each of these generations; one query.

    What holds nothing may be missing.
    """
    sums = reports.added_up(Entry.objects.filter(generation_id__in=generation_ids))
    return dict(sums.rows.values_list("generation_id").annotate(held=sums.how["held"]))


def spent_usd(generation_id: int) -> Decimal:
    """Return what a generation has cost so far: charges and adjustments, over all its attempts."""
    return sum((spent for _held, spent in _of_generation(generation_id)), ZERO)


@CompiledQuery
def _of_generation(pk: int) -> "QuerySet[Entry, Any]":
    """Return what is held for a generation, and what it has cost: one row, none without a line."""
    sums = reports.added_up(Entry.objects.filter(generation_id=pk))
    shown = {name: sums.how[name] for name in ("held", "spent")}
    return sums.rows.values("generation_id").annotate(**shown).values_list(*shown)


def month_totals(team: Team, month: date, *, is_simulated: bool) -> MonthTotals:
    """Return the month's limit, holds and spending.

    The limit is the team's as it is now: what held in a month that is over, limits.of_month says.
    """
    sums = {world: (held, spent) for world, held, spent in _sums(team.pk, month)}
    return MonthTotals(team.monthly_limit_usd, *sums.get(is_simulated, (ZERO, ZERO)))


@CompiledQuery
def _sums(team: int, month: date) -> "QuerySet[MonthBudget, Any]":
    """Return what a month holds and has spent, of real and of simulated money."""
    rows = MonthBudget.objects.filter(team_id=team, month=month)
    return rows.values_list("is_simulated", "reserved_usd", "spent_usd")


def lines(member: Member, **narrowed: Any) -> EntryQuerySet:
    """Return the ledger lines that a member may see, narrowed by columns of Entry."""
    return Entry.objects.visible_to(member).filter(**narrowed)


def _reservations(attempt_ids: Collection[int]) -> dict[int, Entry]:
    """Return the reservations of these attempts by attempt, open or not, and lock them.

    Raises: NothingHeld.
    """
    # The locks, in one order, make two settlements of one take turns on PostgreSQL; SQLite has one
    # writer anyhow. What else there is must be read after them: a statement that waited for a lock
    # sees no lines that came meanwhile.
    rows = Entry.objects.filter(attempt_id__in=attempt_ids, kind=Entry.Kind.RESERVE)
    held = rows.select_for_update(no_key=True).order_by("pk")
    found = {entry.attempt_id: entry for entry in held}
    if without := set(attempt_ids) - found.keys():
        raise NothingHeld(f"Attempt {min(without)} reserved nothing.")
    return found


def _open_reservations(attempt_ids: Collection[int]) -> dict[int, Entry]:
    """Return the reservations of these attempts by attempt, all of them open, and lock them.

    Raises: NothingHeld.
    """
    found = _reservations(attempt_ids)
    closed = Entry.objects.filter(attempt_id__in=attempt_ids, kind__in=CLOSING).first()
    if closed is not None:
        raise NothingHeld(f"Attempt {closed.attempt_id} was settled already.")
    return found


def _line(
    about: Entry,
    kind: Entry.Kind,
    amount_usd: Decimal,
    *,
    now: datetime,
    is_estimated: bool = False,
    note: str = "",
) -> Entry:
    return Entry(
        at=now,
        month=about.month,
        kind=kind,
        amount_usd=amount_usd,
        is_estimated=is_estimated,
        note=note[:300],
        **{name: getattr(about, name) for name in _SUBJECT},
    )
