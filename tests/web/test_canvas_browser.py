"""The canvas of a reframe under real hands: mouse, finger, keys, buttons; and that the render puts
the source there.
"""

import json
import re
import shutil
import time

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Task
from editorapp.simulator.render.planes import Planes
from editorapp.simulator.render.reframe import Canvas, canvas_size
from tests.factories import make_generation
from tests.taken_in import take_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
NAMES = ("x_norm", "y_norm", "w_norm", "h_norm")
BLACK, WHITE = 16, 235


@pytest.fixture
def clip(member, small_clip, tmp_path) -> Asset:
    """A second of a clip of 320 x 180: as wide for its height as 1280 x 720."""
    shutil.copy(small_clip, tmp_path / "small.mp4")
    return take_in(tmp_path / "small.mp4", name="small.mp4", team=member.team, user=member.user)


@pytest.fixture
def reframe(member, clip, open_page):
    def opened(ratio: str = "9:16", **options) -> Page:
        page = open_page(
            member,
            f"/studio/?task=reframe&source={clip.pk}&aspect_ratio={ratio}&prompt=Meadow",
            **options,
        )
        expect(page.locator("[data-canvas-grip]")).to_be_visible()
        page.locator("[data-canvas-stage]").scroll_into_view_if_needed()
        page.evaluate(
            "() => document.querySelector('[data-canvas-stage]').scrollIntoView({ block: 'center' })"
        )
        return page

    return opened


def typed(page: Page) -> list[str]:
    return [page.locator(f'[name="{name}"]').input_value() for name in NAMES]


def numbers(page: Page) -> list[float]:
    return [float(value) for value in typed(page)]


def drawn(page: Page, what: str = "[data-canvas-grip]") -> list[float]:
    """Return where the source is drawn: x, y, width and height in fractions of the drawn canvas.

    Both are measured in one instant: a picture that has just come moves all that is below it.
    """
    source, paper = page.evaluate(
        "names => names.map(name => document.querySelector(name).getBoundingClientRect().toJSON())",
        [what, "[data-canvas-paper]"],
    )
    return [
        (source["x"] - paper["x"]) / paper["width"],
        (source["y"] - paper["y"]) / paper["height"],
        source["width"] / paper["width"],
        source["height"] / paper["height"],
    ]


def drag(page: Page, what: str, across: float, down: float, **options) -> None:
    """Drag the middle of something by fractions of the canvas."""
    paper = page.locator("[data-canvas-paper]").bounding_box()
    box = page.locator(what).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across * paper["width"], y + down * paper["height"], steps=6)
    page.mouse.up()


def rendered(ratio: str, place: list[float]) -> list[float]:
    """Render a white source at a place; return where it lies in the picture, in fractions of it."""
    across, down = (int(part) for part in ratio.split(":"))
    width, height = canvas_size((across, down), 720)

    class Shape:
        width, height = 1280, 720

    values = dict(zip(NAMES, place, strict=True)) if place else {}
    wanted = GenerationRequest(task=Task.REFRAME, prompt="calm", aspect_ratio=ratio, **values)
    canvas = Canvas(wanted, Shape, width, height)
    white = Planes.empty(canvas.width, canvas.height)
    white.buffer[:] = 128
    white.y[:] = WHITE
    picture = canvas.turn(white, 0).y
    # What surrounds the source is dimmed: only its own pixels are this bright.
    rows, columns = (np.flatnonzero((picture >= WHITE - 2).any(axis=axis)) for axis in (1, 0))
    x, y = columns[0] / width, rows[0] / height
    return [x, y, (columns[-1] + 1) / width - x, (rows[-1] + 1) / height - y]


def visible(place: list[float]) -> list[float]:
    """Return the part of a placement that lies on the canvas."""
    x, y, w, h = place
    left, top, right, bottom = max(0, x), max(0, y), min(1, x + w), min(1, y + h)
    return [left, top, right - left, bottom - top]


def test_a_reframe_begins_as_the_centred_fit_that_the_render_makes(reframe):
    page = reframe("9:16")

    assert typed(page) == ["", "", "", ""]
    assert drawn(page) == pytest.approx(rendered("9:16", []), abs=0.01)
    assert drawn(page, "[data-canvas-picture]") == pytest.approx(drawn(page), abs=0.02)
    expect(page.locator("[data-canvas-says]")).to_contain_text(
        "Centred fit. 68 % of the canvas is drawn new."
    )


@pytest.mark.parametrize("ratio", ["1:1", "9:16", "21:9"])
def test_where_the_mouse_drops_the_source_is_where_the_render_puts_it(reframe, ratio):
    page = reframe(ratio)

    drag(page, '[data-corner="se"]', -0.15, -0.15)
    drag(page, "[data-canvas-name] >> xpath=..", -0.17, 0.12)

    place = numbers(page)
    assert drawn(page) == pytest.approx(place, abs=0.01), "what is drawn is what is sent"
    assert visible(drawn(page)) == pytest.approx(rendered(ratio, place), abs=0.012)
    expect(page.locator("#request-json")).to_contain_text(f'"y_norm": {place[1]:g}')
    sent = json.loads(page.locator("#request-json").text_content())["video"]["source_position"]
    assert [sent[name] for name in NAMES] == pytest.approx(place)


def test_the_source_keeps_its_shape_unless_it_is_set_free(reframe):
    page = reframe("1:1")

    drag(page, '[data-corner="se"]', -0.3, 0)
    x, y, w, h = numbers(page)
    assert w / h == pytest.approx(16 / 9, rel=0.01)
    page.get_by_label("Free shape").check()
    drag(page, '[data-corner="s"]', 0, 0.2)

    free = numbers(page)
    assert free[:3] == [x, y, w] and free[3] == pytest.approx(h + 0.2, abs=0.02)
    page.get_by_label("Free shape").uncheck()
    x, y, w, h = numbers(page)
    assert w / h == pytest.approx(16 / 9, rel=0.01)


def test_a_drag_stops_at_the_edge_when_it_comes_near(reframe):
    page = reframe("1:1")
    drag(page, '[data-corner="se"]', -0.5, 0)

    x, y, *_ = numbers(page)
    drag(page, "[data-canvas-grip]", -x + 0.004, -y + 0.005)

    assert numbers(page)[:2] == [0, 0]


def test_keys_move_by_one_or_ten_percent_and_scale_around_the_middle(reframe):
    page = reframe("1:1")
    page.locator("[data-canvas-grip]").focus()

    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    x, y, w, h = numbers(page)
    assert [x, y, w, h] == pytest.approx([0.01, 0.21875 + 0.1, 1, 0.5625], abs=0.001)
    page.keyboard.press("-")
    page.keyboard.press("Shift+-")
    after = numbers(page)

    assert after[2] == pytest.approx(1 / 1.01 / 1.1, abs=0.001)
    assert after[0] + after[2] / 2 == pytest.approx(x + w / 2, abs=0.001)
    assert after[1] + after[3] / 2 == pytest.approx(y + h / 2, abs=0.001)
    page.keyboard.press("Shift++")
    page.keyboard.press("+")
    assert numbers(page)[2] == pytest.approx(1, abs=0.001)
    expect(page.locator("[data-frame]")).to_have_text("0")
    expect(page.locator("[data-canvas-grip]")).to_be_focused()


def test_a_finger_drags_as_a_mouse_does(reframe):
    page = reframe("1:1", width=390, has_touch=True)
    box = page.locator("[data-canvas-grip]").bounding_box()
    paper = page.locator("[data-canvas-paper]").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        touch.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [{"x": px, "y": py} for px, py in points]},
        )

    top = page.evaluate("() => document.documentElement.scrollTop")
    send("touchStart", (x, y))
    for part in range(1, 6):
        send(
            "touchMove", (x + paper["width"] * 0.2 * part / 5, y + paper["height"] * 0.1 * part / 5)
        )
    send("touchEnd")

    assert numbers(page)[0] == pytest.approx(0.2, abs=0.03) and numbers(page)[1] == pytest.approx(
        0.319, abs=0.03
    )
    assert page.evaluate("() => document.documentElement.scrollTop") == top, (
        "the page stays where it is"
    )


def test_buttons_put_the_source_at_each_edge_over_all_and_back(reframe):
    page = reframe("1:1")
    drag(page, '[data-corner="se"]', -0.5, 0)
    _x, _y, w, h = numbers(page)
    for name, at in [("Left", 0), ("Right", 1 - w), ("Centre", (1 - w) / 2)]:
        page.get_by_role("button", name=name, exact=True).click()
        assert numbers(page)[0] == pytest.approx(at, abs=0.001)
    for name, at in [("Top", 0), ("Bottom", 1 - h)]:
        page.get_by_role("button", name=name, exact=True).click()
        assert numbers(page)[1] == pytest.approx(at, abs=0.001)

    page.get_by_role("button", name="Fill", exact=True).click()
    assert numbers(page) == pytest.approx([-0.3889, 0, 1.7778, 1], abs=0.001)
    expect(page.locator("[data-canvas-says]")).to_have_text(
        "0 % of the canvas is drawn new, 44 % of the source is cut off."
    )
    page.get_by_role("button", name="Centred fit", exact=True).click()

    assert typed(page) == ["", "", "", ""]
    expect(page.locator("#request-json")).not_to_contain_text("source_position")


def test_another_shape_keeps_the_middle_and_the_sources_own_shape(reframe):
    page = reframe("1:1")
    drag(page, '[data-corner="se"]', -0.4, 0)
    drag(page, "[data-canvas-grip]", 0.1, -0.05)
    x, y, w, h = numbers(page)

    page.get_by_text("16:9", exact=True).first.click()

    after = numbers(page)
    assert after[2] / after[3] == pytest.approx(1, rel=0.01), "16:9 on 16:9"
    assert after[0] + after[2] / 2 == pytest.approx(x + w / 2, abs=0.01)
    assert after[1] + after[3] / 2 == pytest.approx(y + h / 2, abs=0.01)
    assert drawn(page) == pytest.approx(after, abs=0.01)


def test_numbers_are_typed_and_the_drawing_follows(reframe):
    page = reframe("1:1")

    page.locator('[name="w_norm"]').fill("0.5")

    assert numbers(page)[3] == pytest.approx(0.2813, abs=0.001), "the height follows the shape"
    assert drawn(page) == pytest.approx(numbers(page), abs=0.01)
    page.locator('[name="x_norm"]').fill("3")
    expect(page.locator("#notes-placement")).to_contain_text("2")
    expect(page.locator("#queue-button")).to_have_attribute("aria-disabled", "true")


def test_a_provider_that_places_it_itself_shows_where_and_takes_no_hand(member, clip, open_page):
    page = open_page(
        member, f"/studio/?task=reframe&source={clip.pk}&aspect_ratio=1:1&prompt=Meadow"
    )
    page.locator(".quotes-pop > summary").click()
    page.locator("#quotes").get_by_role("button", name="GMI Cloud", exact=True).click()

    expect(page.locator("[data-canvas]")).to_contain_text("GMI Cloud places the source itself")
    expect(page.locator("[data-canvas-grip]")).to_have_count(0)
    assert drawn(page, "[data-canvas-picture]") == pytest.approx([0, 0.21875, 1, 0.5625], abs=0.02)


@pytest.mark.parametrize("late", ["form", "source"])
def test_switching_to_reframe_and_to_another_clip_draws_the_canvas_of_that_clip(
    member, clip, open_page, real_media, tmp_path, late
):
    shutil.copy(real_media / "vertical_4s.mp4", tmp_path / "tall.mp4")
    tall = take_in(tmp_path / "tall.mp4", name="tall.mp4", team=member.team, user=member.user)
    page = open_page(member, f"/studio/?task=edit&source={clip.pk}&prompt=Meadow")
    page.get_by_role("radio", name="Reframe").check()
    page.get_by_label("1:1", exact=True).check()
    expect(page.locator("[data-canvas-grip]")).to_be_visible()
    page.locator("[data-canvas-grip]").press("Shift+ArrowDown")
    assert numbers(page)[2] / numbers(page)[3] == pytest.approx(16 / 9, rel=0.01)

    def comes_late(route: Route) -> None:
        time.sleep(1)
        route.continue_()

    page.route(re.compile(rf"/studio/{late}(\?|$)"), comes_late)
    page.locator(f'[name="source_asset"][value="{tall.pk}"]').check()

    expect(page.locator("[data-canvas-picture]")).to_have_attribute(
        "href", f"/media/{tall.pk}/poster"
    )
    page.wait_for_function("() => Number(document.querySelector('[name=h_norm]').value) > 1")
    assert numbers(page)[2] / numbers(page)[3] == pytest.approx(9 / 16, rel=0.01)
    assert drawn(page) == pytest.approx(numbers(page), abs=0.01)
    place = typed(page)
    page.get_by_role("radio", name="Generate").check()
    expect(page.locator("[data-generation]")).to_be_visible()
    page.get_by_role("radio", name="Reframe").check()
    expect(page.locator("[data-canvas-grip]")).to_be_visible()
    assert typed(page) == place, "a switch loses nothing"


@pytest.mark.parametrize(("width", "theme"), [(1440, "dark"), (390, "light")])
def test_the_canvas_passes_axe_and_fits(reframe, width, theme):
    page = reframe("9:16", width=width, color_scheme=theme)
    drag(page, "[data-canvas-grip]", 0.1, 0.1)
    expect(page.locator("#request-json")).to_contain_text("source_position")

    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]

    serious = [
        (one["id"], [node["html"][:160] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width


def test_the_source_of_a_reframe_is_laid_over_the_part_that_shows_it(
    member, clip, open_page, real_media, tmp_path
):
    shutil.copy(real_media / "vertical_4s.mp4", tmp_path / "tall.mp4")
    tall = take_in(tmp_path / "tall.mp4", name="tall.mp4", team=member.team, user=member.user)
    place = dict(zip(NAMES, (-0.25, 0.3, 1.5, 0.2667), strict=True))
    wanted = GenerationRequest(task=Task.REFRAME, prompt="x", aspect_ratio="9:16", **place)
    take = make_generation(
        member,
        state="succeeded",
        task="reframe",
        source=clip,
        result=tall,
        request=wanted.to_json(),
    )
    page = open_page(member, f"/takes/{take.pk}")
    page.wait_for_function(
        "() => document.querySelector('.stage-layer.is-lead video').videoWidth === 720"
    )

    page.get_by_role("button", name="Overlay").click()

    stage, shown, under = (
        page.locator(one).bounding_box()
        for one in (
            ".is-laid .stage-frame",
            ".is-laid video",
            ".stage-layer.is-lead",
        )
    )
    assert stage["width"] / stage["height"] == pytest.approx(720 / 1280, rel=0.01), (
        "the picture, not its black bars"
    )
    assert stage["height"] == pytest.approx(under["height"], abs=1)
    at = [
        (shown["x"] - stage["x"]) / stage["width"],
        (shown["y"] - stage["y"]) / stage["height"],
        shown["width"] / stage["width"],
        shown["height"] / stage["height"],
    ]
    assert at == pytest.approx(list(place.values()), abs=0.005)
