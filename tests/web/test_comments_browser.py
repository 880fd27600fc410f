"""Discussions in a real Chromium: two people in two windows speak about frame 90 of a real clip, by
a drawing, a reply and a resolution; and what scripts must not lose or disturb.
"""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.review.models import Comment, CommentEdit
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.factories import make_generation, make_member
from tests.web.stage_pages import stage

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
READY = "() => window.rushes.stage.of(document.body).clock.starts"
# Where the lead's picture is on screen, without the black around it: left, top, width, height in px.
PICTURE = """() => {
    const stage = window.rushes.stage.of(document.body);
    const { frame, clip } = stage.member(stage.leadIndex);
    const room = frame.getBoundingClientRect();
    const scale = Math.min(room.width / clip.width, room.height / clip.height);
    const [width, height] = [clip.width * scale, clip.height * scale];
    return [room.left + (room.width - width) / 2, room.top + (room.height - height) / 2, width, height];
}"""
# The boxes around what is drawn over it, in px: left, top, right, bottom.
LINES = """() => [...document.querySelectorAll(".is-lead .ink-line")].map((line) => {
    const box = line.getBoundingClientRect();
    return [box.left, box.top, box.right, box.bottom];
})"""


@pytest.fixture
def member(creator: Member) -> Member:
    return creator


@pytest.fixture
def take(creator: Member, keep) -> Generation:
    """Make a take of a real clip of 120 frames."""
    source, result = keep("bunny_720p_5s.mp4"), keep("crystal_9s.mp4")
    return make_generation(creator, state=State.SUCCEEDED, source=source, result=result)


@pytest.fixture
def opened(open_page) -> Callable[..., Page]:
    """Open a page with a stage, and wait until its clip can be stepped."""

    def open_it(member: Member, address: str, **options) -> Page:
        page = open_page(member, address, **options)
        page.wait_for_function(READY)
        return page

    return open_it


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag over the picture, between two places in parts of it."""
    left, top, width, height = page.evaluate(PICTURE)
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    places = [(left + x * width, top + y * height) for x, y in (start, middle, end)]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place)
    page.mouse.up()


def drawn_on(page: Page) -> list[list[float]]:
    """Return the boxes around what is drawn, in parts of the picture as it is on screen."""
    left, top, width, height = page.evaluate(PICTURE)
    return [
        [(box[0] - left) / width, (box[1] - top) / height]
        + [(box[2] - left) / width, (box[3] - top) / height]
        for box in page.evaluate(LINES)
    ]


def near(found: list[float], wanted: list[float]) -> bool:
    return all(abs(one - other) < 0.02 for one, other in zip(found, wanted, strict=True))


def test_two_people_speak_about_frame_90_with_a_drawing_a_reply_and_a_resolution(
    creator, reviewer, take, opened
):
    hers = opened(creator, f"/takes/{take.pk}", width=1200, height=820)
    his = opened(reviewer, f"/takes/{take.pk}")
    stage(his, "stage.seek(90)")
    his.keyboard.press("c")
    expect(his.locator("[data-composer] textarea")).to_be_focused()
    assert his.locator("[name=first]").input_value() == "90"
    his.keyboard.type("Too dark in this corner")
    his.get_by_role("button", name="Draw on the frame").click()
    his.get_by_role("button", name="Box").click()
    drag(his, (0.25, 0.25), (0.5, 0.75))
    expect(his.locator("[data-drawn]")).to_have_text("1 shape drawn")
    his.keyboard.press("Escape")
    his.keyboard.press("Control+Enter")
    expect(his.locator("[data-thread]")).to_contain_text("Too dark in this corner")
    assert his.locator("[data-composer] textarea").input_value() == ""

    # It comes to her by itself.
    mark = hers.locator(".remark")
    expect(mark).to_have_attribute("aria-label", "Comment by Rae, frame 90")
    mark.click()
    expect(hers.locator("[data-frame]")).to_have_text("90")
    assert not stage(hers, "stage.isPlaying")
    stage(hers, "stage.settled()")
    [drawn] = drawn_on(hers)
    assert near(drawn, [0.25, 0.25, 0.5, 0.75]), drawn
    hers.set_viewport_size({"width": 420, "height": 800})
    [drawn] = drawn_on(hers)
    assert near(drawn, [0.25, 0.25, 0.5, 0.75]), drawn
    hers.set_viewport_size({"width": 1440, "height": 900})
    stage(hers, "stage.seek(91)")
    assert drawn_on(hers) == [], "it is of frame 90 alone"

    hers.locator("[data-thread] summary", has_text="Reply").click()
    hers.locator("[data-thread] .thread-acts textarea").fill("Brighter in the next one")
    hers.keyboard.press("Control+Enter")
    expect(his.locator(".replies")).to_contain_text("Brighter in the next one")
    hers.locator("[data-thread]").get_by_role("button", name="Resolve").click()
    expect(hers.locator(".remark")).to_have_count(0)
    expect(his.locator(".remark")).to_have_count(0)
    his.locator("[data-talk-shows=all]").click()
    expect(his.locator("[data-thread]")).to_contain_text("Resolved")
    expect(his.locator(".remark")).to_have_attribute(
        "aria-label", "Comment by Rae, frame 90, resolved"
    )
    comment = Comment.objects.get(parent=None)
    assert (comment.first_frame, comment.last_frame, len(comment.drawing)) == (90, 90, 1)
    assert comment.resolved_by == creator.user


def test_what_somebody_types_is_not_disturbed_by_what_others_say(creator, reviewer, take, opened):
    hers, his = (opened(one, f"/takes/{take.pk}") for one in (creator, reviewer))
    hers.locator("[data-composer] textarea").fill("I am in the middle of a sentence")
    his.locator("[data-composer] textarea").fill("First")
    his.keyboard.press("Control+Enter")

    expect(hers.locator("[data-thread]")).to_contain_text("First")

    area = hers.locator("[data-composer] textarea")
    assert area.input_value() == "I am in the middle of a sentence"
    expect(area).to_be_focused()
    hers.locator("[data-thread] summary", has_text="Reply").click()
    hers.locator("[data-thread] .thread-acts textarea").press_sequentially("And a re")
    his.locator("[data-thread]").get_by_role("button", name="Resolve").click()
    hers.locator("[data-talk-shows=all]").click()
    expect(hers.locator("[data-thread]")).to_contain_text("Resolved")
    hers.locator("[data-thread] .thread-acts textarea").press_sequentially("ply")
    hers.keyboard.press("Control+Enter")
    expect(hers.locator(".replies")).to_contain_text("And a reply")
    assert area.input_value() == "I am in the middle of a sentence"


@pytest.mark.answers(404)
def test_a_failed_send_loses_no_word_nor_does_a_reload(reviewer, take, opened):
    page = opened(reviewer, f"/takes/{take.pk}")
    page.route("**/comments/**", lambda route: route.fulfill(status=404, body=""))
    area = page.locator("[data-composer] textarea")
    area.fill("Too bright")
    page.keyboard.press("Control+Enter")

    expect(page.locator("[data-composer] [data-wrong]")).not_to_be_empty()
    assert area.input_value() == "Too bright"
    page.unroute("**/comments/**")
    page.reload()
    page.wait_for_function(READY)
    assert page.locator("[data-composer] textarea").input_value() == "Too bright"
    page.get_by_role("button", name="Comment", exact=True).click()
    expect(page.locator("[data-thread]")).to_contain_text("Too bright")
    assert Comment.objects.get().text == "Too bright"


def test_a_name_is_completed_and_chosen_by_keys(creator, reviewer, take, opened):
    make_member(role=Role.REVIEWER, name="Raphael", team=creator.team)
    page = opened(creator, f"/takes/{take.pk}")
    area = page.locator("[data-composer] textarea")
    area.press_sequentially("Look, @ra")

    names = page.locator("[data-names-list] [role=option]")
    expect(names).to_have_text(["Rae", "Raphael"])
    area.press("ArrowDown")
    area.press("Enter")
    assert area.input_value() == "Look, @Raphael "
    area.press("Control+Enter")

    expect(page.locator(".said-name")).to_have_text("@Raphael")
    assert Comment.objects.get().mentions.count() == 1


def test_a_comment_of_ones_own_is_changed_with_a_trace_and_deleted(reviewer, take, opened):
    page = opened(reviewer, f"/takes/{take.pk}")
    page.locator("[data-composer] textarea").fill("Too drak")
    page.keyboard.press("Control+Enter")
    page.locator(".said summary", has_text="Change").click()
    page.locator(".said textarea").fill("Too dark")
    page.keyboard.press("Control+Enter")

    expect(page.locator(".said > .said-words")).to_have_text("Too dark")
    page.locator(".talk-trace summary").click()
    expect(page.locator(".talk-trace")).to_contain_text("Too drak")
    assert CommentEdit.objects.count() == 1
    page.locator(".said summary", has_text="Change").click()
    page.get_by_role("button", name="Delete this comment").click()
    expect(page.locator("[data-thread]")).to_have_count(0)


def test_in_the_studio_the_take_on_the_stage_is_spoken_of_and_nothing_is_queued(
    creator, reviewer, take, opened
):
    page = opened(creator, f"/studio/?source={take.source_asset_id}")
    page.locator(f'[data-tab="{take.pk}"]').click()
    expect(page.locator("[data-talk-open]")).to_be_enabled()
    page.locator("[data-strip]").focus()
    stage(page, "stage.seek(30)")
    page.keyboard.press("c")
    page.keyboard.type("The sky is too flat")
    page.keyboard.press("Control+Enter")

    expect(page.locator("#talk-place [data-thread]")).to_contain_text("The sky is too flat")
    expect(page.locator(".remark")).to_have_count(1)
    expect(page.locator("[data-talk-count]")).to_have_text("1")
    assert Generation.objects.count() == 1, "Ctrl+Enter there sends a comment and no edit"
    page.locator("[data-talk-close]").click()
    expect(page.locator("#talk-place")).to_be_hidden()
    page.locator(".remark").click()
    expect(page.locator("#talk-place [data-thread]")).to_have_attribute("aria-current", "true")
    page.locator('[data-tab="source"]').click()
    expect(page.locator("#talk-place")).to_be_hidden()
    expect(page.locator(".remark")).to_have_count(0)


def test_in_compare_a_comment_brings_its_take_and_all_stand_at_its_frame(
    creator, reviewer, take, opened
):
    other = make_generation(
        creator, state=State.SUCCEEDED, source=take.source_asset, result=take.source_asset
    )
    for one, frame in ((take, 90), (other, 40)):
        Comment.objects.create(
            generation=one,
            author=reviewer.user,
            text=f"At {frame}",
            first_frame=frame,
            last_frame=frame,
            created_at=one.created_at,
            form_token=str(frame),
            drawing=[{"kind": "arrow", "colour": "yellow", "points": [[0.1, 0.1], [0.5, 0.5]]}],
        )
    page = opened(creator, f"/compare/?takes={take.pk},{other.pk}&mode=side")
    expect(page.locator("[data-thread]")).to_have_count(2)

    for one, frame in ((other, 40), (take, 90)):
        page.locator(f"#talk-{one.pk} [data-open-comment]").click()
        expect(page.locator("[data-frame]")).to_have_text(str(frame))
        assert stage(page, "stage.lead.take.number") == one.pk
        assert len(drawn_on(page)) == 1
        assert page.locator(".ink-line").count() == 1, "over its own picture alone"
    assert stage(page, "stage.mode") == "side"


def test_by_touch_on_a_phone_one_draws_and_the_form_is_below_the_picture(reviewer, take, opened):
    page = opened(
        reviewer, f"/takes/{take.pk}", width=390, height=844, has_touch=True, is_mobile=True
    )
    _left, top, _width, height = page.evaluate(PICTURE)
    form = page.locator("[data-composer]").bounding_box()
    assert form and form["y"] > top + height
    page.get_by_role("button", name="Draw on the frame").tap()
    touch = page.context.new_cdp_session(page)
    left, top, width, height = page.evaluate(PICTURE)
    places = [(0.3 + 0.04 * step, 0.4) for step in range(8)]
    for kind, (x, y) in zip(["touchStart"] + ["touchMove"] * 7, places, strict=True):
        point = {"x": left + x * width, "y": top + y * height}
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    expect(page.locator("[data-drawn]")).to_have_text("1 shape drawn")
    page.get_by_role("button", name="Done").tap()
    page.get_by_role("button", name="Comment", exact=True).tap()
    expect(page.locator("[data-thread]")).to_have_count(1)
    [shape] = Comment.objects.get().drawing
    assert shape["kind"] == "pen" and len(shape["points"]) > 3


def test_a_discussion_has_no_barrier_that_can_be_measured(creator, reviewer, take, opened):
    for number, frame in enumerate((10, 10, 90)):
        Comment.objects.create(
            generation=take,
            author=reviewer.user,
            text="Words",
            first_frame=frame,
            last_frame=frame + number,
            created_at=take.created_at,
            form_token=str(number),
        )
    page = opened(creator, f"/takes/{take.pk}")
    page.locator("[data-composer] textarea").press_sequentially("@r")
    expect(page.locator("[data-names-list] [role=option]")).to_have_count(1)
    page.get_by_role("button", name="Draw on the frame").click()

    found = Axe().run(page, context=".talk, .ink-tools, .timeline-remarks")
    assert found.violations_count == 0, found.generate_report()
