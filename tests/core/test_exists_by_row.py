"""ExistsByRow: in an OR PostgreSQL asks it for each row, and reads nothing beforehand."""

import pytest
from django.db import connection
from django.db.models import Exists, OuterRef, Q

from editorapp.core.exists_by_row import ExistsByRow
from editorapp.teams.models import Project, ProjectMember
from tests.environment import POSTGRESQL
from tests.factories import make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def projects():
    """A thousand projects, every second with somebody in it."""
    member = make_member()
    rows = [Project(team=member.team, name=f"Project {number}") for number in range(1_000)]
    made = Project.objects.bulk_create(rows)
    people = [ProjectMember(project=one, user=member.user) for one in made[::2]]
    ProjectMember.objects.bulk_create(people)
    return Project.objects.filter(team=member.team)


def _with_people(kind: type[Exists]) -> Q:
    return Q(kind(ProjectMember.objects.filter(project=OuterRef("pk")))) | Q(name="?")


def test_it_finds_what_a_plain_one_finds(projects):
    plain, by_row = (
        set(projects.filter(_with_people(kind)).values_list("pk", flat=True))
        for kind in (Exists, ExistsByRow)
    )

    assert by_row == plain and len(plain) == 500
    assert projects.exclude(_with_people(ExistsByRow)).count() == 500


@pytest.mark.skipif(not POSTGRESQL, reason="SQLite asks every subquery by row")
def test_postgresql_reads_no_table_beforehand(projects):
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    plain, by_row = (
        projects.filter(_with_people(kind)).order_by("-pk")[:60].explain()
        for kind in (Exists, ExistsByRow)
    )

    assert "hashed SubPlan" in plain
    assert "hashed SubPlan" not in by_row
