"""Several takes of one form as a person meets them in a browser: set up by one press, seen side by
side in step, and the winner finished at full quality in few actions.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Ref
from tests.factories import make_generation

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
Keep = Callable[..., Asset]
LADDER = ("adhere_2", "flex_1", "flex_3", "reimagine_2")


@pytest.fixture
def ladder(member, keep) -> list[Generation]:
    """Four drafts of one clip that differ in strength, done."""
    clip = keep("bunny_720p_5s.mp4")
    result = keep("vertical_4s.mp4", origin=Asset.Origin.RESULT)
    wanted = GenerationRequest(prompt="Fog", source=Ref(asset_id=clip.pk), resolution="360p")
    batch = uuid4()
    return [
        make_generation(
            member,
            source=clip,
            batch=batch,
            state=State.SUCCEEDED,
            result=result,
            prompt="Fog",
            request=replace(wanted, strength=strength).to_json(),
        )
        for strength in LADDER
    ]


def violations(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


@pytest.mark.parametrize("width", [1440, 390])
def test_a_ladder_is_set_up_by_one_press_and_queued_by_the_next(member, keep, open_page, width):
    keep("bunny_720p_5s.mp4")
    page = open_page(member, "/studio/", width=width)
    page.locator("#prompt").fill("Fog over the meadow")
    page.locator(".variants > summary").click()
    expect(page.locator("#ladders")).to_contain_text("3 drafts at 360p, $")

    page.get_by_role("button", name=re.compile("Low, middle, high")).click()

    expect(page.locator("#estimate")).to_contain_text("3 takes, $")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#toasts")).to_contain_text("3 takes are queued")
    asked = [one.wanted for one in Generation.objects.order_by("pk")]
    assert [one.strength for one in asked] == ["adhere_2", "flex_2", "reimagine_2"]
    assert {one.resolution for one in asked} == {"360p"}


def test_control_variants_are_priced_as_they_are_typed(member, keep, open_page):
    keep("bunny_720p_5s.mp4")
    page = open_page(member, "/studio/")
    page.locator("#prompt").fill("Fog")
    page.get_by_label("Restyle 1, Flex 1", exact=True).check(force=True)
    page.locator(".variants > summary").click()

    page.get_by_label("Also Depth at these values, from 0 to 1").fill("0.3, 0.6")
    page.get_by_label("Also Pose: precise").check(force=True)

    expect(page.locator("#estimate")).to_contain_text("6 takes, $")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("width", [1440, 390])
def test_a_batch_opens_in_place_plays_in_step_and_closes(member, ladder, open_page, width):
    page = open_page(member, "/gallery/", width=width)
    card = page.locator(f"#batch-{ladder[0].batch}")
    expect(card).to_contain_text("4 takes from bunny_720p_5s: differ in strength")
    assert violations(page) == []

    card.get_by_role("link", name=re.compile("differ in strength")).first.click()

    expect(card.locator(".take-differs")).to_have_text(
        ["Adhere 2", "Flex 1", "Flex 3", "Reimagine 2"]
    )
    play = card.get_by_role("button", name="Play in step")
    expect(play).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Enter")
    expect(card.locator("video:not([hidden])")).to_have_count(4)
    # What falls behind on a busy machine is brought back into step.
    page.wait_for_function(
        """() => {
          const times = [...document.querySelectorAll('video')].map((one) => one.currentTime);
          return Math.min(...times) > 0.5 && Math.max(...times) - Math.min(...times) < 0.15;
        }"""
    )
    play.click()
    expect(card.locator("video")).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    card.get_by_role("link", name=re.compile("^Close")).click()
    expect(card.locator(".take-differs")).to_have_count(0)
    expect(card.get_by_role("link", name=re.compile("differ in strength")).first).to_be_focused()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_winner_of_four_is_finished_in_few_actions(member, ladder, open_page, width):
    winner = ladder[2]
    page = open_page(member, "/gallery/", width=width)
    actions = 0
    for act in (
        lambda: page.get_by_role("link", name=re.compile("differ in strength")).first.click(),
        lambda: page.get_by_role("button", name="Play in step").click(),
        lambda: page.locator(f"#take-{winner.pk} h2 a").click(),
        lambda: page.get_by_role("button", name=re.compile("^Finish at 1080p \\$")).click(),
    ):
        act()
        actions += 1

    part = page.locator(f"#finish-{winner.pk}")
    expect(part).to_contain_text("is queued")
    made = winner.finished_as.get()
    assert actions <= 6 and made.wanted == replace(winner.wanted, resolution="1080p")
    expect(part.get_by_role("link", name=f"1080p: #{made.pk}, queued")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_winner_is_finished_without_a_script(member, ladder, open_page):
    page = open_page(member, f"/takes/{ladder[1].pk}", java_script_enabled=False)

    page.get_by_text("Other sizes, HDR, EXR").click()
    page.get_by_role("button", name=re.compile("Finish at 1080p HDR \\+ EXR")).click()

    made = ladder[1].finished_as.get()
    expect(page).to_have_url(re.compile(f"/takes/{made.pk}/?$"))
    expect(page.locator("#notices")).to_contain_text(f"#{made.pk} is queued")


def test_a_batch_opens_and_closes_without_a_script(member, ladder, open_page):
    page = open_page(member, "/gallery/", java_script_enabled=False)

    page.get_by_role("link", name=re.compile("differ in strength")).first.click()

    expect(page.locator(".take-differs")).to_have_count(4)
    page.get_by_role("link", name=re.compile("^Close")).click()
    expect(page.locator(".take-differs")).to_have_count(0)


@pytest.mark.parametrize("width", [1440, 390])
def test_the_queue_groups_a_batch_under_its_head(member, ladder, open_page, width):
    Generation.objects.update(state=State.RUNNING, result=None)
    page = open_page(member, "/queue/", width=width)

    expect(page.locator(".queue-batch")).to_have_text(
        ["4 takes from bunny_720p_5s: differ in strength"]
    )
    expect(page.locator(".queue-prompt").nth(2)).to_have_text(f"#{ladder[2].pk} Flex 3")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("width", [1440, 390])
def test_in_the_studio_the_take_on_the_stage_is_finished_without_leaving(
    member, ladder, open_page, width
):
    winner = ladder[2]
    page = open_page(member, f"/studio/?source={winner.source_asset_id}", width=width)
    page.locator(f"#take-{winner.pk}").click()

    page.get_by_role("button", name=re.compile("^Finish 360p → 1080p \\$")).click()

    expect(page.locator("#toasts")).to_contain_text("is queued")
    made = winner.finished_as.get()
    expect(page.locator(f"#take-{made.pk}")).to_be_attached()
    part = page.locator(f"#finish-{winner.pk}")
    expect(part.get_by_role("link", name=f"1080p: #{made.pk}, queued")).to_be_visible()
    assert Generation.objects.exclude(batch=winner.batch).count() == 1
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
