"""People of the seed: a team of thirty with its projects and accounts, and a small one beside it."""

from dataclasses import dataclass

from django.utils import timezone

from editorapp.library.folding import fold
from editorapp.library.models import Tag
from editorapp.providers.models import ProviderAccount, keyless_account
from editorapp.teams.first_run import ensure_owner
from editorapp.teams.models import Member, Project, ProjectMember, Team, User
from editorapp.teams.roles import Role
from tests.seed.words import NAMES, PROJECTS, TAGS

ROLES = (
    *(Role.ADMIN, Role.ADMIN, Role.BILLING),
    *(Role.REVIEWER,) * 7,
    *(Role.CREATOR,) * 20,
)
FORMER = 3  # so many of the creators left after the first months
OF_OTHERS = 50  # of so many takes one is the other team's


@dataclass(frozen=True)
class SeedTeam:
    """Who is there, and what they work with; people by their number and name."""

    owner: Member
    creators: list[tuple[int, str]]
    former: list[tuple[int, str]]
    reviewers: list[int]
    everybody: list[int]
    projects: list[int]
    tags: list[int]
    accounts: dict[str, ProviderAccount]
    other: Member

    @property
    def pk(self) -> int:
        return self.owner.team_id


def make_people() -> SeedTeam:
    """Make the people of an empty installation, in the team that its first owner has."""
    owner = ensure_owner()
    members = [_member(owner.team, name, role) for name, role in zip(NAMES, ROLES, strict=True)]
    creators = [(one.user_id, str(one.user)) for one in members if one.role == Role.CREATOR]
    _leave(owner.team, [pk for pk, _name in creators[-FORMER:]], by=owner.user)
    return SeedTeam(
        owner,
        creators[:-FORMER],
        creators[-FORMER:],
        [one.user_id for one in members if one.role == Role.REVIEWER],
        [owner.user_id, *(one.user_id for one in members)],
        _projects(owner.team, [pk for pk, _name in creators]),
        _tags(owner.team),
        {
            slug: keyless_account(slug, is_simulated=True)
            for slug in ("luma-agents", "gmi-cloud", "scenario")
        },
        _member(Team.objects.create(name="Next door"), "Neighbour", Role.OWNER),
    )


def _member(team: Team, name: str, role: str) -> Member:
    user = User.objects.create(username=f"{fold(name)[0]}@example.com", display_name=name)
    user.set_unusable_password()
    user.save(update_fields=["password"])
    return Member.objects.create(team=team, user=user, role=role)


def _leave(team: Team, people: list[int], *, by: User) -> None:
    gone = Member.objects.filter(team=team, user__in=people)
    gone.update(disabled_at=timezone.now(), disabled_by=by)


def _projects(team: Team, people: list[int]) -> list[int]:
    """Make the projects that takes go into: the last one is private; and one that stays empty."""
    rows = [Project(team=team, name=name) for name in PROJECTS]
    rows[-1].is_private = True
    made = Project.objects.bulk_create([*rows, Project(team=team, name="Not begun")])
    inside = made[len(PROJECTS) - 1]
    ProjectMember.objects.bulk_create(
        ProjectMember(project=inside, user_id=user) for user in people[:3]
    )
    team.has_private_projects = True
    team.save(update_fields=["has_private_projects"])
    return [one.pk for one in made[:-1]]


def _tags(team: Team) -> list[int]:
    rows = [Tag(team=team, name=name, folded=" ".join(fold(name))) for name in TAGS]
    return [one.pk for one in Tag.objects.bulk_create(rows)]
