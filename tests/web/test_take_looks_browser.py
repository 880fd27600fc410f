# ruff: noqa: F811 (fixtures of another module)
"""How a take's page and the compare page are laid out: one thing to do, the rest in a menu, and curves
on one scale; in a real Chromium, at the sizes of a desk and of a phone.
"""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.web.test_compare_browser import keep, ladder, ready  # noqa: F401

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}
SIZES = pytest.mark.parametrize("size", [{}, PHONE], ids=["desk", "phone"])


@pytest.fixture
def take_page(ladder, creator, open_page):
    def opened(**size) -> Page:
        return ready(open_page(creator, f"/takes/{ladder(1)[0].pk}", **size))

    return opened


def shifted(page: Page) -> float:
    """Return how far the page has moved under the person so far, also just after an input; what
    stands in a menu may make room for what is opened in it.
    """
    return page.evaluate(
        """() => new Promise((done) => {
          let sum = 0;
          const isOfMenu = ({ node }) => node && node.parentElement && node.parentElement.closest('.menu-body');
          new PerformanceObserver((list) => list.getEntries().forEach((one) => {
            if (!one.sources.length || !one.sources.every(isOfMenu)) sum += one.value;
          })).observe({ type: 'layout-shift', buffered: true });
          setTimeout(() => done(sum), 300);
        })"""
    )


@SIZES
def test_a_take_shows_its_picture_at_once_and_one_thing_to_do(take_page, size):
    page = take_page(**size)

    acts = page.locator(".takepage-acts")
    expect(acts.locator(".btn:visible")).to_have_text("Edit this")
    expect(acts.locator("summary:visible")).to_have_text(["More"])
    picture = page.locator(".stage-picture").bounding_box()
    assert picture["y"] < 360
    for button in (acts.locator("> .btn"), acts.locator("> .menu > summary")):
        assert button.bounding_box()["y"] + button.bounding_box()["height"] < picture["y"]


@SIZES
def test_more_opens_by_key_or_press_and_closes_on_escape_and_on_a_press_outside(take_page, size):
    page = take_page(**size)
    more = page.locator(".takepage-more")
    before = shifted(page)

    more.locator("> summary").focus()
    page.keyboard.press("Enter")
    expect(more.get_by_role("link", name="Change and redo")).to_be_in_viewport(ratio=1)
    page.keyboard.press("Tab")
    expect(more.get_by_role("link", name="Download video")).to_be_focused()
    page.keyboard.press("Escape")
    expect(more.get_by_role("link", name="Change and redo")).to_be_hidden()
    expect(more.locator("> summary")).to_be_focused()

    more.locator("> summary").click()
    more.get_by_text("Save as recipe").click()
    expect(more.get_by_role("textbox", name="Name", exact=True)).to_be_visible()
    page.locator("h1").click(position={"x": 4, "y": 4})
    expect(more.get_by_role("textbox", name="Name", exact=True)).to_be_hidden()
    assert shifted(page) == before


def told(values: list[float]) -> str:
    most = values.index(max(values))
    curve = {"state": "ready", "values": values, "most": most, "least": 0, "reason": ""}
    return json.dumps(curve | {"mean": sum(values) / len(values)})


def height_at(page: Page, share: float) -> float:
    """Return how much of the lane is filled at a place in it, from its left."""
    return page.evaluate(
        """async (share) => {
          for (let frame = 0; frame < 3; frame += 1) await new Promise(requestAnimationFrame);
          const canvas = document.querySelector('[data-curve]');
          const column = canvas.getContext('2d')
            .getImageData(Math.round(canvas.width * share), 0, 1, canvas.height).data;
          return column.filter((value, at) => at % 4 === 3 && value > 20).length / canvas.height;
        }""",
        share,
    )


def test_the_curves_of_takes_that_are_compared_share_one_scale_which_is_named(
    ladder, creator, open_page
):
    calm, wild = ladder(2)
    page = open_page(creator, "/gallery/")
    page.route(
        re.compile(rf"/takes/{calm.pk}/change"),
        lambda route: route.fulfill(content_type="application/json", body=told([0.06] * 24)),
    )
    page.route(
        re.compile(rf"/takes/{wild.pk}/change"),
        lambda route: route.fulfill(content_type="application/json", body=told([0.42] * 24)),
    )
    base = page.url.replace("/gallery/", "")
    scale = page.locator("[data-curve-scale]")

    # Alone, a calm take is drawn on the finest scale, and that is said.
    page.goto(f"{base}/takes/{calm.pk}")
    expect(page.locator("[data-curve-words]")).to_have_text("Changed 6 %, peak 6 %")
    expect(scale).to_have_text("10 %")
    assert height_at(page, 0.2) == pytest.approx(0.6, abs=0.1)

    # Beside a wild one it is as low as it is, whichever leads.
    page.goto(f"{base}/compare/?takes={calm.pk},{wild.pk}")
    ready(page)
    expect(scale).to_have_text("50 %")
    expect(page.locator("[data-curve-words]")).to_have_text("Changed 6 %, peak 6 %")
    assert height_at(page, 0.2) == pytest.approx(0.12, abs=0.08)
    page.keyboard.press("2")
    expect(page.locator("[data-curve-words]")).to_have_text("Changed 42 %, peak 42 %")
    expect(scale).to_have_text("50 %")
    assert height_at(page, 0.2) == pytest.approx(0.84, abs=0.08)


def test_four_takes_are_compared_on_a_phone_without_the_page_scrolling_sideways(
    ladder, creator, open_page
):
    takes = ",".join(str(take.pk) for take in ladder(4))

    page = ready(open_page(creator, f"/compare/?takes={takes}&mode=grid", **PHONE))

    assert page.evaluate("() => document.documentElement.scrollWidth") == 390
