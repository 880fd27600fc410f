"""Guests in a real Chromium: by a link with a password they comment with a drawing, and are revoked
while they watch; on a desk and on a phone.
"""

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Page, expect

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.media import tasks
from editorapp.review import shares
from editorapp.review.models import Comment, Guest
from editorapp.review.shares import Terms
from editorapp.teams.models import Member
from tests.browser import new_context
from tests.factories import make_generation
from tests.web.stage_pages import stage
from tests.web.test_comments_browser import READY, drag, drawn_on, near
from tests.web.test_phone_browser import WIDE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
PASSWORD = "sesame street"


@pytest.fixture
def member(creator: Member) -> Member:
    return creator


@pytest.fixture
def take(creator: Member, keep) -> Generation:
    source, result = keep("bunny_720p_5s.mp4"), keep("crystal_9s.mp4")
    fields = {"prompt": "Zinnober at dusk", "is_simulated": True}
    return make_generation(creator, state=State.SUCCEEDED, source=source, result=result, **fields)


@pytest.fixture
def guest_page(chromium, live_server) -> Iterator[Callable[..., Page]]:
    """Open a link as somebody who is signed in nowhere; at the end no page may have logged an error,
    but for what is closed.
    """
    contexts, errors = [], []

    def opened(path: str, *, width: int = 1440, height: int = 900) -> Page:
        size = {"width": width, "height": height}
        contexts.append(new_context(chromium, viewport=size))
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(live_server.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    told = ("status of 410 ", "status of 422 ", "status of 404 ")
    assert [one for one in errors if not any(part in one for part in told)] == []


def linked(by: Member, *takes: Generation, **terms):
    made, token = shares.share(
        [take.pk for take in takes], Terms(**terms), by=by, now=timezone.now()
    )
    return made, f"/s/{token}/"


def come_in(page: Page, *, name: str = "Gina Client", password: str = "") -> Page:
    page.get_by_label("Your name").fill(name)
    if password:
        page.get_by_label("Password of the link").fill(password)
    with page.expect_navigation():
        page.get_by_role("button", name="Show it").click()
    page.wait_for_function(READY)
    return page


def test_a_guest_with_the_password_comments_with_a_drawing_and_is_revoked_while_watching(
    creator, take, guest_page, open_page
):
    terms = {"title": "Second cut", "password": PASSWORD, "may_comment": True}
    made, path = linked(creator, take, **terms)
    page = guest_page(path)
    expect(page.get_by_text("Second cut")).to_have_count(0)
    page.get_by_label("Your name").fill("Gina Client")
    page.get_by_label("Password of the link").fill("open sesame")
    page.get_by_role("button", name="Show it").click()
    expect(page.get_by_text("not the password")).to_be_visible()
    come_in(page, password=PASSWORD)

    stage(page, "stage.seek(90)")
    page.keyboard.press("c")
    expect(page.locator("[data-composer] textarea")).to_be_focused()
    page.keyboard.type("Too dark in this corner")
    page.get_by_role("button", name="Draw on the frame").click()
    page.get_by_role("button", name="Box").click()
    drag(page, (0.25, 0.25), (0.5, 0.75))
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-thread]")).to_contain_text("Too dark in this corner")
    said = Comment.objects.get()
    assert (said.first_frame, said.by, len(said.drawing)) == (90, "Gina Client", 1)

    # The team sees it where it was drawn, and answers; that comes to her by itself.
    team = open_page(creator, f"/takes/{take.pk}#comment-{said.pk}")
    team.wait_for_function(READY)
    expect(team.locator("[data-frame]")).to_have_text("90")
    expect(team.locator(".is-lead .ink-line")).to_have_count(1)
    assert near(drawn_on(team)[0], [0.25, 0.25, 0.5, 0.75])
    thread = team.locator("[data-thread]")
    thread.locator("summary", has_text="Reply").click()
    thread.get_by_label("Reply to Gina Client").fill("We mend it")
    thread.get_by_role("button", name="Reply", exact=True).click()
    expect(page.locator("[data-thread]")).to_contain_text("We mend it")

    stage(page, "stage.play()")
    team.goto(f"{team.url.partition('/takes')[0]}/shares/{made.pk}")
    team.get_by_role("button", name="Revoke").click()
    expect(team.get_by_text("is closed")).to_be_visible()
    expect(page.get_by_role("heading", name="This link is closed")).to_be_visible()
    expect(page.locator("video")).to_have_count(0)


def test_a_link_is_made_copied_and_opened(creator, take, open_page, guest_page):
    page = open_page(
        creator, f"/takes/{take.pk}", permissions=["clipboard-read", "clipboard-write"]
    )
    page.locator(".takepage-more > summary").click()
    page.get_by_role("link", name="Share by link").click()
    page.get_by_label("Title").fill("Second cut")
    page.get_by_role("button", name="Make link").click()

    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    address = page.evaluate("() => navigator.clipboard.readText()")

    assert address == page.locator("#share-address").text_content()
    guest = guest_page("/s/" + address.partition("/s/")[2])
    come_in(guest)
    assert Guest.objects.get().name == "Gina Client"
    assert "Zinnober" not in guest.content()


def test_with_a_watermark_one_steps_by_stills_until_the_copy_is_there(creator, take, guest_page):
    _made, path = linked(creator, take, has_watermark=True)
    page = come_in(guest_page(path))
    expect(page.get_by_text("A copy with your name")).to_be_visible()
    expect(page.locator("video")).to_have_count(0)

    tasks.make_watermarked()
    with page.expect_navigation():
        page.get_by_role("link", name="Show it").click()

    page.wait_for_function(READY)
    expect(page.locator("video")).to_have_count(1)
    stage(page, "stage.seek(30)")
    expect(page.locator("[data-frame]")).to_have_text("30")


def test_two_takes_are_compared_in_step_by_their_keys(creator, take, keep, guest_page):
    other = make_generation(
        creator, state=State.SUCCEEDED, result=keep("vertical_4s.mp4"), parent=take
    )
    _made, path = linked(creator, take, other, shows_source=True, may_comment=True)
    page = come_in(guest_page(path))

    page.keyboard.press("v")
    assert stage(page, "stage.mode") == "side"
    assert stage(page, "stage.clips.length") == 3
    expect(page.locator("[data-composer]")).to_have_count(2)


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_a_guests_pages_are_no_wider_than_the_window_and_accessible(
    creator, take, keep, guest_page, width, height
):
    other = make_generation(
        creator, state=State.SUCCEEDED, result=keep("vertical_4s.mp4"), parent=take
    )
    shown = {"may_comment": True, "may_download": True, "shows_prompt": True}
    paths = [linked(creator, take, title="Second cut", **shown)[1]]
    paths.append(linked(creator, take, other, shows_source=True, **shown)[1])

    for path in paths:
        page = guest_page(path, width=width, height=height)
        look(page)
        come_in(page)
        look(page)
    look(guest_page("/s/nobody/", width=width, height=height))


def look(page: Page) -> None:
    found = page.evaluate(WIDE)
    assert found["by"] <= 0, found
    result = Axe().run(page)
    assert result.response["violations"] == [], result.generate_report()
