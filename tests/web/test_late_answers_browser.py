"""An answer that comes late: what it is for was shown anew, or another one is wanted by now."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Response, Route, expect

from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from tests.factories import default_account, make_generation
from tests.web.test_cutting_room_browser import RESULT_ID, finish, tab

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


class Held:
    """Answers of one address: asked for at once, given to the page when a test says so."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.is_over = False
        self.answers: list[tuple[Route, Response]] = []
        page.route(address, self._hold)

    def _hold(self, route: Route) -> None:
        if self.is_over:
            route.continue_()
        else:
            self.answers.append((route, route.fetch()))

    def wait(self) -> None:
        """Wait until the server has answered."""
        for _ in range(600):
            if self.answers:
                return
            self.page.wait_for_timeout(100)
        raise AssertionError("the page asked for nothing")

    def give(self, status: int = 200) -> None:
        """Give the page the oldest answer, once there is one."""
        self.wait()
        route, answer = self.answers.pop(0)
        route.fulfill(response=answer, status=status)

    def give_all(self) -> None:
        """Give the page what was held, and hold nothing any more."""
        self.is_over = True
        while self.answers:
            self.give()


@pytest.fixture
def source(keep):
    return keep("bunny_720p_5s.mp4")


@pytest.fixture
def make_take(member, source, keep) -> Callable[..., Generation]:
    result = keep("frog_vp9_8s.webm", origin="result", is_simulated=True)

    def make(**values: object) -> Generation:
        done = {"state": "succeeded", "result": result, "chain_id": RESULT_ID, "source": source}
        return make_generation(member, **(done | values))

    return make


@pytest.fixture
def studio_with_a_run(member, make_take, open_page) -> tuple[Page, Generation, Asset]:
    """The studio on a phone while a take runs; the take, and the result that it will have."""
    take = make_take(state="running", result=None)
    result = make_take().result
    page = open_page(member, "/studio/", width=390, height=844)
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    return page, take, result


def test_a_take_that_was_queued_shows_though_the_form_came_anew_before_its_answer(
    member, source, open_page
):
    page = open_page(member, "/studio/")
    page.fill("#prompt", "Snow at dawn")
    queue = Held(page, "**/studio/queue")
    page.keyboard.press("Control+Enter")
    queue.wait()
    page.evaluate("() => { document.querySelector('#queue-button').dataset.old = ''; }")

    page.evaluate("() => { window.rushes.studio.rearrange(); }")
    expect(page.locator("#queue-button:not([data-old])")).to_be_visible()
    queue.give()

    expect(page.locator("#takes [data-panel]")).to_have_count(1)
    expect(page.locator("#toasts")).to_contain_text("queued")
    expect(page.locator("#form-token")).not_to_have_value(Generation.objects.get().form_token)


def test_what_is_pressed_while_another_form_is_on_its_way_queues_that_one(
    member, source, make_take, open_page
):
    take = make_take(task="generate", parent=None)
    page = open_page(member, "/studio/?task=generate")
    tab(page, take.pk).click()
    expect(tab(page, take.pk)).to_have_attribute("aria-current", "true")
    form = Held(page, "**/studio/form")
    page.keyboard.press("e")
    form.wait()

    page.keyboard.type("Snow at dawn")
    page.keyboard.press("Control+Enter")
    page.wait_for_timeout(300)
    assert Generation.objects.exclude(pk=take.pk).count() == 0
    form.give()

    expect(page.locator("#takes [data-panel]")).to_have_count(1)
    made = Generation.objects.exclude(pk=take.pk).get()
    assert (made.task, made.parent_id, made.prompt) == ("edit", take.pk, "Snow at dawn")


@pytest.mark.answers(500)
def test_what_is_pressed_for_a_form_that_never_came_queues_nothing(
    member, source, make_take, open_page
):
    take = make_take(task="generate", parent=None)
    page = open_page(member, "/studio/?task=generate")
    tab(page, take.pk).click()
    expect(tab(page, take.pk)).to_have_attribute("aria-current", "true")
    form = Held(page, "**/studio/form")
    page.keyboard.press("e")
    form.wait()

    page.keyboard.type("Snow at dawn")
    page.keyboard.press("Control+Enter")
    form.give(status=500)
    expect(page.locator("#toasts")).to_contain_text("nothing was sent")
    page.wait_for_timeout(500)

    assert Generation.objects.exclude(pk=take.pk).count() == 0


def test_the_ways_to_finish_are_never_those_of_another_take(member, source, make_take, open_page):
    first, second = make_take(), make_take()
    page = open_page(member, "/studio/")
    finishes = Held(page, "**/takes/*/finishes*")
    tab(page, first.pk).click()
    finishes.wait()
    tab(page, second.pk).click()
    expect(page.locator("[data-take-name]")).to_contain_text(f"#{second.pk}")

    finishes.give()
    finishes.wait()

    expect(page.locator(f"#finish-{first.pk}")).to_have_count(0)
    finishes.give()
    expect(page.locator(f"[data-finish-place] #finish-{second.pk}")).to_be_attached()


def test_the_panel_of_a_take_does_not_open_under_another_one(member, source, make_take, open_page):
    failed = make_take(state="failed", result=None, failure_message="The provider refused.")
    done = make_take()
    page = open_page(member, "/studio/")
    panels = Held(page, f"**/takes/{failed.pk}/panel*")
    tab(page, failed.pk).click()
    panels.wait()
    tab(page, done.pk).click()

    panels.give()
    page.wait_for_timeout(500)

    expect(page.locator("#take-panel")).to_be_hidden()
    expect(tab(page, done.pk)).to_have_attribute("aria-current", "true")


def test_of_two_clips_chosen_in_haste_the_second_is_on_the_stage(member, source, keep, open_page):
    other, third = keep("frog_vp9_8s.webm"), keep("vertical_4s.mp4")
    page = open_page(member, f"/studio/?source={source.pk}")
    expect(page.locator("#viewer")).to_have_attribute("data-asset", str(source.pk))
    viewer = Held(page, "**/studio/source?*")
    page.locator(f'[name="source_asset"][value="{other.pk}"]').check(force=True)
    viewer.wait()
    page.locator(f'[name="source_asset"][value="{third.pk}"]').check(force=True)

    viewer.give()
    viewer.give()

    expect(page.locator("#viewer")).to_have_attribute("data-asset", str(third.pk))


def test_a_button_that_was_shown_anew_before_its_answer_is_answered_all_the_same(
    admin, simulator, open_page
):
    account = default_account("luma-agents")
    page = open_page(admin, "/accounts/")
    card = page.locator(f"#account-{account.pk}")
    expect(card).not_to_contain_text("Tested")
    test = Held(page, f"**/accounts/{account.pk}/test")
    card.get_by_role("button", name="Test connection").click()
    test.wait()
    page.evaluate("(card) => { card.outerHTML = card.outerHTML; }", card.element_handle())

    test.give()

    expect(card).to_contain_text("Tested")
    expect(page.locator(f"#test-{account.pk}")).to_have_count(1)


def test_a_take_that_opened_before_it_was_told_is_told_only_to_who_listens(studio_with_a_run):
    page, take, result = studio_with_a_run
    news = Held(page, "**/shell/news*")

    finish(take, result)
    expect(tab(page, take.pk)).to_have_attribute("aria-current", "true")
    news.give_all()

    expect(page.locator("#toasts")).to_contain_text(f"#{take.pk} is done")
    expect(page.locator("#toasts .notice")).to_have_count(0)


def test_a_message_about_a_take_is_gone_once_the_take_is_on_the_stage(studio_with_a_run):
    page, take, result = studio_with_a_run
    tabs = Held(page, "**/studio/takes/*")

    finish(take, result)
    expect(page.locator("#toasts .notice")).to_contain_text(f"#{take.pk} is done")
    tabs.give_all()

    expect(tab(page, take.pk)).to_have_attribute("aria-current", "true")
    expect(page.locator("#toasts .notice")).to_have_count(0, timeout=2000)
