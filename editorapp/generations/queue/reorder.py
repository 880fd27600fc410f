"""Reorder: move what waits to be sent: up and down within its person's line, to its front, or, by an admin,
ahead of all.
"""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

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
    _in_line(generation, member, lambda line, at: _swap(line[at], line[at - 1]) if at > 0 else None)


def down(generation: Generation, *, member: Member, now: datetime) -> None:
    """Change places with the one behind, of the same person. Raises: TooLate; PermissionDenied."""
    _in_line(
        generation,
        member,
        lambda line, at: _swap(line[at + 1], line[at]) if at + 1 < len(line) else None,
    )


def to_the_front(generation: Generation, *, member: Member, now: datetime) -> None:
    """Put it before all of the same person; by an admin, before everybody's.

    Raises: TooLate; PermissionDenied.
    """
    priority = Priority.FIRST if member.may(Act.MANAGE) else Priority.SINGLE

    def move(line: Line, at: int) -> None:
        same = [one for one in line if one.pk != line[at].pk]
        if priority == Priority.FIRST:  # the first of all that admins put there
            same = list(
                Attempt.objects.filter(
                    account_id=line[at].account_id,
                    priority=priority,
                    state__in=CANCELABLE,
                )
            )
        turn = min([one.turn for one in (*same, line[at])]) - 1
        Attempt.objects.filter(pk=line[at].pk).update(
            priority=min(priority, line[at].priority), turn=turn
        )

    _in_line(generation, member, move)


def _in_line(
    generation: Generation,
    member: Member,
    move: Callable[[Line, int], None],
) -> None:
    """Move a generation's attempt within its person's line at the account, while none of the line
    is taken.
    """
    may_arrange(generation, member)
    with transaction.atomic():
        own = generation.attempts.filter(state__in=CANCELABLE).values_list("person_id", flat=True)
        rows = Attempt.objects.filter(
            account_id=generation.account_id,
            person_id=own.order_by("-number").first(),
            state__in=CANCELABLE,
        )
        line = list(locked(rows).order_by("priority", "turn", "pk"))
        at = next((at for at, one in enumerate(line) if one.generation_id == generation.pk), None)
        if at is None:
            raise TooLate("It is not waiting any more, so its place cannot be changed.")
        move(line, at)
        wake.soon(generation.provider)


def _swap(later: Attempt, earlier: Attempt) -> None:
    """Give two neighbours each other's place; of two with one turn, the later one gets one before
    it.
    """
    priority, turn = earlier.priority, earlier.turn
    if (later.priority, later.turn) == (priority, turn):
        Attempt.objects.filter(pk=later.pk).update(turn=turn - 1)
        return
    Attempt.objects.filter(pk=earlier.pk).update(priority=later.priority, turn=later.turn)
    Attempt.objects.filter(pk=later.pk).update(priority=priority, turn=turn)
