"""Usual times: how long takes took, from the team's own history."""

from datetime import timedelta
from statistics import median

from editorapp.generations.models import Generation
from editorapp.generations.states import State

LOOKS_BACK = 20


def usual(take: Generation) -> timedelta | None:
    """Return how long takes like this one took from queued to done (median of the newest); None
    without history.
    """
    return usual_of(
        take.team_id,
        take.model,
        take.task,
        is_simulated=take.is_simulated,
    )


def usual_of(
    team_id: int,
    model: str,
    task: str,
    *,
    is_simulated: bool,
) -> timedelta | None:
    """Return the median time from queued to done of the newest takes of a kind: one query of
    bounded size.
    """
    done = Generation.objects.filter(
        team_id=team_id, state=State.SUCCEEDED, finished_at__isnull=False
    )
    same = done.filter(
        model=model,
        task=task,
        is_simulated=is_simulated,
    ).order_by("-pk")
    ends = same.values_list("created_at", "finished_at")[:LOOKS_BACK]
    took = [finished - created for created, finished in ends if finished]
    return timedelta(seconds=median(one.total_seconds() for one in took)) if took else None
