"""Trash on the pages: what leaves every list, what is said before, and the way back."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.generations import trash
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.review import playlists, shares
from editorapp.review.shares import Terms
from editorapp.teams import projects
from editorapp.teams.models import Member
from editorapp.teams.projects import ProjectFields
from editorapp.teams.roles import Role
from tests.factories import make_asset, make_generation, make_member, make_reserved, signed_in
from tests.queries import queries_of

pytestmark = pytest.mark.django_db
THROW, RESTORE, DELETE = (f"/gallery/trash/{act}" for act in ("throw", "restore", "delete"))
HTMX = {"HX-Request": "true"}


@pytest.fixture
def admin() -> Member:
    return make_member(role=Role.ADMIN, name="Ada")


@pytest.fixture
def creator(admin) -> Member:
    return make_member(role=Role.CREATOR, name="Cleo", team=admin.team)


@pytest.fixture
def client(creator) -> Client:
    return signed_in(creator)


def done(by: Member, **fields: object) -> Generation:
    result = make_asset(by, origin=Asset.Origin.RESULT)
    return make_reserved(by, state=State.SUCCEEDED, result=result, **fields)


def is_trashed(take: Generation) -> bool:
    take.refresh_from_db()
    return take.is_trashed


def said(answer) -> str:
    """Return what a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def test_a_take_goes_into_the_trash_out_of_every_list_and_back_by_undo(client, creator) -> None:
    take = done(creator)
    lists = ["/gallery/", "/queue/", "/studio/", f"/compare/?takes={take.pk}"]

    answer = client.post(THROW, {"takes": take.pk}, follow=True)

    assert is_trashed(take) and f"#{take.pk} is in the trash until" in said(answer)
    assert "data-undo" in answer.content.decode()
    for page in lists:
        assert f'id="take-{take.pk}"' not in client.get(page).content.decode(), page
        assert f"/takes/{take.pk}" not in client.get(page).content.decode(), page
    assert f"#{take.pk}" in said(client.get("/gallery/trash/"))
    answer = client.post(RESTORE, {"takes": take.pk, "next": "/gallery/"}, follow=True)
    assert not is_trashed(take) and f"#{take.pk} is back where it was." in said(answer)
    assert f'id="take-{take.pk}"' in answer.content.decode()


def test_to_htmx_the_cards_go_and_a_toast_has_the_undo(client, creator) -> None:
    takes = [done(creator), done(creator)]

    html = client.post(THROW, {"takes": [one.pk for one in takes]}, headers=HTMX).content.decode()

    assert all(f'<li id="take-{one.pk}" hx-swap-oob="delete">' in html for one in takes)
    assert "data-undo" in html and f'value="{takes[0].pk},{takes[1].pk}"' in html


def test_to_htmx_a_batch_is_thrown_away_with_its_page_shown_anew(client, creator) -> None:
    batch = "7f8e4f2e-93a4-4c0c-9f7b-0d3c5a0a7b11"
    takes = [done(creator, batch=batch) for _ in range(2)]
    form = {"takes": f"{takes[0].pk},{takes[1].pk}", "next": "/gallery/?state=done"}

    answer = client.post(THROW, form, headers=HTMX)

    assert answer["HX-Redirect"] == "/gallery/?state=done" and all(map(is_trashed, takes))
    assert "data-undo" in client.get("/gallery/").content.decode()


def test_what_hangs_on_a_take_is_said_before_it_goes(client, creator) -> None:
    first = done(creator)
    child = done(creator, parent=first)
    shares.share([first.pk], Terms(), by=creator, now=timezone.now())
    monday = playlists.make("Monday", by=creator, now=timezone.now())
    playlists.add(monday, [first.pk], by=creator)

    answer = client.post(THROW, {"takes": first.pk}, follow=True)

    assert not is_trashed(first)
    words = said(answer)
    assert f"1 take made from it stays: #{child.pk}" in words
    assert "1 shared link shows it now" in words and "1 playlist will not show it" in words
    client.post(THROW, {"takes": first.pk, "sure": "1"})
    assert is_trashed(first) and not is_trashed(child)
    assert "In the trash" in said(client.get(f"/takes/{child.pk}"))


def test_to_htmx_what_hangs_on_a_take_is_a_page_to_go_to(client, creator) -> None:
    first = done(creator)
    done(creator, parent=first)

    answer = client.post(THROW, {"takes": first.pk}, headers=HTMX)

    assert answer["HX-Redirect"] == f"/gallery/trash/confirm?takes={first.pk}&next="
    assert not is_trashed(first)


def test_what_may_not_go_is_left_out_and_said(client, creator, admin) -> None:
    own, theirs = done(creator), done(admin)
    running = make_generation(creator, state=State.RUNNING)

    answer = client.post(THROW, {"takes": f"{own.pk},{theirs.pk},{running.pk}"}, follow=True)

    assert is_trashed(own) and not is_trashed(theirs) and not is_trashed(running)
    words = said(answer)
    assert f"#{theirs.pk} is somebody else" in words and f"#{running.pk} still runs" in words


@pytest.mark.parametrize("takes", ["", ",".join(map(str, range(1, 202)))])
def test_none_and_more_than_200_are_refused_in_words(client, creator, takes) -> None:
    for address in (THROW, RESTORE):
        answer = client.post(address, {"takes": takes}, follow=True)
        assert "Choose takes first" in said(answer) or "leave 1 of 201 out" in said(answer)


def test_the_page_of_a_take_in_the_trash_says_so_and_restores_it(client, creator) -> None:
    take = done(creator)
    client.post(THROW, {"takes": take.pk})

    answer = client.get(f"/takes/{take.pk}")

    assert answer.status_code == 200 and "Cleo threw it away" in said(answer)
    assert "It can be restored until" in said(answer) and "$1.08" in said(answer)
    page = f"/takes/{take.pk}"
    answer = client.post(RESTORE, {"takes": take.pk, "next": page})
    assert answer["Location"] == page and "threw it away" not in said(client.get(page))


def test_a_deleted_take_leaves_its_number_and_its_lines(client, creator, admin) -> None:
    take = done(creator)
    client.post(THROW, {"takes": take.pk})
    ada = signed_in(admin)

    assert "Delete 1 take for good?" in said(ada.post(DELETE, {"takes": take.pk}))
    assert client.post(DELETE, {"takes": take.pk, "sure": "1"}).status_code == 403
    answer = ada.post(DELETE, {"takes": take.pk, "sure": "1"}, follow=True)

    assert f"#{take.pk}: deleted." in said(answer) and "The trash is empty" in said(answer)
    answer = client.get(f"/takes/{take.pk}")
    assert answer.status_code == 410 and "$1.08" in said(answer)
    assert client.get(f"/media/{take.result_id}/poster").status_code == 404
    assert f"#{take.pk}" in said(ada.get("/costs/"))


def test_the_studio_says_that_its_take_was_thrown_away(client, creator, admin) -> None:
    take = done(creator)
    client.post(THROW, {"takes": take.pk})
    form = {
        "task": "edit",
        "source_kind": "generation",
        "source_generation": take.pk,
        "prompt": "A quiet harbor",
        "account": take.account_id,
        "model": "ray-3.2",
    }
    before = Generation.objects.count()

    assert f"#{take.pk} is in the trash: restore it" in said(client.post("/studio/queue", form))
    trash.delete([take.pk], by=admin, now=timezone.now())
    assert f"#{take.pk} was deleted: choose" in said(client.post("/studio/queue", form))
    assert Generation.objects.count() == before


def test_a_stranger_and_who_may_not_see_it_find_nothing(client, creator, admin) -> None:
    project = projects.make(admin, ProjectFields("Secret", is_private=True))
    take = done(admin, project=project)
    trash.throw([take.pk], by=admin, now=timezone.now())
    stranger = signed_in(make_member(role=Role.ADMIN))

    for one in (client, stranger):
        assert one.get(f"/takes/{take.pk}").status_code == 404
        assert f"#{take.pk}" not in said(one.get("/gallery/trash/"))
        one.post(RESTORE, {"takes": take.pk})
    assert is_trashed(take)
    stranger.post(DELETE, {"takes": take.pk, "sure": "1"})
    take.refresh_from_db()
    assert take.emptied_at is None


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.GUEST, Role.BILLING])
def test_who_may_not_throw_away_has_no_trash(creator, role) -> None:
    take, other = done(creator), signed_in(make_member(role=role, team=creator.team))

    assert other.get("/gallery/trash/").status_code == 403
    assert other.post(THROW, {"takes": take.pk}).status_code == 403
    assert "/gallery/trash/" not in other.get("/gallery/").content.decode()
    assert not is_trashed(take)


def test_the_pictures_of_the_trash_are_seen_where_a_private_project_hides_others(
    creator, admin
) -> None:
    projects.make(admin, ProjectFields("Secret", is_private=True))
    creator.team.refresh_from_db()
    take = done(creator)
    trash.throw([take.pk], by=creator, now=timezone.now())

    assert not creator.sees_all
    assert Asset.objects.visible_to(creator).filter(pk=take.result_id).exists()


def test_the_trash_is_in_the_order_of_throwing_page_by_page(client, creator, monkeypatch) -> None:
    monkeypatch.setattr("editorapp.web.keeping.trash_views.PAGE_SIZE", 2)
    takes = [done(creator) for _ in range(3)]
    for place, take in enumerate((takes[2], takes[0], takes[1])):
        now = timezone.now() + timedelta(minutes=place)
        trash.throw([take.pk], by=creator, now=now)

    first = client.get("/gallery/trash/")
    assert rows(first) == [takes[1].pk, takes[0].pk]
    [older] = re.findall(r'href="(/gallery/trash/\?before=\d+)"', first.content.decode())
    assert rows(client.get(older)) == [takes[2].pk]


def rows(answer) -> list[int]:
    return [int(pk) for pk in re.findall(r'id="trash-(\d+)"', answer.content.decode())]


def test_the_trash_costs_the_same_queries_whatever_lies_in_it(client, creator) -> None:
    trash.throw([done(creator).pk], by=creator, now=timezone.now())
    few = queries_of(client, "/gallery/trash/")
    ids = [done(creator).pk for _ in range(5)]
    trash.throw(ids, by=creator, now=timezone.now())

    assert queries_of(client, "/gallery/trash/") == few
