"""The page of a take that was sent with others: where it stands among them, and they beside it."""

import pytest
from django.test import Client

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from tests.factories import make_asset, make_generation, signed_in
from tests.web.test_gallery_batches import batch_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(creator) -> Client:
    return signed_in(creator)


def test_it_says_its_number_its_place_and_shows_what_was_sent_with_it(client, creator):
    first, second, third = batch_of(creator)

    html = client.get(f"/takes/{second.pk}").content.decode()

    assert f'<h1>#{second.pk} <span class="muted small">2nd of 3 from bunny</span></h1>' in html
    assert "Sent together" in html and "3 takes from bunny: differ in strength" in html
    assert f"<strong>#{third.pk}</strong> Reimagine 2" in html
    assert f'href="/compare/?takes={first.pk},{second.pk},{third.pk}">Compare these 3' in html
    assert "Other takes of the same source" not in html


def test_other_takes_of_the_source_stand_apart_and_say_what_differs(client, creator):
    first, *_others = batch_of(creator)
    single = make_generation(creator, source=first.source_asset, prompt="Snow")

    html = client.get(f"/takes/{first.pk}").content.decode()

    others = html.split("Other takes of the same source")[1]
    assert f"<strong>#{single.pk}</strong> Snow" in others
    assert all(f"<strong>#{one.pk}</strong>" not in others for one in _others)


def test_a_take_by_itself_says_what_it_is_from_and_has_no_strip(client, creator):
    take = make_generation(creator, source=make_asset(creator, name="bunny.mp4"))

    html = client.get(f"/takes/{take.pk}").content.decode()

    assert f'<h1>#{take.pk} <span class="muted small">from bunny</span></h1>' in html
    assert "Sent together" not in html


def test_two_that_are_not_done_are_not_offered_to_compare(client, creator):
    takes = batch_of(creator, 2)
    Generation.objects.filter(pk=takes[0].pk).update(state=State.FAILED, result=None)

    assert "/compare/" not in client.get(f"/takes/{takes[1].pk}").content.decode()
