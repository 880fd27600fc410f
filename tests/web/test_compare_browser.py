# ruff: noqa: F811 (fixtures of another module)
"""The compare page and its ways in, in a real Chromium at the sizes of a desk and of a phone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.teams.models import Member
from tests.factories import make_generation
from tests.media.clips import make_clip
from tests.web.stage_pages import numbers_shown, stage
from tests.web.test_frames_shown_browser import keep  # noqa: F401
from tests.web.test_phone_browser import WIDE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
STRENGTHS = ("adhere_1", "flex_1", "flex_3", "reimagine_2")


@pytest.fixture
def ladder(creator: Member, keep, tmp_path: Path) -> Callable[[int], list[Generation]]:
    """Make takes of one source, each of another strength."""

    def made(count: int) -> list[Generation]:
        source = keep(make_clip(tmp_path / "source.mp4"))
        takes = []
        for place in range(count):
            result = keep(make_clip(tmp_path / f"take{place}.mp4", options={"g": str(10 + place)}))
            wanted = GenerationRequest(
                prompt="Rainy neon evening",
                source=Ref(asset_id=source.pk),
                resolution="720p",
                strength=STRENGTHS[place % 4],
            )
            takes.append(
                make_generation(
                    creator,
                    pk=41 + place,
                    state=State.SUCCEEDED,
                    source=source,
                    result=result,
                    request=wanted.to_json(),
                )
            )
        return takes

    return made


def ready(page: Page) -> Page:
    page.wait_for_function("() => window.rushes.stage.of(document.body).clock.starts")
    return page


def test_takes_marked_in_the_gallery_are_compared_in_step(ladder, creator, open_page):
    ladder(3)
    page = open_page(creator, "/gallery/")

    for number in (41, 43):
        page.get_by_label(f"Mark #{number}").check()
    page.get_by_role("button", name="Compare", exact=True).click()

    page.wait_for_url("**/compare/?takes=41,43**")
    ready(page)
    assert stage(page, "stage.mode") == "wipe"
    page.keyboard.press("ArrowRight")
    stage(page, "stage.settled()")
    assert numbers_shown(page) == {0: 1, 1: 1}
    expect(page.get_by_role("row", name="Strength")).to_contain_text("Adhere 1")
    expect(page.get_by_role("row", name="Strength")).to_contain_text("Flex 3")
    expect(page.get_by_role("row", name="Resolution")).to_have_count(0)


def test_one_mark_is_not_enough_and_ten_are_too_many(ladder, creator, open_page):
    ladder(10)
    page = open_page(creator, "/gallery/")
    compare = page.get_by_role("button", name="Compare", exact=True)
    why = page.locator("#toasts").get_by_text("Two to 9 takes can be seen in step.")

    page.get_by_label("Mark #41").check()
    compare.click(force=True)
    expect(why).to_have_count(1)
    page.get_by_role("button", name="All on this page").click()
    expect(page.locator("[data-pick-says]")).to_have_text("10 marked")
    compare.click(force=True)
    expect(why).to_have_count(2)

    assert page.url.endswith("/gallery/")


def test_the_address_keeps_what_is_seen_and_opens_it_again(ladder, creator, open_page):
    ladder(3)
    page = ready(open_page(creator, "/compare/?takes=41,42,43&source=1"))
    assert stage(page, "[stage.mode, stage.clips.length, stage.lead.label]")[:2] == ["grid", 4]

    page.keyboard.press("3")
    page.keyboard.press("Shift+Digit1")
    page.keyboard.press("d")
    for key in ("Home", "Shift+ArrowRight", "i", "Shift+ArrowRight", "o", "ArrowLeft"):
        page.keyboard.press(key)
    page.wait_for_url("**takes=41,42,43&source=1&mode=difference&on=3&with=1&at=19&in=10&out=20")
    page.reload()

    ready(page)
    stage(page, "stage.settled()")
    seen = stage(page, "[stage.mode, stage.leadIndex, stage.against, stage.frame, stage.range]")
    assert seen == ["difference", 2, 0, 19, [10, 20]]
    assert numbers_shown(page) == {2: 19, 0: 19}


def test_nine_clips_stand_in_a_grid_and_each_comes_by_its_key(ladder, creator, open_page):
    ladder(8)
    numbers = ",".join(str(41 + place) for place in range(8))
    page = ready(open_page(creator, f"/compare/?takes={numbers}&source=1"))

    stage(page, "stage.seek(33)")
    stage(page, "stage.settled()")
    assert numbers_shown(page) == dict.fromkeys(range(9), 33)

    page.keyboard.press("t")
    for place in (9, 1, 5):
        page.keyboard.press(str(place))
        stage(page, "stage.settled()")
        assert numbers_shown(page) == {place - 1: 33}


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_the_compare_page_fits_and_has_no_barrier(ladder, creator, open_page, width, scheme):
    ladder(2)
    page = ready(
        open_page(creator, "/compare/?takes=41,42", width=width, height=844, color_scheme=scheme)
    )

    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]

    assert [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate(WIDE) == {"by": 0, "what": []}
    page.goto(page.url.split("/compare/")[0] + "/gallery/")
    page.get_by_label("Mark #41").check()
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    assert [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found] == []


def test_without_script_it_is_a_grid_of_videos_with_their_own_controls(ladder, creator, open_page):
    ladder(2)
    page = open_page(creator, "/gallery/", java_script_enabled=False)

    page.get_by_label("Mark #41").check()
    page.get_by_label("Mark #42").check()
    page.get_by_role("button", name="Compare").click()

    assert page.url.endswith("/compare/?takes=41,42")
    expect(page.locator("video[controls]")).to_have_count(2)
    boxes = [page.locator("video").nth(place).bounding_box() for place in (0, 1)]
    assert all(box["width"] > 300 and box["height"] > 150 for box in boxes)
    assert boxes[0]["x"] != boxes[1]["x"]
    expect(page.get_by_role("row", name="Strength")).to_be_visible()
