"""Shared links as the team makes, lists, copies and revokes them."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from editorapp.generations.states import State
from editorapp.review import playlists, shares
from editorapp.review.models import Share
from editorapp.review.shares import Terms
from editorapp.teams import projects
from editorapp.teams.models import AuditEntry
from editorapp.teams.projects import ProjectFields
from editorapp.teams.roles import Role
from tests.factories import make_generation, make_member, signed_in
from tests.web.take_pages import make_done

pytestmark = pytest.mark.django_db
NOW = timezone.now()
FORM = {"title": "For the client", "days": "14", "follows": "frozen", "may_comment": "on"}


@pytest.fixture
def take(creator):
    return make_done(creator)


def link_in(html: str) -> str:
    """Return the path of the link that a page shows."""
    found = re.search(r'id="share-address">http://[^/]+(/s/[\w-]+/)<', html)
    assert found, "the page shows no link"
    return found.group(1)


def linked(by, *takes, **terms) -> Share:
    return shares.share([one.pk for one in takes], Terms(**terms), by=by, now=NOW)[0]


def test_a_take_is_shared_with_sensible_terms_and_the_link_is_shown_to_copy(creator, take):
    client = signed_in(creator)
    form = client.get(f"/shares/new?takes={take.pk}").content.decode()
    assert '<option value="14" selected>14 days</option>' in form
    for switch in ("may_download", "shows_prompt", "has_watermark", "shows_source"):
        assert re.search(rf'name="{switch}"[^>]*>', form)[0].count("checked") == 0

    answer = client.post("/shares/new", {"takes": take.pk, **FORM})

    made = Share.objects.get()
    assert answer.status_code == 201
    assert client.get(link_in(answer.content.decode())).status_code == 200
    assert (made.kind, made.title, made.is_frozen) == ("take", "For the client", True)
    assert made.may_comment and not made.may_download and not made.shows_prompt
    assert timedelta(days=13) < made.expires_at - timezone.now() < timedelta(days=14)
    assert f"/shares/{made.pk}" in client.get(f"/takes/{take.pk}").content.decode()


def test_several_takes_are_a_comparison_and_what_is_not_finished_is_left_out(creator, take):
    other, running = make_done(creator), make_generation(creator, state=State.RUNNING)
    client = signed_in(creator)
    named = f"takes={take.pk},{running.pk}&generation={other.pk}"
    asked = client.get(f"/shares/new?{named}").content.decode()
    assert f"#{running.pk}" in asked and "only finished takes" in asked

    client.post("/shares/new", {"takes": [take.pk, other.pk], **FORM})

    made = Share.objects.get()
    assert made.kind == "compare"
    assert list(made.items.values_list("generation_id", flat=True)) == [take.pk, other.pk]


def test_a_form_that_only_names_takes_is_asked_for_the_rest(creator, take):
    answer = signed_in(creator).post("/shares/new", {"takes": f"{take.pk}"})

    assert answer.status_code == 200 and b"Make link" in answer.content
    assert not Share.objects.exists()


def test_a_playlist_is_shared_as_it_is_or_as_it_becomes(creator, take):
    playlist = playlists.make("Monday", by=creator, now=NOW)
    playlists.add(playlist, [take.pk], by=creator)
    client = signed_in(creator)
    assert (
        b"Always what the playlist holds"
        in client.get(f"/shares/new?playlist={playlist.pk}").content
    )

    client.post("/shares/new", {"playlist": playlist.pk, **FORM, "follows": "newest"})

    made = Share.objects.get()
    assert (made.kind, made.playlist, made.is_frozen) == ("playlist", playlist, False)
    other = signed_in(make_member(role=Role.CREATOR))
    assert other.get(f"/shares/new?playlist={playlist.pk}").status_code == 404


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("password", "12345", "6 characters"),
        ("days", "400", "valid choice"),
        ("title", "x" * 121, "at most 120"),
        ("takes", "999999", "nothing to see"),
    ],
)
def test_what_makes_no_link_is_said_on_the_form(creator, take, field, value, said):
    answer = signed_in(creator).post("/shares/new", {"takes": take.pk, **FORM, field: value})

    assert answer.status_code == 422 and said in answer.content.decode().replace("There is ", "")
    assert not Share.objects.exists()


def test_what_it_costs_is_shown_only_by_who_sees_all_costs(creator, admin, take):
    own, other = make_done(admin), make_done(creator)
    assert b"shows_cost" not in signed_in(creator).get(f"/shares/new?takes={other.pk}").content
    assert b"shows_cost" in signed_in(admin).get(f"/shares/new?takes={own.pk}").content

    signed_in(creator).post("/shares/new", {"takes": other.pk, **FORM, "shows_cost": "on"})

    assert not Share.objects.get().shows_cost


def test_the_list_says_who_shared_what_until_when_and_who_came(creator, take):
    link = linked(creator, take, title="Cut 2", password="sesame street")
    shares.welcome(link, "Gina", address="192.0.2.7", now=NOW)

    page = signed_in(creator).get("/shares/").content.decode()
    one = signed_in(creator).get(f"/shares/{link.pk}").content.decode()

    for said in ("Cut 2", "Cleo", "password"):
        assert said in page and said in one
    assert "Gina" in one and 'id="share-address"' not in one


def test_a_link_is_copied_again_and_that_is_in_the_log(creator, reviewer, take):
    made, token = shares.share([take.pk], Terms(), by=creator, now=NOW)

    html = signed_in(reviewer).post(f"/shares/{made.pk}/link").content.decode()

    assert link_in(html) == f"/s/{token}/"
    last = AuditEntry.objects.latest("pk")
    assert (last.act, last.actor_name) == ("share.copied", "Rae")


def test_a_link_whose_key_is_gone_is_said_to_be_so(creator, take):
    made = linked(creator, take)
    Share.objects.filter(pk=made.pk).update(token_locked="gAAAAA")

    answer = signed_in(creator).post(f"/shares/{made.pk}/link", follow=True)

    assert b"cannot be read any more" in answer.content


def test_a_revoked_link_is_closed_at_once_and_says_so(creator, take):
    made, token = shares.share([take.pk], Terms(), by=creator, now=NOW)
    client = signed_in(creator)

    first = client.post(f"/shares/{made.pk}/revoke", follow=True).content.decode()
    again = client.post(f"/shares/{made.pk}/revoke", follow=True).content.decode()

    assert "is closed" in first and "was closed already" in again and "Revoked" in again
    assert client.get(f"/s/{token}/").status_code == 410
    assert [line.act for line in AuditEntry.objects.order_by("pk")][1:] == ["share.revoked"]


def test_a_links_terms_are_changed_at_once_and_the_log_says_how(creator, take):
    made, token = shares.share([take.pk], Terms(title="Cut 2"), by=creator, now=NOW)
    client, path = signed_in(creator), f"/s/{token}/"
    page = client.get(f"/shares/{made.pk}").content.decode()
    assert "Until I revoke it" in page and 'value="Cut 2"' in page and "no_password" not in page
    wanted = {"title": "Cut 3", "days": "7", "may_comment": "on", "shows_prompt": "on"}

    answer = client.post(f"/shares/{made.pk}/change", {**wanted, "password": "sesame street"})

    assert answer.status_code == 302
    made.refresh_from_db()
    assert (made.title, made.may_comment, made.shows_prompt) == ("Cut 3", True, True)
    assert timedelta(days=6) < made.expires_at - timezone.now() < timedelta(days=7)
    assert made.password and made.is_frozen
    line = AuditEntry.objects.order_by("-pk").first()
    assert line.act == "share.changed" and line.facts["title"] == ["Cut 2", "Cut 3"]
    assert "sesame" not in str(line.facts)
    assert b"has a password" in client.get(path).content

    until = made.expires_at
    client.post(f"/shares/{made.pk}/change", {**wanted, "days": "", "no_password": "on"})
    made.refresh_from_db()
    assert (made.password, made.expires_at) == ("", until)
    client.post(f"/shares/{made.pk}/change", {**wanted, "days": "0"})
    made.refresh_from_db()
    assert made.expires_at is None


def test_terms_that_stay_as_they_are_leave_no_line_in_the_log(creator, take):
    made = linked(creator, take, title="Cut 2", password="sesame street", may_download=True)
    client = signed_in(creator)

    client.post(f"/shares/{made.pk}/change", {"title": "Cut 2", "days": "", "may_download": "on"})

    again = Share.objects.get()
    assert (again.password, again.may_download) == (made.password, True)
    assert [line.act for line in AuditEntry.objects.all()] == ["share.made"]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"password": "12345"}, "6 characters"),
        ({"password": "sesame street", "no_password": "on"}, "not both"),
        ({"days": "400"}, "valid choice"),
        ({"title": "x" * 121}, "at most 120"),
    ],
)
def test_terms_that_cannot_be_are_said_on_the_form_and_change_nothing(creator, take, sent, said):
    made = linked(creator, take, title="Cut 2", password="sesame street")

    answer = signed_in(creator).post(f"/shares/{made.pk}/change", {"may_comment": "on", **sent})

    assert answer.status_code == 422 and said in answer.content.decode()
    again = Share.objects.get()
    assert (again.title, again.password, again.may_comment) == ("Cut 2", made.password, False)


def test_a_revoked_link_gets_no_other_terms_and_one_that_is_over_can_be_opened_again(creator, take):
    shut, over = linked(creator, take), linked(creator, take, expires_at=NOW + timedelta(days=1))
    shares.revoke(shut, by=creator, now=NOW)
    Share.objects.filter(pk=over.pk).update(expires_at=NOW - timedelta(days=1))
    client = signed_in(creator)

    answer = client.post(f"/shares/{shut.pk}/change", {"may_comment": "on"})
    client.post(f"/shares/{over.pk}/change", {"days": "7"})

    assert answer.status_code == 422 and b"was revoked" in answer.content
    over.refresh_from_db()
    assert over.is_open(timezone.now())


def test_only_who_sees_all_costs_turns_them_on_and_nobody_else_turns_them_off(creator, take):
    admin = make_member(role=Role.ADMIN, team=creator.team)
    made = linked(admin, take, shows_cost=True)
    assert b"shows_cost" not in signed_in(creator).get(f"/shares/{made.pk}").content

    signed_in(creator).post(f"/shares/{made.pk}/change", {"title": "Hers"})
    made.refresh_from_db()
    assert made.shows_cost and made.title == "Hers"
    signed_in(admin).post(f"/shares/{made.pk}/change", {"title": "His"})

    made.refresh_from_db()
    assert not made.shows_cost
    with pytest.raises(PermissionDenied):
        shares.change(made, Terms(shows_cost=True), keeps_password=True, by=creator, now=NOW)


def test_links_are_the_teams_and_of_who_may_share(creator, take):
    made = linked(creator, take)
    stranger, guest = make_member(role=Role.ADMIN), make_member(role=Role.GUEST, team=take.team)

    assert b"#%d" % take.pk not in signed_in(stranger).get("/shares/").content
    for what in ("", "/change", "/link", "/revoke"):
        path = f"/shares/{made.pk}{what}"
        method = "get" if path.endswith(str(made.pk)) else "post"
        assert getattr(signed_in(stranger), method)(path).status_code == 404
        assert getattr(signed_in(guest), method)(path).status_code == 403
    assert signed_in(guest).get("/shares/").status_code == 403
    assert signed_in(stranger).post("/shares/new", {"takes": take.pk, **FORM}).status_code == 422
    made.refresh_from_db()
    assert made.revoked_at is None


def test_a_link_into_a_private_project_is_not_there_for_who_is_not_in_it(creator):
    owner = make_member(role=Role.ADMIN, team=creator.team)
    board = projects.make(owner, ProjectFields("Secret", is_private=True))
    made = linked(owner, make_done(owner, project=board), title="Hush")

    assert b"Hush" not in signed_in(creator).get("/shares/").content
    assert signed_in(creator).get(f"/shares/{made.pk}").status_code == 404
    assert b"Hush" in signed_in(owner).get("/shares/").content


def test_the_list_asks_the_same_number_of_questions_whatever_its_length(
    creator, django_assert_max_num_queries, django_assert_num_queries
):
    client = signed_in(creator)
    linked(creator, make_done(creator))
    with django_assert_max_num_queries(25) as first:
        client.get("/shares/")
    for _ in range(6):
        linked(creator, make_done(creator), make_done(creator))

    with django_assert_num_queries(len(first.captured_queries)):
        page = client.get("/shares/").content.decode()

    assert page.count('scope="row"') == 7


def test_older_links_come_by_their_cursor(creator, monkeypatch):
    monkeypatch.setattr("editorapp.web.shares.views.PAGE", 2)
    take = make_done(creator)
    for number in range(3):
        linked(creator, take, title=f"Link {number}")
    client = signed_in(creator)

    first = client.get("/shares/").content.decode()
    older = re.search(r'href="(/shares/\?before=\d+)"', first)

    assert older and "Link 0" not in first and "Link 2" in first
    assert "Link 0" in client.get(older.group(1)).content.decode()
