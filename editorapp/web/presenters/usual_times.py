"""Usual times: how long takes took, from the team's own history."""

from datetime import timedelta
from statistics import median

from editorapp.generations.models import Generation
from editorapp.generations.states import State

LOOKS_BACK = 20


def usual_time(team_id: int, model: str, task: str, *, is_simulated: bool) -> timedelta | None:
    """Return the median time from queued to done of the newest takes of a kind, None without any: one
    query of bounded size.
    """
    same = Generation.objects.filter(
        team_id=team_id,
        model=model,
        task=task,
        is_simulated=is_simulated,
        state=State.SUCCEEDED,
    )
    done = same.filter(finished_at__isnull=False).order_by("-pk")
    newest = done.values_list("created_at", "finished_at")[:LOOKS_BACK]
    took = [(finished - created).total_seconds() for created, finished in newest if finished]
    return timedelta(seconds=median(took)) if took else None
