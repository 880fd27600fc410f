"""Nothing moves under a person's hand: layout shifts are counted from the first paint on, also
within half a second of a press, on a phone and on a desktop.
"""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.factories import make_generation

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
WATCH = """() => {
    window.shifts = [];
    const of = (node) => node ? (node.id || node.className || node.nodeName) : "gone";
    const top = ({ previousRect, currentRect }) => `${previousRect.y} to ${currentRect.y}`;
    new PerformanceObserver((list) => {
        for (const one of list.getEntries()) {
            if (one.value < 0.0001) continue; // a slider's own thumb
            window.shifts.push(one.sources.map((each) => `${of(each.node)} ${top(each)}`).join(", "));
        }
    }).observe({ type: "layout-shift", buffered: false });
}"""
PHONE = {"width": 390, "height": 844, "has_touch": True, "is_mobile": True}
DESKTOP = {"width": 1440, "height": 900}
SIZES = pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])


@pytest.fixture
def source(keep):
    return keep("bunny_720p_5s.mp4")


@pytest.fixture
def takes(member, source, keep):
    """Two takes of the clip that are done."""
    result = keep("bunny_720p_5s.mp4", origin="result")
    made = {"source": source, "state": "succeeded", "result": result}
    return [make_generation(member, **made) for _ in range(2)]


@pytest.fixture
def watched(member, open_page) -> Callable[..., Page]:
    def watched(address: str, size: dict[str, Any]) -> Page:
        page = open_page(member, address, **size)
        expect(page.locator(".stage-layer.is-lead video")).to_be_visible()
        page.wait_for_load_state("networkidle")  # how a page loads depends on the machine
        page.evaluate(WATCH)
        return page

    return watched


def press(page: Page, what: Locator) -> None:
    """Bring something into the middle of the window, as a thumb does, and press it."""
    what.evaluate("one => one.scrollIntoView({ block: 'center' })")
    page.wait_for_timeout(200)
    what.click(force=True)
    page.wait_for_timeout(500)


def top_of(what: Locator) -> float:
    return float(what.evaluate("one => one.getBoundingClientRect().top"))


def moved(page: Page) -> list[str]:
    page.wait_for_timeout(600)
    found = page.evaluate("window.shifts")
    return [str(one) for one in found]


def chosen(page: Page, name: str, value: str) -> Locator:
    return page.locator(f'label:has([name="{name}"][value="{value}"])')


@SIZES
def test_nothing_moves_while_an_edit_is_written_and_its_output_chosen(source, watched, size):
    page = watched("/studio/", size)

    page.locator("#prompt").fill("Rainy neon evening\n" * 12)
    expect(page.locator("#request-json")).to_contain_text("Rainy neon evening")
    press(page, page.get_by_label(re.compile("Restyle 3")))
    for name in ("HDR", "EXR", "HDR"):
        press(page, page.get_by_label(name))
    expect(page.locator("#notes-output")).to_contain_text("EXR comes with HDR")
    press(page, page.get_by_role("button", name="Turn HDR on").first)
    expect(page.locator("#notes-output")).not_to_contain_text("EXR comes")

    assert moved(page) == []


@SIZES
def test_what_is_opened_in_the_edit_pane_moves_nothing(source, watched, size):
    page = watched("/studio/", size)

    for words in ("Variants", "Details"):
        press(page, page.locator(".more > summary", has_text=words))
        expect(page.locator(".more[open] > .stack")).to_be_visible()
        press(page, page.locator(".more > summary", has_text=words))

    assert moved(page) == []


@SIZES
def test_a_first_range_on_the_time_line_moves_nothing(source, watched, size):
    page = watched("/studio/", size)

    page.locator('[data-handle="in"]').focus()
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    expect(page.locator("[data-cut-length]")).to_contain_text("frames")

    assert moved(page) == []


def test_keyframes_and_a_first_pin_move_nothing(source, watched):
    page = watched("/studio/", DESKTOP)

    for value in ("single", "keyframes", "none", "keyframes"):
        press(page, chosen(page, "guides", value))
    press(page, page.get_by_role("button", name="Guide frame here"))
    expect(page.locator(".pin")).to_have_count(1)

    assert moved(page) == []


def test_on_a_phone_what_is_read_stays_where_it_is_when_keyframes_are_chosen(source, watched):
    page = watched("/studio/", PHONE)
    pressed = chosen(page, "guides", "keyframes")
    pressed.evaluate("one => one.scrollIntoView({ block: 'center' })")
    page.wait_for_timeout(200)
    before = top_of(pressed)

    pressed.click(force=True)

    expect(page.locator('[data-guide-panel="keyframes"]')).to_be_visible()
    page.wait_for_timeout(500)
    assert abs(top_of(pressed) - before) < 1


@SIZES
def test_a_take_that_is_looked_at_and_compared_moves_nothing(source, takes, watched, size):
    page = watched("/studio/", size)

    page.locator(f'[data-tab="{takes[0].pk}"]').click()
    page.wait_for_timeout(600)
    for mode in ("wipe", "side", "overlay", "grid", "single"):
        press(page, page.locator(f'[data-set-mode="{mode}"]'))

    assert moved(page) == []


@SIZES
@pytest.mark.parametrize("where", ["compare", "take"])
def test_no_way_of_comparing_moves_the_page(takes, watched, size, where):
    numbers = ",".join(str(take.pk) for take in takes)
    address = f"/compare/?takes={numbers}" if where == "compare" else f"/takes/{takes[0].pk}"
    page = watched(address, size)

    for mode in ("wipe", "side", "wipe-y", "overlay", "difference", "flick", "grid", "single"):
        press(page, page.locator(f'[data-set-mode="{mode}"]'))

    assert moved(page) == []


def test_on_a_phone_the_sheet_of_the_player_lies_over_what_is_below(source, watched):
    page = watched("/studio/", PHONE)

    press(page, page.locator("[data-tools-open]"))
    expect(page.locator("[data-tools]")).to_be_visible()
    press(page, page.locator("[data-tools-open]"))

    assert moved(page) == []
