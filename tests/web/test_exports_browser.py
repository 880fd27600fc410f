"""Handing on, in a browser: by the menu of a take's page, with the keyboard alone."""

import json
import zipfile
from fractions import Fraction
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.web.test_exports import make_take

# No file is behind the row of the clip that the take began with.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.answers(404),
]


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.mark.parametrize("width", [1440, 390])
def test_a_take_is_handed_on_by_its_menu(open_page, creator, tmp_path, width: int) -> None:
    take = make_take(creator, tmp_path, fps=Fraction(30000, 1001))
    page = open_page(creator, f"/takes/{take.pk}", width=width)

    page.locator(".takepage-more > summary").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Hand on", exact=True).focus()
    page.keyboard.press("Enter")
    assert Axe().run(page).response["violations"] == []
    page.get_by_role("button", name="Manifest, as JSON").focus()
    with page.expect_download() as saved:
        page.keyboard.press("Enter")
    told = json.loads(Path(saved.value.path()).read_text())
    page.get_by_label("Timecode without drop frame").check()
    with page.expect_download() as packed:
        page.get_by_role("button", name="Videos and papers, as zip").click()

    assert [one["number"] for one in told["takes"]] == [take.pk]
    assert packed.value.suggested_filename == f"harbor café · take {take.pk}.zip"
    with zipfile.ZipFile(packed.value.path()) as files:
        assert files.testzip() is None and "manifest.json" in files.namelist()


def test_what_cannot_be_handed_on_is_said_on_the_page(open_page, creator, tmp_path) -> None:
    take = make_take(creator, tmp_path)
    page = open_page(creator, f"/takes/{take.pk}")

    page.evaluate("() => { document.querySelector('input[name=takes]').value = '999999'; }")
    page.locator(".takepage-more > summary").click()
    page.get_by_text("Hand on", exact=True).click()
    page.get_by_role("button", name="Costs, as CSV").click()

    page.get_by_text("#999999 cannot be found here").wait_for()
    assert urlsplit(page.url).path == f"/takes/{take.pk}"
