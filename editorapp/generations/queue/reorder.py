"""Reorder: move what waits to be sent: up and down within its person's line, to its front, or, by an admin,
ahead of all.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from editorapp.core.locks import locked
from editorapp.generations.coordination import wake
from editorapp.generations.models import Attempt, Generation, Priority
from editorapp.generations.queue.cancel import TooLate
from editorapp.generations.queue.senders import may_arrange
from editorapp.generations.states import CANCELABLE
from editorapp.teams.models import Member
from editorapp.teams.roles import Act


def up(generation: Generation, *, member: Member, now: datetime) -> None:
    """Change places with the one before, of the same person. Raises: TooLate; PermissionDenied."""
    _swap_beside(generation, member, 0)


def down(generation: Generation, *, member: Member, now: datetime) -> None:
    """Change places with the one behind, of the same person. Raises: TooLate; PermissionDenied."""
    _swap_beside(generation, member, 1)


def _swap_beside(generation: Generation, member: Member, behind: int) -> None:
    """Swap it with a neighbour: the one before it (0), or the one behind (1)."""
    with _in_line(generation, member) as (line, at):
        later = at + behind
        if 0 < later < len(line):
            _swap(line[later], line[later - 1])


def to_the_front(generation: Generation, *, member: Member, now: datetime) -> None:
    """Put it before all of the same person; by an admin, before everybody's.

    Raises: TooLate; PermissionDenied.
    """
    with _in_line(generation, member) as (line, at):
        one = line[at]
        priority = Priority.SINGLE
        if member.may(Act.MANAGE):
            priority = Priority.FIRST
            line = [*_waiting(account_id=one.account_id, priority=priority), one]
        turn = min(other.turn for other in line) - 1
        row = Attempt.objects.filter(pk=one.pk)
        row.update(priority=min(priority, one.priority), turn=turn)


@contextmanager
def _in_line(generation: Generation, member: Member) -> Iterator[tuple[list[Attempt], int]]:
    """Give the line of a generation's person at its account, and its place there, while none of the
    line is taken.
    """
    may_arrange(generation, member)
    own = generation.attempts.filter(state__in=CANCELABLE).values_list("person_id", flat=True)
    with transaction.atomic():
        rows = _waiting(account_id=generation.account_id, person_id=own.order_by("-number").first())
        line = list(locked(rows).order_by("priority", "turn", "pk"))
        at = next((at for at, one in enumerate(line) if one.generation_id == generation.pk), None)
        if at is None:
            raise TooLate("It is not waiting any more, so its place cannot be changed.")
        yield line, at
        wake.soon(generation.provider)


def _waiting(**where: object) -> QuerySet[Attempt]:
    return Attempt.objects.filter(state__in=CANCELABLE, **where)


def _swap(later: Attempt, earlier: Attempt) -> None:
    """Give two neighbours each other's place; of two with one turn, the later one gets one before
    it.
    """
    if (later.priority, later.turn) == (earlier.priority, earlier.turn):
        Attempt.objects.filter(pk=later.pk).update(turn=earlier.turn - 1)
        return
    for one, other in ((earlier, later), (later, earlier)):
        Attempt.objects.filter(pk=one.pk).update(priority=other.priority, turn=other.turn)
