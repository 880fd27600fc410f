"""The frames of a generation and the camera concepts, in a real browser: time line, anchors, takes
to go on from.
"""

import json
import re
from base64 import b64encode
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from tests.factories import default_account, make_generation

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def stills(keep) -> list[Asset]:
    return [keep("coffee.png"), keep("rocket.jpg")]


@pytest.fixture
def clip(keep) -> Asset:
    """132 frames at 25 fps."""
    return keep("bunny_720p_5s.mp4")


def body(page: Page) -> dict:
    return json.loads(page.locator("#request-json").text_content())


def frames_in(page: Page) -> list[str]:
    return [one.input_value() for one in page.locator('[name="keyframe_index"]').all()]


def choose(page: Page, way: str) -> None:
    page.locator("[data-generation]").get_by_label(way, exact=True).check()


def ask(page: Page, provider: str) -> None:
    """Choose another provider among the quotes."""
    if not page.locator(".quotes-pop[open]").count():
        page.locator(".quotes-pop > summary").click()
    page.locator("#quotes").get_by_role("button", name=provider, exact=True).click()


def go_to(page: Page, frame: int) -> None:
    page.locator("[data-generation] [data-strip]").fill(str(frame))


def x_of(page: Page, frame: int) -> float:
    """Where the middle of a frame of the clip to come stands on the page."""
    return page.evaluate(
        "(frame) => { const line = window.rushes.timeline.of("
        "document.querySelector('[data-generation]'));"
        " return line.view.getBoundingClientRect().left + line.middle(frame); }",
        frame,
    )


def test_pictures_are_pinned_on_the_time_line_dragged_and_moved_by_keys(member, stills, open_page):
    page = open_page(member, "/studio/?task=generate&prompt=A+kite&frames=keyframes")
    go_to(page, 24)
    page.get_by_role("button", name="Add coffee.png").click()
    go_to(page, 96)
    page.get_by_role("button", name="Add rocket.jpg").click()
    expect(page.locator(".pin")).to_have_count(2)

    pin = page.locator('.pin[data-at="96"]').bounding_box()
    x, by = pin["x"] + pin["width"] / 2, x_of(page, 60) - x_of(page, 96)
    page.mouse.move(x, pin["y"] + 20)
    page.mouse.down()
    page.mouse.move(x + by, pin["y"] + 20, steps=5)
    page.mouse.up()
    page.locator('.pin[data-at="24"]').focus()
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowRight")

    assert frames_in(page) == ["15", "60"]
    expect(page.locator("#request-json")).to_contain_text(
        re.compile(r'"keyframe_indexes": \[\s*15,\s*60\s*\]')
    )
    expect(page.locator('.pin[data-at="15"]')).to_be_focused()
    assert len(body(page)["video"]["keyframes"]) == 2


def test_a_keyframe_behind_the_end_is_marked_until_the_clip_is_long_enough(
    member, stills, open_page
):
    first, second = stills
    page = open_page(
        member,
        f"/studio/?task=generate&prompt=x&frames=keyframes&duration=5s&keyframe_asset={first.pk}"
        f"&keyframe_index=0&keyframe_asset={second.pk}&keyframe_index=200",
    )
    expect(page.locator(".pin.is-out")).to_have_count(1)
    expect(page.locator("#notes-guides")).to_contain_text("The clip ends at frame 120")

    page.get_by_label("10 s", exact=True).check()

    expect(page.locator("[data-generation] [data-strip]")).to_have_attribute("max", "240")
    expect(page.locator(".pin.is-out")).to_have_count(0)
    expect(page.locator("#notes-guides")).not_to_contain_text("The clip ends")
    assert frames_in(page) == ["0", "200"], "nothing typed is lost"


def test_several_uploaded_stills_stand_beside_each_other_and_one_is_taken_away(
    member, open_page, real_media
):
    page = open_page(member, "/studio/?task=generate&prompt=x&frames=keyframes")

    page.set_input_files(
        '[data-upload="timeline"]', [str(real_media / "coffee.png"), str(real_media / "rocket.jpg")]
    )

    expect(page.locator(".pin")).to_have_count(2)
    assert sorted(frames_in(page)) == ["0", "12"]
    page.locator('.pin[data-at="12"]').press("Delete")
    expect(page.locator(".pin")).to_have_count(1)
    assert frames_in(page) == ["0"]


def test_first_and_last_frame_are_an_upload_and_a_frame_of_a_clip(
    member, clip, open_page, real_media
):
    page = open_page(member, "/studio/?task=generate&prompt=x")
    choose(page, "First and last")
    expect(page.locator("#notes-guides")).to_contain_text("Choose a first frame")

    page.locator('[data-end="first_asset"] [data-upload="end"]').set_input_files(
        str(real_media / "rocket.jpg")
    )
    expect(page.locator('[name="first_asset"]:checked')).not_to_have_value("")
    page.locator('[data-end="last_asset"]').get_by_role("button", name="A frame of a clip").click()
    page.locator("[data-picker-frame]").fill("90")
    expect(page.locator("[data-picker-still]")).to_have_attribute(
        "src", re.compile(r"/frames/90\.webp")
    )
    page.get_by_role("button", name="Use this frame").click()

    kept = Asset.objects.filter(origin=Asset.Origin.FRAME)
    expect(page.locator('[name="last_asset"]:checked')).not_to_have_value("")
    assert page.locator('[name="last_asset"]:checked').input_value() == str(kept.get().pk)
    assert kept.get().name == "bunny_720p_5s frame 90.png"
    expect(page.locator("#request-json")).to_contain_text('"end_frame"')
    assert {"start_frame", "end_frame"} <= set(body(page)["video"])
    expect(page.locator('.pin.is-fixed[data-at="0"]')).to_have_count(1)
    expect(page.locator('.pin.is-fixed[data-at="120"]')).to_have_count(1)
    page.get_by_label("No last frame").check()
    expect(page.locator("#request-json")).not_to_contain_text('"end_frame"')


@pytest.fixture
def result(member, clip) -> Generation:
    return make_generation(
        member,
        state="succeeded",
        source=clip,
        result=clip,
        chain_id="6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21",
    )


def test_a_take_is_extended_and_the_frame_at_the_seam_is_shown(member, result, open_page):
    page = open_page(member, "/studio/?task=generate&prompt=On+it+goes")
    choose(page, "Extend forward")
    page.locator(f'[name="extend_generation"][value="{result.pk}"]').check()

    seam = page.locator("[data-extend-still]")
    expect(seam).to_have_attribute("src", re.compile(r"/frames/131\.webp"))
    expect(page.locator("[data-extend-seam]")).to_contain_text("Its last frame")
    expect(page.locator("#request-json")).to_contain_text(result.chain_id)
    assert body(page)["video"]["start_frame"] == {"generation_id": result.chain_id}
    choose(page, "Extend backward")

    expect(seam).to_have_attribute("src", re.compile(r"/frames/0\.webp"))
    expect(page.locator("#request-json")).to_contain_text('"end_frame"')
    assert body(page)["video"] == {
        "resolution": "720p",
        "end_frame": {"generation_id": result.chain_id},
    }


def test_the_take_page_leads_to_its_extension(member, result, open_page):
    page = open_page(member, f"/takes/{result.pk}")

    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Extend backward").click()

    expect(page.locator('[name="frames"]:checked')).to_have_value("backward")
    expect(page.locator('[name="extend_generation"]:checked')).to_have_value(str(result.pk))


def test_a_provider_without_keyframes_does_not_offer_them_and_brings_them_back(
    member, stills, open_page
):
    first, _second = stills
    page = open_page(
        member,
        f"/studio/?task=generate&prompt=x&frames=keyframes&keyframe_asset={first.pk}&keyframe_index=48",
    )
    expect(page.locator(".pin")).to_have_count(1)

    ask(page, "GMI Cloud")
    expect(page.locator("[data-generation]").get_by_label("Keyframes")).to_have_attribute(
        "aria-disabled", "true"
    )
    choose(page, "None")
    ask(page, "Luma Agents")
    expect(
        page.locator("[data-generation]").get_by_label("Keyframes", exact=True)
    ).not_to_have_attribute("aria-disabled", "true")
    choose(page, "Keyframes")

    assert frames_in(page) == ["48"]
    expect(page.locator(".pin")).to_have_count(1)


@pytest.fixture
def flash(member, open_page):
    account = default_account("scenario")
    return open_page(
        member, f"/studio/?task=generate&model=ray-flash-2-720p&account={account.pk}&prompt=x"
    )


def test_concepts_are_found_by_typing_and_chosen_several_at_once(flash):
    search = flash.get_by_label("Find a camera concept")
    search.fill("dolly zo")
    expect(flash.locator(".concept:visible")).to_have_count(1)
    flash.locator(".concept:visible").click()
    search.fill("angle")
    flash.get_by_label("Low angle").check(force=True)

    expect(flash.locator("[data-concepts-count]")).to_have_text("2 chosen")
    expect(flash.locator("#request-json")).to_contain_text("dolly_zoom")
    expect(flash.locator("#request-json")).to_contain_text("low_angle")
    expect(flash.locator('.concept:has-text("Dolly zoom")')).to_be_visible()
    search.fill("nothing like it")
    expect(flash.get_by_text("No concept is called that.")).to_be_visible()
    search.press("Escape")
    expect(flash.locator(".concept:visible")).to_have_count(34)
    flash.get_by_role("button", name="Choose none").click()
    expect(flash.locator("#request-json")).not_to_contain_text("concepts")


@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark")])
def test_every_way_passes_axe_and_fits(member, result, stills, open_page, width, theme):
    first, second = stills
    page = open_page(
        member,
        f"/studio/?task=generate&prompt=x&frames=keyframes&keyframe_asset={first.pk}&keyframe_index=0"
        f"&keyframe_asset={second.pk}&keyframe_index=60",
        width=width,
        color_scheme=theme,
    )
    for way in ("Keyframes", "First and last", "Extend forward"):
        choose(page, way)
        expect(page.locator('[name="frames"]:checked')).not_to_have_attribute(
            "aria-disabled", "true"
        )

        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]

        serious = [
            (one["id"], [node["html"][:160] for node in one["nodes"]])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == [], way
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, way


def test_the_concepts_pass_axe_on_a_phone(member, open_page):
    account = default_account("scenario")
    page = open_page(
        member,
        f"/studio/?task=generate&model=ray-flash-2-720p&account={account.pk}&prompt=x&concepts=pov",
        width=390,
        color_scheme="light",
    )
    expect(page.locator("[data-concepts-count]")).to_have_text("1 chosen")

    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]

    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390


def drop(page: Page, path: Path) -> None:
    """Drop a picture on the page, as a browser would."""
    data = page.evaluate_handle(
        """([name, bytes]) => {
            const data = new DataTransfer();
            const content = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0));
            data.items.add(new File([content], name, { type: "image/png" }));
            return data;
        }""",
        [path.name, b64encode(path.read_bytes()).decode()],
    )
    page.dispatch_event("[data-drop]", "drop", {"dataTransfer": data})


def test_a_dropped_picture_goes_where_the_task_needs_one(member, clip, open_page, real_media):
    page = open_page(member, "/studio/?task=generate&prompt=x")
    drop(page, real_media / "coffee.png")
    expect(page.locator('[name="frames"]:checked')).to_have_value("frames")
    expect(page.locator('[name="first_asset"]:checked')).not_to_have_value("")
    kept = page.locator('[name="first_asset"]:checked').input_value()

    page.get_by_role("radio", name="Edit").check()
    expect(page.locator("#viewer video")).to_be_visible()
    drop(page, real_media / "coffee.png")

    expect(page.locator('[name="guides"]:checked')).to_have_value("keyframes")
    expect(page.locator('[name="keyframe_asset"]').first).to_have_value(kept)
