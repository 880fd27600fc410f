"""An upload of 40 MB over a line that breaks, through sign-outs and reloads: it arrives, and no
byte is sent twice.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from playwright.sync_api import BrowserContext, Page, expect

from editorapp.media import store
from editorapp.media.models import Asset, Upload
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.browser import new_context
from tests.factories import make_member
from tests.media.clips import make_clip
from tests.patience import PATIENCE_SECONDS
from tests.web.line import ANSWER_LOST, HALF_ARRIVES, NEVER_ARRIVES, Line, line_to

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZE, PIECE = 40_000_000, 25_000_000
PASSWORD = "a long sentence for tests"


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory, real_media: Path) -> Path:
    """A real clip of exactly 40 MB: a box that players skip lies behind it."""
    clip = tmp_path_factory.mktemp("large") / "holiday.mp4"
    data = (real_media / "vertical_4s.mp4").read_bytes()
    padding = SIZE - len(data)
    clip.write_bytes(data + padding.to_bytes(4, "big") + b"free" + bytes(padding - 8))
    return clip


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """The same, of about two megabytes."""
    clip = make_clip(tmp_path / "walk.mp4", frames=10)
    padding = 2_000_000
    clip.write_bytes(clip.read_bytes() + padding.to_bytes(4, "big") + b"free" + bytes(padding - 8))
    return clip


@pytest.fixture
def member(settings, tmp_path: Path) -> Member:
    settings.MEDIA_ROOT = tmp_path / "media"
    member = make_member(name="Ada")
    member.user.set_password(PASSWORD)
    member.user.save()
    return member


@pytest.fixture
def line(live_server) -> Iterator[Line]:
    with line_to(live_server.url) as line:
        yield line


@pytest.fixture
def context(chromium, line: Line, client, member: Member) -> Iterator[BrowserContext]:
    """A browser in which the member is signed in, at the far end of the line."""
    client.force_login(member.user)
    context = new_context(chromium)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": line.url}])
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, line: Line) -> Page:
    page = context.new_page()
    page.goto(f"{line.url}/studio/")
    return page


def choose(page: Page, clip: Path) -> None:
    page.locator("[data-upload=source]").set_input_files(clip)


def come_back_without_the_old_page(page: Page, line: Line) -> None:
    """Leave before the line comes back: the page waits for that, and would go on by itself."""
    address = page.url
    page.goto("about:blank")
    line.dies_at, line.is_dead = "", False
    page.goto(address)


def arrived(page: Page, clip: Path) -> None:
    """The row is gone, and the file is there byte for byte, once."""
    expect(page.locator(".upload-row")).to_have_count(0)
    asset = Asset.objects.get()
    with clip.open("rb") as file:
        assert asset.sha256 == hashlib.file_digest(file, "sha256").hexdigest()
    assert store.path(asset.sha256, store.ORIGINAL).stat().st_size == clip.stat().st_size
    assert not Upload.objects.under_way().exists()
    assert not list(store.incoming().iterdir())


def sign_in(page: Page, line: Line, member: Member) -> None:
    page.goto(f"{line.url}/sign-in")
    page.get_by_label("Name").fill(member.user.get_username())
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("[data-upload=source]")).to_have_count(1)


@pytest.mark.parametrize("cut", [NEVER_ARRIVES, ANSWER_LOST, HALF_ARRIVES])
def test_a_line_that_is_cut_once_at_each_request_costs_no_byte_that_has_arrived(
    page: Page, line: Line, large: Path, cut: str
) -> None:
    line.cut = cut

    choose(page, large)
    arrived(page, large)

    cut_at = [seen for seen in line.seen if seen.endswith(cut)]
    assert cut_at[0] == f"POST begin {cut}" and cut_at[-1] == f"POST finish {cut}"
    assert len([seen for seen in cut_at if seen.startswith("PUT")]) >= 2
    assert not any(seen.startswith("DELETE") for seen in line.seen)
    assert line.seen.count("PUT 0") == (1 if cut == NEVER_ARRIVES else 0)
    # What the server had not read yet when the page asked comes once more, nothing else.
    assert line.piece_bytes - SIZE <= (SIZE // 4 if cut == HALF_ARRIVES else 0)


def test_an_upload_is_gone_on_with_after_a_reload_when_the_same_file_is_chosen(
    page: Page, line: Line, large: Path
) -> None:
    line.dies_at = f"PUT {PIECE}"
    choose(page, large)
    expect(page.locator(".upload-row").get_by_role("status")).to_contain_text(
        "No connection to the server."
    )

    come_back_without_the_old_page(page, line)
    choose(page, large)
    arrived(page, large)

    assert line.piece_bytes == SIZE
    assert line.seen.count("PUT 0") == 1


def test_a_session_that_ends_is_said_and_waited_for_until_a_sign_in_in_another_tab(
    page: Page, context: BrowserContext, line: Line, large: Path, member: Member
) -> None:
    line.waits_at = f"PUT {PIECE}"
    choose(page, large)
    assert line.is_waiting.wait(PATIENCE_SECONDS)
    Session.objects.all().delete()
    page.locator("#prompt").fill("At night")  # which the page has checked
    expect(page.locator("#toasts")).to_contain_text("You are signed out")
    line.go.set()
    row = page.locator(".upload-row")
    expect(row.get_by_role("status")).to_contain_text(
        "You are signed out: sign in again in another tab."
    )

    sign_in(context.new_page(), line, member)

    arrived(page, large)
    assert not any(seen.startswith("DELETE") for seen in line.seen)
    assert line.piece_bytes - SIZE <= SIZE - PIECE  # the piece that was sent to an ended session


def test_a_file_that_was_taken_already_is_not_sent_again(
    page: Page, line: Line, small: Path
) -> None:
    choose(page, small)
    arrived(page, small)

    page.reload()
    choose(page, small)
    arrived(page, small)

    assert line.piece_bytes == small.stat().st_size


def test_another_file_with_the_same_outside_is_not_mixed_with_what_has_arrived(
    page: Page, line: Line, small: Path, tmp_path: Path
) -> None:
    line.dies_at, line.dies_how = "PUT 0", HALF_ARRIVES
    choose(page, small)
    expect(page.locator(".upload-row").get_by_role("status")).to_contain_text(
        "No connection to the server."
    )
    other = tmp_path / "other" / small.name
    other.parent.mkdir()
    data = bytearray(small.read_bytes())
    data[500_000] = 1
    other.write_bytes(data)
    os.utime(other, ns=(small.stat().st_atime_ns, small.stat().st_mtime_ns))

    come_back_without_the_old_page(page, line)
    choose(page, other)
    expect(page.locator(".upload-row")).to_have_count(0)

    assert Asset.objects.get().sha256 == hashlib.sha256(data).hexdigest()
    assert (
        line.seen.count("POST begin") == 3
    )  # of the first, of the other, and of the other on its own


def test_a_second_sign_in_in_another_tab_stops_nothing(
    page: Page, context: BrowserContext, line: Line, small: Path, member: Member
) -> None:
    context.clear_cookies()
    sign_in(context.new_page(), line, member)

    choose(page, small)

    arrived(page, small)
    assert line.piece_bytes == small.stat().st_size


def test_a_role_that_ends_on_the_way_is_said_and_nothing_else_is_blamed(
    page: Page, line: Line, small: Path, member: Member
) -> None:
    Member.objects.filter(pk=member.pk).update(role=Role.REVIEWER)

    choose(page, small)

    expect(page.locator(".upload-row").get_by_role("alert")).to_contain_text(
        "Your role does not allow this"
    )
    assert line.piece_bytes == 0


def test_no_connection_is_said_and_waited_for(page: Page, line: Line, small: Path) -> None:
    line.is_dead = True
    choose(page, small)
    expect(page.locator(".upload-row").get_by_role("status")).to_contain_text(
        "No connection to the server."
    )

    line.is_dead = False

    arrived(page, small)
    assert line.piece_bytes == small.stat().st_size


def test_a_file_that_was_changed_after_it_was_chosen_is_blamed_itself(
    page: Page, line: Line, tmp_path: Path
) -> None:
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(bytes(200_000))

    def changed(route) -> None:
        clip.write_bytes(bytes(100))
        route.continue_()

    page.route("**/media/uploads", changed)
    choose(page, clip)

    expect(page.locator(".upload-row").get_by_role("alert")).to_contain_text(
        "it was changed or moved"
    )
    assert not Asset.objects.exists()
