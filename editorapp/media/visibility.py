"""Visibility of files: which a member sees who does not see all of the team.

What a file is used for only rooms to the right know: they say it here, once, when they are loaded.
Until somebody has, a person sees no file but their own.
"""

from collections.abc import Callable

from django.db.models import Q

from editorapp.teams.models import Member

Rule = Callable[[Member], Q]


class _ByUse:
    rule: Rule | None = None


def by_use(rule: Rule) -> None:
    """Take the rule that says which files somebody sees because of what they are used for."""
    _ByUse.rule = rule


def seen_by(member: Member) -> Q:
    """Return which files of their team somebody sees who does not see all."""
    own = Q(created_by=member.user_id) & ~Q(origin="result")  # a result is seen where its take is
    own |= Q(brought_by=member.user_id)
    return own | _ByUse.rule(member) if _ByUse.rule else own
