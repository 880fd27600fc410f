"""The gallery's search: words in any order, case and accent, of prompts, notes, tags, people, clips
and numbers; with pages, batches, and as far as one request looks.
"""

import re
from html import unescape
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.library import finding, organise
from editorapp.library.folding import places, searched
from editorapp.review.comments import CommentText, add
from editorapp.teams import people
from editorapp.teams.roles import Role
from editorapp.web.gallery.views import PAGE_SIZE
from tests.factories import make_asset, make_generation, make_member, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(creator) -> Client:
    return signed_in(creator)


def cards(html: str) -> list[str]:
    return re.findall(r'<li class="card [^"]*" id="([a-z]+-[0-9a-f-]+)"', html)


def found(client: Client, text: str, **more: str) -> list[str]:
    answer = client.get("/gallery/", {"q": text, **more})
    assert answer.status_code == 200
    return cards(answer.content.decode())


def test_words_are_found_wherever_they_stand(client, creator):
    clip = make_asset(creator, name="Balloon_flight.mp4")
    take = make_generation(creator, prompt="A red umbrella before the café", source=clip)
    add(take, CommentText("Zephyr blows"), by=creator, form_token="1", now=timezone.now())
    organise.tag([take.pk], "Hero shot", by=creator)
    make_generation(creator, prompt="A blue parasol")
    make_generation(make_member(), prompt="A red umbrella before the café")

    for text in (
        "umbrella red",
        "cafe",
        "CAFÉ umb",
        "balloon",
        "zephyr",
        "hero red",
        f"#{take.pk}",
    ):
        assert found(client, text) == [f"take-{take.pk}"], text
    assert found(client, "umbrella blue") == [] == found(client, "mbrella")


def test_people_are_found_by_name_also_when_they_have_left(client, creator):
    zoe = make_member(role=Role.CREATOR, team=creator.team, name="Zoë Quell")
    take = make_generation(zoe, prompt="Rain")
    make_generation(creator, prompt="Rain")
    people.disable(zoe, by=None, now=timezone.now())

    assert found(client, "zoe rain") == found(client, "quel") == [f"take-{take.pk}"]


def test_signs_alone_search_for_nothing_and_narrow_nothing(client, creator):
    take = make_generation(creator)

    assert found(client, "***") == [f"take-{take.pk}"]


def test_a_batch_is_one_card_by_any_of_its_takes_on_one_page_only(client, creator):
    wanted = []
    for number in range(PAGE_SIZE + 6):
        batch = uuid4() if number % 3 == 0 else None
        made = [
            make_generation(creator, prompt="Fog", batch=batch) for _ in range(2 if batch else 1)
        ]
        wanted.append(f"batch-{batch}" if batch else f"take-{made[0].pk}")
        make_generation(creator, prompt="Sun")

    shown, address = [], "/gallery/?q=fog"
    while address:
        html = unescape(client.get(address).content.decode())
        shown += cards(html)
        older = re.search(r'<a class="btn" href="([^"]+)">Older takes', html)
        address = older[1] if older else ""

    assert shown == wanted[::-1]


def test_what_is_rare_is_found_by_looking_further(client, creator, monkeypatch):
    monkeypatch.setattr(finding, "PORTIONS", (2, 3))
    rare = make_generation(creator, prompt="Fog", task="reframe")
    for _ in range(8):
        make_generation(creator, prompt="Fog")

    address, looks = "/gallery/?q=fog&task=reframe", 0
    while address:
        html = unescape(client.get(address).content.decode())
        further = re.search(r'<a class="btn" href="([^"]+)"[^>]*>Look further', html)
        assert cards(html) == ([] if further else [f"take-{rare.pk}"])
        address, looks = (further[1], looks + 1) if further else ("", looks)

    assert looks == 1 and "None among" not in html


def test_a_text_that_finds_nothing_leads_on(client, creator):
    make_generation(creator)

    html = client.get("/gallery/?q=zebra").content.decode()

    assert "No take matches" in html and "Show everything" in html


@pytest.mark.parametrize("text", ['"', "'); DROP TABLE x", "a:b*", "NEAR(", "😀", "x" * 200, "# 1"])
def test_whatever_is_typed_is_words(client, creator, text):
    make_generation(creator)

    found(client, text)


def marks(html: str) -> list[str]:
    return [unescape(one) for one in re.findall(r"<mark>(.*?)</mark>", html)]


def test_what_was_searched_for_is_marked_on_the_cards(client, creator):
    take = make_generation(creator, prompt="A red UMBRELLA before the Café <b>& bar</b>")
    organise.tag([take.pk], "Café shots", by=creator)
    make_generation(creator, prompt="A red umbrella, a cafe", batch=uuid4())

    html = client.get("/gallery/", {"q": "cafe umbrella"}).content.decode()

    assert sorted(marks(html)) == ["Café", "Café", "UMBRELLA", "cafe", "umbrella"]
    assert "&lt;b&gt;&amp; bar&lt;/b&gt;" in html and "<b>&" not in html
    assert marks(client.get("/gallery/").content.decode()) == []
    assert marks(client.get("/gallery/", {"q": "<mark>"}).content.decode()) == []


def test_the_poll_and_an_opened_batch_mark_what_their_page_was_searched_for(client, creator):
    batch = uuid4()
    for shade in ("red", "blue"):
        prompt = f"A {shade} umbrella"
        take = make_generation(creator, prompt=prompt, batch=batch, state="running")
    part = {"HX-Request": "true", "HX-Current-URL": "http://testserver/gallery/?q=blue+umb"}

    live = client.get("/gallery/live", {"live": f"{take.pk}.queued"}, headers=part)
    opened = client.get(f"/gallery/batch/{batch}?open=1", headers=part)

    assert "umb" in marks(live.content.decode())
    assert "blue" in marks(opened.content.decode())
    for odd in ("http://[", "?q=%00", "", "x" * 9000):
        answer = client.get(f"/gallery/batch/{batch}", headers=part | {"HX-Current-URL": odd})
        assert answer.status_code == 200 and marks(answer.content.decode()) == []


@pytest.mark.parametrize(
    ("asked", "text", "shown"),
    [
        ("cafe", "Cafe\u0301s, cafes", ["Cafe\u0301", "cafe"]),
        ("cafe ", "Au café", ["café"]),
        ("red um", "Umber, red, bored", ["Um", "red"]),
        ("strasse", "Große Straße", ["Straße"]),
        ("雨夜", "夜雨の雨夜", ["夜雨", "雨夜"]),
        ("fi", "ﬁlm", ["ﬁ"]),
        ("#12", "Number 12", []),
        ("", "Nothing", []),
    ],
)
def test_words_are_marked_as_they_are_found(asked, text, shown):
    found = places(searched(asked), text)

    assert [text[first:end] for first, end in found] == shown
