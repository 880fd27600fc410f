"""Reorder: move what waits to be sent: up and down within its person's line, to its front, or, by an admin,
ahead of all.
"""

from collections.abc import Callable
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

Line = list[Attempt]


def up(generation: Generation, *, member: Member, now: datetime) -> None:
    """Change places with the one before, of the same person. Raises: TooLate; PermissionDenied."""
    _swap_beside(generation, member, 0)


def down(generation: Generation, *, member: Member, now: datetime) -> None:
    """Change places with the one behind, of the same person. Raises: TooLate; PermissionDenied."""
    _swap_beside(generation, member, 1)


def _swap_beside(generation: Generation, member: Member, behind: int) -> None:
    """Swap it with a neighbour: the one before it (0), or the one behind (1)."""

    def move(line: Line, at: int) -> None:
        later = at + behind
        if 0 < later < len(line):
            _swap(line[later], line[later - 1])

    _in_line(generation, member, move)


def to_the_front(generation: Generation, *, member: Member, now: datetime) -> None:
    """Put it before all of the same person; by an admin, before everybody's.

    Raises: TooLate; PermissionDenied.
    """
    priority = Priority.FIRST if member.may(Act.MANAGE) else Priority.SINGLE

    def move(line: Line, at: int) -> None:
        one = line[at]
        others = _put_first(one) if priority == Priority.FIRST else line
        turn = min(other.turn for other in (*others, one)) - 1
        row = Attempt.objects.filter(pk=one.pk)
        row.update(priority=min(priority, one.priority), turn=turn)

    _in_line(generation, member, move)


def _put_first(one: Attempt) -> QuerySet[Attempt]:
    """Return all that admins put before everybody's at this attempt's account."""
    return Attempt.objects.filter(
        account_id=one.account_id,
        priority=Priority.FIRST,
        state__in=CANCELABLE,
    )


def _in_line(generation: Generation, member: Member, move: Callable[[Line, int], None]) -> None:
    """Move a generation's attempt within its person's line at the account, while none of the line
    is taken.
    """
    may_arrange(generation, member)
    with transaction.atomic():
        line = list(locked(_line_of(generation)).order_by("priority", "turn", "pk"))
        at = next((at for at, one in enumerate(line) if one.generation_id == generation.pk), None)
        if at is None:
            raise TooLate("It is not waiting any more, so its place cannot be changed.")
        move(line, at)
        wake.soon(generation.provider)


def _line_of(generation: Generation) -> QuerySet[Attempt]:
    """Return what waits at its account, of the person in whose line it stands."""
    own = generation.attempts.filter(state__in=CANCELABLE).values_list("person_id", flat=True)
    return Attempt.objects.filter(
        account_id=generation.account_id,
        person_id=own.order_by("-number").first(),
        state__in=CANCELABLE,
    )


def _swap(later: Attempt, earlier: Attempt) -> None:
    """Give two neighbours each other's place; of two with one turn, the later one gets one before
    it.
    """
    priority = earlier.priority
    turn = earlier.turn
    if (later.priority, later.turn) == (priority, turn):
        Attempt.objects.filter(pk=later.pk).update(turn=turn - 1)
        return
    Attempt.objects.filter(pk=earlier.pk).update(priority=later.priority, turn=later.turn)
    Attempt.objects.filter(pk=later.pk).update(priority=priority, turn=turn)
