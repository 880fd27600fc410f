"""The gallery: what it shows to whom, its filters, its pages, and the one poll that keeps it fresh."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.review.decide import decide
from editorapp.teams import people
from editorapp.teams.models import User
from editorapp.teams.roles import Role
from editorapp.web.gallery.views import PAGE_SIZE
from tests.factories import make_asset, make_generation, make_member, signed_in
from tests.queries import queries_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def client(creator) -> Client:
    return signed_in(creator)


def cards(html: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'id="take-(\d+)"', html)]


def shown(client: Client, query: str = "", **headers) -> list[int]:
    return cards(client.get(f"/gallery/{query}", headers=headers).content.decode())


def make_done(member, **fields) -> Generation:
    result = make_asset(member, origin=Asset.Origin.RESULT, is_simulated=True)
    return make_generation(member, state=State.SUCCEEDED, result=result, **fields)


def test_takes_stand_newest_first_and_only_the_teams_own(client, creator):
    first, second = make_done(creator), make_generation(creator)
    make_done(make_member())

    assert shown(client) == [second.pk, first.pk]


@pytest.mark.parametrize("role", list(Role))
def test_every_role_sees_the_teams_takes(creator, role):
    take = make_done(creator)

    found = shown(signed_in(make_member(role=role, team=creator.team)))

    assert found == ([] if role == Role.GUEST else [take.pk])  # a guest is in no project yet


def test_who_is_in_no_team_or_not_signed_in_sees_none():
    loner = Client()
    loner.force_login(User.objects.create_user("loner"))

    for path in ["/gallery/", "/gallery/sources", "/gallery/live"]:
        assert loner.get(path).status_code == 403
        assert Client().get(path)["Location"] == f"/sign-in?next={path}"


def test_a_card_says_what_a_take_is(client, creator):
    source = make_asset(creator, name="harbour.mp4")
    root = make_done(
        creator,
        source=source,
        prompt="At night",
        cost_usd=1,
        cost_is_estimated=True,
        chain_id="g-1",
    )
    edit = make_done(creator, parent=root, lineage=root.lineage, prompt="With rain")

    html = client.get("/gallery/").content.decode()

    assert f"<strong>#{edit.pk}</strong> 2nd of 2, edit of" in html and f">#{root.pk}</a>" in html
    assert f"<strong>#{root.pk}</strong> 1st of 2 from harbour" in html
    assert "$1.00 est." in html and "5.00 s" in html and "1280 × 720" in html
    assert html.count('<span class="simulated">Simulated</span>') == 2


def test_the_creator_reads_the_reviewers_note_on_the_card(client, creator):
    take = make_done(creator)
    reviewer = make_member(role=Role.REVIEWER, team=creator.team, name="Rae")
    decide(take, "needs_changes", member=reviewer, note="The sky is too dark.", now=timezone.now())

    html = client.get("/gallery/?review=needs_changes").content.decode()

    assert cards(html) == [take.pk] and "<strong>Rae:</strong> The sky is too dark." in html


def test_filters_stand_in_the_address_bar(client, creator):
    other = make_member(team=creator.team)
    source = make_asset(creator)
    done = make_done(creator, source=source, prompt="Zebra rain")
    edit = make_done(other, parent=done, lineage=done.lineage, prompt="Dawn")
    running = make_generation(other, state=State.RUNNING)
    failed = make_generation(creator, state=State.FAILED)
    unknown = make_generation(creator, state=State.UNKNOWN)

    assert shown(client, "?state=running") == [running.pk]
    assert shown(client, "?state=done") == [edit.pk, done.pk]
    assert shown(client, "?state=failed") == [failed.pk]
    assert shown(client, "?state=attention") == [unknown.pk]
    assert shown(client, f"?person={other.user_id}") == [running.pk, edit.pk]
    assert shown(client, f"?source={source.pk}") == [done.pk]
    assert shown(client, f"?lineage={done.lineage}") == [edit.pk, done.pk]
    assert shown(client, "?q=ZEBRA") == [done.pk]
    assert shown(client, f"?q=zebra&person={other.user_id}") == []


def test_a_filter_that_cannot_be_is_let_go(client, creator):
    take = make_generation(creator)

    assert shown(client, "?state=nonsense&person=&source=&review=maybe&before=") == [take.pk]


@pytest.mark.parametrize("state", list(State))
def test_every_state_belongs_to_exactly_one_group(client, creator, state):
    take = make_generation(creator, state=state)

    found = [
        name
        for name in ("running", "done", "attention", "failed")
        if shown(client, f"?state={name}")
    ]

    assert len(found) == 1 and shown(client) == [take.pk]


def test_pages_follow_each_other_without_a_gap_with_and_without_a_script(client, creator):
    takes = [
        make_generation(creator, state=State.CANCELED, prompt="same")
        for _ in range(PAGE_SIZE * 2 + 3)
    ]
    wanted = [take.pk for take in reversed(takes)]
    for headers in ({}, HTMX):
        found, url = [], "/gallery/?q=same"
        while url:
            html = client.get(url, headers=headers).content.decode()
            found += cards(html)
            older = re.search(r'<a class="btn" href="([^"]+)">Older takes', html)
            url = older[1].replace("&amp;", "&") if older else ""

        assert found == wanted


def test_htmx_gets_only_the_part_that_it_swaps(client, creator):
    take = make_generation(creator)

    grid = client.get("/gallery/", headers=HTMX)
    more = client.get(f"/gallery/?before={take.pk + 1}", headers=HTMX)

    assert grid.content.decode().split("#}")[-1].strip().startswith('<div id="takes">')
    assert "<html" not in more.content.decode() and '<div id="takes">' not in more.content.decode()
    assert "HX-Request" in grid["Vary"] and "HX-Request" in client.get("/gallery/")["Vary"]


def test_only_what_has_changed_comes_back_from_the_poll(client, creator):
    runs = make_generation(creator, state=State.RUNNING)
    done = make_done(creator)

    same = client.get(f"/gallery/live?live={runs.pk}.running")
    changed = client.get(f"/gallery/live?live={runs.pk}.running&live={done.pk}.fetching")

    assert same.status_code == 204
    assert changed.status_code == 200 and cards(changed.content.decode()) == [done.pk]
    assert 'hx-swap-oob="true"' in changed.content.decode()


def test_the_poll_ends_when_nothing_runs(client, creator):
    done = make_done(creator)

    answer = client.get(f"/gallery/live?live={done.pk}.fetching")

    assert answer.status_code == 286 and cards(answer.content.decode()) == [done.pk]
    assert client.get("/gallery/live").status_code == 286
    assert 'hx-trigger="every' not in client.get("/gallery/").content.decode()


def test_the_poll_tells_nothing_of_other_teams(client):
    other = make_generation(make_member(), state=State.SUCCEEDED)

    answer = client.get(f"/gallery/live?live={other.pk}.running&live=007.queued&live=7")

    assert answer.status_code == 286 and not cards(answer.content.decode())


def test_the_page_polls_once_for_all_that_runs(client, creator):
    for _ in range(5):
        make_generation(creator, state=State.RUNNING)

    html = client.get("/gallery/").content.decode()

    assert html.count("every 3s") == 1 and html.count('name="live"') == 5


def test_an_empty_gallery_teaches_the_first_step(client, creator):
    reviewer = signed_in(make_member(role=Role.REVIEWER, team=creator.team))

    assert "Make the first edit" in client.get("/gallery/").content.decode()
    assert "Make the first edit" not in reviewer.get("/gallery/").content.decode()
    assert "No take matches" in client.get("/gallery/?q=nothing").content.decode()


def test_the_number_of_queries_does_not_grow_with_the_takes(client, creator):
    def fill(count):
        for _ in range(count):
            root = make_done(creator)
            make_done(creator, parent=root, lineage=root.lineage)
            make_generation(make_member(team=creator.team), state=State.RUNNING)

    fill(1)
    few = queries_of(client, "/gallery/")
    fill(7)

    assert queries_of(client, "/gallery/") == few <= 18


def test_sources_say_how_many_takes_they_have(client, creator):
    clip = make_asset(creator, name="harbour.mp4")
    make_done(creator, source=clip)
    make_asset(make_member(), name="secret.mp4")

    html = client.get("/gallery/sources").content.decode()

    assert "harbour.mp4" in html and f'/gallery/?source={clip.pk}">1 take</a>' in html
    assert "secret.mp4" not in html and html.count('class="card take"') == 1


def test_reviewers_see_sources_and_upload_none(creator):
    make_asset(creator, name="harbour.mp4")

    html = (
        signed_in(make_member(role=Role.REVIEWER, team=creator.team))
        .get("/gallery/sources")
        .content.decode()
    )

    assert "harbour.mp4" in html and "Upload" not in html


def test_made_by_lists_everybody_who_made_a_take_here_and_marks_who_is_gone(client, creator):
    gone, removed = make_member(team=creator.team, name="Zed"), make_member(name="Rea")
    other = make_member(name="Ole", role=Role.ADMIN)
    theirs = make_generation(gone)
    make_generation(removed)
    Generation.objects.filter(created_by=removed.user).update(
        team=creator.team
    )  # an older version deleted the row
    make_generation(other)
    make_member(team=creator.team, role=Role.ADMIN)
    people.disable(gone, by=None, now=timezone.now())

    html = client.get(f"/gallery/?person={gone.user_id}").content.decode()

    assert "Zed (former member)</span>" in html and "Rea (former member)</span>" in html
    assert ">Cleo</span>" in html and "Ole" not in html
    assert cards(html) == [theirs.pk]
