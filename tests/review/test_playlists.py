"""Playlists: an order that stays, whoever puts into it at once."""

from functools import partial

import pytest
from django.core.exceptions import PermissionDenied

from editorapp.review import playlists
from editorapp.review.models import Playlist
from editorapp.review.playlists import PlaylistRefused
from editorapp.teams import projects
from editorapp.teams.models import AuditEntry, Member
from editorapp.teams.projects import ProjectFields
from editorapp.teams.roles import Role
from tests.factories import make_member
from tests.racing import race
from tests.review.conftest import NOW, finished

pytestmark = pytest.mark.django_db


@pytest.fixture
def playlist(reviewer) -> Playlist:
    return playlists.make("  Monday   sitting ", by=reviewer, now=NOW)


def order(playlist: Playlist) -> list[int]:
    """Return the takes in their order, whose places must have no gaps."""
    rows = list(playlist.items.values_list("place", "generation_id"))
    assert [place for place, _take in rows] == list(range(1, len(rows) + 1))
    return [take for _place, take in rows]


def test_takes_are_kept_in_the_order_in_which_they_come(playlist, creator, reviewer):
    takes = [finished(creator) for _ in range(3)]

    assert playlist.name == "Monday sitting"
    assert (
        playlists.add(playlist, [one.pk for one in (takes[1], takes[0], takes[1])], by=reviewer)
        == 2
    )
    assert playlists.add(playlist, [takes[0].pk, takes[2].pk], by=reviewer) == 1
    assert order(playlist) == [takes[place].pk for place in (1, 0, 2)]


@pytest.mark.parametrize(
    ("to", "expected"),
    [(0, [2, 0, 1, 3]), (1, [0, 2, 1, 3]), (2, [0, 1, 2, 3]), (3, [0, 1, 3, 2])],
)
def test_a_take_is_moved_and_the_others_keep_their_order(playlist, creator, reviewer, to, expected):
    takes = [finished(creator) for _ in range(4)]
    playlists.add(playlist, [one.pk for one in takes], by=reviewer)

    playlists.move(playlist, takes[2].pk, takes[to].pk, by=reviewer)

    assert order(playlist) == [takes[number].pk for number in expected]


def test_what_is_taken_out_leaves_no_gap(playlist, creator, reviewer):
    takes = [finished(creator) for _ in range(3)]
    playlists.add(playlist, [one.pk for one in takes], by=reviewer)

    playlists.remove(playlist, takes[1].pk, by=reviewer)
    playlists.remove(playlist, takes[1].pk, by=reviewer)
    playlists.move(playlist, takes[1].pk, takes[0].pk, by=reviewer)
    playlists.move(playlist, takes[0].pk, takes[1].pk, by=reviewer)

    assert order(playlist) == [takes[0].pk, takes[2].pk]


def test_takes_of_another_team_do_not_get_in(playlist, reviewer):
    assert playlists.add(playlist, [finished(make_member(role=Role.CREATOR)).pk], by=reviewer) == 0


def test_only_who_may_organise_in_the_team_changes_one(playlist, creator):
    for by in (make_member(role=Role.ADMIN), make_member(role=Role.GUEST, team=creator.team)):
        for act in (
            partial(playlists.add, playlist, []),
            partial(playlists.remove, playlist, 1),
            partial(playlists.move, playlist, 1, 1),
            partial(playlists.rename, playlist, "Mine"),
            partial(playlists.delete, playlist),
        ):
            with pytest.raises(PermissionDenied):
                act(by=by)


def test_what_somebody_does_not_see_is_neither_shown_nor_put_in(playlist, creator, reviewer, admin):
    board = projects.make(admin, ProjectFields("Pitch", is_private=True))
    hidden, shown = finished(creator, project=board), finished(creator)

    outside = Member.objects.get(pk=reviewer.pk)
    assert playlists.add(playlist, [hidden.pk, shown.pk], by=outside) == 1
    playlists.add(playlist, [hidden.pk], by=admin)

    assert playlists.order_for(playlist, outside) == [shown.pk]
    assert playlists.order_for(playlist, admin) == [shown.pk, hidden.pk]


def test_a_playlist_is_deleted_with_a_line_in_the_log_and_its_takes_stay(
    playlist, creator, reviewer
):
    take = finished(creator)
    playlists.add(playlist, [take.pk], by=reviewer)
    other = Playlist.objects.get()

    playlists.delete(playlist, by=reviewer)

    line = AuditEntry.objects.get()
    assert (line.act, line.about, line.facts) == (
        "playlist.deleted",
        "Monday sitting",
        {"takes": 1},
    )
    take.refresh_from_db()
    for act in (partial(playlists.add, other, [take.pk]), partial(playlists.delete, other)):
        with pytest.raises(PlaylistRefused, match="deleted"):
            act(by=reviewer)


@pytest.mark.parametrize("name", ["", "  ", "x" * 121, "a\x00"])
def test_a_name_that_cannot_be_kept_is_refused(playlist, reviewer, name):
    with pytest.raises(PlaylistRefused):
        playlists.make(name, by=reviewer, now=NOW)
    with pytest.raises(PlaylistRefused):
        playlists.rename(playlist, name, by=reviewer)


def test_a_playlist_that_is_full_says_so(playlist, creator, reviewer, monkeypatch):
    monkeypatch.setattr(playlists, "MOST_ITEMS", 2)
    takes = [finished(creator) for _ in range(3)]
    playlists.add(playlist, [one.pk for one in takes[:2]], by=reviewer)

    with pytest.raises(PlaylistRefused, match="begin another"):
        playlists.add(playlist, [one.pk for one in takes], by=reviewer)
    assert len(order(playlist)) == 2


@pytest.mark.django_db(transaction=True)
def test_who_adds_moves_and_removes_at_once_leaves_an_order(playlist, creator, reviewer):
    takes = [finished(creator) for _ in range(6)]
    calls = [partial(playlists.add, playlist, [take.pk], by=reviewer) for take in takes] * 2
    calls += [
        partial(playlists.move, playlist, take.pk, takes[1].pk, by=reviewer) for take in takes
    ]

    for _ in range(5):
        ended = race([*calls, partial(playlists.remove, playlist, takes[0].pk, by=reviewer)])
        assert [one for one in ended if isinstance(one, Exception)] == []
        assert set(order(playlist)) >= {take.pk for take in takes[1:]}
