"""What was sent in one go is one card of the gallery: it says what differs, opens as a strip, keeps
its page and its filters, and is kept fresh by the one poll.
"""

import re
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.providers.contract import GenerationRequest
from editorapp.teams.models import Member
from editorapp.web.gallery.views import PAGE_SIZE
from tests.factories import make_asset, make_generation, make_member, signed_in

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
STRENGTHS = ("adhere_2", "flex_2", "reimagine_2")


@pytest.fixture
def client(creator: Member) -> Client:
    return signed_in(creator)


def batch_of(member: Member, count: int = 3, **fields: Any) -> list[Generation]:
    """Make a batch of takes from bunny.mp4 that differ in strength, done where nothing is said."""
    clip, batch = make_asset(member, name="bunny.mp4"), uuid4()
    made = []
    for place in range(count):
        wanted = GenerationRequest(prompt="Fog", strength=STRENGTHS[place % 3], resolution="360p")
        sound = {"state": State.SUCCEEDED, "result": make_asset(member, origin="result")}
        one = make_generation(
            member,
            source=clip,
            batch=batch,
            request=wanted.to_json(),
            prompt="Fog",
            **(sound | fields),
        )
        made.append(one)
    return made


def html_of(client: Client, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers)
    assert answer.status_code in (200, 286)
    return unescape(answer.content.decode())


def cards(html: str) -> list[str]:
    """Return the ids of the cards, in their order."""
    return re.findall(r'<li class="card [^"]*" id="([a-z]+-[0-9a-f-]+)"', html)


def test_a_batch_is_one_card_that_says_what_differs_and_how_far_it_is(client, creator):
    takes = batch_of(creator)
    single = make_generation(creator)
    Generation.objects.filter(pk=takes[2].pk).update(state=State.RUNNING, result=None)

    html = html_of(client, "/gallery/")

    assert cards(html) == [f"take-{single.pk}", f"batch-{takes[0].batch}"]
    assert "3 takes from bunny: differ in strength" in html and "2 done, 1 processing" in html
    for take, says in zip(takes, ("Adhere 2", "Flex 2", "Reimagine 2"), strict=True):
        assert f'href="/takes/{take.pk}">#{take.pk}</a> <span class="clip">{says}</span>' in html
    assert f"/compare/?takes={takes[0].pk},{takes[1].pk}" in html


def test_it_opens_in_place_by_a_plain_link_with_its_page_and_filters(client, creator):
    takes = batch_of(creator)
    html = html_of(client, "/gallery/?q=fog&before=9999")
    address = re.search(r'<a href="([^"]*batch=[^"]+)"', html)[1]
    assert "q=fog" in address and "before=9999" in address

    opened = html_of(client, address)

    assert cards(opened) == [f"batch-{takes[0].batch}", *(f"take-{take.pk}" for take in takes)]
    assert 'class="take-differs">Reimagine 2</a>' in opened
    assert f"<strong>#{takes[1].pk}</strong> 2nd of 3 from bunny" in opened
    assert 'href="/gallery/?q=fog&before=9999"' in opened  # the way back


def test_htmx_opens_and_closes_only_the_card(client, creator):
    takes = batch_of(creator)
    address = f"/gallery/batch/{takes[0].batch}"

    opened = html_of(client, f"{address}?open=1", **HTMX)
    closed = html_of(client, address, **HTMX)
    plain = client.get(address)

    assert cards(opened)[0] == cards(closed)[0] == f"batch-{takes[0].batch}"
    assert len(cards(opened)) == 4 and len(cards(closed)) == 1 and "<html" not in opened
    assert plain["Location"] == f"/gallery/?batch={takes[0].batch}#batch-{takes[0].batch}"


def test_a_batch_of_another_team_is_not_there(client):
    takes = batch_of(make_member())

    assert client.get(f"/gallery/batch/{takes[0].batch}", headers=HTMX).status_code == 404
    assert cards(html_of(client, f"/gallery/?batch={takes[0].batch}")) == []


@pytest.mark.parametrize("name", ["", "x", "0" * 32, "0" * 400, "{" + "0" * 32 + "}"])
def test_what_names_no_batch_opens_none(client, creator, name):
    takes = batch_of(creator)

    answer = client.get("/gallery/", {"batch": name})

    assert cards(answer.content.decode()) == [f"batch-{takes[0].batch}"]


def test_a_filter_finds_a_batch_by_any_of_its_takes_and_shows_it_whole(client, creator):
    takes = batch_of(creator)
    Generation.objects.filter(pk=takes[0].pk).update(state=State.FAILED, result=None)

    html = html_of(client, "/gallery/?state=failed")

    assert cards(html) == [f"batch-{takes[0].batch}"] and "2 done, 1 failed" in html
    assert cards(html_of(client, "/gallery/?state=running")) == []


def test_pages_hold_each_batch_once_and_miss_nothing(client, creator):
    wanted = []
    for number in range(PAGE_SIZE + 3):
        several = number % 3 == 0
        made = batch_of(creator, 2 if several else 1)
        wanted.append(f"batch-{made[0].batch}" if several else f"take-{made[0].pk}")

    found, address = [], "/gallery/?q=fog"
    while address:
        html = html_of(client, address)
        found += cards(html)
        older = re.search(r'<a class="btn" href="([^"]+)">Older takes', html)
        address = older[1] if older else ""

    assert found == wanted[::-1]


def test_the_number_of_queries_does_not_grow_with_the_batches(client, creator):
    counts = []
    for _ in range(2):
        for _ in range(4):
            batch_of(creator)
        client.get("/gallery/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/gallery/")
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_the_poll_renews_a_closed_card_and_of_an_open_one_only_what_changed(client, creator):
    takes = batch_of(creator, state=State.RUNNING, result=None)
    named = "&".join(f"live={take.pk}.running" for take in takes)
    assert client.get(f"/gallery/live?{named}").status_code == 204
    Generation.objects.filter(pk=takes[0].pk).update(
        state=State.SUCCEEDED, result=make_asset(creator, origin="result")
    )

    closed = html_of(client, f"/gallery/live?{named}")
    opened = html_of(client, f"/gallery/live?{named}&open={takes[0].batch}&open=x")

    assert cards(closed) == [f"batch-{takes[0].batch}"] and "2 processing, 1 done" in closed
    assert cards(opened) == [f"take-{takes[0].pk}"]
    assert f'id="batch-head-{takes[0].batch}" hx-swap-oob="true"' in opened
