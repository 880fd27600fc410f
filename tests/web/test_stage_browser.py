# ruff: noqa: F811 (fixtures of another module)
"""The stage in a real Chromium: exact when it stands, in step when it plays, and what its keys and buttons do."""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from editorapp.generations.states import State
from editorapp.teams.models import Member
from tests.browser import PATIENCE_MS
from tests.environment import MEDIA
from tests.factories import make_generation
from tests.media.clips import make_clip
from tests.media.test_probe import CASES
from tests.web.stage_pages import SCRUB, STEP, WATCH, numbers_shown, stage
from tests.web.test_frames_shown_browser import keep  # noqa: F401

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
FRAMES = 60
# What has moved on the page since it was opened, after a press too: how much, and what.
# From the first frame on that shows the whole page: before, it is painted piece by piece as it comes.
SHIFTS = """
    window.shifts = [];
    const named = ({ node }) => (node && (node.outerHTML || node.parentElement.outerHTML) || "gone").slice(0, 90);
    const watch = () => new PerformanceObserver((list) => {
        for (const one of list.getEntries()) window.shifts.push([one.value, ...one.sources.map(named)]);
    }).observe({ type: "layout-shift", buffered: false });
    const painted = (then) => requestAnimationFrame(() => requestAnimationFrame(then));
    document.addEventListener("DOMContentLoaded", () => painted(watch));
"""
CLIPS = sorted(path for path in MEDIA.glob("*.*") if path.suffix in {".mp4", ".mov", ".webm"})


@pytest.fixture
def compare(creator: Member, keep, open_page, tmp_path: Path) -> Callable[..., Page]:
    """Open the page of a take beside its source, both of numbered frames."""

    def opened(source: dict | None = None, result: dict | None = None, **options) -> Page:
        clips = []
        for name, every, made in (("source.mp4", "24", source), ("result.mp4", "30", result)):
            facts = {"frames": FRAMES, "options": {"g": every, "bf": "2"}, **(made or {})}
            clips.append(keep(make_clip(tmp_path / name, **facts)))
        query = options.pop("query", "")
        take = make_generation(
            creator, state=State.SUCCEEDED, source=clips[0], result=clips[1], pk=42
        )
        page = open_page(creator, f"/takes/{take.pk}{query}", **options)
        page.wait_for_function("() => window.rushes.stage.of(document.body).clock.starts")
        return page

    return opened


@pytest.mark.parametrize("mode", ["single", "wipe"])
def test_standing_still_200_of_200_frames_are_the_ones_that_were_asked_for(compare, mode):
    page = compare(source=CASES["late-start.mp4"].made)
    stage(page, "stage.setMode(argument)", mode)
    frames = random.Random(7).choices(range(FRAMES), k=200)

    shown = page.evaluate(STEP, frames)

    count = 1 if mode == "single" else 2
    wrong = [
        (frame, seen) for frame, seen in zip(frames, shown, strict=True) if seen != [frame] * count
    ]
    assert wrong == []


def test_clips_of_other_rates_and_sizes_stand_at_the_same_moment(compare):
    page = compare(
        source={"rate": 50, "frames": 2 * FRAMES, "size": (180, 320)}, result={"size": (640, 360)}
    )
    stage(page, "stage.setMode('side')")
    frames = [0, 1, 17, 29, 30, 58, 59]

    shown = page.evaluate(STEP, frames)

    assert shown == [[2 * frame, frame] for frame in frames]


@pytest.mark.parametrize("rate", [0.25, 0.5, 1, 2])
def test_playing_clips_are_at_most_one_frame_apart_also_where_the_loop_turns(compare, rate):
    page = compare(source={"options": {"g": "50", "bf": "3"}})
    stage(page, "stage.setMode('side')")
    stage(page, "stage.setRange(10, argument)", last := 10 + round(24 * max(rate, 0.5)) - 4)
    stage(page, "stage.setRate(argument)", rate)
    stage(page, "stage.seek(10)")
    stage(page, "stage.settled()")
    stage(page, "stage.play()")

    seen = page.evaluate(WATCH, [4, 8, PATIENCE_MS / 1000])

    assert stage(page, "stage.isPlaying")
    apart = [abs(one - other) for one, other in seen]
    print(f"{rate}x: {len(seen)} looks, at most {max(apart)} apart, {sum(map(bool, apart))} apart")
    assert max(apart) <= 1
    lead = [number for _source, number in seen]
    turns = sum(after < before for before, after in zip(lead, lead[1:], strict=False))
    assert turns >= 1, lead
    assert len(set(lead)) >= 8, "it plays"
    assert (min(lead) >= 9, max(lead) <= last) == (True, True), (min(lead), max(lead), last)


@pytest.mark.parametrize("path", CLIPS, ids=lambda path: path.name)
def test_fast_dragging_paints_at_least_30_pictures_in_3_seconds(
    real_media, creator, keep, open_page, path
):
    asset = keep(path)
    page = open_page(creator, f"/studio/?source={asset.pk}")
    page.wait_for_function("() => window.rushes.stage.of(document.body).clock.starts")
    page.evaluate("() => window.rushes.film(window.rushes.stage.of(document.body).lead).ready")

    count = page.evaluate(SCRUB, [180, 30])
    print(f"{path.name}: {count} pictures")

    assert count >= 30
    stage(page, "stage.settled()")
    assert stage(page, "stage.member(0).cover.hidden"), "in the end the exact frame is shown"


def test_the_keys_step_play_loop_and_turn_as_an_editor_knows_them(compare):
    page = compare()
    press = page.keyboard.press
    frame = page.locator("[data-frame]")

    for key in ("ArrowRight", "Shift+ArrowRight", "ArrowLeft"):
        press(key)
    expect(frame).to_have_text("10")
    expect(page.locator("[data-timecode]")).to_have_text("00:00:00:10")
    press("i")
    press("Shift+ArrowRight")
    press("o")
    expect(page.locator("[data-range-word]")).to_have_text("10–20")
    press("Home")
    expect(frame).to_have_text("10")
    press("l")
    page.wait_for_function("() => window.rushes.stage.of(document.body).isPlaying")
    press("l")
    assert stage(page, "stage.rate") == 2
    press("k")
    page.wait_for_function("() => !window.rushes.stage.of(document.body).isPlaying")
    press("End")
    expect(frame).to_have_text("20")
    press("j")
    page.wait_for_function("() => window.rushes.stage.of(document.body).frame < 17")
    press("k")
    stage(page, "stage.settled()")
    assert numbers_shown(page) == {1: stage(page, "stage.frame")}
    press("Shift+KeyI")
    assert stage(page, "stage.range") is None
    press("[")
    assert page.get_by_label("Speed").input_value() == str(stage(page, "stage.rate"))
    press("?")
    expect(page.get_by_role("dialog", name="Keys of the stage")).to_be_visible()
    press("Escape")
    press("m")
    page.reload()
    page.wait_for_function("() => window.rushes.stage.of(document.body).isMuted")


def test_one_key_wipes_a_take_against_its_source_and_the_line_follows_hand_and_arrows(compare):
    page = compare()
    picture = page.locator("[data-picture]").bounding_box()

    page.keyboard.press("w")
    middle = (picture["x"] + picture["width"] / 2, picture["y"] + picture["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(picture["x"] + picture["width"] * 0.75, middle[1], steps=5)
    page.mouse.up()

    slider = page.get_by_role("slider", name="Wipe")
    assert float(slider.input_value()) == pytest.approx(75, abs=1)
    assert not stage(page, "stage.isPlaying"), "a drag is no press"
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert float(slider.input_value()) == pytest.approx(74.5, abs=1)
    page.mouse.click(picture["x"] + 40, picture["y"] + 90)
    page.wait_for_function("() => window.rushes.stage.of(document.body).isPlaying")
    page.keyboard.press("k")
    page.keyboard.press("w")
    assert stage(page, "stage.mode") == "single"


def test_the_shorter_of_two_clips_holds_its_last_frame_and_says_so(compare):
    page = compare(source={"frames": 30})
    stage(page, "stage.setMode('side')")

    stage(page, "stage.seek(45)")
    stage(page, "stage.settled()")

    assert numbers_shown(page) == {0: 29, 1: 45}
    ended = page.locator(".stage-layer:not(.is-lead)").get_by_text("Ended")
    expect(ended).to_be_visible()
    stage(page, "stage.play()")
    page.wait_for_function("() => window.rushes.stage.of(document.body).frame > 50")
    assert numbers_shown(page)[0] == 29
    stage(page, "stage.seek(10)")
    stage(page, "stage.settled()")
    assert numbers_shown(page) == {0: 10, 1: 10}
    expect(ended).to_be_hidden()


def test_a_clip_plays_to_the_end_and_stops_there_where_it_does_not_loop(compare):
    page = compare()
    page.get_by_role("button", name="Loop", exact=True).click()
    stage(page, "stage.seek(45)")

    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("() => window.rushes.stage.of(document.body).frame === 59")
    page.wait_for_function("() => !window.rushes.stage.of(document.body).isPlaying")
    stage(page, "stage.settled()")

    assert numbers_shown(page) == {1: 59}


def test_the_frame_that_is_shown_is_downloaded_as_it_is_stored(compare):
    page = compare()
    stage(page, "stage.seek(37)")

    with page.expect_download() as found:
        page.keyboard.press("s")

    assert found.value.suggested_filename == "result frame 37.png"
    assert np.asarray(Image.open(found.value.path())).shape[:2] == (180, 320)


def test_clips_that_come_later_take_the_stage_at_the_same_moment(compare):
    page = compare()
    stage(page, "stage.seek(23)")
    stage(page, "stage.settled()")

    stage(page, "stage.show([stage.clips[1], stage.clips[0]], { mode: 'grid', lead: 1 })")
    stage(page, "stage.settled()")

    assert stage(page, "[stage.lead.label, stage.frame, stage.mode]") == ["Source", 23, "grid"]
    assert numbers_shown(page) == {0: 23, 1: 23}


def test_nothing_moves_while_the_stage_loads_plays_and_changes_its_mode(compare):
    page = compare()
    page.add_init_script(SHIFTS)
    page.reload()
    expect(page.locator(".stage-layer.is-lead video")).to_be_visible()

    for key in ("w", "v", "d", "g", "t", "q", "Space"):
        page.keyboard.press(key)
        page.wait_for_timeout(120)

    assert page.evaluate("() => window.shifts") == []


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_the_stage_has_no_barrier_in_any_mode(compare, width, scheme):
    page = compare(width=width, height=844, color_scheme=scheme)

    for mode in ("single", "wipe", "side", "overlay", "difference", "flick", "grid"):
        stage(page, "stage.setMode(argument)", mode)
        found = Axe().run(page, "[data-stage]").response["violations"]
        bad = [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found]
        assert (mode, bad) == (mode, [])


def test_on_a_phone_thumbs_step_play_drag_and_find_the_rest_in_a_sheet(compare):
    page = compare(width=390, height=844, has_touch=True, is_mobile=True)

    for name in ("One frame back", "Play", "One frame on", "More of the player"):
        box = page.get_by_role("button", name=name, exact=True).bounding_box()
        assert (box["width"] >= 44, box["height"] >= 44) == (True, True), name
    page.get_by_role("button", name="One frame on").tap()
    expect(page.locator("[data-frame]")).to_have_text("1")
    expect(page.get_by_label("Speed")).to_be_hidden()
    page.get_by_role("button", name="More of the player").tap()
    page.get_by_label("Speed").select_option("0.5")
    assert stage(page, "stage.rate") == 0.5
    box = page.locator("[data-picture]").bounding_box()
    assert box["width"] >= 360


def test_without_script_result_and_source_have_their_own_controls(compare, creator, open_page):
    page = compare()
    address = page.url.partition("/takes/")[2]

    plain = open_page(creator, f"/takes/{address.partition('?')[0]}", java_script_enabled=False)

    expect(plain.locator("video[controls]")).to_have_count(2)
    assert all(plain.locator("video").nth(at).bounding_box()["height"] > 100 for at in (0, 1))
