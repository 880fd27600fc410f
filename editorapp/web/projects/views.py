"""Projects: boards, what each is and who is in it."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone

from editorapp.core.request_values import row_id
from editorapp.teams import projects
from editorapp.teams.access import MemberRequest, action_for, form_page_for, page_for
from editorapp.teams.models import Member, Project
from editorapp.teams.roles import Act
from editorapp.web.projects.boards import boards
from editorapp.web.projects.forms import ProjectForm, filled


@page_for(Act.SEE)
def page(request: MemberRequest) -> HttpResponse:
    """Show the projects as boards: the current ones, or those in the archive (?archived=1)."""
    return _page(request, ProjectForm())


@action_for(Act.ORGANISE)
def make(request: MemberRequest) -> HttpResponse:
    """Make a project."""
    form = ProjectForm(request.POST)
    if form.is_valid():
        try:
            made = projects.make(request.member, form.kept())
        except projects.NameTaken as error:
            form.add_error("name", str(error))
        else:
            messages.success(request, f"The project {made} is made, and you are in it.")
            return redirect("projects:edit", made.pk)
    return _page(request, form, status=422)


@form_page_for(Act.ORGANISE)
def edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Show what a project is and who is in it, and change what it is."""
    project = _project(request, pk)
    if request.method != "POST":
        return _edit(request, project, filled(project))
    form = ProjectForm(request.POST)
    if form.is_valid():
        try:
            projects.change(project, request.member, form.kept())
        except projects.NameTaken as error:
            form.add_error("name", str(error))
        except projects.NotInProject as error:
            form.add_error("is_private", str(error))
        else:
            return _back(request, project, "The project is saved.")
    return _edit(request, project, form, status=422)


@action_for(Act.ORGANISE)
def archive(request: MemberRequest, pk: int) -> HttpResponse:
    """Put a project into the archive."""
    project = _project(request, pk)
    projects.archive(project, request.member, now=timezone.now())
    said = f"{project} is in the archive: its takes stay, and none is put into it any more."
    return _back(request, project, said)


@action_for(Act.ORGANISE)
def unarchive(request: MemberRequest, pk: int) -> HttpResponse:
    """Take a project out of the archive."""
    project = _project(request, pk)
    projects.unarchive(project, request.member)
    return _back(request, project, f"{project} is out of the archive.")


@action_for(Act.ORGANISE)
def add_member(request: MemberRequest, pk: int) -> HttpResponse:
    """Let somebody into a project."""
    return _with_person(request, pk, projects.add, "{} is in the project.")


@action_for(Act.ORGANISE)
def remove_member(request: MemberRequest, pk: int) -> HttpResponse:
    """Take somebody out of a project."""
    return _with_person(request, pk, projects.remove, "{} is not in the project any more.")


def _with_person(
    request: MemberRequest,
    pk: int,
    change: Callable[[Project, Member, Member], None],
    said: str,
) -> HttpResponse:
    project = _project(request, pk)
    rows = Member.objects.select_related("user").filter(team=request.member.team_id)
    person = get_object_or_404(rows, user_id=row_id(request.POST, "person"))
    change(project, person, request.member)
    if not Project.objects.visible_to(request.member).filter(pk=project.pk).exists():
        messages.success(request, f"You are not in {project} any more.")
        return redirect("projects:page")
    return _back(request, project, said.format(person.user))


def _project(request: MemberRequest, pk: int) -> Project:
    return get_object_or_404(Project.objects.visible_to(request.member), pk=pk)


def _back(request: MemberRequest, project: Project, said: str) -> HttpResponse:
    messages.success(request, said)
    return redirect("projects:edit", project.pk)


def _page(request: MemberRequest, form: ProjectForm, *, status: int = 200) -> HttpResponse:
    is_archive = request.GET.get("archived") == "1"
    context = {
        "here": "gallery",
        "boards": boards(request.member, archived=is_archive),
        "is_archive": is_archive,
        "form": form,
    }
    return render(request, "projects/page.html", context, status=status)


def _edit(
    request: MemberRequest,
    project: Project,
    form: ProjectForm,
    *,
    status: int = 200,
) -> HttpResponse:
    inside = list(project.people.values_list("user_id", flat=True))
    team = request.member.team.members.active().select_related("user")
    in_order = list(team.order_by("user__display_name", "user__username"))
    context = {
        "here": "gallery",
        "project": project,
        "form": form,
        "people": [one for one in in_order if one.user_id in inside],
        "others": [one for one in in_order if one.user_id not in inside],
    }
    return render(request, "projects/edit.html", context, status=status)


urlpatterns = [
    path("", page, name="page"),
    path("new", make, name="make"),
    path("<int:pk>/", edit, name="edit"),
    path("<int:pk>/archive", archive, name="archive"),
    path("<int:pk>/unarchive", unarchive, name="unarchive"),
    path("<int:pk>/people", add_member, name="add_member"),
    path("<int:pk>/people/remove", remove_member, name="remove_member"),
]
