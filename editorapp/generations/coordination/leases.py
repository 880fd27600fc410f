"""Leases: who may do what only one may do at a time, and until when.

A lease ends when its time is over, when it is given back, and at once where everybody can see that
nobody holds it: its holder's process has ended (see lease_holder.py), or it reaches further ahead
than any lease can, so that the clock was set back since.
"""

import asyncio
import contextlib
import uuid
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import Q

from editorapp.generations.coordination import lease_holder
from editorapp.generations.models import Lease

T = TypeVar("T")
Clock = Callable[[], datetime]
Renew = Callable[[float], bool]  # for so many seconds; says whether the lease is still held
Work = Callable[[], Coroutine[Any, Any, T]]  # what is begun anew where it is tried again
SKEW = timedelta(seconds=60)  # by how much the clocks of two machines may differ


def take(
    name: str,
    holder: uuid.UUID,
    *,
    now: datetime,
    seconds: float,
    longest_seconds: float = 0.0,
) -> bool:
    """Take a lease that is free or lapsed, or renew one's own. Say whether it is held now.

    `longest_seconds` is the longest that anybody takes this lease for, where that is longer than
    `seconds`.
    """
    until = now + timedelta(seconds=seconds)
    rows = Lease.objects.filter(name=name)
    never = now + timedelta(seconds=max(seconds, longest_seconds)) + SKEW
    free = Q(holder=holder) | Q(holder=None) | Q(until__lte=now) | Q(until__gt=never)
    ours = {"holder": holder, "until": until}
    if rows.filter(free).update(**ours):
        return True
    row, is_new = Lease.objects.get_or_create(name=name, defaults=ours)
    if is_new:
        return True
    left = lease_holder.is_gone(row.holder)
    return left and bool(rows.filter(holder=row.holder).update(**ours))


def give_back(name: str, holder: uuid.UUID, *, now: datetime) -> None:
    """Free a lease, if it is still one's own."""
    Lease.objects.filter(name=name, holder=holder).update(holder=None, until=now)


@dataclass(frozen=True)
class Carrier:
    """How a transfer is carried out while its row's lease is renewed."""

    run: Callable[[Work[Any]], Any]  # to its end
    clock: Clock
    # for so many seconds of work during which nobody renews it
    hold: Callable[[float], None] = lambda _seconds: None


@contextlib.contextmanager
def held(
    name: str,
    *,
    clock: Clock,
    seconds: float,
    longest_seconds: float = 0.0,
) -> Iterator[Renew | None]:
    """Hold a lease for the length of a block, or None where somebody else has it.

    Gives: what renews it for so many seconds and says whether it is still held.
    """
    holder = lease_holder.holder()

    def renew(seconds: float) -> bool:
        return take(
            name,
            holder,
            now=clock(),
            seconds=seconds,
            longest_seconds=longest_seconds,
        )

    if not renew(seconds):
        yield None
        return
    try:
        yield renew
    finally:
        give_back(name, holder, now=clock())


def is_live(name: str, *, now: datetime) -> bool:
    """Does somebody hold this lease now?"""
    row = Lease.objects.filter(name=name, until__gt=now, holder__isnull=False).first()
    return row is not None and not lease_holder.is_gone(row.holder)


def end(*names: str) -> None:
    """Forget leases of which nobody will ask again."""
    Lease.objects.filter(name__in=names).delete()


def free(name: str, *, now: datetime) -> None:
    """End a lease, whoever holds it."""
    Lease.objects.filter(name=name, until__gt=now).update(holder=None, until=now)


def run_and_renew(
    work: Work[T],
    renew: Callable[[], object],
    *,
    every_seconds: float,
) -> T:
    """Run a coroutine to its end, and renew what is held for it meanwhile: between turns of its
    loop, for that queries.

    Raises: what either raises; the coroutine is canceled where it is `renew`.
    """
    with asyncio.Runner() as runner:
        task = runner.get_loop().create_task(work())
        while True:
            runner.run(asyncio.wait({task}, timeout=every_seconds))
            if task.done():
                return task.result()
            renew()
