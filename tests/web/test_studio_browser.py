"""The studio in a real browser: what a person clicks, and what must not be lost under their hands."""

import re
from base64 import b64encode
from pathlib import Path

import av
import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from tests.factories import make_generation
from tests.taken_in import take_in
from tests.web.new_sources import have_made

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
RESULT_ID = "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"


@pytest.fixture
def studio(member, keep, open_page):
    """The studio with one real clip chosen: 132 frames at 25 fps."""
    keep("bunny_720p_5s.mp4")
    page = open_page(member, "/studio/")
    expect(page.locator("#viewer video")).to_be_visible()
    return page


def drop(page, path: Path) -> None:
    """Drop a file on the source pane, as a browser would."""
    data = page.evaluate_handle(
        """async ([name, bytes]) => {
            const data = new DataTransfer();
            data.items.add(new File([Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0))], name));
            return data;
        }""",
        [path.name, b64encode(path.read_bytes()).decode()],
    )
    page.dispatch_event("[data-drop]", "drop", {"dataTransfer": data})


def test_a_clip_is_uploaded_by_button_chosen_and_played_to_the_frame(member, open_page, real_media):
    page = open_page(member, "/studio/")
    expect(page.get_by_role("heading", name="Choose a source")).to_be_visible()

    page.set_input_files('[data-upload="source"]', str(real_media / "bunny_720p_5s.mp4"))

    expect(page.locator("#viewer")).to_contain_text("132 frames")
    expect(page.locator('[name="source_asset"]:checked')).to_have_count(1)
    expect(page.locator("#estimate")).to_contain_text("$")
    page.locator("#viewer video").evaluate(
        "v => new Promise((done) => v.readyState > 1 ? done() : v.oncanplay = done)"
    )
    page.locator("[data-strip]").fill("90")
    expect(page.locator("[data-frame]")).to_have_text("90")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-frame]")).to_have_text("99")
    page.wait_for_function(
        "() => Math.abs(document.querySelector('#viewer video').currentTime - 99.5 / 25) < 0.01"
    )
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(
        "() => document.querySelector('[data-stage]').classList.contains('is-playing')"
    )
    page.wait_for_function(
        "() => Number(document.querySelector('[data-frame]').textContent) !== 99"
    )


def test_several_clips_dropped_at_once_are_all_taken_and_a_bad_one_says_what_is_wrong(
    member, open_page, real_media, tmp_path
):
    broken = tmp_path / "holiday.mp4"
    broken.write_bytes(b"this is no video" * 100)
    page = open_page(member, "/studio/")

    for path in (real_media / "frog_vp9_8s.webm", real_media / "vertical_4s.mp4", broken):
        drop(page, path)

    expect(page.locator(".upload-row.is-bad")).to_contain_text("holiday.mp4")
    expect(page.locator('.tile:has([name="source_asset"])')).to_have_count(2)
    assert Asset.objects.filter(team=member.team).count() == 2
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".upload-row")).to_have_count(0)


def test_a_broken_rule_is_seen_and_mended_by_its_own_way_out(studio):
    studio.fill("#prompt", "Rainy neon evening")
    studio.get_by_label("HDR").check()
    expect(studio.get_by_label("EXR")).not_to_have_attribute("aria-disabled", "true")
    studio.get_by_label("EXR").check()
    expect(studio.locator("#request-json")).to_contain_text("exr")
    studio.get_by_label("HDR").uncheck()
    notes = studio.locator("#notes-output")
    expect(notes).to_contain_text("EXR comes with HDR")
    expect(studio.locator("#queue-button")).to_have_attribute("aria-disabled", "true")

    notes.get_by_role("button", name="Turn HDR on").click()

    expect(studio.get_by_label("HDR")).to_be_checked()
    expect(notes).not_to_contain_text("EXR comes")
    expect(notes.locator("[data-closes]").first).to_contain_text("not 360p or 540p")
    expect(studio.locator("#queue-button")).not_to_have_attribute("aria-disabled", "true")
    expect(studio.locator("#prompt")).to_have_value("Rainy neon evening")


def test_auto_keeps_what_was_chosen_by_hand_and_a_press_brings_all_of_it_back(studio):
    studio.get_by_label("Reimagine 2").check(force=True)
    studio.locator("summary", has_text="Follow the source").click()
    studio.get_by_label("Depth", exact=True).check()
    studio.get_by_text("Auto", exact=True).click()
    expect(studio.locator("#request-json")).not_to_contain_text("reimagine_2")

    studio.get_by_label("Reimagine 2").click(force=True)

    expect(studio.locator("#request-json")).to_contain_text('"reimagine_2"')
    expect(studio.locator("#request-json")).to_contain_text('"depth"')


def test_an_answer_takes_neither_focus_nor_caret_nor_what_was_typed_meanwhile(studio):
    studio.locator("#prompt").press_sequentially("Rainy evening", delay=30)
    studio.keyboard.press("Home")
    for _ in range(6):
        studio.keyboard.press("ArrowRight")
    with studio.expect_response(re.compile("/studio/check")):
        studio.keyboard.type("neon ")
    studio.wait_for_timeout(150)
    studio.keyboard.type("wet ")

    expect(studio.locator("#prompt")).to_have_value("Rainy neon wet evening")
    expect(studio.locator("#prompt")).to_be_focused()
    expect(studio.locator("#prompt-count")).to_have_text("22")
    expect(studio.locator("#request-json")).to_contain_text("Rainy neon wet evening")


def test_frames_are_pinned_dragged_replaced_and_dropped(studio, real_media):
    for frame in ("0", "90"):
        studio.locator("[data-strip]").fill(frame)
        studio.get_by_role("button", name="Guide frame here").click()
        expect(studio.locator(f'.pin[data-at="{frame}"]')).to_have_count(1)
    expect(studio.locator("#request-json")).to_contain_text("keyframe_indexes")
    assert Asset.objects.filter(origin=Asset.Origin.FRAME).count() == 2

    box = studio.locator("[data-pins]").bounding_box()
    studio.locator('.pin[data-at="90"]').hover()
    studio.mouse.down()
    studio.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 20, steps=5)
    studio.mouse.up()
    moved = int(studio.locator('[name="keyframe_index"]').nth(1).input_value())
    assert 60 <= moved <= 71
    studio.locator('[data-upload="replace"]').nth(1).set_input_files(str(real_media / "coffee.png"))
    replaced = studio.locator('[name="keyframe_asset"]').nth(1)
    expect(replaced).not_to_have_value(str(Asset.objects.filter(origin="frame").latest("pk").pk))
    studio.locator(".exact > summary").click()
    studio.get_by_role("list").get_by_role("button", name="Remove").first.click()

    expect(studio.locator(".pin")).to_have_count(1)
    expect(studio.locator("#request-json")).to_contain_text(
        re.compile(rf'"keyframe_indexes": \[\s*{moved}\s*\]')
    )


def test_the_draft_survives_a_reload(studio):
    studio.fill("#prompt", "Snow at dusk")
    studio.get_by_text("1080p").click()
    studio.locator("[data-strip]").fill("30")
    studio.get_by_role("button", name="Guide frame here").click()
    expect(studio.locator(".pin")).to_have_count(1)

    studio.reload()

    expect(studio.locator("#prompt")).to_have_value("Snow at dusk")
    expect(studio.locator('[name="resolution"]:checked')).to_have_value("1080p")
    expect(studio.locator('[name="keyframe_index"]')).to_have_value("30")
    expect(studio.locator("#request-json")).to_contain_text('"1080p"')


def test_an_opening_guide_frame_is_the_source_s_own_first_frame_or_an_uploaded_still(
    studio, real_media
):
    studio.get_by_text("Opening guide frame", exact=True).click()
    expect(studio.locator("#notes-guides")).to_contain_text("Choose the picture")

    studio.get_by_role("button", name="Source's frame 0").click()

    expect(studio.locator("#request-json")).to_contain_text("start_frame")
    expect(studio.locator("#notes-guides")).not_to_contain_text("Choose the picture")
    first = studio.locator('[name="guide_asset"]:checked').input_value()
    studio.locator('[data-upload="guide"]').set_input_files(str(real_media / "rocket.jpg"))
    expect(studio.locator('[name="guide_asset"]:checked')).not_to_have_value(first)
    expect(studio.locator(".pin")).to_have_count(1)


@pytest.mark.answers(401)
def test_a_session_that_ended_meanwhile_leads_to_sign_in_and_back_to_the_draft(studio, member):
    member.user.set_password("a long enough secret")
    member.user.save()  # ends every session

    studio.fill("#prompt", "Snow at dusk")

    studio.wait_for_url(re.compile(r"/sign-in\?next=%2Fstudio%2F"))
    studio.get_by_label(re.compile("name", re.I)).first.fill(member.user.username)
    studio.get_by_label("Password").fill("a long enough secret")
    studio.get_by_role("button", name="Sign in", exact=True).click()
    expect(studio.locator("#prompt")).to_have_value("Snow at dusk")
    expect(studio.locator("#request-json")).to_contain_text("Snow at dusk")


def test_queueing_shows_the_take_beside_its_source_and_once_however_often_it_is_clicked(studio):
    studio.fill("#prompt", "Snow at dusk")
    expect(studio.locator("#queue-button")).not_to_have_attribute("aria-disabled", "true")

    studio.locator("#queue-button").dblclick()

    expect(studio.locator("#takes [data-panel]")).to_have_count(1)
    expect(studio.locator("#takes [data-panel]")).to_be_in_viewport()
    expect(studio.locator("#toasts")).to_contain_text("is queued")
    expect(studio.locator("#running")).to_contain_text("1")
    expect(studio.locator("#month")).not_to_contain_text("$0.00 ")
    assert Generation.objects.count() == 1
    Generation.objects.update(state="failed", failure_message="The provider refused it.")
    expect(studio.locator("#takes [data-panel]")).to_have_attribute("data-tone", "bad")
    expect(studio.locator("#running")).to_be_hidden()
    studio.fill("#prompt", "Snow at dawn")
    studio.keyboard.press("Control+Enter")
    expect(studio.locator("#takes [data-panel]")).to_have_count(2)


def test_enter_in_a_field_and_the_closed_button_send_nothing(studio):
    studio.locator("#queue-button").click(force=True)
    expect(studio.locator("#prompt")).to_be_focused()
    studio.locator("summary", has_text="By address or id").click()
    studio.get_by_text("URL", exact=True).click()
    studio.fill("#source-url", "https://media.example.org/clip.mp4")
    studio.fill("#prompt", "Snow")
    expect(studio.locator("#request-json")).to_contain_text("media.example.org")

    studio.locator("#source-url").press("Enter")
    studio.wait_for_timeout(400)

    assert Generation.objects.count() == 0 and studio.url.endswith("/studio/")


def make_long_clip(path: Path, *, seconds: int, fps: int = 10) -> Path:
    """Write a clip that lasts so long, its frames growing lighter."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=fps, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for index in range(seconds * fps):
            picture = np.full((90, 160, 3), index % 256, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def test_a_clip_that_is_too_long_is_cut_by_its_way_out_and_a_part_by_in_and_out(
    member, open_page, tmp_path
):
    take_in(
        make_long_clip(tmp_path / "long.mp4", seconds=19),
        name="long.mp4",
        team=member.team,
        user=member.user,
    )
    page = open_page(member, "/studio/")
    page.fill("#prompt", "Snow")
    page.locator("[data-strip]").fill("20")
    page.get_by_role("button", name="Guide frame here").click()
    expect(page.locator("#notes-source")).to_contain_text("This one is 19.00 s")

    page.locator("#notes-source").get_by_role("button", name="Trim to the first 18 s").click()
    have_made(page)

    expect(page.locator("#viewer .facts")).to_contain_text("180 frames")
    expect(page.locator("#queue-button")).not_to_have_attribute("aria-disabled", "true")
    expect(page.locator('[name="keyframe_index"]')).to_have_value("20")
    page.fill("[data-in]", "15")
    page.fill("[data-out]", "44")
    expect(page.locator("[data-cut-length]")).to_have_text("30 frames, 3.00 s")
    expect(page.locator("#cut-price")).to_contain_text("$")
    page.get_by_role("button", name="Cut to this").click()
    have_made(page)
    expect(page.locator("#viewer .facts")).to_contain_text("30 frames")
    expect(page.locator('[name="keyframe_index"]')).to_have_value("5")
    expect(page.locator('[name="source_asset"]:checked')).to_have_value(
        str(Asset.objects.latest("pk").pk)
    )


def test_without_javascript_the_whole_way_is_plain_forms(member, keep, open_page):
    asset = keep("bunny_720p_5s.mp4")
    page = open_page(member, "/studio/", java_script_enabled=False)
    page.fill("#prompt", "Snow")
    page.locator('[name="exr"]').check(force=True)
    page.get_by_role("button", name="Check", exact=True).last.click()
    page.locator("#verdict").get_by_role("button", name="Turn HDR on").click()
    assert page.locator('[name="hdr"]').is_checked()
    page.locator('[name="guides"][value="keyframes"]').check(force=True)
    page.fill('[name="new_keyframe_index"]', "12")
    page.get_by_role("button", name="Add keyframe").click()
    assert page.locator('[name="keyframe_index"]').input_value() == "12"

    page.get_by_role("button", name="Queue edit").click()

    take = Generation.objects.get()
    assert take.source_asset == asset and take.wanted.hdr and take.wanted.keyframe_indexes == (12,)
    assert "is queued" in page.locator("#notices").inner_text()


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_the_studio_fits_its_screen_and_has_no_serious_barrier(
    member, keep, open_page, width, scheme
):
    source, result = (
        keep("bunny_720p_5s.mp4"),
        keep("frog_vp9_8s.webm", origin="result", is_simulated=True),
    )
    make_generation(member, source=source, state="succeeded", result=result, chain_id=RESULT_ID)
    make_generation(member, source=source, state="failed")
    page = open_page(member, "/studio/", width=width, color_scheme=scheme)
    page.locator("summary", has_text="Follow the source").click()
    page.get_by_label("Depth", exact=True).check()
    page.locator("[data-strip]").fill("30")
    page.get_by_role("button", name="Guide frame here").click()
    page.locator(".request summary").click()
    expect(page.locator("#verdict")).to_contain_text("empty")

    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]

    serious = [
        (one["id"], [node["html"][:160] for node in one["nodes"]])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= width
