"""Tags, stars, ratings, colours and saved views: kept once each, whoever does it at once."""

from functools import partial

import pytest
from django.core.exceptions import PermissionDenied

from editorapp.library import organise, saved_views, search
from editorapp.library.models import Mark, Rating, SavedView, Star, Tag, TakeTag
from editorapp.library.organise import NotOrganised
from editorapp.library.saved_views import ViewRefused
from editorapp.teams.roles import Role
from tests.factories import make_generation, make_member
from tests.racing import race

pytestmark = pytest.mark.django_db


@pytest.fixture
def creator(db):
    return make_member(role=Role.CREATOR, name="Cleo")


@pytest.fixture
def reviewer(creator):
    return make_member(role=Role.REVIEWER, name="Rae", team=creator.team)


@pytest.fixture
def guest(creator):
    return make_member(role=Role.GUEST, name="Gus", team=creator.team)


@pytest.fixture
def takes(creator) -> list[int]:
    return [make_generation(creator).pk for _ in range(3)]


def test_a_tag_is_one_in_any_case_and_accent_and_stands_once_on_a_take(takes, creator, reviewer):
    assert organise.tag(takes[:2], " Café  shot ", by=creator) == 2
    assert organise.tag(takes, "CAFE SHOT", by=reviewer) == 3

    assert Tag.objects.get().name == "Café shot" and TakeTag.objects.count() == 3


def test_a_tag_is_taken_off_renamed_coloured_and_deleted(takes, creator, reviewer):
    organise.tag(takes, "Hero", by=creator)
    tag, other = Tag.objects.get(), organise.tag_named("Other", by=creator)

    assert organise.untag(takes[:1], tag, by=reviewer) == 1
    assert organise.untag(takes[:1], tag, by=reviewer) == 0
    organise.change_tag(tag, name="Héros", colour="red", by=reviewer)
    assert (tag.name, tag.folded, tag.colour) == ("Héros", "heros", "red")
    with pytest.raises(NotOrganised, match="another name"):
        organise.change_tag(tag, name="OTHER", colour="", by=reviewer)
    with pytest.raises(ValueError):
        organise.change_tag(tag, name="Hero", colour="mauve", by=reviewer)
    organise.delete_tag(tag, by=reviewer)
    assert list(Tag.objects.all()) == [other] and not TakeTag.objects.exists()


def test_a_merged_tag_leaves_its_takes_to_the_other_and_is_found_no_more(takes, creator, reviewer):
    organise.tag(takes[:2], "Heroes", by=creator)
    organise.tag(takes[1:], "Star turn", by=creator)
    old, into = Tag.objects.order_by("folded")

    with pytest.raises(NotOrganised, match="another tag"):
        organise.merge_tag(old, old, by=reviewer)
    assert organise.merge_tag(old, into, by=reviewer) == 3

    assert list(Tag.objects.all()) == [into] and TakeTag.objects.count() == 3
    assert search.found(creator.team_id, "heroes", most=9) == []
    assert len(search.found(creator.team_id, "star turn", most=9)) == 3
    assert organise.find_tag("STAR TURN", by=reviewer) == into
    assert organise.find_tag("Heroes", by=reviewer) is None


@pytest.mark.parametrize("name", ["", "  ", "!!!", "x" * 61, "a\x00b"])
def test_a_tag_without_a_name_that_can_be_kept_is_refused(takes, creator, name):
    with pytest.raises(NotOrganised):
        organise.tag(takes, name, by=creator)
    assert not Tag.objects.exists()


def test_a_star_is_a_persons_own(takes, creator, guest, reviewer):
    assert organise.star(takes, by=creator) == organise.star(takes, by=creator) == 3
    organise.star(takes[:1], by=reviewer)

    assert organise.star(takes[:2], by=creator, is_on=False) == 2
    assert sorted(Star.objects.values_list("user", "generation")) == sorted(
        [(creator.user_id, takes[2]), (reviewer.user_id, takes[0])]
    )


def test_a_rating_is_the_mean_of_what_each_person_said_last(takes, creator, reviewer):
    organise.rate(takes[0], 2, by=creator)
    organise.rate(takes[0], 5, by=creator)
    mark = organise.rate(takes[0], 4, by=reviewer)

    assert (mark.rating, mark.rated_by) == (450, 2)
    mark = organise.rate(takes[0], 0, by=creator)
    assert (mark.rating, mark.rated_by) == (400, 1)
    mark = organise.rate(takes[0], 0, by=reviewer)
    assert (mark.rating, mark.rated_by) == (0, 0)


@pytest.mark.parametrize("value", [-1, 6])
def test_a_rating_is_1_to_5(takes, creator, value):
    with pytest.raises(NotOrganised, match="1 to 5"):
        organise.rate(takes[0], value, by=creator)


def test_takes_are_marked_with_a_colour_beside_their_rating(takes, creator):
    organise.rate(takes[0], 3, by=creator)

    assert organise.colour(takes, "green", by=creator) == 3
    assert organise.colour(takes[:1], "", by=creator) == 1
    marks = Mark.objects.order_by("pk").values_list("colour", "rating")
    assert list(marks) == [("", 300), ("green", 0), ("green", 0)]
    with pytest.raises(ValueError):
        organise.colour(takes, "mauve", by=creator)


def test_another_teams_takes_are_left_alone(takes):
    stranger = make_member(role=Role.ADMIN)

    assert organise.tag(takes, "Mine", by=stranger) == 0
    assert organise.star(takes, by=stranger) == 0
    assert organise.colour(takes, "red", by=stranger) == 0
    assert organise.rate(takes[0], 5, by=stranger) is None
    assert not (TakeTag.objects.exists() or Star.objects.exists() or Mark.objects.exists())


def test_another_teams_tags_are_left_alone(takes, creator):
    organise.tag(takes, "Hero", by=creator)
    tag, stranger = Tag.objects.get(), make_member(role=Role.ADMIN)

    for act in (
        partial(organise.change_tag, tag, name="Mine", colour=""),
        partial(organise.delete_tag, tag),
        partial(organise.merge_tag, tag, organise.tag_named("Mine", by=stranger)),
    ):
        with pytest.raises(PermissionDenied):
            act(by=stranger)
    assert organise.untag(takes, tag, by=stranger) == 0 and TakeTag.objects.count() == 3


def test_who_may_not_organise_does_not(takes, creator, guest):
    organise.tag(takes, "Hero", by=creator)
    tag = Tag.objects.get()
    for act in (
        partial(organise.tag, takes, "Mine"),
        partial(organise.untag, takes, tag),
        partial(organise.tag_named, "Mine"),
        partial(organise.change_tag, tag, name="Mine", colour=""),
        partial(organise.delete_tag, tag),
        partial(organise.rate, takes[0], 5),
        partial(organise.colour, takes, "red"),
    ):
        with pytest.raises(PermissionDenied):
            act(by=guest)


def test_so_many_at_once_and_no_more(creator, monkeypatch, takes):
    monkeypatch.setattr(organise, "MOST_AT_ONCE", 2)

    with pytest.raises(NotOrganised, match="at most at once"):
        organise.tag(takes, "Hero", by=creator)


def test_a_view_is_kept_under_its_name_without_where_somebody_was(creator, reviewer):
    first = saved_views.save(
        "Mine", "?task=edit&before=9&q=red+umbrella", is_shared=False, by=creator
    )
    again = saved_views.save(" Mine ", "state=done", is_shared=True, by=creator)
    saved_views.save("Theirs", "", is_shared=False, by=reviewer)

    assert first.query == "task=edit&q=red+umbrella"
    assert again.pk == first.pk and again.query == "state=done"
    assert list(saved_views.views_of(reviewer).values_list("name", flat=True)) == ["Mine", "Theirs"]
    assert list(saved_views.views_of(creator)) == [again]


def test_a_view_is_deleted_by_its_owner_and_a_shared_one_by_who_manages(creator, reviewer):
    admin = make_member(role=Role.ADMIN, team=creator.team, name="Ada")
    own = saved_views.save("Own", "", is_shared=False, by=creator)
    shared = saved_views.save("Shared", "", is_shared=True, by=creator)

    for by, view in ((reviewer, shared), (admin, own), (make_member(role=Role.ADMIN), shared)):
        with pytest.raises(PermissionDenied):
            saved_views.delete(view, by=by)
    saved_views.delete(shared, by=admin)
    saved_views.delete(own, by=creator)
    assert not SavedView.objects.exists()


def test_a_view_that_cannot_be_kept_says_why(creator, guest, monkeypatch):
    for name in ("", " ", "x" * 61):
        with pytest.raises(ViewRefused, match="name"):
            saved_views.save(name, "", is_shared=False, by=creator)
    with pytest.raises(ViewRefused, match="too long"):
        saved_views.save("Long", "q=" + "x" * 3000, is_shared=False, by=creator)
    with pytest.raises(PermissionDenied):
        saved_views.save("Shared", "", is_shared=True, by=guest)
    monkeypatch.setattr(saved_views, "MOST", 1)
    saved_views.save("One", "", is_shared=False, by=creator)
    saved_views.save("One", "a=b", is_shared=False, by=creator)
    with pytest.raises(ViewRefused, match="delete one"):
        saved_views.save("Two", "", is_shared=False, by=creator)


@pytest.mark.django_db(transaction=True)
def test_tags_stars_and_ratings_at_once_are_each_kept_once(takes, creator, reviewer):
    calls = []
    for by in (creator, reviewer):
        calls += [
            partial(organise.tag, takes, "Hero", by=by),
            partial(organise.tag, takes, f"Of {by.user}", by=by),
            partial(organise.star, takes, by=by),
            partial(organise.rate, takes[0], 4, by=by),
            partial(organise.colour, takes, "red", by=by),
        ]

    for _ in range(10):
        ended = race(calls)
        assert [one for one in ended if isinstance(one, Exception)] == []

    assert (Tag.objects.count(), TakeTag.objects.count(), Star.objects.count()) == (3, 9, 6)
    assert Rating.objects.count() == 2
    words = f"hero of {creator.user} {reviewer.user}"  # each take is found by all of its tags
    assert sorted(search.found(creator.team_id, words, most=9)) == sorted(takes)
    assert Mark.objects.get(pk=takes[0]).rating == 400
    assert list(Mark.objects.values_list("colour", flat=True)) == ["red"] * 3
