"""Moving takes to another project, or out of all: who sees them may change with it."""

from collections.abc import Collection

from django.core.exceptions import PermissionDenied
from django.db import transaction

from editorapp.core.locks import locked
from editorapp.generations import auditing
from editorapp.generations.models import Generation
from editorapp.teams.models import Member, Project
from editorapp.teams.roles import Act


def move(ids: Collection[int], project: Project | None, *, by: Member) -> int:
    """Put those of these takes that somebody sees into a project (None: into none); return how many
    were elsewhere.

    Raises: PermissionDenied, also for a project that is archived or not theirs to see.
    """
    if not by.may(Act.ORGANISE):
        raise PermissionDenied("Your role may not move takes.")
    with transaction.atomic():
        rows = Project.objects.visible_to(by).current()
        if project is not None and not rows.filter(pk=project.pk).exists():
            raise PermissionDenied("Nothing can be put into this project: choose another.")
        seen = Generation.objects.visible_to(by).filter(pk__in=ids)
        here = Generation.objects.filter(pk__in=list(seen.values_list("pk", flat=True)))
        locked(here)
        moved = [take for take in here.select_related("project") if take.project != project]
        for take in moved:
            names = [str(one) if one else None for one in (take.project, project)]
            auditing.record("take.moved", take, by=by, project=names)
        here.filter(pk__in=[take.pk for take in moved]).update(project=project)
    return len(moved)
