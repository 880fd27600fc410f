"""Stars, ratings, tags and colours on the pages: put on, shown, taken off, by whose role allows it."""

import re

import pytest
from django.test import Client

from editorapp.generations.models import Generation
from editorapp.generations.moving import move
from editorapp.generations.states import State
from editorapp.library import organise
from editorapp.library.models import Mark, Rating, Star, Tag, TakeTag
from editorapp.media.models import Asset
from editorapp.review.models import Playlist
from editorapp.teams import projects
from editorapp.teams.models import AuditEntry, Member
from editorapp.teams.projects import ProjectFields
from editorapp.teams.roles import Role
from tests.factories import make_asset, make_generation, make_member, signed_in
from tests.queries import queries_of

pytestmark = pytest.mark.django_db
KEEP = "/gallery/keep/"
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


@pytest.fixture
def takes(creator) -> list[Generation]:
    return [done(creator) for _ in range(3)]


def done(by: Member, **fields: object) -> Generation:
    result = make_asset(by, origin=Asset.Origin.RESULT)
    return make_generation(by, state=State.SUCCEEDED, result=result, **fields)


def said(answer) -> str:
    """Return what a page says, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def card(client: Client, take: Generation, page: str = "/gallery/") -> str:
    html = client.get(page).content.decode()
    return re.search(rf'<li class="card take[^>]*id="take-{take.pk}".*?</li>', html, re.S)[0]


def ids(takes: list[Generation]) -> str:
    return ",".join(str(take.pk) for take in takes)


def test_a_star_is_put_on_and_taken_off_and_is_ones_own(client, creator, takes) -> None:
    answer = client.post(f"{KEEP}star", {"takes": ids(takes), "next": "/gallery/"}, follow=True)

    assert "3 takes starred." in said(answer)
    assert (
        'aria-pressed="true"'
        in re.search(r"<button class=\"take-star\".*?>", card(client, takes[0]))[0]
    )
    other = signed_in(make_member(role=Role.REVIEWER, team=creator.team))
    assert "★" not in card(other, takes[0]) and "★" in card(client, takes[0])
    client.post(f"{KEEP}unstar", {"takes": takes[0].pk})
    assert Star.objects.count() == 2


def test_to_htmx_a_star_is_the_button_alone(client, takes) -> None:
    target = HTMX | {"HX-Target": f"star-{takes[0].pk}"}

    html = client.post(f"{KEEP}star", {"takes": takes[0].pk}, headers=target).content.decode()

    assert html.count("<button") == 1 and f'id="star-{takes[0].pk}"' in html and "★" in html
    assert f'hx-post="{KEEP}unstar"' in html


def test_a_rating_is_ones_own_beside_the_mean_of_all(client, creator, takes) -> None:
    take = takes[0]
    other = signed_in(make_member(role=Role.REVIEWER, team=creator.team))

    client.post(f"{KEEP}rate/{take.pk}/5")
    other.post(f"{KEEP}rate/{take.pk}/2")

    shown = card(client, take)
    assert shown.count("pip-on") == 5 and "3.5" in shown and "(2)" in shown
    assert card(other, take).count("pip-on") == 2
    target = HTMX | {"HX-Target": f"rating-{take.pk}"}
    html = other.post(f"{KEEP}rate/{take.pk}/0", headers=target).content.decode()
    assert "pip-on" not in html and "5.0" in html and Rating.objects.count() == 1


@pytest.mark.parametrize("value", [6, 99])
def test_more_than_5_is_refused(client, takes, value) -> None:
    answer = client.post(f"{KEEP}rate/{takes[0].pk}/{value}", follow=True)

    assert "A rating is 1 to 5 stars." in said(answer) and not Rating.objects.exists()


def test_a_tag_is_put_on_many_shown_on_their_cards_and_taken_off(client, takes) -> None:
    answer = client.post(
        f"{KEEP}tag", {"takes": ids(takes), "tag_name": " Hero  shot "}, follow=True
    )

    assert "3 takes tagged “Hero shot”." in said(answer)
    tag = Tag.objects.get()
    assert f'href="/gallery/?tag={tag.pk}">Hero shot</a>' in card(client, takes[2])
    assert "Hero shot" in said(client.get(f"/takes/{takes[0].pk}"))
    client.post(f"{KEEP}untag", {"takes": ids(takes[:2]), "tag_name": "HERO SHOT"})
    client.post(f"{KEEP}untag", {"takes": takes[0].pk, "tag": tag.pk})
    assert list(TakeTag.objects.values_list("generation", flat=True)) == [takes[2].pk]
    answer = client.post(f"{KEEP}untag", {"takes": takes[0].pk, "tag_name": "Other"}, follow=True)
    assert "There is no such tag" in said(answer)


def test_takes_are_marked_with_a_colour_that_has_a_name(client, takes) -> None:
    answer = client.post(f"{KEEP}colour", {"takes": ids(takes[:2]), "colour": "green"}, follow=True)

    assert "2 takes marked green." in said(answer)
    assert "kept-green" in card(client, takes[0]) and ">Green<" in card(client, takes[0])
    assert "kept-" not in card(client, takes[2])
    assert (
        client.post(f"{KEEP}colour", {"takes": takes[0].pk, "colour": "mauve"}).status_code == 400
    )


def test_takes_are_moved_to_a_project(client, creator, takes) -> None:
    project = projects.make(creator, ProjectFields("Pilot"))

    form = {"takes": ids(takes), "project": project.pk}
    assert "3 takes moved: now in Pilot." in said(client.post(f"{KEEP}move", form, follow=True))
    assert Generation.objects.filter(project=project).count() == 3
    form = {"takes": takes[0].pk, "project": 999_999}
    assert "choose another" in said(client.post(f"{KEEP}move", form, follow=True))
    answer = client.post(f"{KEEP}move", {"takes": takes[0].pk, "project": ""}, follow=True)
    assert "1 take moved: now in no project." in said(answer)


def test_takes_are_put_into_a_playlist_or_into_a_new_one(client, creator, takes) -> None:
    form = {"takes": ids(takes[:2]), "playlist_name": "Monday"}
    assert "2 takes added to “Monday”." in said(client.post(f"{KEEP}playlist", form, follow=True))
    made = Playlist.objects.get()

    form = {"takes": ids(takes), "into_playlist": made.pk, "playlist_name": ""}
    words = said(client.post(f"{KEEP}playlist", form, follow=True))

    assert "1 take added to “Monday”. 2 takes are in it already." in words
    assert made.items.count() == 3
    form = {"takes": takes[0].pk, "into_playlist": 999_999}
    assert "no such playlist" in said(client.post(f"{KEEP}playlist", form, follow=True))
    answer = client.post(f"{KEEP}playlist", {"takes": takes[0].pk}, follow=True)
    assert Playlist.objects.count() == 1 and "name" in said(answer)


def test_takes_are_shared_from_the_bar(client, takes) -> None:
    answer = client.post("/shares/new", {"takes": ids(takes), "tag_name": "", "project": ""})

    assert answer.status_code == 200
    assert all(f"#{take.pk}" in said(answer) for take in takes)


@pytest.mark.parametrize(("count", "is_fine"), [(1, False), (2, True), (9, True), (10, False)])
def test_two_to_nine_are_compared(client, creator, count, is_fine) -> None:
    chosen = [done(creator) for _ in range(count)]

    answer = client.post(f"{KEEP}compare", {"takes": [take.pk for take in reversed(chosen)]})

    assert answer["Location"] == (f"/compare/?takes={ids(chosen)}" if is_fine else "/gallery/")


@pytest.mark.parametrize("act", ["star", "unstar", "tag", "untag", "colour", "move", "compare"])
def test_none_and_more_than_200_are_refused_in_words(client, act) -> None:
    for takes, words in (
        ("", "Choose takes first"),
        (",".join(map(str, range(1, 202))), "At most 200 takes at once: leave 1 of 201 out."),
    ):
        answer = client.post(f"{KEEP}{act}", {"takes": takes, "tag_name": "Hero"}, follow=True)
        assert words in said(answer)


def test_what_is_not_there_is_left_out_and_said(client, admin, takes) -> None:
    stranger = done(make_member())
    form = {"takes": f"{takes[0].pk},{stranger.pk},999999", "tag_name": "Hero"}

    words = said(client.post(f"{KEEP}tag", form, follow=True))

    assert "1 take tagged “Hero”." in words
    assert f"Left out: #{stranger.pk} is not here; #999999 is not here." in words
    assert list(TakeTag.objects.values_list("generation", flat=True)) == [takes[0].pk]


def test_to_htmx_the_cards_come_anew_with_what_was_done(client, takes) -> None:
    form = {"takes": ids(takes[:2]), "tag_name": "Hero"}

    html = client.post(f"{KEEP}tag", form, headers=HTMX).content.decode()

    for take in takes[:2]:
        assert re.search(rf'id="take-{take.pk}"[^>]* hx-swap-oob="true"', html)
    assert f'id="take-{takes[2].pk}"' not in html
    assert "2 takes tagged “Hero”." in html and html.count(">Hero</a>") == 2


def test_what_a_role_may_not_do_is_refused_and_not_offered(creator, takes) -> None:
    billing = signed_in(make_member(role=Role.BILLING, team=creator.team))
    acts = ("tag", "untag", "colour", "move", f"rate/{takes[0].pk}/3")

    for act in acts:
        assert billing.post(KEEP + act, {"takes": ids(takes), "tag_name": "X"}).status_code == 403
    page = billing.get("/gallery/").content.decode()
    assert "pip" not in page and 'name="tag_name"' not in page and "Trash" not in page
    assert billing.post(f"{KEEP}star", {"takes": takes[0].pk}).status_code == 302
    assert Star.objects.count() == 1 and not (Tag.objects.exists() or Mark.objects.exists())


def test_a_guest_stars_what_their_projects_hold_and_nothing_else(creator, takes) -> None:
    guest = make_member(role=Role.GUEST, team=creator.team)
    project = projects.make(creator, ProjectFields("Pilot"))
    projects.add(project, guest, creator)
    move([takes[0].pk], project, by=creator)

    signed_in(guest).post(f"{KEEP}star", {"takes": ids(takes)})

    assert list(Star.objects.values_list("generation", flat=True)) == [takes[0].pk]


def test_what_lies_in_a_private_project_is_left_out_for_who_is_not_in_it(
    client, creator, admin, takes
) -> None:
    project = projects.make(admin, ProjectFields("Secret", is_private=True))
    move([takes[0].pk], project, by=admin)

    words = said(client.post(f"{KEEP}tag", {"takes": ids(takes), "tag_name": "X"}, follow=True))

    assert f"#{takes[0].pk} is not here" in words and TakeTag.objects.count() == 2
    assert client.post(f"{KEEP}rate/{takes[0].pk}/3").status_code == 404


def test_tags_are_renamed_coloured_merged_and_deleted_on_their_page(client, creator, takes) -> None:
    for name, some in (("Hero", takes[:2]), ("Heroes", takes[1:]), ("Old", takes)):
        organise.tag([take.pk for take in some], name, by=creator)
    hero, heroes, old = Tag.objects.order_by("folded")

    client.post(f"/gallery/tags/{hero.pk}/change", {"name": "Star turn", "colour": "red"})
    answer = client.post(f"/gallery/tags/{heroes.pk}/merge", {"into": "star TURN"}, follow=True)
    assert "“Heroes” is part of “Star turn” now." in said(answer)
    answer = client.post(f"/gallery/tags/{old.pk}/delete", follow=True)

    assert "“Old” is deleted; the takes that had it stay." in said(answer)
    assert "3 takes" in said(answer) and TakeTag.objects.filter(tag=hero).count() == 3
    assert list(Tag.objects.values_list("name", "colour")) == [("Star turn", "red")]
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", "about"))
    assert acts == [("tag.merged", "Heroes"), ("tag.deleted", "Old")]
    answer = client.post(f"/gallery/tags/{hero.pk}/merge", {"into": "Nothing"}, follow=True)
    assert "Choose a tag that there is" in said(answer)


def test_another_teams_tags_are_not_there(client, creator, takes) -> None:
    stranger = make_member(role=Role.ADMIN)
    theirs = organise.tag_named("Theirs", by=stranger)

    for act in ("change", "merge", "delete"):
        form = {"name": "Mine", "colour": "", "into": "Theirs"}
        assert client.post(f"/gallery/tags/{theirs.pk}/{act}", form).status_code == 404
    form = {"takes": takes[0].pk, "tag": theirs.pk}
    assert "no such tag" in said(client.post(f"{KEEP}untag", form, follow=True))
    assert "Theirs" not in said(client.get("/gallery/tags/"))
    assert Tag.objects.get().name == "Theirs"


def test_a_closed_batch_is_marked_as_one(client, creator) -> None:
    batch = "7f8e4f2e-93a4-4c0c-9f7b-0d3c5a0a7b11"
    takes = [done(creator, batch=batch) for _ in range(2)]

    html = client.get("/gallery/").content.decode()

    [value] = re.findall(r'<input type="checkbox" name="takes" value="([\d,]+)"', html)
    assert sorted(value.split(",")) == sorted(str(take.pk) for take in takes)


def test_the_gallery_costs_the_same_queries_whatever_is_put_on_its_takes(
    client, creator, takes
) -> None:
    few = queries_of(client, "/gallery/")
    for take in takes:
        organise.rate(take.pk, 3, by=creator)
        for name in ("Hero", "Night", "Rain"):
            organise.tag([take.pk], name, by=creator)
    done(creator)

    assert queries_of(client, "/gallery/") == few
