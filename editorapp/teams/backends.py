"""Authentication backend: who a session belongs to. The person, their membership and their team, read together."""

from typing import Any

from django.contrib.auth.backends import ModelBackend

from editorapp.teams.models import Member, User


class TeamBackend(ModelBackend):
    """Sign-in by name and password, as Django does it; each later request reads person and
    membership in one query.
    """

    def get_user(self, user_id: Any) -> User | None:
        """Return the active user of a session, with `membership` kept on it for `request.member`."""
        member = Member.objects.of_user(user_id)
        if member is None:
            return super().get_user(user_id)
        member.user.membership = member  # type: ignore[attr-defined]
        return member.user if self.user_can_authenticate(member.user) else None
