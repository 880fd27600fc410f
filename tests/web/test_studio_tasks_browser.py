"""Every task of the studio in a real browser: switching, quotes, and how it looks."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from editorapp.costs.models import PriceQuote
from editorapp.providers import accounts
from tests.browser_look import look
from tests.factories import make_generation

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
RESULT_ID = "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"
TASKS = ("edit", "generate", "reframe", "modify")


def test_every_task_fits_its_screen_and_has_no_serious_barrier(member, keep, open_page):
    source, result = (
        keep("bunny_720p_5s.mp4"),
        keep("frog_vp9_8s.webm", origin="result", is_simulated=True),
    )
    make_generation(
        member,
        source=source,
        state="succeeded",
        result=result,
        chain_id="6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21",
    )
    page = open_page(member, "/studio/")

    for task in TASKS:
        page.locator(f'[name="task"][value="{task}"]').check(force=True)
        expect(page.locator("#task-head")).to_have_text(re.compile(task, re.I))
        expect(page.locator("#compose")).not_to_have_attribute("aria-busy", "true")
        look(page, task)


@pytest.fixture
def studio(member, keep, open_page) -> Page:
    """The studio with one real clip chosen: 132 frames at 25 fps."""
    keep("bunny_720p_5s.mp4")
    page = open_page(member, "/studio/")
    expect(page.locator("#viewer video")).to_be_visible()
    return page


def choose_task(page: Page, label: str) -> None:
    page.locator(".tasks .chip", has_text=label).click()
    expect(page.locator("#task-head")).to_have_text(label)
    expect(page.locator("#compose")).not_to_have_attribute("aria-busy", "true")


def open_quotes(page: Page) -> None:
    if page.locator(".quotes-pop[open]").count() == 0:
        page.locator(".quotes-pop > summary").click()


def choose(page: Page, provider: str) -> None:
    open_quotes(page)
    page.locator(".quote-choose", has_text=provider).click()
    expect(page.locator(".quote.is-chosen")).to_contain_text(provider)


def test_a_switch_keeps_what_was_typed_the_focus_and_the_playing_clip(studio):
    studio.fill("#prompt", "Rainy neon evening")
    studio.get_by_label("Reimagine 2").check(force=True)
    studio.locator("[data-strip]").fill("30")
    studio.locator("#viewer video").evaluate("video => { video.dataset.same = 'yes'; }")

    choose(studio, "GMI Cloud")

    expect(studio.locator("#prompt")).to_have_value("Rainy neon evening")
    expect(studio.get_by_label("Reimagine 2")).to_be_checked()
    expect(studio.locator("#request-json")).to_contain_text('"edit_strength": "reimagine_2"')
    expect(studio.locator("#request-curl")).to_contain_text("/requestqueue/apikey/requests")
    expect(studio.locator(".quote-choose", has_text="GMI Cloud")).to_be_focused()
    expect(studio.locator('#viewer video[data-same="yes"]')).to_have_count(1)
    expect(studio.locator("[data-frame]")).to_have_text("30")
    choose(studio, "Luma Agents")
    expect(studio.locator("#request-json")).to_contain_text('"strength": "reimagine_2"')


def test_what_is_typed_while_the_answer_is_on_its_way_is_carried_into_it(studio):
    studio.fill("#prompt", "Rainy evening")
    studio.route("**/studio/form", lambda route: (studio.wait_for_timeout(400), route.continue_()))

    open_quotes(studio)
    studio.locator(".quote-choose", has_text="GMI Cloud").click()
    studio.locator("#prompt").focus()
    studio.keyboard.press("End")
    studio.keyboard.type(" in the harbour")

    expect(studio.locator(".quote.is-chosen")).to_contain_text("GMI Cloud")
    expect(studio.locator("#prompt")).to_have_value("Rainy evening in the harbour")
    expect(studio.locator("#prompt")).to_be_focused()
    studio.keyboard.type(" at night")
    expect(studio.locator("#request-json")).to_contain_text("Rainy evening in the harbour at night")


@pytest.mark.parametrize("typed", ["", " at sea"])
def test_a_letter_typed_between_the_swap_and_its_settling_is_neither_lost_nor_taken_for_checked(
    studio, typed
):
    studio.fill("#prompt", "Rainy evening")
    held: list[Route] = []
    studio.route("**/studio/form", lambda route: held.append(route))
    studio.evaluate(
        """() => document.addEventListener("htmx:afterSwap", function type(event) {
            if (event.detail.target.id !== "pane-form") return;
            document.removeEventListener("htmx:afterSwap", type);
            const look = () => { window.isStale = window.rushes.studio.isStale(); };
            document.addEventListener("htmx:afterSettle", look, { once: true });
            document.execCommand("insertText", false, "!");
        })"""
    )

    open_quotes(studio)
    with studio.expect_request("**/studio/form"):
        studio.locator(".quote-choose", has_text="GMI Cloud").click()
    studio.locator("#prompt").focus()
    studio.keyboard.press("End")
    studio.keyboard.type(typed)
    held[0].continue_()

    expect(studio.locator(".quote.is-chosen")).to_contain_text("GMI Cloud")
    expect(studio.locator("#request-json")).to_contain_text(f"Rainy evening{typed}!")
    expect(studio.locator("#prompt")).to_have_value(f"Rainy evening{typed}!")
    expect(studio.locator("#prompt")).to_be_focused()
    assert studio.evaluate("window.isStale")


def test_of_two_quick_choices_the_last_one_counts(studio):
    studio.fill("#prompt", "Snow")
    studio.evaluate(
        """() => { for (const task of ["generate", "reframe"])
            document.querySelector(`[name="task"][value="${task}"]`).click(); }"""
    )

    expect(studio.locator("#task-head")).to_have_text("Reframe")
    expect(studio.locator("#compose")).not_to_have_attribute("aria-busy", "true")
    expect(studio.locator('[name="task"]:checked')).to_have_value("reframe")
    expect(studio.locator("#prompt")).to_have_value("Snow")
    expect(studio.locator("#viewer video")).to_be_visible()


def test_every_task_round_brings_back_what_was_said_in_it(studio):
    studio.fill("#prompt", "Snow")
    studio.get_by_label("HDR").check()
    choose_task(studio, "Reframe")
    studio.locator('label.chip:has([name="aspect_ratio"][value="9:16"])').click()
    expect(studio.locator("#request-json")).to_contain_text('"aspect_ratio": "9:16"')
    choose_task(studio, "Generate")
    expect(studio.locator("[data-bin]")).to_be_hidden()
    expect(studio.locator('[name="aspect_ratio"]:checked')).to_have_value("9:16")
    studio.get_by_label("HDR").uncheck()
    studio.get_by_label("Loop").check()
    expect(studio.locator("#request-json")).to_contain_text('"loop": true')
    choose_task(studio, "Modify")
    expect(studio.locator(".quote.is-chosen")).to_contain_text("Scenario")
    choose_task(studio, "Edit")

    expect(studio.locator(".quote.is-chosen")).to_contain_text("Luma Agents")
    expect(studio.locator("#viewer video")).to_be_visible()
    expect(studio.get_by_label("HDR")).not_to_be_checked()
    choose_task(studio, "Generate")
    expect(studio.get_by_label("Loop")).to_be_checked()
    expect(studio.locator("#prompt")).to_have_value("Snow")


def test_keyframes_are_named_where_they_cannot_be_taken_and_the_way_back_brings_them(studio):
    studio.fill("#prompt", "Snow")
    studio.locator("[data-strip]").fill("30")
    studio.get_by_role("button", name="Guide frame here").click()
    expect(studio.locator(".quote", has_text="GMI Cloud")).to_contain_text("Cannot take: keyframes")

    choose(studio, "GMI Cloud")
    guides = studio.locator("#notes-guides")
    expect(guides).to_contain_text("keyframes", ignore_case=True)
    guides.hover()
    expect(guides.get_by_role("button", name="Leave it out")).to_be_visible()
    expect(studio.locator("#queue-button")).to_have_attribute("aria-disabled", "true")
    guides.get_by_role("button", name="Back to Luma Agents").click()

    expect(studio.locator(".quote.is-chosen")).to_contain_text("Luma Agents")
    expect(studio.locator('[name="keyframe_index"]')).to_have_value("30")
    expect(studio.locator(".pin")).to_have_count(1)
    expect(studio.locator("#queue-button")).not_to_have_attribute("aria-disabled", "true")


def test_the_chosen_account_asks_for_its_price_by_itself_and_shows_it_when_it_comes(studio):
    studio.fill("#prompt", "Snow")
    choose(studio, "Scenario")

    expect(studio.locator("#basis")).to_contain_text("Asking Scenario what this costs")
    asked = PriceQuote.objects.get()
    PriceQuote.objects.filter(pk=asked.pk).update(
        state="known",
        low_usd="0.42",
        high_usd="0.42",
        basis="42 CU at $0.01",
        answered_at=timezone.now(),
    )

    expect(studio.locator(".quote.is-chosen")).to_contain_text("$0.42")
    expect(studio.locator("#basis")).to_contain_text("42 CU at $0.01")
    expect(studio.locator("#queue-button")).not_to_have_attribute("aria-disabled", "true")
    studio.fill("#prompt", "Snow at dusk")  # costs the same: nobody is asked again
    expect(studio.locator("#request-json")).to_contain_text("Snow at dusk")
    studio.get_by_label("HDR").check()
    expect(studio.locator("#estimate")).to_contain_text("Asking")
    assert PriceQuote.objects.count() == 2


def test_a_draft_of_another_task_at_another_account_survives_a_reload(studio):
    choose_task(studio, "Generate")
    choose(studio, "GMI Cloud")
    studio.fill("#prompt", "A paper boat")
    studio.get_by_label("Loop").check()
    expect(studio.locator("#request-json")).to_contain_text('"loop": true')

    studio.reload()

    expect(studio.locator("#task-head")).to_have_text("Generate")
    expect(studio.locator(".quote.is-chosen")).to_contain_text("GMI Cloud")
    expect(studio.locator("#prompt")).to_have_value("A paper boat")
    expect(studio.get_by_label("Loop")).to_be_checked()


def test_without_javascript_task_and_account_are_changed_by_plain_buttons(member, keep, open_page):
    keep("bunny_720p_5s.mp4")
    page = open_page(member, "/studio/", java_script_enabled=False)
    page.fill("#prompt", "Snow")
    page.locator('[name="task"][value="reframe"]').check(force=True)
    page.get_by_role("button", name="Show", exact=True).first.click()
    page.locator('[name="aspect_ratio"][value="1:1"]').check(force=True)
    open_quotes(page)
    page.locator(".quote-choose", has_text="GMI Cloud").click()

    assert page.locator("#prompt").input_value() == "Snow"
    assert page.locator('[name="aspect_ratio"]:checked').input_value() == "1:1"
    assert "GMI Cloud" in (page.locator(".quote.is-chosen").text_content() or "")
    open_quotes(page)
    page.locator(".quote.is-chosen [data-ask]").click()
    assert "asking" in (page.locator(".quote.is-chosen").text_content() or "")


def test_a_take_of_a_generation_shows_beside_it(studio):
    choose_task(studio, "Generate")
    studio.fill("#prompt", "A paper boat")
    expect(studio.locator("#queue-button")).not_to_have_attribute("aria-disabled", "true")

    studio.get_by_role("button", name="Queue generation").click()

    expect(studio.locator("#takes [data-panel]")).to_have_count(1)
    expect(studio.locator("[data-tab=source]")).to_have_count(0)


def test_a_form_whose_account_is_switched_off_meanwhile_shows_another_and_can_be_queued(studio):
    luma = accounts.usable(provider="luma-agents")[0]
    studio.fill("#prompt", "Snow")
    expect(studio.locator("#queue-button")).not_to_have_attribute("aria-disabled", "true")
    luma.is_enabled = False
    luma.save()

    studio.get_by_role("button", name="Queue edit").click()

    expect(studio.locator("#toasts")).to_contain_text("Not queued yet")
    expect(studio.locator('[name="account_was"]')).not_to_have_value(str(luma.pk))
    expect(studio.locator("#prompt")).to_have_value("Snow")
    studio.get_by_role("button", name="Queue edit").click()
    expect(studio.locator("#takes [data-panel]")).to_have_count(1)


def test_an_account_that_is_switched_off_leaves_the_form_with_the_next_keystroke(studio):
    luma = accounts.usable(provider="luma-agents")[0]
    studio.fill("#prompt", "Snow")
    expect(studio.locator("#request-json")).to_contain_text("Snow")
    luma.is_enabled = False
    luma.save()

    studio.locator("#prompt").press_sequentially(" at dusk")

    expect(studio.locator('[name="account_was"]')).not_to_have_value(str(luma.pk))
    expect(studio.locator("#prompt")).to_have_value("Snow at dusk")
