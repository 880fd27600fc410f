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
    """Return the team's playlists, newest first: one query."""
    return _playlists(member.team_id)


@CompiledQuery
def _tags(team: int) -> "QuerySet[Tag, Any]":
    return Tag.objects.filter(team=team).order_by("folded").values_list("name")[:MOST]


@CompiledQuery
def _playlists(team: int) -> "QuerySet[Playlist, Any]":
    rows = Playlist.objects.filter(team=team).order_by("-pk")
    return rows.values_list("pk", "name")[:MOST]
