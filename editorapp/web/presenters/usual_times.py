"""Usual times: how long takes took, from the team's own history."""

from datetime import timedelta
from functools import cache, partial
from statistics import median
from typing import Any

from django.db.models import QuerySet

from editorapp.core.compiled_query import CompiledQuery
from editorapp.generations.models import Generation
from editorapp.generations.states import State

LOOKS_BACK = 20


def usual_time(team_id: int, model: str, task: str, *, is_simulated: bool) -> timedelta | None:
    """Return the median time from queued to done of the newest takes of a kind, None without any: one
    query of bounded size.
    """
    newest = _newest(is_simulated)(team_id, model, task)
    took = [(finished - created).total_seconds() for created, finished in newest]
    return timedelta(seconds=median(took)) if took else None


@cache
def _newest(is_simulated: bool) -> "CompiledQuery[Any]":
    return CompiledQuery(partial(_done, is_simulated))


def _done(is_simulated: bool, team: int, model: str, task: str) -> "QuerySet[Generation, Any]":
    """Return when the newest takes of a kind were made and finished."""
    same = Generation.objects.filter(
        team_id=team,
        model=model,
        task=task,
        is_simulated=is_simulated,
        state=State.SUCCEEDED,
    )
    done = same.filter(finished_at__isnull=False).order_by("-pk")
    return done.values_list("created_at", "finished_at")[:LOOKS_BACK]
