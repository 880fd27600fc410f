"""The tabs of the studio's stage, and the poll that asks whether one of them looks different."""

import re

import pytest

from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from editorapp.web.studio import sources, take_tabs
from tests.factories import make_asset, make_generation, make_member, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def clip(creator) -> Asset:
    return make_asset(creator)


@pytest.fixture
def running(creator, clip) -> Generation:
    return make_generation(creator, source=clip, state="running")


def make_done(member, clip, **fields) -> Generation:
    result = make_asset(member, origin="result")
    return make_generation(member, source=clip, state="succeeded", result=result, **fields)


def made_without_a_clip(member) -> Generation:
    before = make_done(member, make_asset(member))
    result = make_asset(member, origin="result")
    fields = {"task": "generate", "parent": before, "source_asset": None}
    return make_generation(member, state="succeeded", result=result, **fields)


def poll_of(html: str) -> str:
    found = re.search(r'hx-get="(/studio/takes/[a-z0-9]+\?seen=[0-9a-f]+)"', html)
    assert found, "the tabs do not ask for themselves"
    return found[1]


def test_an_unchanged_poll_says_so_in_one_query_of_its_own(
    creator, clip, running, django_assert_num_queries
):
    client = signed_in(creator)
    make_done(creator, clip)
    poll = poll_of(client.get(f"/studio/?source={clip.pk}").content.decode())

    with django_assert_num_queries(3):  # the session, the person, and how the takes stand
        answer = client.get(poll, headers={"HX-Request": "true"})

    assert answer.status_code == 204 and not answer.content


def test_the_takes_made_without_a_clip_are_polled_too(creator):
    made_without_a_clip(creator)
    make_generation(creator, task="generate", state="running", source_asset=None)
    client = signed_in(creator)
    poll = poll_of(client.get("/studio/?task=generate").content.decode())

    assert poll.startswith("/studio/takes/generated?")
    assert client.get(poll).status_code == 204


CHANGES = {
    "its state": lambda take, done: Generation.objects.filter(pk=take.pk).update(state="failed"),
    "its sound": lambda take, done: Generation.objects.filter(pk=done.pk).update(
        has_source_sound=True
    ),
    "its copy": lambda take, done: Asset.objects.filter(pk=done.result_id).update(proxy="ready"),
    "another one": lambda take, done: make_generation(
        make_member(team=take.team), source=take.source_asset
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_is_shown_by_the_next_poll(creator, clip, running, change):
    done, client = make_done(creator, clip), signed_in(creator)
    Asset.objects.filter(pk=done.result_id).update(proxy="pending")
    poll = poll_of(client.get(f"/studio/?source={clip.pk}").content.decode())
    assert client.get(poll).status_code == 204

    CHANGES[change](running, done)

    answer = client.get(poll)
    assert answer.status_code == 200 and f'id="take-{running.pk}"' in answer.content.decode()


def test_a_poll_tells_nothing_of_another_team_s_clip(creator, clip, running):
    stranger = signed_in(make_member())
    poll = poll_of(signed_in(creator).get(f"/studio/?source={clip.pk}").content.decode())

    answer = stranger.get(poll)

    assert answer.status_code == 200 and f"take-{running.pk}" not in answer.content.decode()


def test_what_the_tabs_say_is_read_with_the_takes(
    creator, clip, running, django_assert_num_queries
):
    make_done(creator, clip, prompt="Snow")
    make_done(creator, clip, task="reframe")
    with django_assert_num_queries(1):
        tabs = take_tabs.tabs_of(sources.takes_of(clip, creator), creator)
        said = [(tab.clip, tab.says, tab.tone, tab.drawn) for tab in tabs]

    assert [bool(one) for one, *_more in said] == [False, True, True]


def test_the_take_behind_a_source_is_read_once(creator, clip, django_assert_num_queries):
    parent = make_done(creator, clip)
    made = {"parent": parent, "lineage": parent.lineage}
    for number in range(3):
        make_done(creator, parent.result, prompt=f"Rain {number}", **made)

    # the takes, once their parent and its two clips, their colours, and which notes they answer
    with django_assert_num_queries(6):
        tabs = take_tabs.tabs_of(sources.takes_of(parent.result, creator), creator)
        drawn = [tab.drawn for tab in tabs]

    assert len(drawn) == 3


def test_a_viewer_s_tabs_offer_nothing_that_only_creators_may(creator, reviewer, clip):
    done = make_done(creator, clip)

    theirs, ours = (
        signed_in(one).get(f"/studio/takes/{clip.pk}").content.decode()
        for one in (reviewer, creator)
    )

    assert f"/takes/{done.pk}/finishes" in ours and "data-finishes" not in theirs


def test_a_tab_shows_what_somebody_wrote_as_text(creator, clip):
    make_done(creator, clip, prompt='Rain <b title="x">')
    make_done(creator, clip, prompt="Snow")

    html = signed_in(creator).get(f"/studio/takes/{clip.pk}").content.decode()

    assert "<b" not in html and "&lt;b" in html


def test_what_the_tabs_of_generations_say_is_read_with_them(creator, django_assert_num_queries):
    made_without_a_clip(creator)
    made_without_a_clip(creator)
    with django_assert_num_queries(2):
        tabs = take_tabs.tabs_of(sources.takes_of(None, creator), creator)
        said = [(tab.clip, tab.says, tab.tone) for tab in tabs]

    assert all(clip for clip, *_more in said) and len(said) == 2
