"""The table of shots is complete, and no screen of it holds a barrier, in either theme."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser, Page

from editorapp.teams.roles import Role
from tests.factories import make_member
from tests.shots.look import go, signed_in
from tests.shots.sheet import contact_sheet
from tests.shots.states import States, build
from tests.shots.table import NO_SCREEN, SHOTS, Shot
from tests.web.test_every_door import doors

THEMES = ("dark", "light")


@pytest.fixture
def states(transactional_db: None, simulator: object, tmp_path: Path) -> Iterator[States]:
    yield build(tmp_path)


@pytest.mark.django_db
def test_every_address_that_shows_something_is_in_the_table_or_has_a_reason() -> None:
    client = Client(raise_request_exception=False)
    client.force_login(make_member(role=Role.ADMIN).user)

    shown = {name for address, name in doors() if client.get(address).status_code != 405}

    named = {shot.view for shot in SHOTS} | NO_SCREEN.keys()
    assert shown - named == set()
    assert named - {name for _address, name in doors()} == set()


def test_no_shot_stands_twice() -> None:
    names = [shot.name for shot in SHOTS]

    assert len(names) == len(set(names))


@pytest.mark.parametrize("person", list(dict.fromkeys(shot.person for shot in SHOTS)))
def test_no_screen_in_any_state_has_a_barrier_in_either_theme(
    chromium: Browser, live_server: object, states: States, person: str
) -> None:
    found = []
    url: str = live_server.url  # type: ignore[attr-defined]
    with signed_in(chromium, url, states, person) as context:
        for shot in (one for one in SHOTS if one.person == person):
            page = go(context, shot, states)
            found += _barriers(page, shot)
            page.close()

    assert found == []


def _barriers(page: Page, shot: Shot) -> list[str]:
    """Return what axe-core finds on a page, of whatever grade, each in a line."""
    said = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        rows = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        for row in rows:
            where = [node["html"][:160] for node in row["nodes"][:3]]
            said.append(f"{shot.name}, {theme}: {row['impact']} {row['id']}: {row['help']} {where}")
    return said


def test_a_sheet_holds_every_picture_with_its_name(tmp_path: Path) -> None:
    from PIL import Image

    pictures = []
    for number in range(9):
        pictures.append(tmp_path / f"screen-{number}.png")
        Image.new("RGB", (1440, 900), (number * 20, 0, 0)).save(pictures[-1])

    contact_sheet(pictures, tmp_path / "sheet.png")

    with Image.open(tmp_path / "sheet.png") as sheet:
        colours = {colour for _count, colour in sheet.getcolors(100_000)}
        assert {(number * 20, 0, 0) for number in range(9)} <= colours
        assert sheet.height > 2 * 900 * 420 // 1440
