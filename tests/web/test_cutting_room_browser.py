"""The cutting room as a person uses it: one page from a clip to its takes, and from a take to the
next edit, where nothing moves under the hand.
"""

import re
from pathlib import Path

import av
import pytest
from playwright.sync_api import Page, expect

from editorapp.generations.models import Generation
from editorapp.media import store
from editorapp.media.models import Asset
from editorapp.media.trim import trim
from tests.browser_look import look
from tests.factories import make_generation
from tests.taken_in import take_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
RESULT_ID = "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"
# Counts what moves, also within half a second of a key or a press.
WATCH_SHIFTS = """() => {
    window.shifts = [];
    const of = (node) => node ? (node.id || node.className || node.nodeName) : "gone";
    new PerformanceObserver((list) => {
        for (const one of list.getEntries()) {
            window.shifts.push(`${one.value.toFixed(4)} ${one.sources.map((each) => of(each.node))}`);
        }
    }).observe({ type: "layout-shift", buffered: true });
}"""


@pytest.fixture
def source(keep) -> Asset:
    return keep("bunny_720p_5s.mp4")


@pytest.fixture
def take(member, source, keep) -> Generation:
    result = keep("frog_vp9_8s.webm", origin="result", is_simulated=True)
    return make_generation(
        member,
        source=source,
        state="succeeded",
        result=result,
        chain_id=RESULT_ID,
        prompt="Rainy neon evening",
    )


@pytest.fixture
def studio(member, source, open_page) -> Page:
    page = open_page(member, "/studio/")
    expect(page.locator("#viewer video")).to_be_visible()
    return page


def tab(page: Page, name: object):
    return page.locator(f'[data-tab="{name}"]')


def finish(take: Generation, result: Asset) -> None:
    Generation.objects.filter(pk=take.pk).update(
        state="succeeded", result=result, chain_id=RESULT_ID
    )


@pytest.mark.parametrize(("width", "height", "least"), [(1440, 900, 0.6), (1920, 1080, 0.6)])
def test_the_picture_takes_most_of_the_window(member, source, open_page, width, height, least):
    page = open_page(member, "/studio/", width=width, height=height)

    picture = page.locator("[data-picture]").bounding_box()

    assert picture["width"] >= least * width
    for what in ("#prompt", "#queue-button", "[data-strip]", "[data-bin]"):
        expect(page.locator(what)).to_be_in_viewport()
    assert page.evaluate("() => document.documentElement.scrollHeight") <= height


def test_on_a_phone_the_picture_has_the_whole_width_and_the_prompt_is_in_the_first_screen(
    member, source, open_page
):
    page = open_page(member, "/studio/", width=390, height=844, has_touch=True)

    picture, bar = (page.locator(what).bounding_box() for what in ("[data-picture]", ".bar"))
    prompt = page.locator("#prompt").bounding_box()

    assert picture["width"] == 390
    assert prompt["y"] + 48 <= bar["y"] and bar["y"] + bar["height"] <= 844
    page.get_by_role("button", name="Bin").click()
    expect(page.get_by_role("radio", name=re.compile("bunny"))).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Bin")).to_be_focused()


def test_an_edit_is_queued_by_typing_and_one_key(studio):
    studio.keyboard.type("Snow at dusk")
    studio.keyboard.press("Control+Enter")

    expect(studio.locator("#takes [data-panel]")).to_have_count(1)
    assert Generation.objects.get().prompt == "Snow at dusk"


def test_the_prompt_is_one_link_from_the_start_of_the_page(member, source, open_page):
    page = open_page(member, "/studio/", has_touch=True, width=390, height=844)
    page.evaluate("() => document.activeElement.blur()")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the prompt")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("#prompt")).to_be_focused()


def test_nothing_moves_while_a_form_is_filled_in_checked_and_its_take_gets_done(
    member, source, keep, open_page
):
    result = keep("frog_vp9_8s.webm", origin="result", is_simulated=True)
    running = make_generation(member, source=source, state="running")
    page = open_page(member, "/studio/")
    page.evaluate(WATCH_SHIFTS)
    expect(page.locator("#viewer video")).to_be_visible()

    page.keyboard.type("Rainy neon evening")
    expect(page.locator("#request-json")).to_contain_text("Rainy neon evening")
    for strength in ("Keep 1", "Restyle 3", "Reinvent 2"):
        page.get_by_label(re.compile(strength)).check(force=True)
    expect(page.locator("#request-json")).to_contain_text("reimagine_2")
    for name in ("HDR", "EXR"):
        page.get_by_label(name).check()
        expect(page.locator("#request-json")).to_contain_text(name.lower())
    page.get_by_label("HDR").uncheck()
    expect(page.locator("#notes-output")).to_contain_text("EXR comes with HDR")
    page.get_by_role("button", name="Turn HDR on").first.click()
    expect(page.locator("#notes-output")).not_to_contain_text("EXR comes")
    finish(running, result)
    expect(tab(page, running.pk)).to_have_attribute("data-tone", "done")

    page.wait_for_timeout(700)
    assert page.evaluate("window.shifts") == []


def test_an_untouched_form_says_nothing_bad_and_the_bar_says_what_is_next(studio):
    expect(studio.locator('[data-tone="bad"], [data-tone="todo"]')).to_have_count(0)
    expect(studio.locator("#verdict")).to_contain_text("The prompt is empty")

    studio.locator("#verdict a").click()

    expect(studio.locator("#prompt")).to_be_focused()


def test_the_bar_names_the_first_open_point_with_its_way_out(studio):
    studio.keyboard.type("Snow")
    studio.get_by_label("HDR").check()
    studio.get_by_label("EXR").check()
    expect(studio.locator("#request-json")).to_contain_text("exr")
    studio.get_by_label("HDR").uncheck()
    expect(studio.locator("#verdict")).to_contain_text("EXR comes with HDR")

    studio.locator("#verdict").get_by_role("button", name="Turn HDR on").click()

    expect(studio.get_by_label("HDR")).to_be_checked()
    expect(studio.locator("#queue-button")).not_to_have_attribute("aria-disabled", "true")


def test_why_an_option_is_closed_is_said_beside_it_when_it_is_tried(studio):
    studio.keyboard.type("Snow")
    studio.get_by_label("HDR").check()
    closed = studio.locator('[name="resolution"][value="360p"]')
    expect(closed).to_have_attribute("aria-disabled", "true")
    expect(studio.locator("#why")).to_be_hidden()

    studio.locator("label", has=closed).hover()

    expect(studio.locator("#why")).to_contain_text("360p")
    described = (closed.get_attribute("aria-describedby") or "").split()
    assert any("360p" in studio.locator(f"#{one}").text_content() for one in described)
    studio.mouse.move(300, 300)
    expect(studio.locator("#why")).to_be_hidden()
    closed.click(force=True)
    expect(studio.locator("#why button")).to_be_focused()
    studio.keyboard.press("Escape")
    expect(closed).to_be_focused()


def test_a_step_on_the_scale_is_a_choice_by_hand(studio):
    studio.get_by_label(re.compile("Reinvent 2")).check(force=True)

    expect(studio.locator("#request-json")).to_contain_text('"reimagine_2"')
    studio.get_by_text("Auto", exact=True).click()
    expect(studio.locator("#request-json")).not_to_contain_text("reimagine_2")
    studio.get_by_label(re.compile("Reinvent 2")).click(force=True)
    expect(studio.locator("#request-json")).to_contain_text('"reimagine_2"')


def test_source_and_takes_are_tabs_of_one_stage(member, source, take, open_page):
    page = open_page(member, "/studio/")
    expect(tab(page, "source")).to_have_attribute("aria-current", "true")

    tab(page, take.pk).click()

    expect(tab(page, take.pk)).to_have_attribute("aria-current", "true")
    shown = "() => window.rushes.stage.of(document.querySelector('[data-stage]')).lead.id"
    assert page.evaluate(shown) == take.result_id
    expect(page.get_by_role("button", name=re.compile("Edit this"))).to_be_visible()
    page.locator("body").press("w")
    expect(page.locator("[data-stage]")).to_have_attribute("data-mode", "wipe")
    tab(page, "source").click()
    assert page.evaluate(shown) == source.pk


def test_a_take_that_was_just_queued_opens_by_itself_once_it_is_done(studio, source, keep):
    result = keep("frog_vp9_8s.webm", origin="result", is_simulated=True)
    studio.fill("#prompt", "Snow")
    expect(studio.locator("#queue-button")).not_to_have_attribute("aria-disabled", "true")
    studio.keyboard.press("Control+Enter")
    expect(studio.locator("#takes [data-panel]")).to_have_count(1)
    studio.wait_for_function("() => document.querySelector('#prompt').selectionEnd === 4")
    studio.wait_for_timeout(5200)  # as long as somebody may still be typing

    take = Generation.objects.latest("pk")
    finish(take, result)

    expect(tab(studio, take.pk)).to_have_attribute("aria-current", "true")


def test_a_take_that_is_done_opens_by_itself_unless_the_person_is_typing(
    member, source, keep, open_page
):
    result = keep("frog_vp9_8s.webm", origin="result", is_simulated=True)
    first = make_generation(member, source=source, state="running")
    second = make_generation(member, source=source, state="running")
    page = open_page(member, "/studio/")
    finish(first, result)
    expect(tab(page, first.pk)).to_have_attribute("aria-current", "true")

    page.locator("#prompt").press_sequentially("Snow")
    finish(second, result)

    expect(tab(page, second.pk)).to_have_attribute("data-new", "")
    expect(tab(page, first.pk)).to_have_attribute("aria-current", "true")
    expect(page.locator("#prompt")).to_be_focused()


def test_from_a_take_to_the_next_queued_edit_is_one_key_the_words_and_one_key(
    member, source, take, open_page
):
    page = open_page(member, "/studio/")
    page.fill("#prompt", "Rainy neon evening")
    tab(page, take.pk).click()
    page.evaluate("() => { window.isSamePage = true; }")

    page.keyboard.press("e")

    expect(page.locator("#prompt")).to_be_focused()
    assert (
        page.evaluate(
            "() => String(getSelection()) || document.activeElement.value.slice("
            "document.activeElement.selectionStart, document.activeElement.selectionEnd)"
        )
        == "Rainy neon evening"
    )
    expect(page.locator("#viewer")).to_have_attribute("data-asset", str(take.result_id))
    page.keyboard.type("Snow at dawn")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#takes [data-panel]")).to_have_count(1)
    made = Generation.objects.latest("pk")
    assert made.parent_id == take.pk and made.prompt == "Snow at dawn"
    assert page.evaluate("window.isSamePage") and f"generation={take.pk}" in page.url


def test_a_take_that_failed_says_in_the_studio_why_what_it_cost_and_what_to_do(
    member, source, open_page
):
    failed = make_generation(
        member, source=source, state="failed", failure_message="The provider refused the words."
    )
    waiting = make_generation(member, source=source, state="queued")
    page = open_page(member, "/studio/")

    tab(page, failed.pk).click()

    panel = page.locator("#take-panel")
    expect(panel).to_contain_text("The provider refused the words.")
    expect(panel).to_contain_text("It was not charged")
    expect(panel.get_by_role("link", name="Change and redo")).to_be_visible()
    tab(page, waiting.pk).click()
    expect(panel.locator("[data-place]")).to_contain_text("1st in the queue")
    tab(page, "source").click()
    expect(panel).to_be_hidden()


def test_a_cut_stands_below_its_original_and_the_chosen_clip_is_in_sight(
    member, keep, open_page, small_clip, tmp_path
):
    original = keep("bunny_720p_5s.mp4")
    others = []
    for number in range(9):
        path = tmp_path / f"other{number}.mp4"
        path.write_bytes(Path(small_clip).read_bytes() + b"\0" * (number + 8))
        others.append(take_in(path, name=path.name, team=member.team, user=member.user))
    cut = trim(original, 0, 20, user=member.user)

    page = open_page(member, f"/studio/?source={cut.pk}")

    tiles = page.locator('.area-bin [name="source_asset"]')
    values = tiles.evaluate_all("inputs => inputs.map(one => Number(one.value))")
    assert values.index(cut.pk) == values.index(original.pk) + 1
    expect(page.locator(".tile-cut")).to_contain_text(cut.name)
    expect(
        page.locator(".tile", has=page.locator(f'[name="source_asset"][value="{cut.pk}"]'))
    ).to_be_in_viewport()


def test_who_looks_elsewhere_is_told_when_a_take_is_done(member, source, keep, open_page):
    result = keep("frog_vp9_8s.webm", origin="result", is_simulated=True)
    running = make_generation(member, source=source, state="running")
    page = open_page(member, "/gallery/")
    expect(page).to_have_title(re.compile(r"^\(1\) "))

    finish(running, result)

    expect(page.locator("#toasts")).to_contain_text(f"#{running.pk} is done")
    expect(page.locator("#toasts img")).to_be_visible()
    expect(page.locator("#running")).to_be_hidden()
    page.locator("#toasts a").click()
    page.wait_for_url(re.compile(f"/takes/{running.pk}"))
    page.wait_for_timeout(500)
    expect(page.locator("#toasts .notice")).to_have_count(0)


# A browser without a window gives no leave for notices: this one stands for the leave of a person.
NOTICES = """() => {
    window.notices = [];
    window.Notification = class {
        static permission = "default";
        static async requestPermission() { return Notification.permission = "granted"; }
        constructor(words) { window.notices.push(words); }
        addEventListener() {}
    };
    document.hasFocus = () => false;
}"""


def test_a_notice_of_the_browser_comes_only_to_who_pressed_its_switch(
    member, source, keep, open_page
):
    result = keep("frog_vp9_8s.webm", origin="result", is_simulated=True)
    first = make_generation(member, source=source, state="running")
    second = make_generation(member, source=source, state="running")
    page = open_page(member, "/gallery/")
    page.evaluate(NOTICES)
    expect(page).to_have_title(re.compile(r"^\(2\) "))
    finish(first, result)
    expect(page.locator("#toasts")).to_contain_text(f"#{first.pk} is done")
    expect(page).to_have_title(re.compile("^✓ done"))
    assert page.evaluate("window.notices") == []

    page.locator(".menu > summary", has_text="Ada").click()
    page.get_by_role("switch", name="Notify me when takes are done").click()
    finish(second, result)

    expect(page.locator("#toasts")).to_contain_text(f"#{second.pk} is done")
    assert page.evaluate("window.notices") == [f"#{second.pk} is done."]


def as_matroska(clip: Path, made: Path) -> Path:
    """Write the pictures of a clip into a container that not every browser knows."""
    with av.open(str(clip)) as read, av.open(str(made), "w") as written:
        pictures = read.streams.video[0]
        copy = written.add_stream_from_template(pictures)
        for packet in read.demux(pictures):
            if packet.dts is not None:
                packet.stream = copy
                written.mux(packet)
    return made


def test_a_clip_that_the_browser_knows_plays_while_its_copy_is_made(
    member, real_media, open_page, tmp_path
):
    made = as_matroska(real_media / "bunny_720p_5s.mp4", tmp_path / "bunny.mkv")
    clip = take_in(made, name=made.name, team=member.team, user=member.user)
    assert clip.proxy == Asset.Proxy.PENDING

    page = open_page(member, "/studio/")

    expect(page.locator("#viewer video")).to_be_visible()
    expect(page.locator("#copying")).to_have_count(0)


def test_how_far_a_copy_for_viewing_is_shows_while_it_is_made(member, keep, open_page):
    clip = keep("odd/sample_h264.ts")
    page = open_page(member, "/studio/")
    expect(page.locator("#copying")).to_contain_text("A copy for viewing is being made")
    told = store.incoming() / f"copying-{clip.pk}"

    told.write_text("40")

    expect(page.locator("#copied")).to_have_attribute("value", "40")
    told.unlink()


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_room_fits_every_screen_without_a_barrier(member, source, take, open_page, theme):
    make_generation(member, source=source, state="failed", failure_message="It broke.")
    page = open_page(member, "/studio/")
    tab(page, take.pk).click()

    look(page, "cutting-room", themes=[theme])
