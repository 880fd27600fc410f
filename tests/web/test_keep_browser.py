"""Many takes marked and acted on, and the trash with its undo, in a real Chromium."""

import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page, expect

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.library.models import Rating, Star, TakeTag
from editorapp.media.models import Asset
from tests.browser import new_context
from tests.factories import make_generation
from tests.taken_in import take_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(chromium, live_server, admin) -> Iterator[Page]:
    """A page of the admin's; nothing may be complained of in its console."""
    client = Client()
    client.force_login(admin.user)
    size = {"width": 1440, "height": 900}
    context = new_context(chromium, viewport=size, base_url=live_server.url, accept_downloads=True)
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


@pytest.fixture
def takes(admin, real_media, tmp_path) -> list[Generation]:
    """Four finished takes of one result, the newest first: as the gallery shows them."""
    copy = tmp_path / "result.mp4"
    shutil.copyfile(real_media / "vertical_4s.mp4", copy)
    result = take_in(
        copy, name="result.mp4", team=admin.team, user=admin.user, origin=Asset.Origin.RESULT
    )
    made = [
        make_generation(admin, state=State.SUCCEEDED, source=result, result=result)
        for _ in range(4)
    ]
    return made[::-1]


def box(page: Page, take: Generation):
    return page.locator(f"#take-{take.pk} .take-pick input")


def marked(page: Page) -> int:
    return page.locator(".take-pick input:checked").count()


def menu(page: Page, name: str) -> None:
    page.locator("[data-pick] > .pick-acts > .menu > summary", has_text=name).click()


def test_takes_are_marked_tagged_and_downloaded_as_a_zip(page, takes, tmp_path: Path) -> None:
    page.goto("/gallery/")
    box(page, takes[0]).click()
    box(page, takes[2]).click(modifiers=["Shift"])
    assert marked(page) == 3
    expect(page.locator("[data-pick-says]")).to_have_text("3 marked")

    menu(page, "Tag")
    page.locator("[data-pick] [name=tag_name]").fill("Hero shot")
    page.keyboard.press("Enter")

    expect(page.locator("#toasts")).to_contain_text("3 takes tagged “Hero shot”.")
    expect(page.locator(".take .tag", has_text="Hero shot")).to_have_count(3)
    assert TakeTag.objects.count() == 3 and marked(page) == 3  # still, on cards shown anew
    menu(page, "Hand on")
    with page.expect_download() as download:
        page.locator("[data-pick] [formaction$='files.zip']").click()
    file = tmp_path / "takes.zip"
    download.value.save_as(file)
    with zipfile.ZipFile(file) as packed:
        assert packed.testzip() is None
        names = packed.namelist()
    assert sum(name.endswith(".mp4") for name in names) == 3
    assert any(name.endswith("manifest.json") for name in names)


def test_takes_go_into_the_trash_and_come_back_by_undo(page, takes) -> None:
    page.goto("/gallery/")
    for take in takes[:2]:
        box(page, take).click()

    page.locator("[data-pick-trash]").click()

    expect(page.locator(f"#take-{takes[0].pk}")).to_have_count(0)
    expect(page.locator(".take")).to_have_count(2)
    expect(page.locator("[data-pick]")).to_be_hidden()
    assert Generation.objects.exclude(trashed_at=None).count() == 2
    page.locator("#toasts [data-undo] button").click()
    expect(page.locator(".take")).to_have_count(4)
    expect(page.locator("#notices")).to_contain_text("2 takes are back where they were.")
    assert not Generation.objects.exclude(trashed_at=None).exists()


def test_the_trash_restores_what_is_marked(page, takes) -> None:
    page.goto(f"/takes/{takes[0].pk}")
    page.locator(".takepage-more > summary").click()
    page.get_by_role("button", name="Move to trash").click()
    page.locator("#notices a", has_text="trash").click()
    expect(page.locator("h1")).to_have_text("Trash")
    assert Axe().run(page).response["violations"] == []

    page.locator(".trash-pick input").check()
    page.get_by_role("button", name="Restore marked").click()

    expect(page.locator("h2")).to_have_text("The trash is empty")
    takes[0].refresh_from_db()
    assert not takes[0].is_trashed


def test_keys_on_a_card_mark_star_and_rate(page, takes, admin) -> None:
    page.goto("/gallery/")
    take = takes[1]
    page.locator(f"#take-{take.pk} .take-prompt a").focus()

    page.keyboard.press("x")
    assert marked(page) == 1
    page.keyboard.press("s")
    expect(page.locator(f"#star-{take.pk}")).to_have_attribute("aria-pressed", "true")
    page.locator(f"#take-{take.pk} .take-prompt a").focus()
    page.keyboard.press("4")

    expect(page.locator(f"#rating-{take.pk} .pip-on")).to_have_count(4)
    expect(page.locator(f"#rating-{take.pk}")).to_contain_text("4.0")
    assert Star.objects.get().generation == take and Rating.objects.get().value == 4
    page.locator(f"#take-{take.pk} .take-prompt a").focus()
    page.keyboard.press("s")
    expect(page.locator(f"#star-{take.pk}")).to_have_attribute("aria-pressed", "false")
    assert not Star.objects.exists()


def test_all_on_the_page_are_marked_and_cleared_and_nothing_overflows_on_a_phone(
    page, takes
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/gallery/")
    box(page, takes[0]).click()

    page.locator("[data-pick-all]").click()

    assert marked(page) == 4
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert Axe().run(page).response["violations"] == []
    page.locator("[data-pick-clear]").click()
    assert marked(page) == 0
    expect(page.locator("[data-pick]")).to_be_hidden()
    page.goto("/gallery/trash/")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
