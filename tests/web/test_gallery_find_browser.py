"""Finding in a real Chromium: search, filters in their sheet, saved views, and Back, which returns to
the place where somebody was, on a desk and on a phone.
"""

import re

import pytest
from playwright.sync_api import Page, expect

from editorapp.generations.states import State
from editorapp.library.models import SavedView
from editorapp.web.gallery.views import PAGE_SIZE
from tests.factories import make_generation

# The takes have no files behind them: their posters are not found.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.answers(404),
]
WIDTHS = [(1440, 900), (390, 844)]


def opened(open_page, member, width: int, height: int, address: str = "/gallery/") -> Page:
    return open_page(member, address, width=width, height=height)


@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_search_and_filters_narrow_the_grid_and_chips_let_them_go(open_page, admin, width, height):
    make_generation(admin, state=State.CANCELED, prompt="A red umbrella", task="reframe")
    make_generation(admin, state=State.CANCELED, prompt="A red parasol")
    page = opened(open_page, admin, width, height)
    expect(page.locator("#found-count")).to_have_text("2 takes")

    page.get_by_label("Search").fill("red")
    page.wait_for_url("**/gallery/?q=red")
    page.get_by_label("Search").fill("umbrella red")
    expect(page.locator(".take")).to_have_count(1)
    page.get_by_label("Search").fill("red")
    expect(page.locator(".take")).to_have_count(2)
    page.get_by_role("button", name="Filters").click()
    page.locator("#filter-sheet [name=task][value=reframe]").check()

    expect(page.locator(".take")).to_have_count(1)
    expect(page.locator("#found-count")).to_have_text("1 take")
    assert page.url.endswith("/gallery/?q=red&task=reframe")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Done").click()
    expect(page.locator("#filter-sheet")).to_be_hidden()
    page.get_by_role("link", name=re.compile("^Reframe ?: leave this filter out")).click()
    expect(page.locator(".take")).to_have_count(2)
    assert page.url.endswith("/gallery/?q=red")
    expect(page.get_by_label("Search")).to_have_value("red")


def test_an_empty_result_leads_out_by_one_press(open_page, admin):
    make_generation(admin, state=State.CANCELED, prompt="Rain")
    page = opened(open_page, admin, 1440, 900, "/gallery/?state=done&q=rain")

    page.get_by_role("link", name="Without Done: 1").click()

    expect(page.locator(".take")).to_have_count(1)


def test_a_view_is_saved_opened_changed_and_saved_again(open_page, admin):
    make_generation(admin, state=State.CANCELED, prompt="Rain")
    page = opened(open_page, admin, 1440, 900, "/gallery/?q=rain")

    page.locator(".views-menu summary").click()
    page.get_by_label("Save what is set as").fill("Wet")
    page.get_by_role("button", name="Save view").click()
    expect(page.get_by_text("The view Wet is saved.")).to_be_visible()
    expect(page.locator(".views-menu summary")).to_have_text(re.compile("Wet"))
    page.get_by_role("checkbox", name=re.compile("^Failed")).check()
    expect(page.get_by_text("Changed", exact=True)).to_be_visible()
    page.get_by_role("button", name="Save the view Wet").click()

    expect(page.get_by_text("Changed", exact=True)).to_have_count(0)
    assert SavedView.objects.get().query == "q=rain&state=failed"


@pytest.mark.parametrize(("width", "height"), WIDTHS)
def test_back_returns_to_the_place_after_more_was_read_twice(open_page, admin, width, height):
    takes = [
        make_generation(admin, state=State.CANCELED, prompt=f"Rain {number}").pk
        for number in range(PAGE_SIZE * 2 + 8)
    ]
    page = opened(open_page, admin, width, height, "/gallery/?state=failed")
    for count in (2, 3):
        page.locator(".older").scroll_into_view_if_needed()
        least = min(PAGE_SIZE * count, len(takes))
        expect(page.locator(".take")).to_have_count(least)
    card = page.locator(f"#take-{takes[5]} h2 a")
    card.scroll_into_view_if_needed()
    was = page.evaluate("scrollY")
    assert was > 500

    card.click()
    page.wait_for_url(f"**/takes/{takes[5]}")
    page.go_back()

    expect(page.locator(".take")).to_have_count(len(takes))
    page.wait_for_function("(was) => Math.abs(scrollY - was) < 60", arg=was)
    expect(card).to_be_in_viewport()


def test_who_comes_to_the_gallery_anew_begins_at_its_top(open_page, admin):
    for number in range(PAGE_SIZE + 8):
        make_generation(admin, state=State.CANCELED, prompt=f"Rain {number}")
    page = opened(open_page, admin, 1440, 900)
    page.locator(".older").scroll_into_view_if_needed()
    expect(page.locator(".take")).to_have_count(PAGE_SIZE + 8)

    page.get_by_role("link", name="Gallery", exact=True).click()

    expect(page.locator(".take")).to_have_count(PAGE_SIZE)
    assert page.evaluate("scrollY") == 0
