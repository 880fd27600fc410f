"""Saved views: made, opened, changed, shared and deleted, by whom, and never beyond the team."""

from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.library.models import SavedView
from editorapp.teams import people
from editorapp.teams.roles import Role
from tests.factories import make_generation, make_member, signed_in

pytestmark = pytest.mark.django_db
QUERY = "state=done&q=red+umbrella&sort=dearest"


@pytest.fixture
def client(creator) -> Client:
    return signed_in(creator)


@pytest.fixture
def mate(creator):
    return make_member(role=Role.CREATOR, team=creator.team, name="Mara")


def save(client: Client, name: str = "Night", query: str = QUERY, **more: str):
    return client.post("/gallery/views/save", {"name": name, "query": query, **more})


def html_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def test_a_view_is_saved_opened_and_marked(client, creator):
    make_generation(creator)
    opened = save(client)["Location"]

    view = SavedView.objects.get()
    assert opened == f"/gallery/?{QUERY}&view={view.pk}" and view.query == QUERY
    html = html_of(client, opened)
    assert (
        "The view Night is saved." in html
        and 'aria-current="page"><span class="clip">Night' in html
    )
    assert "Changed" not in html


def test_an_opened_view_says_that_it_was_changed_and_is_saved_again(client):
    save(client)
    view = SavedView.objects.get()
    changed = html_of(client, f"/gallery/?state=failed&q=red+umbrella&view={view.pk}")
    assert ">Changed</span>" in changed and f"/gallery/views/{view.pk}/change" in changed
    # The same values in another order are no change.
    save(client, "Two", "state=failed&state=done&q=x")
    two = SavedView.objects.get(name="Two")
    assert "Changed" not in html_of(client, f"/gallery/?q=x&state=done&state=failed&view={two.pk}")

    answer = client.post(f"/gallery/views/{view.pk}/change", {"query": "state=failed"})

    view.refresh_from_db()
    assert (view.name, view.query) == ("Night", "state=failed")
    assert answer["Location"] == f"/gallery/?state=failed&view={view.pk}"


def test_a_view_is_renamed_shared_and_deleted_on_its_page(client, creator):
    save(client)
    view = SavedView.objects.get()
    renamed = {"name": "Day", "is_shared": "on", "listed": "1"}

    assert client.post(f"/gallery/views/{view.pk}/change", renamed)["Location"] == "/gallery/views/"
    view.refresh_from_db()
    assert (view.name, view.is_shared, view.query) == ("Day", True, QUERY)
    assert 'value="Day"' in html_of(client, "/gallery/views/")
    assert client.post(f"/gallery/views/{view.pk}/delete")["Location"] == "/gallery/views/"
    assert not SavedView.objects.exists() and "None yet" in html_of(client, "/gallery/views/")


def test_a_shared_view_is_everybodys_to_open_and_its_owners_to_change(client, mate):
    save(client, is_shared="on")
    save(client, "Mine")
    shared = SavedView.objects.get(name="Night")
    theirs = signed_in(mate)

    html = html_of(theirs, f"/gallery/?state=failed&view={shared.pk}")
    assert "Night" in html and "Mine" not in html and "Changed" in html
    assert f"/gallery/views/{shared.pk}/change" not in html
    mine = SavedView.objects.get(name="Mine")
    for act in ("change", "delete"):
        assert theirs.post(f"/gallery/views/{shared.pk}/{act}", {"name": "X"}).status_code == 403
        assert theirs.post(f"/gallery/views/{mine.pk}/{act}", {"name": "X"}).status_code == 404
    assert SavedView.objects.filter(name__in=["Night", "Mine"]).count() == 2


def test_another_team_sees_and_touches_no_view(client):
    save(client, is_shared="on")
    view = SavedView.objects.get()
    stranger = signed_in(make_member(role=Role.ADMIN))

    assert "Night" not in html_of(stranger, f"/gallery/?view={view.pk}")
    assert "Night" not in html_of(stranger, "/gallery/views/")
    for act in ("change", "delete"):
        assert stranger.post(f"/gallery/views/{view.pk}/{act}", {"name": "X"}).status_code == 404


def test_a_view_that_somebody_shared_who_left_stays_and_an_admin_may_delete_it(
    client, creator, mate
):
    admin = make_member(role=Role.ADMIN, team=creator.team, name="Ada")
    make_member(role=Role.ADMIN, team=creator.team)
    save(signed_in(mate), is_shared="on")
    people.disable(mate, by=None, now=timezone.now())
    view = SavedView.objects.get()

    assert "by Mara (former member)" in html_of(client, "/gallery/views/")
    assert client.post(f"/gallery/views/{view.pk}/delete").status_code == 403
    assert signed_in(admin).post(f"/gallery/views/{view.pk}/delete").status_code == 302
    assert not SavedView.objects.exists()


@pytest.mark.parametrize("role", list(Role))
def test_every_role_keeps_views_of_its_own_and_who_may_organise_shares_them(creator, role):
    who = signed_in(make_member(role=role, team=creator.team, name="Ro"))

    assert save(who).status_code == 302
    shared = save(who, "Shared", is_shared="on").status_code
    assert shared == (403 if role in {Role.BILLING, Role.GUEST} else 302)


def test_a_view_that_cannot_be_kept_says_why_and_loses_no_filter(client):
    answer = save(client, name=" ")

    html = unescape(answer.content.decode())
    assert answer.status_code == 422 and "Give the view a name." in html
    assert f'name="query" value="{QUERY}"' in html
    save(client, "One")
    save(client, "Two")
    two = SavedView.objects.get(name="Two")
    clash = client.post(f"/gallery/views/{two.pk}/change", {"name": "One", "listed": "1"})
    assert clash.status_code == 422 and "choose another name" in clash.content.decode()


def test_a_view_that_is_gone_is_let_go(client, creator):
    take = make_generation(creator)

    assert f'id="take-{take.pk}"' in html_of(client, "/gallery/?view=999999")
