"""Usual times: how long takes took, from the team's own history."""

from datetime import timedelta
from statistics import median

from django.db.models import QuerySet

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
    )
    return _median_of_newest(same)


def _median_of_newest(done: QuerySet[Generation]) -> timedelta | None:
    newest = done.order_by("-pk").values_list("created_at", "finished_at")[:LOOKS_BACK]
    took = [(finished - created).total_seconds() for created, finished in newest if finished]
    return timedelta(seconds=median(took)) if took else None
