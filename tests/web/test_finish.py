"""A winner is made once more at full quality by one press: what it costs is said, it is sent once,
and what cannot be done is said with its reason.
"""

from dataclasses import replace
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from editorapp.costs.models import Entry, PriceQuote
from editorapp.generations.models import Generation
from editorapp.generations.request.finish import NotFinishable, finish, finishes
from editorapp.generations.request.quality import Quality, is_draft
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.teams.models import Member, Team
from editorapp.teams.roles import Role
from tests.factories import default_account, make_asset, make_generation, make_member, signed_in
from tests.racing import race

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def clip(member) -> Asset:
    return make_asset(member, name="bunny.mp4")


def draft_of(member: Member, clip: Asset | None, **fields: Any) -> Generation:
    """Make a take that is done, of 360p where nothing else is said."""
    wanted = GenerationRequest(
        prompt="A red coat",
        source=Ref(asset_id=clip.pk) if clip else None,
        resolution="360p",
        strength="flex_2",
        pose_enabled=True,
    )
    wanted = replace(wanted, **fields.pop("wanted", {}))
    result = make_asset(member, origin="result", width=640, height=360)
    sound = {"state": State.SUCCEEDED, "result": result, "prompt": wanted.prompt}
    sound |= {"request": wanted.to_json()}
    return make_generation(member, source=clip, **(sound | fields))


def labels(take: Generation, member: Member) -> list[str]:
    return [way.quality.label for way in finishes(take, member)]


def test_a_draft_can_be_finished_at_its_sources_and_its_models_best_size_and_in_each_range(
    member, clip
):
    take = draft_of(member, clip)

    assert labels(take, member) == ["1080p", "720p", "1080p HDR", "1080p HDR + EXR"]
    assert finishes(take, member)[0].differs == "360p → 1080p"
    assert finishes(take, member)[3].differs == "360p → 1080p, SDR → HDR + EXR"


def test_what_is_at_the_best_size_can_still_be_made_in_a_richer_range(member, clip):
    take = draft_of(member, clip, wanted={"resolution": "1080p"})
    richest = draft_of(member, clip, wanted={"resolution": "1080p", "hdr": True, "exr": True})

    assert labels(take, member) == ["1080p HDR", "1080p HDR + EXR"]
    assert labels(richest, member) == []


def test_a_take_without_a_result_cannot_be_finished(member, clip):
    take = draft_of(member, clip, state=State.FAILED, result=None)

    assert finishes(take, member) == []
    with pytest.raises(NotFinishable):
        finish(take, Quality("1080p"), member=member, agreed_usd=Decimal(99))


def page_of(browser: Client, take: Generation) -> str:
    return unescape(browser.get(f"/takes/{take.pk}").content.decode())


def button(html: str, label: str) -> str:
    """Return the value of the button that finishes at a quality; "" where there is none."""
    before, found, _rest = html.partition(f">Finish at {label} <")
    return found and before.rpartition('name="finish" value="')[2].partition('"')[0]


def test_one_press_queues_the_same_request_larger_for_the_price_on_the_button(
    browser, member, clip
):
    take = draft_of(member, clip)
    html = page_of(browser, take)
    assert "360p → 1080p" in html and "a new roll" in html
    value = button(html, "1080p")
    price = Decimal(value.partition("@")[2])

    answer = browser.post(f"/takes/{take.pk}/finish", {"finish": value})

    made = Generation.objects.get(state=State.QUEUED)
    assert answer["Location"] == f"/takes/{made.pk}"
    assert made.finished_from == take and made.source_asset == clip
    assert made.wanted == replace(take.wanted, resolution="1080p")
    assert made.estimate_high_usd == price > 0
    assert Entry.objects.get(generation_id=made.pk).amount_usd == price
    assert f"#{made.pk} is queued: #{take.pk} at 1080p." in page_of(browser, made)


def test_the_finished_one_and_its_draft_name_each_other(browser, member, clip):
    take = draft_of(member, clip)
    browser.post(f"/takes/{take.pk}/finish", {"finish": "1080p@99"})
    made = Generation.objects.get(state=State.QUEUED)

    assert f'Finished from <a href="/takes/{take.pk}">#{take.pk}</a>' in page_of(browser, made)
    html = page_of(browser, take)
    assert f'Finished as <a href="/takes/{made.pk}">#{made.pk}</a>, queued' in html
    assert f"1080p: #{made.pk}, queued" in html and not button(html, "1080p")


def test_pressed_again_from_any_page_it_is_not_sent_again(browser, member, clip):
    take = draft_of(member, clip)
    teammate = signed_in(make_member(team=member.team))

    for client in (browser, browser, teammate):
        client.post(f"/takes/{take.pk}/finish", {"finish": "1080p@99"}, headers=HTMX)

    assert Generation.objects.exclude(pk=take.pk).count() == 1


@pytest.mark.django_db(transaction=True)
def test_pressed_by_two_at_once_it_is_sent_once(member, clip):
    take = draft_of(member, clip)

    def press() -> Generation:
        own = Generation.objects.select_related("account", "source_asset").get(pk=take.pk)
        return finish(own, Quality("1080p"), member=member, agreed_usd=Decimal(99))

    made = race([press, press])

    assert Generation.objects.exclude(pk=take.pk).count() == 1
    assert len({one.pk for one in made}) == 1


def test_after_it_failed_or_was_canceled_it_can_be_pressed_again(browser, member, clip):
    take = draft_of(member, clip)
    for state in (State.FAILED, State.CANCELED):
        browser.post(f"/takes/{take.pk}/finish", {"finish": "1080p@99"})
        Generation.objects.filter(state=State.QUEUED).update(state=state)

    browser.post(f"/takes/{take.pk}/finish", {"finish": "1080p@99"})

    assert Generation.objects.filter(finished_from=take).count() == 3


def test_another_quality_is_another_finish(browser, member, clip):
    take = draft_of(member, clip)

    for value in ("1080p@99", "1080p+hdr+exr@99"):
        browser.post(f"/takes/{take.pk}/finish", {"finish": value})

    asked = [one.wanted for one in take.finished_as.order_by("pk")]
    assert [(one.resolution, one.hdr, one.exr) for one in asked] == [
        ("1080p", None, None),
        ("1080p", True, True),
    ]


@pytest.mark.parametrize(
    "value", ["1080p@0.01", "1080p", "360p@99", "9000p@99", "", "@", "+exr@99"]
)
def test_nothing_is_sent_for_more_than_was_shown_or_at_what_is_not_offered(
    browser, member, clip, value
):
    take = draft_of(member, clip)

    answer = browser.post(f"/takes/{take.pk}/finish", {"finish": value}, headers=HTMX)

    assert answer.status_code == 422 and 'role="alert"' in answer.content.decode()
    assert Generation.objects.count() == 1


def test_a_month_without_room_says_so_beside_the_way(browser, member, clip):
    take = draft_of(member, clip)
    Team.objects.filter(pk=member.team_id).update(monthly_limit_usd=Decimal("0.50"))

    html = page_of(browser, take)
    refused = browser.post(f"/takes/{take.pk}/finish", {"finish": "1080p@99"}, headers=HTMX)

    assert "of this month's budget is free" in html and not button(html, "1080p")
    assert refused.status_code == 422 and Generation.objects.count() == 1


def test_the_answer_to_a_press_on_a_live_page_says_what_is_on_its_way(browser, member, clip):
    take = draft_of(member, clip)

    answer = browser.post(f"/takes/{take.pk}/finish", {"finish": "1080p@99"}, headers=HTMX)

    made = take.finished_as.get()
    assert f"#{made.pk} is queued" in answer["HX-Trigger"]
    assert f"1080p: #{made.pk}, queued" in answer.content.decode()


def test_a_price_that_is_not_published_is_asked_for_first(browser, member, clip):
    account = default_account("scenario")
    take = draft_of(
        member, clip, account=account, provider="scenario", wanted={"resolution": "540p"}
    )
    assert "Ask what 1080p costs" in page_of(browser, take)

    browser.post(f"/takes/{take.pk}/finish/ask", {"finish": "1080p"}, headers=HTMX)

    assert PriceQuote.objects.count() == 1
    refused = browser.post(f"/takes/{take.pk}/finish", {"finish": "1080p@99"}, headers=HTMX)
    assert refused.status_code == 422 and Generation.objects.count() == 1
    part = browser.get(f"/takes/{take.pk}/finishes", headers=HTMX).content.decode()
    assert "1080p: asking" in part and 'hx-trigger="load delay:1s"' in part


def test_a_chained_draft_is_finished_from_the_same_take(browser, member, clip):
    first = draft_of(member, clip)
    second = draft_of(
        member,
        None,
        parent=first,
        source_asset=first.result,
        lineage=first.lineage,
        wanted={"source": Ref(asset_id=first.result_id)},
    )

    browser.post(f"/takes/{second.pk}/finish", {"finish": "1080p@99"})

    made = second.finished_as.get()
    assert (made.parent, made.source_asset, made.lineage) == (
        first,
        first.result,
        first.lineage,
    )


def test_who_may_not_spend_sees_no_way_and_is_refused(member, clip):
    take = draft_of(member, clip)
    reviewer = signed_in(make_member(role=Role.REVIEWER, team=member.team))

    assert "Finish at" not in page_of(reviewer, take)
    assert reviewer.post(f"/takes/{take.pk}/finish", {"finish": "1080p@99"}).status_code == 403
    assert reviewer.get(f"/takes/{take.pk}/finishes").status_code == 403


def test_the_ways_cost_the_same_queries_however_many_there_are(member, clip):
    small = draft_of(member, clip)
    best = draft_of(member, clip, wanted={"resolution": "1080p", "hdr": True})
    counts = []
    for take in (small, best):
        own = Generation.objects.select_related("account", "source_asset", "parent").get(pk=take.pk)
        with CaptureQueriesContext(connection) as queries:
            finishes(own, member)
        counts.append(len(queries))

    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("resolution", "source", "said"),
    [
        ("360p", {"width": 640, "height": 360}, True),
        ("540p", {}, True),
        ("720p", {}, False),
        ("720p", {"width": 1920, "height": 1080}, True),
        ("720p", {"width": 1080, "height": 1920}, True),
        ("1080p", {"width": 3840, "height": 2160}, False),
    ],
)
def test_a_draft_is_what_is_smaller_than_720_lines_or_than_its_source(
    member, resolution, source, said
):
    take = draft_of(member, make_asset(member, **source), wanted={"resolution": resolution})

    assert is_draft(take) is said


def noted(browser: Client, take: Generation) -> str:
    """Return what the studio says beside a take that is chosen as the source."""
    html = unescape(browser.get(f"/studio/?generation={take.pk}").content.decode())
    return html.split('id="notes-source"')[1].split("</div>")[0]


def test_a_draft_that_is_the_source_says_so_with_the_way_to_finish_it(browser, member, clip):
    take = draft_of(member, clip)

    said = noted(browser, take)

    assert f"#{take.pk} is a 360p draft: what you make of it starts from its small picture" in said
    assert f'href="/takes/{take.pk}#finish-{take.pk}">Finish #{take.pk}</a>' in said
    assert 'data-tone="warn"' in said


def test_a_draft_that_is_finished_leads_to_its_finished_one(browser, member, clip):
    take = draft_of(member, clip)
    made = draft_of(member, clip, finished_from=take, wanted={"resolution": "1080p"})

    said = noted(browser, take)

    assert f"#{take.pk} is a 360p draft, and finished as #{made.pk}: use that one." in said
    assert f'href="/studio/?generation={made.pk}">Use #{made.pk}</a>' in said
    assert noted(browser, made) == noted(browser, made).replace("draft", "")


def test_the_take_made_of_a_draft_says_so(browser, member, clip):
    first = draft_of(member, clip)
    second = draft_of(member, None, parent=first, source_asset=first.result)

    assert f'Made of <a href="/takes/{first.pk}">#{first.pk}</a>, a 360p draft' in page_of(
        browser, second
    )
    assert "Made of" not in page_of(browser, first)
