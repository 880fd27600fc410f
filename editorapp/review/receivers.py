"""Receivers: who asked for something is told once a take that answers it is done."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.dispatch import receiver

from editorapp.generations.signals import came_to
from editorapp.generations.states import State
from editorapp.review import notices
from editorapp.review.models import Answer


@receiver(came_to)
def tell_of_answers(takes: Sequence[int], state: State, now: datetime, **_more: Any) -> None:
    """Tell the authors of notes that these takes, which answer them, are done: one query where none
    does.
    """
    if state != State.SUCCEEDED:
        return
    rows = Answer.objects.filter(generation__in=takes)
    found = rows.select_related(
        "generation__created_by",
        "comment__author",
        "decision__decided_by",
    )
    if answers := list(found.order_by("pk")):
        _tell(answers, now=now)


@transaction.atomic
def _tell(answers: Sequence[Answer], *, now: datetime) -> None:
    for answer in answers:
        notices.answered(answer, now=now)
