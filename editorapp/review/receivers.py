"""Receivers: who asked for something is told once a take that answers it is done."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

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
    for answer in rows.select_related(
        "generation__created_by",
        "comment__author",
        "decision__decided_by",
    ):
        notices.answered(answer, now=now)
