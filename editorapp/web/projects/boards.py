"""Boards: projects with their newest picture, how many takes they have, and what these cost."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum

from editorapp.core.money import ZERO
from editorapp.generations.models import Generation
from editorapp.teams.models import Member, Project
from editorapp.web.presenters.addresses import address


@dataclass(frozen=True)
class ProjectBoard:
    """A project as its card shows it; money is None where who asks sees no costs."""

    project: Project
    count: int
    cover: str  # the address of its newest picture; "" for none
    real_usd: Decimal | None
    simulated_usd: Decimal | None

    @property
    def url(self) -> str:
        return f"{address('gallery:page')}?project={self.project.pk}"


def boards(member: Member, *, archived: bool) -> list[ProjectBoard]:
    """Return the projects that a member sees, by name: three queries, however many."""
    takes = Generation.objects.visible_to(member).order_by()
    rows = Project.objects.visible_to(member).filter(archived_at__isnull=not archived)
    pictured = takes.filter(project=OuterRef("pk"), result__kind="video").order_by("-pk")
    covered = rows.annotate(cover_id=Subquery(pictured.values("result_id")[:1]))
    projects = list(covered.order_by("name", "pk"))
    spent = Generation.objects.filter(team_id=member.team_id).seen_by(member)  # the trash, too
    counts, costs = _counts(takes, projects), _costs(spent.order_by(), projects, member)
    return [
        ProjectBoard(
            project,
            counts.get(project.pk, 0),
            _cover(project),
            *(
                costs.get((project.pk, is_simulated), ZERO) if member.may_see_costs else None
                for is_simulated in (False, True)
            ),
        )
        for project in projects
    ]


def _cover(project: Project) -> str:
    cover: int | None = project.cover_id  # type: ignore[attr-defined]
    return address("media:file", cover, "poster") if cover else ""


def _counts(takes: QuerySet[Generation], projects: list[Project]) -> dict[int, int]:
    rows = takes.filter(project__in=projects).values_list("project").annotate(Count("pk"))
    return dict(rows)


def _costs(
    takes: QuerySet[Generation],
    projects: list[Project],
    member: Member,
) -> dict[tuple[int, bool], Decimal]:
    """Return what was charged for takes, by project and kind of money: all, or one's own."""
    if not member.may_see_costs:
        return {}
    if not member.may_see_all_costs:
        takes = takes.filter(created_by=member.user_id)
    shown = takes.filter(project__in=projects).values("project", "is_simulated")
    rows = shown.annotate(usd=Sum("cost_usd"))
    return {(row["project"], row["is_simulated"]): row["usd"] or ZERO for row in rows}
