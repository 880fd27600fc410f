"""The round of review: one take after the other, in an order that is kept, by plain forms."""

import re
from functools import partial

import pytest

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.inbox import reading
from editorapp.review import approval, rounds
from editorapp.review.decide import decide
from editorapp.review.models import Decision, Seen
from editorapp.teams import projects
from editorapp.teams.models import Member
from editorapp.teams.projects import ProjectFields
from editorapp.teams.roles import Role
from tests.factories import make_asset, make_generation, make_member, signed_in
from tests.queries import queries_of
from tests.racing import race
from tests.web.take_pages import NOW, make_done

pytestmark = pytest.mark.django_db


@pytest.fixture
def creator() -> Member:
    return make_member(role=Role.CREATOR, name="Cleo")


@pytest.fixture
def reviewer(creator) -> Member:
    return make_member(role=Role.REVIEWER, name="Rae", team=creator.team)


@pytest.fixture
def client(reviewer):
    return signed_in(reviewer)


def at(answer) -> int:
    """Return the take that an answer leads to."""
    return int(re.fullmatch(r"/review/(\d+)(\?before=\d+)?", answer["Location"])[1])


def press(client, take: int, verdict: str, note: str = ""):
    said = {"verdict": verdict, "note": note, "round": "1"}
    return client.post(f"/review/{take}/decide", said)


def test_a_round_leads_from_what_was_asked_to_the_newest_and_to_its_end(client, creator, reviewer):
    takes = [make_done(creator).pk for _ in range(4)]
    approval.ask(Generation.objects.get(pk=takes[1]), [reviewer], by=creator, now=NOW)

    first = at(client.get("/review/"))
    second = at(press(client, first, "approved"))
    third = at(client.post(f"/review/{second}/next", {"round": "1"}))
    fourth = at(press(client, third, "needs_changes", "Darker."))
    over = press(client, fourth, "approved")

    assert [first, second, third, fourth] == [takes[place] for place in (1, 3, 2, 0)]
    assert over["Location"] == "/review/"
    page = client.get("/review/").content.decode()
    assert "You are through" in page and f'href="/review/{fourth}"' in page
    assert Decision.objects.count() == 3 and Seen.objects.count() == 4


def test_one_goes_back_decides_anew_and_is_led_on_along_the_same_order(client, creator):
    takes = [make_done(creator).pk for _ in range(3)]
    for take in takes[:0:-1]:
        press(client, take, "approved")

    page = client.get(f"/review/{takes[0]}").content.decode()
    assert f'href="/review/{takes[1]}"' in page, "the one before"
    back = client.get(f"/review/{takes[1]}").content.decode()
    assert f'href="/review/{takes[2]}"' in back

    assert at(press(client, takes[2], "needs_changes", "I see it now.")) == takes[1]
    assert at(client.post(f"/review/{takes[1]}/next")) == takes[0]
    assert Generation.objects.get(pk=takes[2]).review == "needs_changes"


def test_what_was_asked_and_passed_over_waits_at_the_end(client, creator, reviewer):
    take = make_done(creator, prompt="A quiet harbor")
    approval.ask(take, [reviewer], by=creator, now=NOW)

    assert client.post(f"/review/{take.pk}/next")["Location"] == "/review/"

    page = client.get("/review/").content.decode()
    assert "still wait for your verdict" in page and f'href="/review/{take.pk}"' in page


def test_an_empty_round_teaches_what_comes_and_the_keys(client):
    page = client.get("/review/").content.decode()

    assert "Nothing to review yet" in page and "<kbd>A</kbd> approve" in page


def test_the_screen_shows_what_was_asked_what_differs_and_the_previous_version(
    client, creator, reviewer
):
    first = make_done(creator, prompt="A quiet harbor")
    decide(first, "needs_changes", member=reviewer, note="Make it louder.", now=NOW)
    take = make_done(
        creator, prompt="A loud harbor", parent=first, lineage=first.lineage, source=None
    )

    page = client.get(f"/review/{take.pk}").content.decode()

    assert "<del>quiet </del>" in page and "<ins>loud </ins>" in page
    assert "Previous version" in page and "Make it louder." in page
    clips = re.findall(r"data-layer data-clip=\"([^\"]+)\"", page)
    assert len(clips) == 2 and f"#{first.pk} previous" in clips[0]


def test_another_roll_of_the_same_source_is_the_previous_version_and_its_batch_is_not(
    client, creator
):
    source = make_asset(creator)
    older = make_done(creator, source=source)
    batch = "7f8e4f2e-93a4-4c0c-9f7b-0d3c5a0a7b11"
    _sister, take = (make_done(creator, source=source, batch=batch) for _ in range(2))

    page = client.get(f"/review/{take.pk}").content.decode()

    assert f'<a href="/takes/{older.pk}">#{older.pk}</a>' in page
    assert len(re.findall("data-layer data-clip", page)) == 3


def test_how_much_waits_is_said_in_the_shell_and_on_the_screen(client, creator, reviewer):
    takes = [make_done(creator) for _ in range(4)]
    approval.ask(takes[0], [reviewer], by=creator, now=NOW)

    page = client.get(f"/review/{takes[0].pk}").content.decode()

    assert "1 asked of you, 3 more not seen" in page
    assert re.search(r'id="asked" class="count">1<', page)
    decide(takes[0], "approved", member=reviewer, note="", now=NOW)
    assert re.search(
        r'id="asked" class="count" hidden>0<', client.get("/gallery/").content.decode()
    )


@pytest.mark.parametrize("role", list(Role))
def test_the_round_is_for_those_who_decide(creator, role):
    take = make_done(creator)
    client = signed_in(make_member(role=role, team=creator.team))
    answers = [client.get("/review/"), client.get(f"/review/{take.pk}")]
    answers.append(client.post(f"/review/{take.pk}/next"))

    may = role in {Role.OWNER, Role.ADMIN, Role.REVIEWER}
    statuses = {answer.status_code for answer in answers}
    assert statuses <= {200, 302} if may else statuses == {403}
    assert ('href="/review/"' in client.get("/gallery/").content.decode()) == may


def test_another_team_and_a_private_project_have_nothing_in_it(client, creator):
    other = make_done(make_member(role=Role.CREATOR))
    admin = make_member(role=Role.ADMIN, team=creator.team)
    board = projects.make(admin, ProjectFields("Pitch", is_private=True))
    hidden = make_done(creator, project=board)

    assert "Nothing to review yet" in client.get("/review/").content.decode()
    for take in (other, hidden):
        assert client.get(f"/review/{take.pk}").status_code == 404
        assert client.post(f"/review/{take.pk}/next").status_code == 404
    assert at(signed_in(admin).get("/review/")) == hidden.pk


def test_a_take_that_is_not_done_is_shown_on_its_own_page(client, creator):
    running = make_generation(creator, state=State.RUNNING)

    assert client.get(f"/review/{running.pk}")["Location"] == f"/takes/{running.pk}"


def test_a_refused_note_stays_on_the_screen_of_the_round(client, creator):
    take = make_done(creator)

    answer = press(client, take.pk, "needs_changes", "x" * 4001)

    page = answer.content.decode()
    assert answer.status_code == 422 and "shorten it" in page and "data-round" in page
    assert not Decision.objects.exists() and not Seen.objects.exists()


def test_older_takes_are_looked_for_behind_many_that_were_seen(
    client, creator, reviewer, monkeypatch
):
    monkeypatch.setattr(rounds, "STRIDES", (2, 2))
    takes = [make_done(creator) for _ in range(6)]
    for take in takes[1:]:
        rounds.saw(take, by=reviewer, now=NOW)

    page = client.get("/review/").content.decode()
    further = re.search(r'href="(/review/\?before=\d+)"', page)[1]

    assert at(client.get(further)) == takes[0].pk


def test_the_number_of_queries_does_not_grow_with_what_waits(client, creator, reviewer):
    take = make_done(creator)
    few = queries_of(client, f"/review/{take.pk}")
    for _ in range(8):
        other = make_done(creator)
        approval.ask(other, [reviewer], by=creator, now=NOW)
        decide(make_done(creator), "approved", member=reviewer, note="", now=NOW)

    assert queries_of(client, f"/review/{take.pk}") == few


@pytest.mark.django_db(transaction=True)
def test_two_who_review_at_once_a_hundred_times_lose_and_double_nothing(creator, reviewer):
    second = make_member(role=Role.REVIEWER, team=creator.team)
    clients = [signed_in(reviewer), signed_in(second)]
    takes = [make_done(creator).pk for _ in range(50)]

    for take in takes:
        calls = [partial(press, one, take, "approved") for one in clients]
        calls += [partial(one.post, f"/review/{take}/next") for one in clients]
        assert {answer.status_code for answer in race(calls)} == {302}

    assert Decision.objects.count() == 100 and Seen.objects.count() == 100
    assert set(Generation.objects.values_list("review", flat=True)) == {"approved"}


def test_what_a_reviewer_looks_at_in_a_round_is_read_in_their_inbox(client, creator, reviewer):
    take, other = make_done(creator), make_done(creator)
    for one in (take, other):
        approval.ask(one, [reviewer], by=creator, now=NOW)

    client.get(f"/review/{take.pk}")

    unread = reading.notices(reviewer, only_unread=True)
    assert list(unread.values_list("path", flat=True)) == [f"/takes/{other.pk}"]
