"""A part of a clip is made while the person works on, and is the source when it is there."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from editorapp.media import source_copies, tasks
from editorapp.media.models import Asset, SourceCopy
from editorapp.media.refusals import Refusal
from tests.factories import make_member
from tests.media.clips import make_clip
from tests.taken_in import take_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


SHIFTS = """() => {
    window.shifts = 0;
    new PerformanceObserver((list) => {
        for (const one of list.getEntries()) window.shifts += one.value;
    }).observe({ type: "layout-shift", buffered: false });
}"""


@pytest.fixture
def member():
    return make_member(name="Ada")


@pytest.fixture
def bunny(member, real_media, tmp_path) -> Asset:
    """A real clip: 132 frames at 25 fps."""
    copy = tmp_path / "bunny.mp4"
    shutil.copy(real_media / "bunny_720p_5s.mp4", copy)
    return taken(member, copy)


def taken(member, path: Path) -> Asset:
    return take_in(path, name=path.name, team=member.team, user=member.user)


def cut(page: Page, width: int = 1440) -> tuple[str, int]:
    """Press what cuts the clip, and return what the cut is called and how many frames it has.

    On a phone that is the way down from a cliff in the price.
    """
    if width < 720:
        button = page.get_by_role("button", name="Cut to 5.00 s: $1.08")
        expect(button).to_be_visible()
        page.evaluate(SHIFTS)
        button.click()
        return "bunny 0-124.mp4", 125
    page.locator("[data-in]").fill("20")
    page.locator("[data-out]").fill("79")
    expect(page.locator("#cut-price")).to_contain_text("$")
    page.evaluate(SHIFTS)
    page.get_by_role("button", name="Cut to this").click()
    return "bunny 20-79.mp4", 60


@pytest.mark.parametrize("width", [1440, 390])
def test_a_cut_is_made_aside_with_its_progress_and_becomes_the_source(
    member, bunny, open_page, width
):
    page = open_page(member, "/studio/", width=width)
    page.fill("#prompt", "Snow")
    place, progress = page.locator("#source-copy"), page.locator("#source-copied")
    expect(place).to_be_hidden()

    name, frames = cut(page, width)

    expect(place).to_contain_text(f"Making {name}")
    expect(place).to_be_in_viewport()
    assert page.evaluate("window.shifts") == 0
    SourceCopy.objects.update(percent=40)
    expect(progress).to_have_attribute("value", "40")
    page.fill("#prompt", "Snow, and wind")  # the person works on
    tasks.make_source_copies()
    made = Asset.objects.get(name=name)
    assert made.frame_count == frames
    expect(page.locator('[name="source_asset"]:checked')).to_have_value(str(made.pk))
    expect(page.locator("#viewer")).to_have_attribute("data-asset", str(made.pk))
    expect(page.locator("#toasts")).to_contain_text(f"{name} is the source now.")
    expect(page.locator("#prompt")).to_have_value("Snow, and wind")
    expect(place).to_be_hidden()


def test_who_chose_another_clip_meanwhile_keeps_it(member, bunny, open_page, tmp_path):
    other = taken(member, make_clip(tmp_path / "other.mp4"))
    page = open_page(member, f"/studio/?source={bunny.pk}")
    cut(page)
    expect(page.locator("#source-copy")).to_contain_text("Making")

    page.locator(f'.tile:has([name="source_asset"][value="{other.pk}"])').click()
    expect(page.locator("#viewer")).to_have_attribute("data-asset", str(other.pk))
    tasks.make_source_copies()
    page.wait_for_timeout(2500)

    expect(page.locator('[name="source_asset"]:checked')).to_have_value(str(other.pk))
    page.locator(f'.tile:has([name="source_asset"][value="{bunny.pk}"])').click()
    expect(page.locator("#source-copy")).to_contain_text("bunny 20-79.mp4 is ready.")
    page.get_by_role("button", name="Make it the source").click()
    made = Asset.objects.get(name="bunny 20-79.mp4")
    expect(page.locator("#viewer")).to_have_attribute("data-asset", str(made.pk))


def test_a_reload_goes_on_waiting_and_guide_frames_stay_on_their_pictures(member, bunny, open_page):
    page = open_page(member, f"/studio/?source={bunny.pk}")
    page.locator("[data-strip]").fill("30")
    page.get_by_role("button", name="Guide frame here").click()
    expect(page.locator('[name="keyframe_index"]')).to_have_value("30")
    cut(page)
    expect(page.locator("#source-copy")).to_contain_text("Making")

    page.reload()
    expect(page.locator("#source-copy")).to_contain_text("Making")
    expect(page.locator('[name="keyframe_index"]')).to_have_value("30")
    tasks.make_source_copies()

    expect(page.locator("#viewer")).to_contain_text("60 frames")
    expect(page.locator('[name="keyframe_index"]')).to_have_value("10")


@pytest.mark.parametrize("width", [1440, 390])
def test_a_failure_is_told_and_tried_again_by_one_press(
    member, bunny, open_page, width, monkeypatch
):
    def full(*_args: object, **_more: object) -> None:
        raise Refusal("disk_full")

    page = open_page(member, f"/studio/?source={bunny.pk}", width=width)
    page.fill("#prompt", "Snow")
    place = page.locator("#source-copy")
    _name, frames = cut(page, width)
    expect(place).to_contain_text("Making")
    with monkeypatch.context() as patched:
        patched.setattr(source_copies, "trim", full)
        tasks.make_source_copies()
    expect(place).to_contain_text("ask an admin to free some space, then try again.")

    place.get_by_role("button", name="Try again").click()

    expect(place).to_contain_text("Making")
    tasks.make_source_copies()
    expect(page.locator("#viewer")).to_have_attribute("data-frames", str(frames))
