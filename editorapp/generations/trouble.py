"""Trouble: whoever made a take, and whoever answers for it, is told when it goes wrong, once for each
attempt.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from editorapp.generations.models import Generation
from editorapp.generations.signals import came_to
from editorapp.generations.states import State
from editorapp.inbox.models import NoticeKind
from editorapp.inbox.notify import Event, notify
from editorapp.teams.models import Member

SAYS = {
    State.FAILED: "failed",
    State.LOST: "was lost at the provider",
    State.FETCH_FAILED: "is done and paid, and its result could not be fetched",
    State.UNKNOWN: "may have been sent and paid, and nobody knows: look what became of it",
}


@receiver(came_to)
def tell_of_trouble(takes: Sequence[int], state: State, now: datetime, **_more: Any) -> None:
    """Tell the people of these takes what went wrong with them."""
    if state in SAYS:
        _tell(takes, state, now=now)


@transaction.atomic
def _tell(takes: Sequence[int], state: State, *, now: datetime) -> None:
    rows = Generation.objects.filter(pk__in=takes, state=state)
    for take in rows.order_by("pk"):
        event = Event(
            NoticeKind.TROUBLE,
            f"trouble:{take.pk}:{take.attempt_number}:{state}",
            f"/takes/{take.pk}",
            _words(take, state),
        )
        notify(event, _people(take), team_id=take.team_id, now=now)


def _words(take: Generation, state: State) -> str:
    why = f". {take.failure_message}" if take.failure_message else ""
    return f"#{take.pk} {SAYS[state]}{why}"


def _people(take: Generation) -> list[Member]:
    who = {take.created_by_id, take.responsible_id}
    rows = Member.objects.active().filter(team_id=take.team_id, user_id__in=who)
    return list(rows.select_related("user"))
