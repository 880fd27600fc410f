"""Members: in whose name a command acts."""

from editorapp.teams.first_run import ensure_owner
from editorapp.teams.models import Member


def acting_member(username: str | None) -> Member | None:
    """Return the member of this name, the owner where none is given; None where there is none."""
    if username is None:
        return ensure_owner()
    return (
        Member.objects.active()
        .select_related("team", "user")
        .filter(user__username=username)
        .order_by("pk")
        .first()
    )
