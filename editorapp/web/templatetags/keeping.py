"""Keeping in templates: what chosen takes can be put into, and marked with, {% load keeping %}."""

from typing import Any

from django import template
from django.db.models import QuerySet

from editorapp.core.compiled_query import CompiledQuery
from editorapp.library.models import Tag
from editorapp.review.models import Playlist
from editorapp.teams.models import Member, Project
from editorapp.web.presenters.keeping import COLOURS

MOST = 200  # of each

register = template.Library()


@register.simple_tag
def tag_names(member: Member) -> list[str]:
    """Return what the team's tags are called: one query."""
    return [name for (name,) in _tags(member.team_id)]


@register.simple_tag
def colour_names() -> tuple[tuple[str, str], ...]:
    """Return the colours that takes can be marked with."""
    return COLOURS


@register.simple_tag
def projects_to_put_into(member: Member) -> list[Project]:
    """Return the projects that takes can be moved to: one query."""
    return list(Project.objects.visible_to(member).current().order_by("name", "pk")[:MOST])


@register.simple_tag
def playlists_of(member: Member) -> list[tuple[int, str]]:
    """Return the playlists that somebody sees, newest first: one query."""
    if member.sees_all:
        return _playlists(member.team_id)
    return list(_listed(Playlist.objects.visible_to(member)))


@CompiledQuery
def _tags(team: int) -> "QuerySet[Tag, Any]":
    return Tag.objects.filter(team=team).order_by("folded").values_list("name")[:MOST]


@CompiledQuery
def _playlists(team: int) -> "QuerySet[Playlist, Any]":
    return _listed(Playlist.objects.filter(team=team))


def _listed(rows: "QuerySet[Playlist]") -> "QuerySet[Playlist, Any]":
    return rows.order_by("-pk").values_list("pk", "name")[:MOST]
