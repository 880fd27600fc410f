"""Drafts in a real browser: each belongs to its source, nothing typed is lost, and nothing moves
without a word.
"""

import pytest
from playwright.sync_api import Page, expect

from editorapp.media.models import Asset
from tests.browser_look import look
from tests.factories import make_generation, make_member
from tests.web.new_sources import have_made

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
RESULT_ID = "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"


@pytest.fixture
def clips(keep) -> dict[str, Asset]:
    """Two clips, by short names; the newest, the bunny, is the one that the studio opens with."""
    names = ("vertical_4s.mp4", "bunny_720p_5s.mp4")
    return {name.partition("_")[0]: keep(name) for name in names}


@pytest.fixture
def studio(member, clips, open_page) -> Page:
    page = open_page(member, "/studio/")
    expect(page.locator("#viewer video")).to_be_visible()
    return page


def choose(page: Page, clip: Asset) -> None:
    page.locator(f'.tile:has([name="source_asset"][value="{clip.pk}"])').click()
    expect(page.locator(f'#viewer[data-asset="{clip.pk}"] [data-stage]')).to_be_visible()


def pin(page: Page, *frames: int) -> None:
    for frame in frames:
        page.locator("[data-strip]").fill(str(frame))
        page.get_by_role("button", name="Guide frame here").click()
        expect(page.locator(f'.pin[data-at="{frame}"]')).to_have_count(1)


def pins(page: Page) -> list[str]:
    return [one.input_value() for one in page.locator('[name="keyframe_index"]').all()]


def note(page: Page):
    return page.locator("[data-draft-note]")


def chosen(page: Page) -> str:
    return page.locator('[name="source_asset"]:checked').input_value()


def is_there(page: Page, *, words: str, frames: list[str]) -> None:
    expect(page.locator("#prompt")).to_have_value(words)
    expect(page.locator(".pin")).to_have_count(len(frames))
    assert pins(page) == frames
    expect(page.locator("#request-json")).to_contain_text(words)


def test_after_another_clip_was_chosen_a_reload_brings_back_just_what_was_there(
    member, clips, open_page
):
    page = open_page(member, f"/studio/?source={clips['bunny'].pk}")
    page.fill("#prompt", "Words for the bunny")
    pin(page, 12)
    choose(page, clips["vertical"])
    page.fill("#prompt", "Words for the portrait")
    pin(page, 7, 20)

    page.reload()

    is_there(page, words="Words for the portrait", frames=["7", "20"])
    assert chosen(page) == str(clips["vertical"].pk)
    expect(page.locator(f'#viewer[data-asset="{clips["vertical"].pk}"]')).to_be_visible()
    expect(note(page)).to_be_hidden()


@pytest.mark.parametrize(
    "asks", ["generation={}", "again={}", "task=reframe&generation={}", "replace={}"]
)
def test_what_is_typed_on_a_page_that_was_asked_for_survives_a_reload(
    member, clips, open_page, asks
):
    state = "queued" if asks.startswith("replace") else "succeeded"
    made = make_generation(
        member, source=clips["bunny"], state=state, result=clips["vertical"], chain_id=RESULT_ID
    )
    page = open_page(member, f"/studio/?{asks.format(made.pk)}")
    expect(page.locator("#prompt")).to_have_value("Rainy neon evening")
    page.fill("#prompt", "Snow at dusk")
    if "reframe" not in asks:
        pin(page, 3)

    page.reload()

    is_there(page, words="Snow at dusk", frames=[] if "reframe" in asks else ["3"])
    expect(note(page)).to_be_hidden()
    expect(page.locator("#replaces")).to_have_count(1 if state == "queued" else 0)
    expect(page.locator('[name="replaces"]')).to_have_count(1 if state == "queued" else 0)


def test_an_edit_that_was_begun_comes_back_with_a_word_and_can_be_started_anew(
    member, clips, open_page
):
    made = make_generation(
        member, source=clips["bunny"], state="succeeded", result=clips["vertical"]
    )
    page = open_page(member, f"/studio/?generation={made.pk}")
    page.fill("#prompt", "Snow at dusk")
    page.get_by_role("link", name="Gallery").click()

    page.goto(page.url.replace("/gallery/", f"/studio/?generation={made.pk}"))

    expect(page.locator("#prompt")).to_have_value("Snow at dusk")
    expect(page.locator("[data-draft-state]")).to_have_text("Saved")
    page.get_by_role("button", name="Start anew").click()
    expect(page.locator("#prompt")).to_have_value("Rainy neon evening")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#prompt")).to_have_value("Snow at dusk")


def test_guide_frames_stay_with_their_clip_and_it_is_said(studio, clips):
    studio.fill("#prompt", "Snow at dusk")
    pin(studio, 12, 90)

    choose(studio, clips["vertical"])

    expect(note(studio)).to_contain_text("2 guide frames stay with bunny_720p_5s.mp4.")
    is_there(studio, words="Snow at dusk", frames=[])
    expect(studio.locator("#request-json")).not_to_contain_text("keyframe")

    choose(studio, clips["bunny"])

    is_there(studio, words="Snow at dusk", frames=["12", "90"])
    expect(note(studio)).to_contain_text("2 guide frames of this clip are back.")


def test_guide_frames_can_be_put_on_the_other_clip_too_and_that_be_undone(studio, clips):
    studio.fill("#prompt", "Snow at dusk")
    pin(studio, 12)
    choose(studio, clips["vertical"])

    note(studio).get_by_role("button", name="Put it on this clip, too").click()

    is_there(studio, words="Snow at dusk", frames=["12"])
    assert chosen(studio) == str(clips["vertical"].pk)
    expect(studio.locator("#request-json")).to_contain_text("keyframe_indexes")
    studio.get_by_role("button", name="Undo").click()
    is_there(studio, words="Snow at dusk", frames=[])


def test_an_opening_guide_frame_stays_with_its_clip_as_well(studio, clips):
    studio.get_by_text("Opening guide frame", exact=True).click()
    studio.get_by_role("button", name="Source's frame 0").click()
    expect(studio.locator("#request-json")).to_contain_text("start_frame")

    choose(studio, clips["vertical"])

    expect(note(studio)).to_contain_text("1 guide frame stays with bunny_720p_5s.mp4.")
    expect(studio.locator("#request-json")).not_to_contain_text("start_frame")
    expect(studio.locator('[name="guide_asset"]:checked')).to_have_count(0)
    choose(studio, clips["bunny"])
    expect(studio.locator("#request-json")).to_contain_text("start_frame")


def test_guide_frames_kept_for_another_task_stay_with_their_clip(studio, clips):
    pin(studio, 12)
    studio.locator(".chip", has_text="Reframe").first.click()
    expect(studio.locator("#task-head")).to_have_text("Reframe")

    choose(studio, clips["vertical"])

    expect(note(studio)).to_contain_text("1 guide frame stays with bunny_720p_5s.mp4.")
    studio.locator(".chip", has_text="Edit").first.click()
    expect(studio.locator("#task-head")).to_have_text("Edit")
    assert pins(studio) == []


def test_each_clip_has_its_own_words_once_it_was_given_some(studio, clips):
    studio.fill("#prompt", "Words for the bunny")
    choose(studio, clips["vertical"])
    expect(studio.locator("#prompt")).to_have_value("Words for the bunny")  # it had none of its own
    studio.fill("#prompt", "Words for the portrait")

    choose(studio, clips["bunny"])

    expect(studio.locator("#prompt")).to_have_value("Words for the bunny")
    expect(note(studio)).to_contain_text("What you had begun with this clip is back.")
    note(studio).get_by_role("button", name="Use the words from before").click()
    expect(studio.locator("#prompt")).to_have_value("Words for the portrait")
    studio.get_by_role("button", name="Undo").click()
    expect(studio.locator("#prompt")).to_have_value("Words for the bunny")


def test_an_uploaded_clip_takes_no_guide_frames_of_another(studio, real_media):
    pin(studio, 12)

    studio.set_input_files('[data-upload="source"]', str(real_media / "frog_vp9_8s.webm"))

    expect(note(studio)).to_contain_text("1 guide frame stays with bunny_720p_5s.mp4.")
    assert pins(studio) == []


def test_a_clip_opened_from_the_gallery_has_its_own_draft_or_is_offered_the_words(
    studio, clips, member
):
    studio.fill("#prompt", "Words for the bunny")
    pin(studio, 12)
    base = studio.url.partition("/studio/")[0]

    studio.goto(f"{base}/studio/?source={clips['vertical'].pk}")

    expect(studio.locator("#prompt")).to_have_value("")
    expect(note(studio)).to_contain_text(
        "Your words with bunny_720p_5s.mp4 stay with it: “Words for the bunny”."
    )
    studio.get_by_role("button", name="Use them here, too").click()
    is_there(studio, words="Words for the bunny", frames=[])
    assert chosen(studio) == str(clips["vertical"].pk)

    studio.goto(f"{base}/studio/?source={clips['bunny'].pk}")
    is_there(studio, words="Words for the bunny", frames=["12"])


def test_what_lies_outside_of_a_cut_stays_with_the_longer_clip_and_it_is_said(studio, clips):
    pin(studio, 12, 90)
    studio.locator("[data-in]").fill("10")
    studio.locator("[data-out]").fill("60")
    studio.get_by_role("button", name="Cut to this").click()
    have_made(studio)

    expect(note(studio)).to_contain_text(
        "1 guide frame outside of the cut stays with bunny_720p_5s.mp4."
    )
    assert pins(studio) == ["2"]
    studio.reload()
    expect(studio.locator(".pin")).to_have_count(1)
    assert pins(studio) == ["2"]
    choose(studio, clips["bunny"])
    expect(studio.locator(".pin")).to_have_count(2)
    assert pins(studio) == ["12", "90"]


def kept(page: Page) -> None:
    expect(page.locator("[data-draft-state]")).to_have_text("Saved")


def test_a_second_tab_and_another_browser_open_with_what_was_typed(
    studio, clips, member, open_page
):
    studio.fill("#prompt", "Snow at dusk")
    pin(studio, 12)
    kept(studio)

    second = studio.context.new_page()
    second.goto(studio.url.partition("/studio/")[0] + "/studio/")

    is_there(second, words="Snow at dusk", frames=["12"])
    for page in (second, studio):
        page.close()  # their session ends with the next sign-in of this test
    elsewhere = open_page(member, f"/studio/?source={clips['bunny'].pk}", width=390)
    is_there(elsewhere, words="Snow at dusk", frames=["12"])


def test_two_tabs_that_differ_lose_neither_version(studio, clips):
    studio.fill("#prompt", "Snow at dusk")
    kept(studio)
    second = studio.context.new_page()
    second.goto(studio.url)
    expect(second.locator("#prompt")).to_have_value("Snow at dusk")
    studio.fill("#prompt", "Snow at dawn")
    kept(studio)
    second.fill("#prompt", "Rain at noon")

    expect(note(second)).to_contain_text("This draft was changed in another tab: “Snow at dawn”.")
    second.get_by_role("button", name="Use that one").click()
    expect(second.locator("#prompt")).to_have_value("Snow at dawn")
    second.get_by_role("button", name="Undo").click()
    expect(second.locator("#prompt")).to_have_value("Rain at noon")


def test_of_two_versions_the_one_that_is_kept_counts_and_the_other_tab_is_told(studio, clips):
    studio.fill("#prompt", "Snow at dusk")
    kept(studio)
    second = studio.context.new_page()
    second.goto(studio.url)
    studio.fill("#prompt", "Snow at dawn")
    kept(studio)
    second.fill("#prompt", "Rain at noon")

    note(second).get_by_role("button", name="Keep this one").click()
    kept(second)
    second.reload()

    expect(second.locator("#prompt")).to_have_value("Rain at noon")
    studio.fill("#prompt", "Snow at dawn, heavy")
    expect(note(studio)).to_contain_text("“Rain at noon”")


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_a_version_that_was_set_aside_is_found_again_beside_the_earlier_prompts(
    member, clips, open_page, width, height
):
    page = open_page(member, "/studio/", width=width, height=height)
    two_versions(page, "Snow at dusk", "Rain at noon")
    page.reload()
    page.locator("#prompt").press("Control+k")
    dialog = page.get_by_role("dialog", name="Earlier prompts")
    version = dialog.locator(".version")
    expect(version).to_contain_text("Snow at dusk")
    expect(version).to_contain_text("bunny_720p_5s.mp4, just now")
    look(page, "versions-set-aside", themes=["dark"])

    version.get_by_role("button", name="Bring back").click()

    expect(page.locator("#prompt")).to_have_value("Snow at dusk")
    expect(note(page)).to_contain_text("It is back.")
    kept(page)
    page.reload()
    expect(page.locator("#prompt")).to_have_value("Snow at dusk")
    page.locator("#prompt").press("Control+k")
    expect(version).to_contain_text("Rain at noon")
    version.get_by_role("button", name="Delete").click()
    expect(version).to_have_count(0)


def test_a_version_of_another_clip_opens_with_that_clip(studio, clips):
    two_versions(studio, "Snow at dusk", "Rain at noon")
    choose(studio, clips["vertical"])
    studio.fill("#prompt", "Fog")
    kept(studio)
    studio.locator("#prompt").press("Control+k")

    studio.get_by_role("button", name="Bring back: Snow at dusk").click()

    expect(studio.locator(f'#viewer[data-asset="{clips["bunny"].pk}"]')).to_be_visible()
    expect(studio.locator("#prompt")).to_have_value("Snow at dusk")
    assert chosen(studio) == str(clips["bunny"].pk)
    choose(studio, clips["vertical"])
    expect(studio.locator("#prompt")).to_have_value("Fog")


def two_versions(page: Page, first: str, second: str) -> None:
    """Leave one version set aside and another that counts, by two tabs that differ."""
    other = page.context.new_page()
    other.goto(page.url)
    page.fill("#prompt", first)
    kept(page)
    other.fill("#prompt", second)
    note(other).get_by_role("button", name="Keep this one").click()
    kept(other)
    other.close()


def test_words_typed_in_the_last_moment_before_a_reload_are_there(studio):
    for words in ("Snow", "Snow at dusk", "Snow at dusk, and wind"):
        studio.fill("#prompt", words)
        studio.reload()
        expect(studio.locator("#prompt")).to_have_value(words)


def test_nobody_else_opens_with_a_persons_draft(studio, clips, member, open_page):
    studio.fill("#prompt", "Snow at dusk")
    kept(studio)
    studio.close()

    colleague = make_member(name="Cleo", team=member.team)
    page = open_page(colleague, f"/studio/?source={clips['bunny'].pk}")

    expect(page.locator("#prompt")).to_have_value("")
