"""What scripts do on the gallery, the take page and the queue, in a real Chromium against real
files.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from editorapp.generations.models import Attempt, Generation
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.teams.models import Member
from editorapp.web.gallery.views import PAGE_SIZE
from tests.browser import new_context
from tests.factories import make_generation
from tests.taken_in import take_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(chromium, live_server, admin) -> Iterator[Page]:
    """A page of the admin's; nothing may be complained of in its console."""
    client = Client()
    client.force_login(admin.user)
    context = new_context(
        chromium, viewport={"width": 1440, "height": 900}, base_url=live_server.url
    )
    cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    context.close()
    assert complaints == []


def stored(member: Member, clip: Path, folder: Path, origin: str = Asset.Origin.UPLOAD) -> Asset:
    copy = folder / clip.name
    shutil.copyfile(clip, copy)
    return take_in(copy, name=clip.name, team=member.team, user=member.user, origin=origin)


@pytest.fixture
def source(admin, real_media, tmp_path) -> Asset:
    return stored(admin, real_media / "bunny_720p_5s.mp4", tmp_path)


@pytest.fixture
def result(admin, real_media, tmp_path) -> Asset:
    return stored(admin, real_media / "vertical_4s.mp4", tmp_path, Asset.Origin.RESULT)


def become(take: Generation, state: str, **fields) -> None:
    Generation.objects.filter(pk=take.pk).update(state=state, state_since=timezone.now(), **fields)
    Attempt.objects.filter(generation=take).update(state=state)


def test_a_running_take_becomes_done_by_itself_and_a_playing_one_plays_on(
    page, admin, source, result
):
    done = make_generation(admin, state=State.SUCCEEDED, source=source, result=result)
    runs = make_generation(admin, state=State.RUNNING, source=source)
    polls = []
    page.on(
        "request",
        lambda request: polls.append(request.url) if "/gallery/live" in request.url else None,
    )
    page.goto("/gallery/")
    page.locator(f"#take-{done.pk} .take-play").focus()
    page.wait_for_function("() => document.querySelector('.take video')?.currentTime > 0.2")
    page.evaluate("document.querySelector('.take video').dataset.kept = 'yes'")

    with page.expect_response("**/gallery/live**") as unchanged:
        pass
    become(runs, State.SUCCEEDED, result=result)

    expect(page.locator(f"#take-{runs.pk} .take-length")).to_have_text("720 × 1280 · 4.24 s")
    assert unchanged.value.status == 204
    assert page.evaluate("document.querySelector('.take video').dataset.kept") == "yes"
    assert page.locator("#live").count() == 1 and all(url.count("live=") == 1 for url in polls)
    count = len(polls)
    page.wait_for_timeout(3500)
    assert len(polls) == count  # nothing runs: nothing is asked


def test_a_poster_plays_under_the_pointer_and_stops_when_it_leaves(page, admin, source, result):
    make_generation(admin, state=State.SUCCEEDED, source=source, result=result)
    page.goto("/gallery/")

    page.hover(".take-picture")
    page.wait_for_function(
        "() => document.querySelector('.take video:not([hidden])')?.currentTime > 0"
    )
    assert page.evaluate("document.querySelector('.take video').muted")
    page.hover("h1")

    expect(page.locator(".take video")).to_have_count(0)


def test_with_reduced_motion_only_the_button_plays(page, admin, source, result):
    make_generation(admin, state=State.SUCCEEDED, source=source, result=result)
    page.emulate_media(reduced_motion="reduce")
    page.goto("/gallery/")

    page.hover(".take-picture")
    page.wait_for_timeout(300)
    assert page.locator(".take video").count() == 0
    page.click(".take-play")

    expect(page.locator(".take video")).to_have_count(1)


def test_a_filter_goes_into_the_address_bar_and_back_brings_the_old_one(page, admin, source):
    make_generation(admin, state=State.FAILED, source=source, prompt="Rain")
    make_generation(admin, state=State.UNKNOWN, source=source, prompt="Snow")
    page.goto("/gallery/")
    expect(page.locator(".take")).to_have_count(2)

    page.get_by_label("Needs a person").check()
    expect(page.locator(".take")).to_have_count(1)
    assert page.url.endswith("/gallery/?state=attention")
    page.get_by_label("Search").fill("rain")
    expect(page.get_by_text("No take matches")).to_be_visible()
    assert page.url.endswith("/gallery/?q=rain&state=attention")
    page.go_back()
    expect(page.locator(".take")).to_have_count(1)
    page.go_back()

    expect(page.locator(".take")).to_have_count(2)


def test_scrolling_down_brings_older_takes(page, admin, source):
    for _ in range(PAGE_SIZE + 2):
        make_generation(admin, state=State.CANCELED, source=source)
    page.goto("/gallery/")

    page.locator(".older").scroll_into_view_if_needed()

    expect(page.locator(".take")).to_have_count(PAGE_SIZE + 2)
    expect(page.locator(".older")).to_have_count(0)


def test_source_and_result_are_compared_in_step(page, admin, source, result):
    take = make_generation(admin, state=State.SUCCEEDED, source=source, result=result)
    page.goto(f"/takes/{take.pk}")
    times = "[...document.querySelectorAll('.stage video')].map((video) => video.currentTime)"
    at = f"() => {times}.reverse()"  # the result's, and its source's

    page.get_by_role("button", name="Side by side").click()
    page.locator("[data-strip]").fill("60")
    # In the middle of the result's frame 60, at 29.97 a second, and of the frame that its source,
    # at 25, shows then.
    page.wait_for_function(
        f"() => (([one, other]) => Math.abs(one - 2.0187) < 0.001 && Math.abs(other - 2.02) < 0.001)(({at})())",
    )
    page.get_by_role("button", name="One frame on").click()
    page.wait_for_function(
        f"() => (([one, other]) => Math.abs(one - 2.0520) < 0.001 && Math.abs(other - 2.02) < 0.001)(({at})())",
    )
    expect(page.locator("[data-frame]")).to_have_text("61")

    page.get_by_role("button", name="Wipe", exact=True).click()
    over, under = (
        page.locator(f".stage-layer{part} video").bounding_box()
        for part in (".is-over", ".is-lead")
    )
    assert over == under
    page.get_by_role("slider", name="Wipe").fill("80")
    shown = page.evaluate(
        "document.querySelector('[data-picture]').style.getPropertyValue('--share')"
    )
    assert shown == "0.8"

    page.keyboard.press("Tab")
    page.get_by_role("button", name="Side by side").click()
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function(
        f"() => (({at})()).every((time, _, all) => time > 2.6 && Math.abs(time - all[0]) < 0.25)"
    )


def test_the_take_page_turns_into_its_result_by_itself(page, admin, source, result):
    take = make_generation(admin, state=State.RUNNING, source=source)
    page.goto(f"/takes/{take.pk}")
    expect(page.get_by_text("This page changes by itself")).to_be_visible()

    become(take, State.SUCCEEDED, result=result)

    expect(page.get_by_role("link", name="Edit this")).to_be_visible()
    expect(page.locator("[data-frame]")).to_have_text("0")
    page.get_by_role("button", name="One frame on").click()
    expect(page.locator("[data-frame]")).to_have_text("1")
    page.get_by_role("button", name="Overlay").click()
    expect(page.locator("[data-notes]")).to_contain_text("under Source")
    expect(page.get_by_role("slider", name="Overlay")).to_have_value("50")


def test_a_row_of_the_queue_changes_without_a_reload(page, admin, source):
    take = make_generation(admin, state=State.QUEUED, source=source)
    page.goto("/queue/")
    page.evaluate("window.kept = true")
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()

    become(take, State.FETCHING)

    expect(page.get_by_text("Fetching result", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    assert page.evaluate("window.kept")


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light")])
def test_no_page_has_a_serious_fault_or_is_wider_than_the_window(
    page, admin, source, result, width, scheme
):
    take = make_generation(
        admin, state=State.SUCCEEDED, source=source, result=result, chain_id="gen-1", cost_usd=1
    )
    make_generation(admin, state=State.RUNNING, source=source)
    unknown = make_generation(
        admin, state=State.UNKNOWN, source=source, failure_message="No answer."
    )
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": width, "height": 844})

    for path in [
        "/gallery/",
        "/gallery/sources",
        f"/takes/{take.pk}",
        f"/takes/{unknown.pk}",
        "/queue/",
        "/costs/",
        "/people/",
        "/me",
    ]:
        page.goto(path)
        found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        grave = [
            (row["id"], row["nodes"][0]["html"])
            for row in found
            if row["impact"] in {"serious", "critical"}
        ]
        assert grave == [], path
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
