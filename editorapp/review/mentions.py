"""Mentions: who is named by "@" and their name in a text."""

import re
from collections.abc import Iterable

from django.db.models import Q, QuerySet

from editorapp.generations.models import Generation
from editorapp.teams.models import Member, ProjectMember
from editorapp.teams.roles import Act, who_may


def mentioned(text: str, team_id: int) -> list[Member]:
    """Return the members of a team whom a text names, each once, as they stand in it.

    A name counts in any case, up to its end: "@Ada Lovelace" is she and not Ada.
    """
    if "@" not in text:
        return []
    names = _names(Member.objects.active().filter(team_id=team_id).select_related("user"))
    found: dict[int, Member] = {}
    for part in text.casefold().split("@")[1:]:
        member = next((one for name, one in names if _begins_with(part, name)), None)
        if member is not None:
            found.setdefault(member.pk, member)
    return list(found.values())


def without_mentions(text: str, team_id: int) -> str:
    """Return a text without the names of members that it calls by "@", and without what only ties
    them to the rest: "@Mia, redder" is "redder".
    """
    if "@" not in text:
        return text.strip()
    names = _names(Member.objects.active().filter(team_id=team_id).select_related("user"))
    first, *parts = text.split("@")
    kept = first
    for part in parts:
        name = next((one for one, _ in names if _begins_with(part.casefold(), one)), None)
        kept += (
            f"@{part}" if name is None else _untied(part[len(name) :], is_first=not kept.strip())
        )
    return re.sub(r"[ \t]{2,}", " ", kept).strip()


def _untied(rest: str, *, is_first: bool) -> str:
    """Return what follows a name; at the beginning, without the comma or colon behind the name."""
    return rest.lstrip(" \t,:;") if is_first else rest


def who_see(take: Generation) -> "QuerySet[Member]":
    """Return the members of its team who see a take: as `visible_to` has it, asked the other way."""
    rows = Member.objects.active().filter(team_id=take.team_id)
    if take.project is None:
        return rows.filter(role__in=who_may(Act.SEE_TEAM))
    needed = Act.SEE_PRIVATE if take.project.is_private else Act.SEE_TEAM
    inside = ProjectMember.objects.filter(project=take.project).values("user")
    return rows.filter(Q(role__in=who_may(needed)) | Q(user__in=inside))


def _names(members: "QuerySet[Member]") -> list[tuple[str, Member]]:
    """Return each name that members have, the longest first."""
    pairs = [(name, one) for one in members for name in _own_names(one)]
    return sorted(pairs, key=lambda pair: -len(pair[0]))


def _own_names(member: Member) -> Iterable[str]:
    names = (member.user.display_name, member.user.username)
    return (name.casefold() for name in names if name)


def _begins_with(text: str, name: str) -> bool:
    """Does a text begin with this name, and not with a longer word?"""
    after = text[len(name) : len(name) + 1]
    return text.startswith(name) and not (after.isalnum() or after == "_")
