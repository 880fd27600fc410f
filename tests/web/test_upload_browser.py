"""Uploads in a real Chromium: by button, drop and paste, several at once, cancelled, and held up."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import Page, Route, expect

from editorapp.media import store
from editorapp.media.models import Asset, Upload
from tests.factories import make_member
from tests.media.clips import make_clip

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def page(open_page: Callable[..., Page], settings, tmp_path: Path) -> Page:
    settings.MEDIA_ROOT = tmp_path / "media"
    return open_page(make_member(), reverse("studio:page"))


def choose(page: Page, *files: Path) -> None:
    page.locator("[data-upload=source]").set_input_files(list(files))


def are_taken(page: Page) -> None:
    expect(page.locator(".upload-row")).to_have_count(0)


def test_several_files_come_in_at_once_and_are_told(page: Page, tmp_path: Path) -> None:
    names = [f"clip {n}.mp4" for n in range(3)]
    clips = [make_clip(tmp_path / name, frames=10 + n) for n, name in enumerate(names)]

    choose(page, *clips)

    are_taken(page)
    assert sorted(Asset.objects.values_list("name", flat=True)) == names
    assert sorted(Asset.objects.values_list("frame_count", flat=True)) == [10, 11, 12]


def test_a_large_file_goes_in_pieces_and_arrives_byte_for_byte(page: Page, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "large.mp4", frames=10)
    padding = 51_000_000
    clip.write_bytes(clip.read_bytes() + padding.to_bytes(4, "big") + b"free" + bytes(padding - 8))
    pieces: list[str] = []
    page.on(
        "request",
        lambda sent: pieces.append(sent.headers["upload-offset"]) if sent.method == "PUT" else None,
    )

    choose(page, clip)

    are_taken(page)
    assert pieces == ["0", "25000000", "50000000"]
    assert (
        store.path(Asset.objects.get().sha256, store.ORIGINAL).stat().st_size == clip.stat().st_size
    )


def test_a_refused_file_says_why_beside_its_name(page: Page, tmp_path: Path) -> None:
    (tmp_path / "letter.mp4").write_text("Dear Sir or Madam")

    choose(page, tmp_path / "letter.mp4")

    row = page.locator(".upload-row")
    expect(row.get_by_role("alert")).to_contain_text(
        "This is a text file, not a video: upload an MP4"
    )
    expect(row).to_contain_text("letter.mp4")
    row.get_by_role("button", name="Close").click()
    expect(row).to_have_count(0)
    assert not Upload.objects.under_way().exists() and not list(store.incoming().iterdir())


def test_a_full_disk_is_told_at_once_and_not_asked_again(page: Page, tmp_path: Path) -> None:
    asked: list[str] = []

    def full(route: Route) -> None:
        asked.append(route.request.method)
        route.fulfill(
            status=507,
            json={"reason": "disk_full", "message": "The server's disk is full: ask an admin."},
        )

    page.route("**/media/uploads/*", full)
    choose(page, make_clip(tmp_path / "a.mp4", frames=10))

    expect(page.locator(".upload-row").get_by_role("alert")).to_contain_text(
        "The server's disk is full"
    )
    assert asked == ["PUT"]


def test_a_storage_that_is_away_for_a_moment_costs_a_moment(page: Page, tmp_path: Path) -> None:
    away = {"PUT": 1, "POST": 1}

    def sometimes(route: Route) -> None:
        if away.get(route.request.method):
            away[route.request.method] -= 1
            route.fulfill(
                status=503,
                json={"reason": "storage_away", "message": "The media storage does not answer."},
            )
        else:
            route.continue_()

    page.route("**/media/uploads/**", sometimes)
    choose(page, make_clip(tmp_path / "a.mp4", frames=10))

    are_taken(page)
    assert away == {"PUT": 0, "POST": 0} and Asset.objects.get().frame_count == 10


def test_a_cancelled_upload_is_gone_here_and_there(page: Page, tmp_path: Path) -> None:
    def hold_pieces(route: Route) -> None:
        if route.request.method != "PUT":
            route.continue_()

    page.route("**/media/uploads/*", hold_pieces)
    with page.expect_request(lambda sent: sent.method == "PUT"):
        choose(page, make_clip(tmp_path / "a.mp4", frames=10))

    with page.expect_response(lambda answer: answer.request.method == "DELETE"):
        page.get_by_role("button", name="Cancel the upload of a.mp4").click()

    expect(page.locator(".upload-row")).to_have_count(0)
    assert not Upload.objects.exists() and not list(store.incoming().iterdir())
    assert not Asset.objects.exists()


@pytest.mark.parametrize("how", ["drop", "paste"])
def test_files_are_dropped_and_pasted(page: Page, tmp_path: Path, how: str) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=10)
    page.evaluate(
        """({ how, bytes }) => {
          const data = new DataTransfer();
          data.items.add(new File([new Uint8Array(bytes)], "from elsewhere.mp4", { type: "video/mp4" }));
          if (how === "drop") {
            const zone = document.querySelector("[data-drop]");
            zone.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
          } else {
            document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, cancelable: true }));
          }
        }""",
        {"how": how, "bytes": list(clip.read_bytes())},
    )

    are_taken(page)
    assert Asset.objects.get().name == "from elsewhere.mp4"


def test_what_a_server_in_trouble_did_not_take_is_tried_again_by_a_button(
    page: Page, tmp_path: Path
) -> None:
    broken: list[str] = []

    def in_trouble(route: Route) -> None:
        broken.append(route.request.method)
        reason = {
            "reason": "interrupted",
            "message": "The studio could not look at this file now: try again.",
        }
        route.fulfill(status=503, json=reason)

    page.route("**/media/uploads/*/finish", in_trouble)
    choose(page, make_clip(tmp_path / "a.mp4", frames=10))
    row = page.locator(".upload-row")
    expect(row.get_by_role("alert")).to_contain_text("could not look at this file now")
    page.unroute("**/media/uploads/*/finish")
    pieces: list[str] = []
    page.on("request", lambda sent: pieces.append(sent.url) if sent.method == "PUT" else None)

    row.get_by_role("button", name="Try again").click()

    are_taken(page)
    assert len(broken) == 5 and not pieces and Asset.objects.get().frame_count == 10
