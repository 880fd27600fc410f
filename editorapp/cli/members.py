"""Members: in whose name a command acts."""

from editorapp.teams.first_run import ensure_owner
from editorapp.teams.models import Member
from editorapp.teams.roles import Act


def acting_member(username: str | None, act: Act) -> Member | None:
    """Return the member of this name, the owner where none is given; None where nobody of that name
    may do this.
    """
    if username is None:
        return ensure_owner()
    named = Member.objects.who_may(act).filter(user__username=username)
    return named.select_related("team", "user").order_by("pk").first()
