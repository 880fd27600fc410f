"""The time line in a real browser: zoom, scrubbing, in and out, pins, what is dropped on it."""

import json
import re
import shutil
from base64 import b64encode
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from editorapp.media.models import Asset
from tests.factories import make_generation
from tests.web.new_sources import have_made

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

LINE = "window.rushes.timeline.of(document.querySelector('#viewer'))"
CLIPS = (
    "bunny_720p_5s.mp4",
    "crystal_9s.mp4",
    "frog_vp9_8s.webm",
    "pig_rotated_6s.mov",
    "vertical_4s.mp4",
)


@pytest.fixture
def bunny(keep) -> Asset:
    """132 frames at 25 fps."""
    return keep("bunny_720p_5s.mp4")


@pytest.fixture
def open_studio(member, open_page):
    def open_studio(asset: Asset, query: str = "", **options) -> Page:
        page = open_page(member, f"/studio/?source={asset.pk}&prompt=Snow{query}", **options)
        ready(page)
        return page

    return open_studio


@pytest.fixture
def studio(bunny, open_studio) -> Page:
    return open_studio(bunny)


def ready(page: Page) -> None:
    """Wait until the stage knows its frames' times and the line is drawn."""
    page.wait_for_function(
        "() => { const stage = window.rushes.stage.of(document.querySelector('#viewer'));"
        f" return stage && stage.clock.starts && {LINE}.width > 0; }}"
    )


def of_line(page: Page, what: str):
    return page.evaluate(f"() => {LINE}.{what}")


def x_of(page: Page, frame: int) -> float:
    """Where the middle of a frame stands on the page."""
    return page.evaluate(f"() => {LINE}.view.getBoundingClientRect().left + {LINE}.middle({frame})")


def middle_of(page: Page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def go_to(page: Page, frame: int) -> None:
    page.locator("#viewer [data-strip]").fill(str(frame))
    expect(page.locator("#viewer [data-frame]")).to_have_text(str(frame))


def pin_at(page: Page, *frames: int) -> None:
    for frame in frames:
        go_to(page, frame)
        page.get_by_role("button", name="Guide frame here").click()
        expect(page.locator(f'.pin[data-at="{frame}"]')).to_have_count(1)


def frames_in(page: Page) -> list[str]:
    return [one.input_value() for one in page.locator('[name="keyframe_index"]').all()]


def says(page: Page):
    return page.locator("[data-timeline-says]")


def displayed(page: Page) -> None:
    """Wait until the display has shown what was done so far."""
    page.evaluate(
        "() => new Promise((one) => requestAnimationFrame(() => requestAnimationFrame(one)))"
    )


def drag_pin(page: Page, at: int, to: int, *, drop: bool = True) -> None:
    x, y = middle_of(page, f'.pin[data-at="{at}"]')
    by = x_of(page, to) - x_of(page, at)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by, y, steps=6)
    displayed(page)  # the line follows once a displayed frame
    if drop:
        page.mouse.up()


# Ruler, zoom, playhead


def test_the_line_zooms_to_single_frames_around_its_playhead_and_back(studio):
    go_to(studio, 90)
    slider = studio.get_by_label("Zoom of the time line")

    slider.fill("100")

    width, span = of_line(studio, "inner"), of_line(studio, "span")
    assert width / span == pytest.approx(96, rel=0.05)
    assert of_line(studio, "isInView(90)")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"\d+ frames in sight"))
    studio.locator("#viewer [data-strip]").focus()
    for _ in range(20):
        studio.keyboard.press("ArrowRight")
    assert of_line(studio, "isInView(110)"), "the playhead stays in sight"
    for _ in range(12):
        studio.keyboard.press("-")
    assert of_line(studio, "isWhole")
    expect(slider).to_have_attribute("aria-valuetext", "The whole clip")


def test_the_wheel_zooms_where_the_pointer_is_and_scrolls_a_zoomed_line(studio):
    x = x_of(studio, 40)
    _, y = middle_of(studio, "[data-film]")
    studio.mouse.move(x, y)

    studio.keyboard.down("Control")
    studio.mouse.wheel(0, -400)
    studio.keyboard.up("Control")

    studio.wait_for_function(f"() => !{LINE}.isWhole")
    assert x_of(studio, 40) == pytest.approx(x, abs=2)
    first = of_line(studio, "first")
    studio.mouse.wheel(200, 0)
    studio.wait_for_function(f"() => {LINE}.first > {first}")


def test_the_playhead_says_its_frame_and_timecode_and_is_moved_by_keys(studio):
    strip = studio.locator("#viewer [data-strip]")
    strip.focus()
    for _ in range(3):
        studio.keyboard.press("ArrowRight")
    studio.keyboard.press("Shift+ArrowRight")

    expect(strip).to_have_attribute("aria-valuetext", "Frame 13 of 132, 00:00:00:13")
    head = studio.locator("#viewer [data-playhead]").bounding_box()
    assert head["x"] + head["width"] / 2 == pytest.approx(x_of(studio, 13), abs=1.5)


def test_close_by_the_strip_shows_the_frames_own_stills_and_asks_for_no_more(studio):
    asked = []
    studio.on("request", lambda one: asked.append(one.url) if "/frames/" in one.url else None)
    go_to(studio, 66)

    studio.get_by_label("Zoom of the time line").fill("100")

    studio.wait_for_function(
        r"""() => {
          const came = performance.getEntriesByType('resource').map((one) => one.name)
            .filter((name) => /frames\/\d+\.webp\?height=90/.test(name));
          return came.length >= 3 && came.some((name) => name.includes('frames/66.webp'));
        }"""
    )
    studio.wait_for_timeout(1500)
    stills = [url for url in asked if url.endswith("height=90")]
    seen = of_line(studio, "span")
    assert 3 <= len(stills) <= seen + 2
    assert len(set(stills)) == len(stills)


# Scrubbing

DISPLAYED_PER_SECOND = 60  # what a display shows; a loaded machine takes longer for as many

WATCH = """() => {
  const stage = window.rushes.stage.of(document.querySelector('#viewer'));
  const pen = new OffscreenCanvas(48, 27).getContext('2d', { willReadFrequently: true });
  window.painted = new Set();
  window.looks = 0;
  const look = () => {
    for (const [, picture] of stage.pictures()) {
      pen.drawImage(picture, 0, 0, 48, 27);
      window.painted.add(pen.getImageData(0, 0, 48, 27).data.join());
    }
    window.looks += 1;
    window.watching = requestAnimationFrame(look);
  };
  look();
}"""


@pytest.mark.parametrize("name", CLIPS)
def test_thirty_pictures_are_painted_in_three_seconds_of_a_display_while_one_drags_fast(
    keep, open_studio, name
):
    page = open_studio(keep(name))
    page.wait_for_function("() => document.querySelector('#viewer video').readyState > 1")
    page.locator("#viewer [data-timeline]").scroll_into_view_if_needed()
    room = page.locator("#viewer [data-timeline-view]").bounding_box()
    _, y = middle_of(page, "[data-film]")
    page.mouse.move(room["x"] + 30, y)
    page.evaluate(WATCH)

    page.mouse.down()
    looks = painted = 0
    while painted < 30 and looks < 3 * DISPLAYED_PER_SECOND:
        for x in (room["width"] - 30, 30):
            page.mouse.move(room["x"] + x, y, steps=32)
        looks, painted = page.evaluate("() => [window.looks, window.painted.size]")
    page.mouse.up()

    assert painted >= 30
    frame = of_line(page, "frame")
    page.evaluate("() => window.rushes.stage.of(document.querySelector('#viewer')).settled()")
    expect(page.locator("#viewer [data-frame]")).to_have_text(str(frame))


# In and out


def test_a_part_is_chosen_by_one_drag_and_becomes_the_source_by_one_press(studio, member):
    x, y = middle_of(studio, '[data-handle="out"]')
    studio.mouse.move(x, y)
    studio.mouse.down()
    studio.mouse.move(x + x_of(studio, 74) - x_of(studio, 131), y, steps=8)
    expect(studio.locator("[data-cut-length]")).to_contain_text("frames")
    studio.mouse.up()

    last = int(studio.locator("[data-out]").input_value())
    assert abs(last - 74) <= 1
    expect(studio.locator("[data-cut-length]")).to_contain_text(f"{last + 1} frames")
    expect(studio.locator("#cut-price")).to_contain_text("$")
    studio.get_by_role("button", name="Cut to this").click()
    have_made(studio)

    expect(studio.locator("#viewer .facts")).to_contain_text(f"{last + 1} frames")
    assert Asset.objects.latest("pk").frame_count == last + 1


def test_in_and_out_are_moved_by_keys_and_typed_numbers_and_taken_back(studio):
    handle = studio.locator('[data-handle="in"]')
    handle.focus()
    studio.keyboard.press("Shift+ArrowRight")
    studio.keyboard.press("ArrowRight")
    expect(studio.locator("[data-in]")).to_have_value("11")
    expect(handle).to_have_attribute("aria-valuetext", "Frame 11, 00:00:00:11")
    studio.locator("[data-out]").fill("40")
    expect(studio.locator("[data-cut-length]")).to_have_text("30 frames, 1.20 s")
    expect(studio.locator('[data-handle="out"]')).to_have_attribute("aria-valuenow", "40")
    studio.locator("[data-out]").fill("5")
    expect(studio.locator("[data-cut-length]")).to_have_text("Out lies before in.")

    studio.get_by_role("button", name="Clear the loop range").click()

    expect(studio.locator("[data-in]")).to_have_value("0")
    expect(studio.locator("[data-out]")).to_have_value("131")
    expect(studio.get_by_role("button", name="Cut to this")).to_be_hidden()
    go_to(studio, 20)
    studio.locator("#viewer [data-strip]").press("i")
    expect(studio.locator("[data-in]")).to_have_value("20")


# Pins


def test_a_clash_is_shown_while_a_pin_is_dragged_and_it_lands_on_the_nearest_free_frame(studio):
    pin_at(studio, 30, 90)
    studio.evaluate(
        "() => { window.shifts = 0; new PerformanceObserver((list) => {"
        " for (const one of list.getEntries()) window.shifts += one.value;"
        "}).observe({ type: 'layout-shift' }); }"
    )

    drag_pin(studio, 90, 30, drop=False)

    expect(says(studio)).to_have_text("Nearest free: 31 (frame 30 has a picture).")
    expect(studio.locator(".pin.is-clash")).to_have_count(1)
    expect(studio.locator('.pin-ghost[data-at="31"]')).to_have_count(1)
    studio.mouse.up()
    expect(says(studio)).to_have_text("Frame 30 has a picture: moved to 31.")
    assert frames_in(studio) == ["30", "31"]
    expect(studio.locator(".pin-ghost")).to_have_count(0)
    assert studio.evaluate("() => window.shifts") == 0
    studio.get_by_role("button", name="Undo").click()
    assert frames_in(studio) == ["30", "90"]


def test_a_pin_that_is_dragged_near_the_playhead_stops_there(keep, open_studio):
    page = open_studio(keep("crystal_9s.mp4"))
    pin_at(page, 100)
    go_to(page, 62)
    assert of_line(page, "pixels") < 5

    page.evaluate(f"() => {{ {LINE}.near = {LINE}.snap(61); {LINE}.far = {LINE}.snap(70); }}")

    assert of_line(page, "near") == 62
    assert of_line(page, "far") == 70


def test_pins_move_over_taken_frames_by_keys_and_the_presses_on_one_are_one_act(studio):
    pin_at(studio, 30, 32, 90)
    studio.locator('.pin[data-at="30"]').focus()
    studio.keyboard.press("ArrowRight")
    studio.keyboard.press("ArrowRight")
    assert frames_in(studio) == ["32", "33", "90"], "31, and over 32"
    expect(studio.locator('.pin[data-at="33"]')).to_be_focused()
    studio.keyboard.press("Shift+ArrowRight")
    studio.keyboard.press("Control+z")
    assert frames_in(studio) == ["30", "32", "90"], "the presses on one pin are one act"
    studio.locator('.pin[data-at="32"]').focus()
    studio.keyboard.press("Delete")
    assert frames_in(studio) == ["30", "90"]
    expect(studio.locator('.pin[data-at="90"]')).to_be_focused()
    expect(studio.locator("[data-pin-count]").first).to_have_text("2 / 64")


def test_a_click_on_a_pin_goes_there_and_its_picture_is_replaced_in_place(studio, real_media):
    pin_at(studio, 30, 90)
    studio.locator('.pin[data-at="30"]').click()
    expect(studio.locator("#viewer [data-frame]")).to_have_text("30")
    expect(studio.locator("[data-here-says]")).to_have_text("Frame 30")
    before = studio.locator('[name="keyframe_asset"]').first.input_value()

    studio.locator('[data-upload="here"]').set_input_files(str(real_media / "coffee.png"))

    expect(studio.locator('[name="keyframe_asset"]').first).not_to_have_value(before)
    assert frames_in(studio) == ["30", "90"]
    studio.locator("[data-here-remove]").click()
    assert frames_in(studio) == ["90"]


def test_pins_beyond_the_end_are_shown_and_named(bunny, keep, open_studio):
    still = keep("coffee.png")
    page = open_studio(bunny, f"&guides=keyframes&keyframe_asset={still.pk}&keyframe_index=200")

    pin = page.locator(".pin.is-out")
    expect(pin).to_be_in_viewport()
    expect(pin).to_have_attribute("aria-label", re.compile("frame 200.*beyond the end"))
    pin.focus()
    page.keyboard.press("ArrowLeft")
    assert frames_in(page) == ["131"]


def test_the_most_pictures_stay_apart_close_by(bunny, keep, open_studio):
    still = keep("coffee.png")
    rows = "".join(f"&keyframe_asset={still.pk}&keyframe_index={at}" for at in range(64))
    page = open_studio(bunny, f"&guides=keyframes{rows}")
    expect(page.locator("[data-pin-count]").first).to_have_text("64 / 64")
    expect(page.locator(".pin")).to_have_count(64)

    page.get_by_label("Zoom of the time line").fill("100")

    page.wait_for_function(
        "() => [...document.querySelectorAll('.pin')]"
        ".every((pin) => pin.getBoundingClientRect().width >= 55)"
    )
    page.locator('.pin[data-at="3"]').click()
    expect(page.locator("#viewer [data-frame]")).to_have_text("3")


# Drops

DROP = """async ([files, x, y, selector]) => {
  const data = new DataTransfer();
  for (const [name, bytes] of files) {
    const content = Uint8Array.from(atob(bytes), (one) => one.charCodeAt(0));
    const type = name.endsWith('.png') ? 'image/png' : 'image/jpeg';
    data.items.add(new File([content], name, { type }));
  }
  const at = document.querySelector(selector);
  for (const kind of ['dragover', 'drop']) {
    const said = { dataTransfer: data, clientX: x, clientY: y, bubbles: true, cancelable: true };
    at.dispatchEvent(new DragEvent(kind, said));
    const next = () => new Promise(requestAnimationFrame);
    if (kind === 'dragover') await next().then(next);
    window.ghosts = window.ghosts || [...document.querySelectorAll('.pin-ghost')]
      .map((one) => Number(one.dataset.at));
  }
}"""


def drop(page: Page, paths: list[Path], frame: int, selector: str = "#viewer") -> None:
    """Drop files on the line at a frame."""
    view = f"{selector} [data-timeline-view]"
    line = f"window.rushes.timeline.of(document.querySelector('{selector}'))"
    x = page.evaluate(f"() => {line}.view.getBoundingClientRect().left + {line}.middle({frame})")
    _, y = middle_of(page, view)
    files = [[path.name, b64encode(path.read_bytes()).decode()] for path in paths]
    page.evaluate(DROP, [files, x, y, view])


def test_a_still_lands_where_it_is_dropped(studio, real_media):
    drop(studio, [real_media / "coffee.png"], 42)

    expect(studio.locator('.pin[data-at="42"]')).to_have_count(1)
    assert studio.evaluate("() => window.ghosts") == [42], "its place is shown before"
    expect(studio.locator('[name="guides"]:checked')).to_have_value("keyframes")


def test_several_stills_are_spread_evenly_to_the_end_and_undone_at_once(
    studio, real_media, tmp_path
):
    pin_at(studio, 130)
    third = tmp_path / "third.png"
    shutil.copy(real_media / "coffee.png", third)
    third.write_bytes(third.read_bytes() + b"another")

    drop(studio, [real_media / "coffee.png", real_media / "rocket.jpg", third], 31)

    expect(studio.locator(".pin")).to_have_count(4)
    expect(says(studio)).to_contain_text("3 pictures at frames 31, 81, 131.")
    assert frames_in(studio) == ["31", "81", "130", "131"]
    assert studio.evaluate("() => window.ghosts") == [31, 81, 131]
    studio.get_by_role("button", name="Undo").click()
    assert frames_in(studio) == ["130"]
    expect(studio.locator("#request-json")).to_contain_text("130")


def test_between_in_and_out_several_stills_are_spread_to_the_out_point(studio, real_media):
    studio.locator("[data-in]").fill("20")
    studio.locator("[data-out]").fill("60")
    expect(studio.locator('[data-handle="out"]')).to_have_attribute("aria-valuenow", "60")

    drop(studio, [real_media / "coffee.png", real_media / "rocket.jpg"], 20)

    expect(studio.locator(".pin")).to_have_count(2)
    assert frames_in(studio) == ["20", "60"]


def test_a_picture_of_the_reel_is_dragged_onto_the_line(bunny, keep, open_studio):
    still = keep("coffee.png")
    page = open_studio(bunny, "&guides=single")
    view = page.locator("#viewer [data-timeline-view]")
    left = x_of(page, 50) - view.bounding_box()["x"]

    page.locator("[data-pictures] .tile:has(img)").first.drag_to(
        view, target_position={"x": left, "y": 30}
    )

    expect(page.locator('.pin[data-at="50"]')).to_have_count(1)
    assert page.locator('[name="keyframe_asset"]').input_value() == str(still.pk)
    assert Asset.objects.count() == 2, "nothing is uploaded anew"


# One opening frame, and the exact list


def test_the_opening_frame_turns_into_keyframe_0_and_back_by_one_press_each(studio):
    studio.locator('[name="guides"][value="single"]').check(force=True)
    studio.get_by_role("button", name="Source's frame 0").click()
    expect(studio.locator('[name="guide_asset"]:checked')).to_have_count(1)
    picture = studio.locator('[name="guide_asset"]:checked').input_value()
    expect(studio.locator('.pin.is-fixed[data-at="0"]')).to_have_count(1)

    studio.get_by_role("button", name="As keyframe 0").click()

    expect(studio.locator('[name="guides"]:checked')).to_have_value("keyframes")
    assert frames_in(studio) == ["0"]
    assert studio.locator('[name="keyframe_asset"]').input_value() == picture
    expect(studio.locator("#request-json")).to_contain_text("keyframe_indexes")
    studio.get_by_role("button", name="Keyframe 0 as opening frame").click()
    expect(studio.locator('[name="guides"]:checked')).to_have_value("single")
    expect(studio.locator('[name="guide_asset"]:checked')).to_have_value(picture)
    assert frames_in(studio) == []
    expect(studio.locator("#request-json")).to_contain_text("start_frame")


def test_the_exact_list_is_kept_by_frame_and_edited_by_keyboard_alone(studio):
    pin_at(studio, 90, 30)
    assert frames_in(studio) == ["30", "90"]
    studio.locator(".exact > summary").focus()
    studio.keyboard.press("Enter")
    first = studio.locator('[name="keyframe_index"]').first
    first.focus()

    studio.keyboard.press("Control+a")
    studio.keyboard.type("100")
    studio.keyboard.press("Tab")

    assert frames_in(studio) == ["90", "100"]
    expect(studio.locator('.pin[data-at="100"]')).to_have_count(1)
    expect(studio.locator("#request-json")).to_contain_text(
        re.compile(r'"keyframe_indexes": \[\s*90,\s*100\s*\]')
    )


def test_without_a_script_the_list_is_sorted_and_the_opening_frame_turned_too(
    bunny, member, open_page
):
    page = open_page(member, f"/studio/?source={bunny.pk}", java_script_enabled=False)
    page.locator('[name="guides"][value="keyframes"]').check(force=True)
    page.locator(".exact > summary").click()
    for frame in ("60", "0"):
        page.fill('[name="new_keyframe_index"]', frame)
        page.get_by_role("button", name="Add keyframe").click()
    assert frames_in(page) == ["0", "60"]

    page.get_by_role("button", name="Keyframe 0 as opening frame").click()

    assert page.locator('[name="guides"]:checked').input_value() == "single"
    assert frames_in(page) == ["60"]
    page.get_by_role("button", name="As keyframe 0").click()
    assert frames_in(page) == ["0", "60"]
    page.get_by_role("button", name="Remove").last.click()
    assert frames_in(page) == ["0"]


# The change curve


def test_the_change_curve_is_waited_for_drawn_and_leads_to_its_ends(member, bunny, open_page):
    take = make_generation(member, state="succeeded", source=bunny, result=bunny)
    answers = [{"state": "pending"}, {"state": "pending"}]
    values = [round(0.05 + 0.4 * (at / 131), 4) for at in range(132)]
    curve = {"state": "ready", "values": values, "mean": 0.25, "most": 131, "least": 0}
    page = open_page(member, "/gallery/")

    def answer(route):
        told = answers.pop() if answers else curve | {"reason": ""}
        status = 202 if told["state"] == "pending" else 200
        route.fulfill(status=status, content_type="application/json", body=json.dumps(told))

    page.route(re.compile(r"/takes/\d+/change"), answer)
    page.goto(page.url.replace("/gallery/", f"/takes/{take.pk}"))

    expect(page.locator("[data-curve-words]")).to_have_text("Changed 25 %, peak 45 %")
    page.get_by_role("button", name="Most changed").click()
    expect(page.locator("[data-frame]")).to_have_text("131")
    high, low = page.evaluate(
        """() => {
          const canvas = document.querySelector('[data-curve]');
          const pen = canvas.getContext('2d');
          const inked = (x) => {
            const column = pen.getImageData(Math.round(x), 0, 1, canvas.height).data;
            return column.filter((value, at) => at % 4 === 3 && value > 20).length / canvas.height;
          };
          return [inked(canvas.width - 40), inked(40)];
        }"""
    )
    # Half of the frame is the top of the lane.
    assert high == pytest.approx(0.87, abs=0.1) and low == pytest.approx(0.13, abs=0.08)
    page.get_by_role("button", name="Least changed").click()
    expect(page.locator("[data-frame]")).to_have_text("0")


# On a phone


def touch(page: Page, *steps: list[tuple[float, float]]) -> None:
    """Put fingers down, move them step by step and lift them."""
    session = page.context.new_cdp_session(page)
    for at, points in enumerate(steps):
        kind = "touchMove" if at else "touchStart"
        told = [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(points)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": told})
        displayed(page)
    session.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    displayed(page)


@pytest.fixture
def phone(bunny, open_studio) -> Page:
    page = open_studio(bunny, width=390, height=844, has_touch=True, is_mobile=True)
    page.locator("#viewer [data-timeline]").scroll_into_view_if_needed()
    return page


def test_a_thumb_drags_the_handles_and_the_page_stays(phone):
    x, y = middle_of(phone, '[data-handle="out"]')
    before = phone.evaluate("() => scrollY")
    goal = x + x_of(phone, 70) - x_of(phone, 131)

    touch(phone, *[[(x + (goal - x) * part / 8, y + part)] for part in range(9)])

    assert abs(int(phone.locator("[data-out]").input_value()) - 70) <= 1
    assert phone.evaluate("() => scrollY") == before


@pytest.mark.parametrize("selector", ['[data-handle="in"]', '[data-handle="out"]', ".pin"])
def test_what_a_thumb_drags_is_44_px_wide_and_high(phone, real_media, selector):
    drop(phone, [real_media / "coffee.png"], 60)
    expect(phone.locator(".pin")).to_have_count(1)

    size = phone.locator(selector).evaluate(
        """(one) => {
          const { width, height } = one.getBoundingClientRect();
          const more = getComputedStyle(one, '::after');
          const grown = more.position === 'absolute' ? parseFloat(more.width) : 0;
          return [Math.max(width, grown), height];
        }"""
    )

    assert min(size) >= 44


def test_two_fingers_zoom_the_line(phone):
    _, y = middle_of(phone, "[data-film]")
    left, right = x_of(phone, 50), x_of(phone, 80)
    middle = (left + right) / 2

    touch(phone, *[[(middle - 30 - by, y), (middle + 30 + by, y)] for by in range(0, 100, 12)])

    span = of_line(phone, "span")
    assert span < 60
    assert of_line(phone, "isInView(65)")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_the_line_with_pins_and_range_passes_axe_and_fits(bunny, open_studio, width, scheme):
    page = open_studio(bunny, width=width, color_scheme=scheme)
    pin_at(page, 30, 90)
    page.locator('[data-handle="out"]').press("Shift+ArrowLeft")
    expect(page.locator("#cut-price")).to_contain_text("$")
    page.locator(".exact > summary").click()

    found = Axe().run(page, context="#compose").response["violations"]

    assert [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
