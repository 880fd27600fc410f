"""Shared links: what they reach, until when, for whom, and nothing else."""

import json
from datetime import timedelta
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.review import playlists, shared_takes, shares
from editorapp.review.models import Guest, Share
from editorapp.review.shares import NoSuchShare, ShareRefused, Terms, WrongPassword
from editorapp.teams import projects
from editorapp.teams.models import AuditEntry, Member
from editorapp.teams.password_throttle import FREE_TRIES, TooSoon
from editorapp.teams.projects import ProjectFields
from editorapp.teams.roles import Role
from tests.factories import make_generation, make_member
from tests.racing import race
from tests.review.conftest import NOW, finished

pytestmark = pytest.mark.django_db
HERE = "192.0.2.7"


def make(by, *takes, playlist=None, **terms):
    return shares.share(
        [take.pk for take in takes], Terms(**terms), by=by, now=NOW, playlist=playlist
    )


def test_a_link_leads_to_its_take_and_its_secret_is_kept_nowhere_readable(take, creator):
    made, token = make(creator, take, title=" For the  client ")

    assert shares.opened(token, now=NOW) == made and made.title == "For the client"
    assert shared_takes.takes_of(made) == [take.pk]
    assert token not in json.dumps(Share.objects.values().get(), default=str)
    assert shares.token_of(made, by=creator) == token


def test_a_link_that_is_unknown_over_or_revoked_leads_nowhere(take, creator):
    over, over_token = make(creator, take, expires_at=NOW + timedelta(days=1))
    revoked, revoked_token = make(creator, take)
    assert shares.opened(over_token, now=NOW + timedelta(hours=23)) == over

    assert shares.revoke(revoked, by=creator, now=NOW)
    assert not shares.revoke(revoked, by=creator, now=NOW)

    for token, now in ((revoked_token, NOW), (over_token, NOW + timedelta(days=1)), ("no", NOW)):
        with pytest.raises(NoSuchShare):
            shares.opened(token, now=now)


def test_its_takes_keep_their_order_and_only_finished_ones_of_the_team_are_shared(creator):
    takes = [finished(creator) for _ in range(3)]
    running = make_generation(creator, state=State.RUNNING)
    foreign = finished(make_member(role=Role.CREATOR))

    made, _token = make(creator, takes[2], running, takes[0], foreign, takes[2])

    assert shared_takes.takes_of(made) == [takes[2].pk, takes[0].pk]
    for nothing in (running, foreign):
        with pytest.raises(ShareRefused, match="finished take"):
            make(creator, nothing)


@pytest.mark.parametrize(
    ("count", "kind"), [(1, "take"), (2, "compare"), (9, "compare"), (10, "playlist")]
)
def test_what_is_shared_says_how_it_is_looked_at(creator, count, kind):
    made, _token = make(creator, *(finished(creator) for _ in range(count)))

    assert made.kind == kind


def test_a_frozen_link_stays_and_another_one_follows_the_newest_version(creator):
    first = finished(creator)
    frozen, _token = make(creator, first)
    newest, _token = make(creator, first, is_frozen=False)
    older = finished(creator, parent=first)
    last = finished(creator, parent=older)
    make_generation(creator, parent=last, state=State.FAILED)

    assert shared_takes.takes_of(frozen) == [first.pk]
    assert shared_takes.takes_of(newest) == [last.pk]


def test_a_shared_playlist_follows_its_items_unless_it_is_frozen(creator, reviewer):
    takes = [finished(creator) for _ in range(3)]
    playlist = playlists.make("Monday", by=reviewer, now=NOW)
    playlists.add(playlist, [one.pk for one in takes[:2]], by=reviewer)
    frozen, _token = make(reviewer, *takes[:2], playlist=playlist)
    live, _token = make(reviewer, *takes[:2], playlist=playlist, is_frozen=False)

    playlists.add(playlist, [one.pk for one in takes[2:]], by=reviewer)
    playlists.move(playlist, takes[2].pk, takes[0].pk, by=reviewer)

    assert shared_takes.takes_of(frozen) == [takes[0].pk, takes[1].pk]
    assert shared_takes.takes_of(live) == [takes[2].pk, takes[0].pk, takes[1].pk]
    playlists.delete(playlist, by=reviewer)
    live.refresh_from_db()
    assert shared_takes.takes_of(live) == [takes[0].pk, takes[1].pk]


def test_a_password_is_hashed_and_guessing_it_is_slowed_down_where_it_is_guessed(take, creator):
    made, _token = make(creator, take, password="sesame street")
    assert "sesame" not in made.password
    check = partial(shares.check, made, address=HERE, now=NOW)

    for _ in range(FREE_TRIES):
        with pytest.raises(WrongPassword):
            check("sesame")
    with pytest.raises(TooSoon):
        check("sesame street")
    shares.check(made, "sesame street", address="198.51.100.9", now=NOW)
    shares.check(made, "sesame street", address=HERE, now=NOW + timedelta(hours=1))


def test_a_link_without_a_password_asks_for_none(take, creator):
    made, _token = make(creator, take)

    shares.check(made, "", address=HERE, now=NOW)


def test_guests_are_known_by_their_key_and_their_visits_are_counted(take, creator):
    made, _token = make(creator, take)
    other, _token = make(creator, take)

    guest, key = shares.welcome(made, "  Gina   Client ", address=HERE, now=NOW)
    assert not shares.visited(guest, now=NOW + timedelta(minutes=29))
    assert shares.visited(guest, now=NOW + timedelta(hours=1))

    assert guest.name == "Gina Client" and shares.guest_of(made, key) == guest
    assert shares.guest_of(other, key) is shares.guest_of(made, "") is None
    made.refresh_from_db()
    guest.refresh_from_db()
    assert (made.visits, guest.visits, made.visited_at) == (2, 2, NOW + timedelta(hours=1))
    assert key not in json.dumps(Guest.objects.values().get(), default=str)


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\x00"])
def test_a_guest_says_who_they_are(take, creator, name):
    made, _token = make(creator, take)

    with pytest.raises(ShareRefused, match="who you are"):
        shares.welcome(made, name, address=HERE, now=NOW)


def test_a_link_takes_so_many_guests_and_no_more(take, creator, monkeypatch):
    monkeypatch.setattr(shares, "MOST_GUESTS", 1)
    made, _token = make(creator, take)
    shares.welcome(made, "One", address=HERE, now=NOW)

    with pytest.raises(ShareRefused, match="another one"):
        shares.welcome(made, "Two", address=HERE, now=NOW)


def test_only_who_may_share_in_the_team_makes_copies_or_revokes_a_link(
    take, creator, reviewer, admin
):
    made, _token = make(creator, take)
    strangers = (make_member(role=Role.ADMIN), make_member(role=Role.GUEST, team=take.team))
    for by in strangers:
        for act in (partial(shares.revoke, made, now=NOW), partial(shares.token_of, made)):
            with pytest.raises(PermissionDenied):
                act(by=by)
    with pytest.raises(PermissionDenied):
        make(strangers[1], take)
    with pytest.raises(PermissionDenied):
        make(creator, take, shows_cost=True)
    assert make(admin, take, shows_cost=True)[0].shows_cost
    assert shares.revoke(made, by=reviewer, now=NOW)


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({"expires_at": NOW}, "over already"),
        ({"password": "12345"}, "6 characters"),
        ({"title": "x" * 121}, "title"),
    ],
)
def test_terms_that_make_no_link_are_refused(take, creator, terms, why):
    with pytest.raises(ShareRefused, match=why):
        make(creator, take, **terms)
    assert not Share.objects.exists()


def test_from_one_network_so_many_come_in_an_hour_and_others_still_do(take, creator, monkeypatch):
    monkeypatch.setattr(shares, "MOST_FROM_ONE_PLACE", 2)
    made, _token = make(creator, take)
    for name in ("One", "Two"):
        shares.welcome(made, name, address=HERE, now=NOW)

    with pytest.raises(ShareRefused, match="in an hour"):
        shares.welcome(made, "Three", address=HERE, now=NOW + timedelta(minutes=59))

    shares.welcome(made, "Else", address="198.51.100.9", now=NOW)
    shares.welcome(made, "Three", address=HERE, now=NOW + timedelta(minutes=61))
    assert HERE not in json.dumps(Guest.objects.values().first(), default=str)


def test_the_newest_version_is_followed_into_no_private_project(creator, admin):
    first = finished(creator)
    newest, _token = make(creator, first, is_frozen=False)
    board = projects.make(admin, ProjectFields("Secret", is_private=True))
    open_board = projects.make(admin, ProjectFields("Open"))
    shown = finished(creator, parent=first, project=open_board)
    finished(creator, parent=shown, project=board)
    inside = finished(admin, project=board)
    from_inside, _token = make(admin, inside, is_frozen=False)
    follows = finished(admin, parent=inside, project=board)

    assert shared_takes.takes_of(newest) == [shown.pk]
    assert shared_takes.takes_of(from_inside) == [follows.pk]


def test_the_newest_versions_of_many_takes_are_one_question(creator, django_assert_num_queries):
    takes = [finished(creator) for _ in range(3)]
    for take in takes:
        finished(creator, parent=finished(creator, parent=take))
    made, _token = make(creator, *takes, is_frozen=False)

    with django_assert_num_queries(3):
        assert len(shared_takes.takes_of(made)) == 3


def test_links_to_what_somebody_does_not_see_are_not_listed_for_them(creator, admin):
    board = projects.make(admin, ProjectFields("Secret", is_private=True))
    hidden, _token = make(admin, finished(admin, project=board))
    shown, _token = make(admin, finished(creator))
    member = Member.objects.get(pk=creator.pk)

    assert list(Share.objects.visible_to(member)) == [shown]
    assert set(Share.objects.visible_to(Member.objects.get(pk=admin.pk))) == {hidden, shown}


def test_what_is_done_with_a_link_is_in_the_log_and_its_secret_is_not(take, creator):
    made, token = make(creator, take, title="Cut 2", password="sesame street", may_comment=True)
    shares.token_of(made, by=creator)
    shares.revoke(made, by=creator, now=NOW)
    shares.revoke(made, by=creator, now=NOW)

    lines = list(AuditEntry.objects.order_by("pk"))
    assert [line.act for line in lines] == ["share.made", "share.copied", "share.revoked"]
    assert lines[0].facts["takes"] == [take.pk] and lines[0].facts["allows"] == "comment"
    kept = json.dumps(list(AuditEntry.objects.values()), default=str)
    assert token not in kept and "sesame" not in kept


@pytest.mark.django_db(transaction=True)
def test_guests_who_come_at_once_are_all_counted_and_one_of_them_once(take, creator):
    made, _token = make(creator, take)
    come = partial(shares.welcome, made, "Gina", address=HERE, now=NOW)

    ended = race([come] * 10)

    assert [one for one in ended if isinstance(one, Exception)] == []
    made.refresh_from_db()
    assert made.visits == made.guests.count() == 10
    again = partial(shares.visited, made.guests.first(), now=NOW + timedelta(hours=1))
    assert sorted(race([again] * 10)) == [False] * 9 + [True]
    made.refresh_from_db()
    assert made.visits == 11


def test_what_lies_in_the_trash_is_not_shown_nor_followed(creator):
    first = finished(creator)
    older, newer = finished(creator, parent=first), finished(creator, parent=first)
    frozen, _token = make(creator, first, older)
    live, _token = make(creator, first, is_frozen=False)

    Generation.objects.filter(pk=newer.pk).update(trashed_at=NOW)
    assert shared_takes.takes_of(live) == [older.pk]
    Generation.objects.filter(pk=older.pk).update(trashed_at=NOW)

    assert shared_takes.takes_of(frozen) == shared_takes.takes_of(live) == [first.pk]
