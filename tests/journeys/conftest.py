"""A whole studio and a real Chromium for the journeys."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.studio_process import StudioProcess

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioProcess]:
    """One studio for all journeys, started with the command that people use."""
    process = StudioProcess.start(tmp_path_factory.mktemp("studio"))
    yield process
    process.stop()


class Person:
    """Somebody at a browser of their own: no cookies of others, every console error remembered."""

    def __init__(self, browser: Browser, studio: StudioProcess, screenshots: Path) -> None:
        self.context = browser.new_context(viewport=DESKTOP, accept_downloads=True, base_url=studio.url)
        self.context.set_default_timeout(20_000)
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.screenshots = screenshots
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def look(self, name: str) -> None:
        """Take a picture of the page at both widths, and hold it against axe-core's serious rules."""
        for label, size in (("1440", DESKTOP), ("390", PHONE)):
            self.page.set_viewport_size(size)
            self.page.wait_for_timeout(250)
            self.page.screenshot(path=self.screenshots / f"{name}-{label}.png", full_page=True)
            wide = self.page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, f"{name} at {label} px is {wide} px wider than the window"
            self._hold_against_axe(name, label)
        self.page.set_viewport_size(DESKTOP)

    def _hold_against_axe(self, name: str, label: str) -> None:
        found = Axe().run(self.page).response["violations"]
        grave = [row for row in found if row["impact"] in {"serious", "critical"}]
        said = [f"{row['id']}: {row['help']}: {[node['html'][:160] for node in row['nodes'][:3]]}" for row in grave]
        assert not said, f"{name} at {label} px:\n" + "\n".join(said)


@pytest.fixture
def new_person(chromium: Browser, studio: StudioProcess, tmp_path: Path) -> Iterator[Callable[[], Person]]:
    """A maker of people; at the end none of them may have seen an error in the console."""
    folder = Path(os.environ.get("RUSHES_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    people: list[Person] = []

    def make() -> Person:
        people.append(Person(chromium, studio, folder))
        return people[-1]

    yield make
    complaints = [line for person in people for line in person.complaints]
    for person in people:
        person.context.close()
    assert not complaints, "the console is not clean:\n" + "\n".join(complaints)


@pytest.fixture(scope="session")
def owner_cookies(studio: StudioProcess) -> list:
    """The owner's cookies: the printed link works once, and many journeys begin as the owner."""
    with httpx.Client() as client:
        client.get(studio.link)
        return [{"name": name, "value": value, "url": studio.url} for name, value in client.cookies.items()]


@pytest.fixture
def owner(new_person: Callable[[], Person], owner_cookies: list) -> Person:
    """The owner, signed in."""
    person = new_person()
    person.context.add_cookies(owner_cookies)
    return person
