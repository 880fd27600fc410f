"""Reuse in a real browser: earlier prompts by keys and by search, presets and recipes on other clips,
for a colleague.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from editorapp.media.models import Asset
from editorapp.reuse.models import EditRecipe
from tests.factories import make_generation, make_member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
PROMPTS = ("Rain in Zürich", "Snow at dusk", "Neon harbour")


@pytest.fixture
def clips(keep) -> dict[str, Asset]:
    """Two clips, by short names; the newest, the bunny, is the one that the studio opens with."""
    names = ("frog_vp9_8s.webm", "bunny_720p_5s.mp4")
    return {name.partition("_")[0]: keep(name) for name in names}


@pytest.fixture
def studio(member, clips, open_page) -> Page:
    for text in PROMPTS:
        made = make_generation(member, prompt=text, source=clips["bunny"])
        made.result = clips["bunny"]
        made.save()
    return open_page(member, "/studio/")


def pin(page: Page, *frames: int) -> None:
    for frame in frames:
        page.locator("[data-strip]").fill(str(frame))
        page.get_by_role("button", name="Guide frame here").click()
        expect(page.locator(f'.pin[data-at="{frame}"]')).to_have_count(1)


def pins(page: Page) -> list[str]:
    return [one.input_value() for one in page.locator('[name="keyframe_index"]').all()]


def test_alt_up_walks_through_ones_own_prompts_and_back_to_what_was_typed(studio):
    prompt = studio.locator("#prompt")
    prompt.fill("Unsent words")

    for expected in reversed(PROMPTS):
        prompt.press("Alt+ArrowUp")
        expect(prompt).to_have_value(expected)
    expect(studio.locator("[data-draft-state]")).to_have_text(re.compile("3 of 3 · Saved"))
    prompt.press("Alt+ArrowUp")
    expect(prompt).to_have_value(PROMPTS[0])
    for expected in (*PROMPTS[1:], "Unsent words"):
        prompt.press("Alt+ArrowDown")
        expect(prompt).to_have_value(expected)
    expect(studio.locator("#request-json")).to_contain_text("Unsent words")
    expect(studio.locator("[data-draft-state]")).to_have_text("Saved")


def test_what_was_typed_over_an_earlier_prompt_is_the_new_bottom(studio):
    prompt = studio.locator("#prompt")
    prompt.press("Alt+ArrowUp")
    expect(prompt).to_have_value("Neon harbour")
    prompt.press_sequentially(", wide")

    prompt.press("Alt+ArrowUp")
    expect(prompt).to_have_value("Neon harbour")
    prompt.press("Alt+ArrowDown")

    expect(prompt).to_have_value("Neon harbour, wide")


def test_a_search_finds_a_prompt_without_accents_and_enter_puts_it_in(studio):
    studio.locator("#prompt").press("Control+k")
    dialog = studio.get_by_role("dialog", name="Earlier prompts")
    expect(dialog.locator(".found-prompt")).to_have_count(3)

    studio.keyboard.type("zurich rain")
    expect(dialog.locator(".found-prompt")).to_have_count(1)
    expect(dialog.locator(".found-prompt img")).to_be_visible()
    studio.keyboard.press("Enter")

    expect(dialog).to_be_hidden()
    expect(studio.locator("#prompt")).to_have_value("Rain in Zürich")
    expect(studio.locator("#prompt")).to_be_focused()


def test_the_search_is_walked_by_keys_and_says_when_nothing_is_found(studio):
    studio.get_by_role("button", name="Earlier prompts").click()
    dialog = studio.get_by_role("dialog", name="Earlier prompts")
    studio.keyboard.type("nowhere")
    expect(dialog).to_contain_text("No prompt of yours holds these words.")
    studio.keyboard.press("Control+a")
    studio.keyboard.press("Delete")
    expect(dialog.locator(".found-prompt")).to_have_count(3)

    for key in ("ArrowDown", "ArrowDown", "Enter"):
        studio.keyboard.press(key)

    expect(studio.locator("#prompt")).to_have_value("Snow at dusk")


def test_a_recipe_of_one_clip_is_used_by_a_colleague_on_a_clip_of_another_rate(
    studio, clips, member, open_page
):
    """132 frames at 25 a second to a clip of 30."""
    bunny, frog = clips["bunny"], clips["frog"]
    assert (bunny.frame_count, bunny.fps) == (132, 25) and frog.fps != bunny.fps
    studio.fill("#prompt", "Neon rain")
    pin(studio, 25, 75)
    studio.locator(".reuse-menu summary").click()
    studio.get_by_role("button", name="Keep what is set here …").click()
    dialog = studio.get_by_role("dialog", name="Keep what is set here")
    dialog.get_by_label("Name").fill("Neon look")
    dialog.locator("[name=recipe_kind][value=recipe]").check()
    dialog.get_by_role("button", name="Keep it").click()
    expect(studio.locator("#toasts")).to_contain_text("“Neon look” is kept")

    studio.close()  # its session ends with the next sign-in of this test
    page = open_page(make_member(name="Cleo", team=member.team), f"/studio/?source={frog.pk}")
    page.fill("#prompt", "Mine")
    page.locator(".reuse-menu summary").click()
    page.get_by_role("button", name="Neon look").click()
    plan = page.get_by_role("dialog", name="Recipe “Neon look”")
    wanted = [round(frame / 25 * float(frog.fps)) for frame in (25, 75)]
    expect(plan).to_contain_text(f"frame 25 → frame {wanted[0]}")
    expect(plan).to_contain_text("Frame of a source: bunny_720p_5s frame 25.png")
    expect(page.locator("#prompt")).to_have_value("Mine")  # only looked at yet
    plan.get_by_role("button", name="Use it").click()

    expect(page.locator("#prompt")).to_have_value("Neon rain")
    expect(page.locator(".pin")).to_have_count(2)
    assert pins(page) == [str(frame) for frame in wanted]
    expect(page.locator("#request-json")).to_contain_text("keyframe_indexes")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#prompt")).to_have_value("Mine")
    assert EditRecipe.objects.get().made_by == member.user


def test_a_name_that_is_taken_is_said_in_the_dialog(studio):
    for _time in range(2):
        studio.locator(".reuse-menu summary").click()
        studio.get_by_role("button", name="Keep what is set here …").click()
        studio.get_by_label("Name", exact=True).fill("Calm")
        studio.keyboard.press("Enter")
        if _time == 0:
            expect(studio.get_by_role("dialog", name="Keep what is set here")).to_be_hidden()

    expect(studio.get_by_role("alert").filter(has_text="is taken")).to_be_visible()
