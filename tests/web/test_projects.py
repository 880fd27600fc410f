"""Projects: chosen in the studio, shown as boards, changed by who may, and told to no provider."""

import json
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from editorapp.generations.models import Generation
from editorapp.generations.moving import move
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import enqueue
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.teams import invitations, projects
from editorapp.teams.models import Invite, Member, Project, ProjectMember
from editorapp.teams.projects import NameTaken, ProjectFields
from editorapp.teams.roles import Role
from tests.factories import default_account, make_asset, make_generation, make_member, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Member:
    return make_member(role=Role.ADMIN, name="Ada")


def board(by: Member, name: str = "Pilot", **fields: object) -> Project:
    return projects.make(by, ProjectFields(name, **fields))


def queue(by: Member, clip: Asset, **chosen: object) -> Generation:
    """Queue what the studio's form would, with what was chosen of a project."""
    form = {
        "task": "edit",
        "source_kind": "asset",
        "source_asset": clip.pk,
        "prompt": "A quiet harbor",
        "account": default_account("luma-agents").pk,
        "model": "ray-3.2",
        "resolution": "720p",
        "conditioning": "auto",
        **chosen,
    }
    before = set(Generation.objects.values_list("pk", flat=True))
    answer = signed_in(by).post("/studio/queue", form)
    made = Generation.objects.exclude(pk__in=before).first()
    assert made is not None, answer.content.decode()[-2000:]
    return made


def test_a_take_is_put_into_the_project_that_was_chosen_and_no_provider_is_told(ada) -> None:
    project, clip = board(ada), make_asset(ada)

    take = queue(ada, clip, project=project.pk)

    assert take.project == project
    assert "project" not in json.dumps(take.request)
    [again] = Generation.objects.filter(project=project)
    assert again == take


def test_without_a_choice_it_goes_where_the_newest_take_of_its_clip_is(ada) -> None:
    project, clip = board(ada), make_asset(ada)
    first = make_generation(ada, source=clip)
    assert queue(ada, clip).project is None

    move([first.pk, *Generation.objects.values_list("pk", flat=True)], project, by=ada)

    assert queue(ada, clip, prompt="Again").project == project
    assert queue(ada, clip, prompt="Alone", project="none").project is None


def test_an_archived_or_a_hidden_project_takes_in_nothing(ada) -> None:
    cleo, clip = make_member(team=ada.team, name="Cleo"), make_asset(ada)
    hidden, old = board(ada, "Hidden", is_private=True), board(ada, "Old")
    projects.archive(old, ada, now=timezone.now())

    for project in (hidden, old):
        answer = signed_in(cleo).post(
            "/studio/queue",
            {
                "task": "edit",
                "source_kind": "asset",
                "source_asset": clip.pk,
                "prompt": "A quiet harbor",
                "account": default_account("luma-agents").pk,
                "model": "ray-3.2",
                "project": project.pk,
            },
        )
        assert answer.status_code == 422
    assert not Generation.objects.exists()


def test_what_is_finished_or_made_of_a_private_take_stays_private(ada) -> None:
    project = board(ada, is_private=True)
    take = make_generation(ada, state=State.SUCCEEDED)
    move([take.pk], project, by=ada)
    take.refresh_from_db()

    assert Draft.of(take).project_id == project.pk


def test_the_files_of_a_request_are_named_with_its_take(ada) -> None:
    clip, guide = make_asset(ada), make_asset(ada, kind="image")
    wanted = GenerationRequest(
        prompt="A quiet harbor",
        source=Ref(asset_id=clip.pk),
        start_frame=Ref(asset_id=guide.pk, media_type="image/png"),
        model="ray-3.2",
        resolution="720p",
        auto_controls=True,
    )

    take = enqueue(Draft(wanted, default_account("luma-agents"), clip), member=ada)

    assert list(take.guides.all()) == [guide]


def test_boards_show_their_takes_their_cover_and_what_they_cost(ada) -> None:
    project, creator = board(ada, reference="A-1204"), make_member(team=ada.team, name="Cleo")
    result = make_asset(ada, origin="result")
    cost = {"cost_usd": Decimal("1.50"), "is_simulated": False}
    dear = make_generation(ada, state=State.SUCCEEDED, result=result, **cost)
    own = make_generation(creator, state=State.SUCCEEDED, **cost)
    move([dear.pk, own.pk], project, by=ada)

    whole = signed_in(ada).get("/projects/").content.decode()
    mine = signed_in(creator).get("/projects/").content.decode()
    none = signed_in(make_member(role=Role.REVIEWER, team=ada.team)).get("/projects/")

    assert "2 takes" in whole and "$3.00" in whole and "A-1204" in whole
    assert f"/media/{result.pk}/poster" in whole
    assert "$1.50" in mine and "of yours" in mine and "$3.00" not in mine
    assert "$" not in none.content.decode().partition('class="board-body"')[2].partition("</li>")[0]
    narrowed = signed_in(ada).get(f"/gallery/?project={project.pk}").content.decode()
    assert f"/takes/{dear.pk}" in narrowed and f"/takes/{own.pk}" in narrowed


def test_the_number_of_queries_does_not_grow_with_the_boards(ada) -> None:
    client = signed_in(ada)
    board(ada)

    def asked() -> int:
        with CaptureQueriesContext(connection) as context:
            assert client.get("/projects/").status_code == 200
        return len(context)

    few = asked()
    for number in range(8):
        move([make_generation(ada).pk], board(ada, f"Board {number}"), by=ada)

    assert asked() == few <= 11


def test_two_projects_of_a_team_have_no_same_name_in_any_case(ada) -> None:
    board(ada, "Pilot")
    other = board(ada, "Second")

    with pytest.raises(NameTaken):
        board(ada, "PILOT")
    with pytest.raises(NameTaken):
        projects.change(other, ada, ProjectFields("pilot"))
    answer = signed_in(ada).post("/projects/new", {"name": "pilot", "colour": "red"})
    assert answer.status_code == 422 and Project.objects.count() == 2
    board(make_member(role=Role.ADMIN), "Pilot")  # another team's


@pytest.mark.parametrize("role", [Role.GUEST, Role.BILLING])
def test_who_may_not_organise_changes_no_project(ada, role) -> None:
    project, member = board(ada), make_member(role=role, team=ada.team)
    projects.add(project, member, ada)
    client, take = signed_in(member), make_generation(ada)

    for address, form in (
        ("/projects/new", {"name": "Mine", "colour": "red"}),
        (f"/projects/{project.pk}/", {"name": "Mine", "colour": "red"}),
        (f"/projects/{project.pk}/archive", {}),
        (f"/projects/{project.pk}/people", {"person": member.user_id}),
        ("/gallery/keep/move", {"takes": take.pk, "project": project.pk}),
    ):
        assert client.post(address, form).status_code == 403, address
    assert Project.objects.get().name == "Pilot" and take.project is None


def test_nobody_makes_a_project_private_that_they_are_not_in(ada) -> None:
    project, cleo = board(ada), make_member(team=ada.team, name="Cleo")
    form, address = (
        {"name": "Pilot", "colour": "red", "is_private": "on"},
        f"/projects/{project.pk}/",
    )

    assert signed_in(cleo).post(address, form).status_code == 422
    assert not Project.objects.get().is_private
    projects.add(project, cleo, ada)
    assert signed_in(cleo).post(address, form).status_code == 302
    assert Project.objects.get().is_private


def test_who_takes_themselves_out_of_a_private_project_is_out(ada) -> None:
    cleo = make_member(team=ada.team, name="Cleo")
    project = board(cleo, is_private=True)
    client = signed_in(cleo)

    client.post(f"/projects/{project.pk}/people/remove", {"person": cleo.user_id})

    assert client.get(f"/projects/{project.pk}/").status_code == 404
    assert not ProjectMember.objects.exists()
    assert signed_in(ada).get(f"/projects/{project.pk}/").status_code == 200


def test_an_invitation_lets_a_guest_into_the_projects_that_it_names(ada, client) -> None:
    project, other = board(ada), board(ada, "Other")
    shown = make_generation(ada, prompt="Shown to guests")
    move([shown.pk], project, by=ada)
    _made, token = invitations.invite(ada, Role.GUEST, now=timezone.now(), projects=[project])

    joining = {"username": "gus", "display_name": "Gus", "password": "a good long password"}
    client.post(f"/invite/{token}", joining)

    assert "Shown to guests" in client.get("/gallery/").content.decode()
    assert other.name not in client.get("/projects/").content.decode()
    hidden = board(make_member(team=ada.team), "Hidden", is_private=True)
    form = {"role": "guest", "days": "7", "note": "Gus", "projects": [hidden.pk]}
    manager = make_member(role=Role.ADMIN)
    assert signed_in(manager).post("/people/invites", form).status_code == 201  # not theirs
    assert not Invite.objects.get(team=manager.team).projects.exists()


def test_nobody_of_another_team_is_let_in(ada) -> None:
    project, stranger = board(ada), make_member()

    answer = signed_in(ada).post(f"/projects/{project.pk}/people", {"person": stranger.user_id})

    assert answer.status_code == 404
    assert not ProjectMember.objects.filter(user=stranger.user).exists()
