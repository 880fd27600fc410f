"""The queue: what is on its way, what waits, and that a poll which finds nothing new disturbs
nothing.
"""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.generations.models import Generation, Priority
from editorapp.generations.states import State
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.models import ProviderAccount
from editorapp.teams.roles import Role
from editorapp.web.queue import views as queue
from tests.factories import make_asset, make_generation, make_member, signed_in
from tests.queries import queries_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def creator():
    return make_member(role=Role.CREATOR)


@pytest.fixture
def client(creator) -> Client:
    return signed_in(creator)


def section(html: str, name: str) -> list[int]:
    found = re.search(rf'aria-labelledby="{name}-head">(.*?)</section>', html, re.S)
    return [int(pk) for pk in re.findall(r'id="row-(\d+)"', found[1])] if found else []


def seen_of(html: str) -> str:
    return re.search(r'name="seen" value="([0-9a-f]{16})"', html)[1]


def test_rows_stand_where_they_belong(client, creator):
    first, second = make_generation(creator, state=State.RUNNING), make_generation(creator)
    unknown = make_generation(creator, state=State.UNKNOWN)
    failed = make_generation(creator, state=State.FAILED)
    old = make_generation(creator, state=State.FAILED)
    Generation.objects.filter(pk=old.pk).update(state_since=timezone.now() - timedelta(days=3))
    make_generation(make_member(), state=State.RUNNING)

    html = client.get("/queue/").content.decode()

    assert section(html, "running") == [first.pk]
    assert section(html, "waiting") == [second.pk]
    assert section(html, "person") == [unknown.pk]
    assert section(html, "recent") == [failed.pk]


def of_batch(creator, strengths, **fields) -> list[Generation]:
    batch, clip = uuid4(), make_asset(creator, name="bunny.mp4")
    asked = [
        GenerationRequest(prompt="Snow", strength=strength, resolution="1080p", hdr=True)
        for strength in strengths
    ]
    return [
        make_generation(creator, request=one.to_json(), batch=batch, source=clip, **fields)
        for one in asked
    ]


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.UNKNOWN, State.FAILED])
def test_rows_of_one_batch_stand_under_one_head_and_say_what_differs(client, creator, state):
    takes = of_batch(creator, ("adhere_2", "reimagine_1"), state=state)

    html = client.get("/queue/").content.decode()

    assert html.count("2 takes from bunny: differ in strength") == 1
    for take, says in zip(takes, ("Adhere 2", "Reimagine 1"), strict=True):
        assert f'href="/takes/{take.pk}">#{take.pk} {says}</a>' in html
    assert "1080p" not in html and html.count("is-of-batch") == 2


def test_one_of_a_batch_that_stands_alone_has_no_head_and_says_all_its_settings(client, creator):
    first, _second = of_batch(creator, ("adhere_2", "reimagine_1"), state=State.RUNNING)
    Generation.objects.filter(pk=first.pk).update(state=State.QUEUED)

    html = client.get("/queue/").content.decode()

    assert "differ in" not in html and "Adhere 2, 1080p, HDR" in html
    assert html.count("one of a batch") == 2


def test_only_what_can_be_done_is_offered_and_only_to_those_who_may(client, creator):
    queued, running = make_generation(creator), make_generation(creator, state=State.RUNNING)
    failed = make_generation(creator, state=State.FAILED, can_retry=True)
    reviewer = signed_in(make_member(role=Role.REVIEWER, team=creator.team))

    html = client.get("/queue/").content.decode()

    assert f"/takes/{queued.pk}/cancel" in html and f"/takes/{running.pk}/cancel" not in html
    assert f"/takes/{failed.pk}/retry" in html
    assert "/cancel" not in reviewer.get("/queue/").content.decode()


def test_the_usual_time_comes_from_what_happened(client, creator):
    now = timezone.now()
    for seconds in (30, 40, 500):
        make_generation(
            creator,
            state=State.SUCCEEDED,
            created_at=now,
            finished_at=now + timedelta(seconds=seconds),
        )
    make_generation(creator, state=State.RUNNING)

    assert "usually about 40 s" in client.get("/queue/").content.decode()


def test_a_poll_that_finds_nothing_new_answers_204(client, creator):
    take = make_generation(creator, state=State.RUNNING)
    html = client.get("/queue/").content.decode()
    assert 'hx-get="/queue/" hx-include="#seen"' in html
    poll = f"/queue/?seen={seen_of(html)}"

    same = client.get(poll, headers={"HX-Request": "true"})
    Generation.objects.filter(pk=take.pk).update(state=State.FETCHING)
    changed = client.get(poll, headers={"HX-Request": "true"})

    assert same.status_code == 204 and changed.status_code == 200
    assert "Fetching result" in changed.content.decode() and "<html" not in changed.content.decode()
    assert client.get(poll).status_code == 200  # a browser that opens the address gets a page
    assert "HX-Request" in changed["Vary"]


def test_an_idle_queue_does_not_poll(client, creator):
    make_generation(creator, state=State.FAILED)

    html = client.get("/queue/").content.decode()

    assert "hx-trigger" not in html and "Nothing runs" in html


def test_strangers_are_sent_to_sign_in():
    assert Client().get("/queue/")["Location"] == "/sign-in?next=/queue/"


def test_the_number_of_queries_does_not_grow_with_the_rows(client, creator):
    asked = []
    for count in (1, 5):
        for state in (State.RUNNING, State.QUEUED, State.UNKNOWN, State.FAILED):
            for _ in range(count):
                make_generation(creator, state=state)
        asked.append(queries_of(client, "/queue/"))

    assert asked[0] == asked[1] <= 31


def test_what_stands_first_in_line_is_shown_however_much_waits(client, creator, monkeypatch):
    monkeypatch.setattr(queue, "MOST_ROWS", 5)
    takes = [make_generation(creator, state=State.QUEUED) for _ in range(9)]
    takes[-1].attempts.update(priority=Priority.FIRST)

    html = client.get("/queue/").content.decode()

    assert section(html, "waiting") == [takes[-1].pk, *(take.pk for take in takes[:4])]


def test_a_row_says_how_far_a_job_is_where_the_provider_does(client, creator):
    told, silent = (
        make_generation(creator, state=State.RUNNING),
        make_generation(creator, state=State.RUNNING),
    )
    told.attempts.update(progress=0.424)

    html = client.get("/queue/").content.decode()

    assert html.count('max="100"') == 1 and 'value="42"' in html and "42 %" in html
    assert f"#{silent.pk}: Processing, the provider reports no percentage" in html


def test_progress_changes_what_the_page_has_seen(client, creator):
    take = make_generation(creator, state=State.RUNNING)
    seen = seen_of(client.get("/queue/").content.decode())

    take.attempts.update(progress=0.5)

    answer = client.get(f"/queue/?seen={seen}", headers={"HX-Request": "true"})
    assert answer.status_code == 200 and "50 %" in answer.content.decode()


def test_what_waits_for_a_switched_off_account_says_so_and_the_page_hears_when_it_is_on_again(
    client, creator
):
    take = make_generation(creator)
    before = seen_of(client.get("/queue/").content.decode())
    ProviderAccount.objects.update(is_enabled=False)

    html = client.get("/queue/").content.decode()
    off = client.get("/queue/", {"seen": before}, headers={"HX-Request": "true"})

    assert (
        f"Waits: The account {take.account} is switched off. An admin can switch it on again."
        in html
    )
    assert off.status_code == 200
    ProviderAccount.objects.update(is_enabled=True)
    assert "Waits:" not in client.get("/queue/").content.decode()
