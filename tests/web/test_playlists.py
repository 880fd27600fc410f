"""Playlists: made, filled, put in order without script, gone through, and by whom."""

import re
from functools import partial

import pytest

from editorapp.generations.models import Generation
from editorapp.review import playlists
from editorapp.review.models import Decision, Playlist
from editorapp.teams import projects
from editorapp.teams.models import AuditEntry, Member
from editorapp.teams.projects import ProjectFields
from editorapp.teams.roles import Role
from tests.factories import make_member, signed_in
from tests.queries import queries_of
from tests.racing import race
from tests.web.take_pages import NOW, make_done

pytestmark = pytest.mark.django_db
ADD = "/gallery/keep/playlist"


@pytest.fixture
def creator() -> Member:
    return make_member(role=Role.CREATOR, name="Cleo")


@pytest.fixture
def reviewer(creator) -> Member:
    return make_member(role=Role.REVIEWER, name="Rae", team=creator.team)


@pytest.fixture
def client(reviewer):
    return signed_in(reviewer)


@pytest.fixture
def takes(creator) -> list[Generation]:
    return [make_done(creator) for _ in range(3)]


@pytest.fixture
def playlist(reviewer, takes) -> Playlist:
    made = playlists.make("Monday", by=reviewer, now=NOW)
    playlists.add(made, [one.pk for one in takes], by=reviewer)
    return made


def shown(client, playlist: Playlist) -> list[int]:
    html = client.get(f"/review/playlists/{playlist.pk}/").content.decode()
    return [int(one) for one in re.findall(r'id="item-(\d+)"', html)]


def test_a_playlist_is_made_named_and_found_in_the_list(client):
    answer = client.post("/review/playlists/new", {"name": " Monday  sitting "}, follow=True)

    assert "Nothing in it yet" in answer.content.decode()
    made = Playlist.objects.get()
    empty = f"/review/playlists/{made.pk}/"
    assert client.get(f"{empty}play")["Location"] == empty
    assert "Monday sitting" in client.get("/review/playlists/").content.decode()
    client.post(f"/review/playlists/{made.pk}/rename", {"name": "Tuesday"})
    assert "Tuesday" in client.get("/review/playlists/").content.decode()


@pytest.mark.parametrize("name", ["", "x" * 121, "a\x1b"])
def test_a_name_that_cannot_be_is_refused_beside_its_field(client, playlist, name):
    for address in ("/review/playlists/new", f"/review/playlists/{playlist.pk}/rename"):
        answer = client.post(address, {"name": name})
        assert answer.status_code == 422 and 'role="alert"' in answer.content.decode()
    assert list(Playlist.objects.values_list("name", flat=True)) == ["Monday"]


def test_takes_are_put_into_one_or_into_a_new_one_from_anywhere(client, takes, playlist, creator):
    other = make_done(creator)
    ids = [takes[0].pk, other.pk, other.pk]

    back = client.post(ADD, {"takes": ids, "into_playlist": playlist.pk, "next": "/gallery/?q=a"})
    made = client.post(ADD, {"takes": [other.pk], "playlist_name": "Tuesday"})

    assert back["Location"] == "/gallery/?q=a"
    assert shown(client, playlist) == [*(one.pk for one in takes), other.pk]
    new = Playlist.objects.get(name="Tuesday")
    assert made["Location"] == "/gallery/"
    assert shown(client, new) == [other.pk]
    away = client.post(ADD, {"takes": [], "playlist_name": "W", "next": "//evil.example/"})
    assert away["Location"] == "/gallery/"


def test_a_new_one_without_a_name_says_so_and_keeps_nothing(client, takes):
    answer = client.post(ADD, {"takes": takes[0].pk, "next": "/gallery/"}, follow=True)

    assert "Give the playlist a name." in answer.content.decode()
    assert not Playlist.objects.exists()


def test_more_than_fit_are_refused_and_no_empty_playlist_is_left(
    client, creator, takes, monkeypatch
):
    monkeypatch.setattr(playlists, "MOST_ITEMS", 2)

    answer = client.post(
        ADD, {"takes": [one.pk for one in takes], "playlist_name": "A"}, follow=True
    )

    assert "begin another one" in answer.content.decode()
    assert not Playlist.objects.exists()


def test_a_take_page_offers_the_playlists_under_more(client, takes, playlist):
    html = client.get(f"/takes/{takes[0].pk}").content.decode()

    assert "Add to playlist" in html and f'<option value="{playlist.pk}">Monday</option>' in html


def test_the_order_is_changed_by_the_buttons_of_a_page_without_script(client, takes, playlist):
    a, b, c = (one.pk for one in takes)
    html = client.get(f"/review/playlists/{playlist.pk}/").content.decode()
    up = re.search(rf'id="up-{c}" name="to" value="(\d+)"', html)[1]

    answer = client.post(f"/review/playlists/{playlist.pk}/move", {"take": c, "to": up})

    assert answer["Location"].endswith(f"#item-{c}")
    assert shown(client, playlist) == [a, c, b]
    client.post(f"/review/playlists/{playlist.pk}/move", {"take": a, "to": b})
    assert shown(client, playlist) == [c, b, a]
    part = client.post(
        f"/review/playlists/{playlist.pk}/remove", {"take": b}, headers={"HX-Request": "true"}
    )
    assert part.content.decode().lstrip().startswith('<div id="playlist-items">')
    assert shown(client, playlist) == [c, a]


def test_one_goes_through_it_in_its_order_and_decides(client, takes, playlist):
    a, b, c = (one.pk for one in takes)
    playlists.move(playlist, c, a, by=playlist_owner(playlist))
    play = f"/review/playlists/{playlist.pk}/play"

    assert client.get(play)["Location"] == f"{play}/{c}"
    page = client.get(f"{play}/{a}").content.decode()
    assert "2 of 3" in page and f'href="{play}/{c}"' in page and f'href="{play}/{b}"' in page
    said = {"verdict": "approved", "playlist": playlist.pk}
    assert client.post(f"/review/{a}/decide", said)["Location"] == f"{play}/{b}"
    last = client.post(f"/review/{b}/decide", said)
    assert last["Location"] == f"/review/playlists/{playlist.pk}/"
    assert Decision.objects.count() == 2


def playlist_owner(playlist: Playlist) -> Member:
    return Member.objects.get(team=playlist.team_id, user=playlist.made_by_id)


def test_a_take_that_is_not_in_it_is_not_played_along_it(client, creator, playlist):
    other = make_done(creator)

    assert client.get(f"/review/playlists/{playlist.pk}/play/{other.pk}").status_code == 404


def test_a_deleted_playlist_leaves_its_takes_and_a_line_in_the_log(client, takes, playlist):
    answer = client.post(f"/review/playlists/{playlist.pk}/delete", follow=True)

    assert "Monday is deleted." in answer.content.decode()
    assert Generation.objects.count() == 3 and not Playlist.objects.exists()
    assert AuditEntry.objects.get(act="playlist.deleted").actor_name == "Rae"
    assert client.post(f"/review/playlists/{playlist.pk}/delete").status_code == 404


def acts(client, playlist: Playlist, take: Generation) -> set[int]:
    base = f"/review/playlists/{playlist.pk}"
    return {
        client.post("/review/playlists/new", {"name": "Mine"}).status_code,
        client.post(ADD, {"takes": take.pk, "into_playlist": playlist.pk}).status_code,
        client.post(f"{base}/move", {"take": take.pk, "to": take.pk}).status_code,
        client.post(f"{base}/rename", {"name": "Theirs"}).status_code,
        client.post(f"{base}/remove", {"take": take.pk}).status_code,
        client.post(f"{base}/delete").status_code,
    }


@pytest.mark.parametrize("role", list(Role))
def test_those_keep_playlists_who_organise_and_all_of_the_team_look(creator, takes, playlist, role):
    client = signed_in(make_member(role=role, team=creator.team))
    pages = ("/review/playlists/", f"/review/playlists/{playlist.pk}/")
    pages += (f"/review/playlists/{playlist.pk}/play/{takes[0].pk}",)

    seen = {client.get(one).status_code for one in pages}

    assert seen == ({403} if role == Role.GUEST else {200})
    may = role in {Role.OWNER, Role.ADMIN, Role.CREATOR, Role.REVIEWER}
    assert acts(client, playlist, takes[0]) == ({302} if may else {403})


def test_another_team_finds_nothing_of_it(playlist, takes):
    client = signed_in(make_member(role=Role.ADMIN))

    assert f"/playlists/{playlist.pk}/" not in client.get("/review/playlists/").content.decode()
    assert acts(client, playlist, takes[0]) == {302, 404}  # one of its own is made
    assert client.get(f"/review/playlists/{playlist.pk}/").status_code == 404
    assert playlist.items.count() == 3
    own = Playlist.objects.get(name="Mine")
    client.post(ADD, {"takes": takes[0].pk, "into_playlist": own.pk})
    assert own.items.count() == 0


def test_takes_of_a_private_project_are_in_it_for_those_who_see_them(
    client, creator, takes, playlist
):
    admin = make_member(role=Role.ADMIN, team=creator.team)
    board = projects.make(admin, ProjectFields("Pitch", is_private=True))
    Generation.objects.filter(pk=takes[1].pk).update(project=board)

    assert shown(client, playlist) == [takes[0].pk, takes[2].pk]
    assert shown(signed_in(admin), playlist) == [one.pk for one in takes]
    play = f"/review/playlists/{playlist.pk}/play"
    assert "1 of 2" in client.get(f"{play}/{takes[0].pk}").content.decode()
    assert client.get(f"{play}/{takes[1].pk}").status_code == 404
    assert "2 takes" in client.get("/review/playlists/").content.decode()


def test_a_playlist_of_nothing_but_hidden_takes_is_not_there_for_who_is_outside(
    client, creator, takes
):
    admin = make_member(role=Role.ADMIN, team=creator.team)
    board = projects.make(admin, ProjectFields("Pitch", is_private=True))
    Generation.objects.filter(pk__in=[one.pk for one in takes]).update(project=board)
    secret = playlists.make("Zinnober pitch", by=admin, now=NOW)
    empty = playlists.make("To be filled", by=admin, now=NOW)
    playlists.add(secret, [one.pk for one in takes], by=admin)

    html = client.get("/review/playlists/").content.decode()
    assert "Zinnober" not in html and f"/review/playlists/{empty.pk}/" in html
    assert client.get(f"/review/playlists/{secret.pk}/").status_code == 404
    assert "Zinnober" in signed_in(admin).get("/review/playlists/").content.decode()


def test_the_number_of_queries_does_not_grow_with_playlists_and_their_takes(
    client, creator, reviewer, playlist
):
    pages = ("/review/playlists/", f"/review/playlists/{playlist.pk}/")
    few = [queries_of(client, one) for one in pages]
    for number in range(8):
        other = playlists.make(f"P{number}", by=reviewer, now=NOW)
        for one in (other, playlist):
            playlists.add(one, [make_done(creator).pk], by=reviewer)

    assert [queries_of(client, one) for one in pages] == few


@pytest.mark.django_db(transaction=True)
def test_two_who_arrange_at_once_a_hundred_times_lose_and_double_nothing(
    client, creator, takes, playlist
):
    other, base = signed_in(creator), f"/review/playlists/{playlist.pk}"
    ids = [one.pk for one in takes]
    fresh = [make_done(creator).pk for _ in range(5)]
    for number in range(100):
        added = {"takes": fresh[number % 5], "into_playlist": playlist.pk}
        moved = {"take": ids[number % 3], "to": ids[(number + 1) % 3]}
        calls = [partial(other.post, ADD, added), partial(client.post, ADD, added)]
        calls.append(partial(client.post, f"{base}/move", moved))
        assert {answer.status_code for answer in race(calls)} == {302}

    rows = list(playlist.items.values_list("place", "generation_id"))
    assert [place for place, _take in rows] == list(range(1, 9))
    assert {take for _place, take in rows} == {*ids, *fresh}
