"""What a source costs and how it fits, told and mended on the page, in a real Chromium."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect

from editorapp.media.models import Asset
from tests.factories import default_account, make_member
from tests.media.clips import make_clip
from tests.taken_in import take_in
from tests.web.new_sources import have_made

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# No real provider states a limit of frames a second: the button is put there, the rest is real.
PRESS_A_COPY = """() => {
    const notes = document.querySelector("#notes-source");
    notes.insertAdjacentHTML("beforeend", `<button name="mend" value="mp4_copy=1&amp;copy_fps=30"
        hx-post="/studio/mend" hx-target="#source-copy" hx-swap="outerHTML">Copy</button>`);
    htmx.process(notes);
    notes.querySelector("button:last-child").click();
}"""


@pytest.fixture
def member():
    return make_member(name="Ada")


def taken(member, path: Path) -> Asset:
    return take_in(path, name=path.name, team=member.team, user=member.user)


@pytest.fixture
def bunny(member, real_media, tmp_path) -> Asset:
    """A real clip: 132 frames at 25 fps, 7 more than 5 s."""
    copy = tmp_path / "bunny.mp4"
    shutil.copy(real_media / "bunny_720p_5s.mp4", copy)
    return taken(member, copy)


@pytest.mark.parametrize("width", [1440, 390])
def test_a_cliff_in_the_price_is_told_and_cut_away_by_one_press(member, bunny, open_page, width):
    page = open_page(member, "/studio/", width=width)
    page.fill("#prompt", "Snow")
    note = page.locator("#notes-price .note-warn")
    expect(note).to_contain_text("7 frames over 5 s double the price.")
    expect(page.locator("#estimate")).to_contain_text("$2.16")

    page.get_by_role("button", name="Cut to 5.00 s: $1.08").click()
    have_made(page)

    expect(page.locator("#estimate")).to_contain_text("$1.08")
    expect(note).to_have_count(0)
    expect(page.locator("#viewer")).to_contain_text("125 frames")
    assert Asset.objects.filter(pk=bunny.pk).exists()


def test_a_mov_is_made_an_mp4_for_who_takes_none_and_keyframes_stay(member, open_page, tmp_path):
    clip = taken(member, make_clip(tmp_path / "phone.mov", sound=True))
    account = default_account("scenario")
    page = open_page(member, f"/studio/?source={clip.pk}&account={account.pk}")
    expect(page.locator("#notes-source")).to_contain_text("this clip is MOV")

    page.locator("#notes-source .note").first.hover()  # every way out is shown then
    page.locator("#notes-source").get_by_role("button", name="Make an MP4 copy").first.click()
    have_made(page)

    expect(page.locator("#notes-source")).not_to_contain_text("this clip is MOV")
    copy = Asset.objects.get(name="phone copy.mp4")
    expect(page.locator('[name="source_asset"]:checked')).to_have_value(str(copy.pk))


def test_a_copy_with_fewer_frames_moves_the_page_s_keyframes_by_time(member, open_page, tmp_path):
    taken(member, make_clip(tmp_path / "fast.mp4", rate=60))
    page = open_page(member, "/studio/")
    page.locator("[data-strip]").fill("31")
    page.get_by_role("button", name="Guide frame here").click()
    expect(page.locator('[name="keyframe_index"]')).to_have_value("31")

    page.evaluate(PRESS_A_COPY)
    have_made(page)

    expect(page.locator("#viewer")).to_contain_text("30 frames")
    expect(page.locator('[name="keyframe_index"]')).to_have_value("16")
