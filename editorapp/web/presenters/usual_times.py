"""Usual times: how long takes took, from the team's own history."""

from datetime import timedelta
from statistics import median
from typing import Any

from django.db.models import QuerySet

from editorapp.core.compiled_query import CompiledQuery
from editorapp.generations.models import Generation

LOOKS_BACK = 20
LOOKS_AMONG = 100  # of the newest at the account, which serves other teams too


def usual_time(team_id: int, account_id: int, model: str, task: str) -> timedelta | None:
    """Return the median time from queued to done of the team's newest takes of a kind at an account,
    None without any: one query of bounded size.
    """
    newest = _newest(account_id, model, task)
    own = [(finished - created) for team, created, finished in newest if team == team_id]
    return median(own[:LOOKS_BACK]) if own else None


@CompiledQuery
def _newest(account: int, model: str, task: str) -> "QuerySet[Generation, Any]":
    """Return whose the newest done takes of a kind are, when they were made and finished."""
    same = Generation.objects.done().filter(account_id=account, model=model, task=task)
    timed = same.filter(finished_at__isnull=False).order_by("-pk")
    return timed.values_list("team_id", "created_at", "finished_at")[:LOOKS_AMONG]
