"""Project choice: the board that a take is put on. It is kept in the draft, and told to no provider."""

from typing import NamedTuple

from editorapp.core.request_values import as_whole
from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from editorapp.teams import projects
from editorapp.teams.models import Member, Project
from editorapp.web.studio.resolved_form import ResolvedForm

AS_SOURCE, NO_PROJECT = "", "none"


class ProjectGone(Exception):
    """The form names a project that is archived, or that this person does not see."""

    def __init__(self) -> None:
        super().__init__("Nothing was queued: the project is not there any more. Choose another.")


class ProjectOption(NamedTuple):
    value: str
    label: str
    is_chosen: bool


def options(resolved: ResolvedForm) -> list[ProjectOption]:
    """Return what can be chosen, in the order of the page; nothing where there is no project."""
    named = {str(pk): name for pk, name in projects.offered(resolved.member).items()}
    if not named:
        return []
    words = {AS_SOURCE: "As its source", NO_PROJECT: "No project"} | named
    chosen = resolved.form.project if resolved.form.project in words else AS_SOURCE
    return [ProjectOption(value, label, value == chosen) for value, label in words.items()]


def chosen(resolved: ResolvedForm) -> int | None:
    """Return the project that a take is put into: as chosen, else that of what it is made from.

    Raises: ProjectGone.
    """
    said, member = resolved.form.project, resolved.member
    if said == NO_PROJECT:
        return None
    if said == AS_SOURCE:
        return _of_source(resolved)
    rows = Project.objects.visible_to(member).current()
    number = as_whole(said)
    if number is None or not rows.filter(pk=number).exists():
        raise ProjectGone
    return number


def _of_source(resolved: ResolvedForm) -> int | None:
    """Return the project of the take that is replaced, worked on or continued; of a clip that of the
    newest take of it.
    """
    if take := resolved.replaced or resolved.source.parent:
        return take.project_id
    clip = resolved.clip
    return _of_clip(clip, resolved.member) if clip is not None else None


def _of_clip(clip: Asset, member: Member) -> int | None:
    takes = Generation.objects.visible_to(member).filter(source_asset=clip)
    return takes.order_by("-pk").values_list("project_id", flat=True).first()
