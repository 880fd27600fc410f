"""Projects: made, changed, archived, and who is in them. Each change is in the audit log."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from editorapp.core.compiled_query import CompiledQuery
from editorapp.teams import audit
from editorapp.teams.models import Member, Project, ProjectMember, Team
from editorapp.teams.roles import Act


class NameTaken(Exception):
    """Another project of the team has this name, in any case."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is a project called {name} already. Choose another name.")


class NotInProject(Exception):
    """Somebody would hide a project, from themselves too, that they are not in."""

    def __init__(self) -> None:
        super().__init__("Only who is in a project may make it private: be let in first.")


@dataclass(frozen=True)
class ProjectFields:
    """What a project is, as it is typed."""

    name: str
    colour: str = Project.Colour.GREY
    is_private: bool = False
    reference: str = ""


def offered(member: Member) -> dict[int, str]:
    """Return what the projects are called that somebody may put takes into, by their ids, in order:
    one query.
    """
    if member.sees_all:
        return dict(_current(member.team_id))
    return dict(_named(Project.objects.visible_to(member)))


@CompiledQuery
def _current(team: int) -> "QuerySet[Project, Any]":
    return _named(Project.objects.filter(team=team))


def _named(rows: "QuerySet[Project]") -> "QuerySet[Project, Any]":
    return rows.filter(archived_at=None).order_by("name", "pk").values_list("pk", "name")


def make(by: Member, fields: ProjectFields) -> Project:
    """Make a project; who makes it is in it. Raises: PermissionDenied; NameTaken."""
    _may_organise(by)
    with transaction.atomic():
        team = Team.objects.select_for_update(no_key=True).get(pk=by.team_id)
        try:
            with transaction.atomic():
                project = Project.objects.create(team=team, **vars(fields))
        except IntegrityError as error:
            raise NameTaken(fields.name) from error
        ProjectMember.objects.create(project=project, user=by.user)
        _note_private(by.team_id)
        _record("project.made", project, by, is_private=fields.is_private)
    return project


def change(project: Project, by: Member, fields: ProjectFields) -> None:
    """Change what a project is. Raises: PermissionDenied; NameTaken; NotInProject."""
    _may_change(project, by)
    with transaction.atomic():
        Team.objects.select_for_update(no_key=True).get(pk=by.team_id)
        row = Project.objects.get(pk=project.pk)
        before = {name: getattr(row, name) for name in vars(fields)}
        if fields.is_private and not row.is_private:
            _may_hide(row, by)
        if differs := audit.changed(before, vars(fields)):
            try:
                with transaction.atomic():
                    Project.objects.filter(pk=row.pk).update(**vars(fields))
            except IntegrityError as error:
                raise NameTaken(fields.name) from error
            _note_private(by.team_id)
            _record(
                "project.changed", row, by, **{f"set_{name}": differs[name] for name in differs}
            )
    project.refresh_from_db()


def archive(project: Project, by: Member, *, now: datetime) -> None:
    """Have no take put into a project any more. What is in it stays. Raises: PermissionDenied."""
    _may_change(project, by)
    with transaction.atomic():
        open_ones = Project.objects.filter(pk=project.pk, archived_at=None)
        if open_ones.update(archived_at=now):
            _record("project.archived", project, by)


def unarchive(project: Project, by: Member) -> None:
    """Take a project out of the archive. Raises: PermissionDenied."""
    _may_change(project, by)
    with transaction.atomic():
        archived = Project.objects.filter(pk=project.pk).exclude(archived_at=None)
        if archived.update(archived_at=None):
            _record("project.unarchived", project, by)


def add(project: Project, member: Member, by: Member) -> None:
    """Let somebody of the team into a project. Raises: PermissionDenied."""
    _may_change(project, by)
    if member.team_id != project.team_id:
        raise PermissionDenied("They are not in this team.")
    with transaction.atomic():
        _row, is_new = ProjectMember.objects.get_or_create(project=project, user=member.user)
        if is_new:
            _record("project.member_added", project, by, person=str(member.user))


def remove(project: Project, member: Member, by: Member) -> None:
    """Take somebody out of a project. What they made in it stays. Raises: PermissionDenied."""
    _may_change(project, by)
    with transaction.atomic():
        rows = ProjectMember.objects.filter(project=project, user_id=member.user_id)
        if rows.delete()[0]:
            _record("project.member_removed", project, by, person=str(member.user))


def may_use(project: int | None, by: Member) -> None:
    """See that somebody may make a take in a project: one that they see. Raises: PermissionDenied."""
    seen = Project.objects.visible_to(by)
    if project is not None and not seen.filter(pk=project).exists():
        raise PermissionDenied("This project is not yours to use.")


def _record(act: str, project: Project, by: Member, **facts: Any) -> None:
    audit.record(act, f"project:{project.pk}", by=by, about=project, **facts)


def _may_organise(by: Member) -> None:
    if not by.may(Act.ORGANISE):
        raise PermissionDenied("Your role may not keep projects.")


def _may_change(project: Project, by: Member) -> None:
    """See that somebody may change a project: who may organise, and sees it."""
    _may_organise(by)
    if not Project.objects.visible_to(by).filter(pk=project.pk).exists():
        raise PermissionDenied("This project is not yours to change.")


def _may_hide(project: Project, by: Member) -> None:
    """See that who makes a project private sees it afterwards. Raises: NotInProject."""
    if not by.may(Act.SEE_PRIVATE) and not project.people.filter(user_id=by.user_id).exists():
        raise NotInProject


def _note_private(team_id: int) -> None:
    """Keep with the team whether it has private projects, so that a team without pays no query."""
    private = Project.objects.filter(team_id=OuterRef("pk"), is_private=True)
    Team.objects.filter(pk=team_id).update(has_private_projects=Exists(private))
