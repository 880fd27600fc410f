"""How an alert names a take, and where it leads: the same wherever one is opened or closed."""

from typing import TypedDict

from django.urls import reverse

from editorapp.generations.models import Generation


class Where(TypedDict):
    team_id: int
    path: str


def subject(generation_id: int) -> str:
    return f"generation:{generation_id}"


def where(generation: Generation) -> Where:
    """Return whose alert about a take it is, and the page on which something can be done about it."""
    return {"team_id": generation.team_id, "path": reverse("takes:page", args=[generation.pk])}
