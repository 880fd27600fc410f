"""A whole studio and a real Chromium for the journeys."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page

from tests.browser import new_context
from tests.browser_look import look
from tests.patience import PATIENCE_SECONDS
from tests.sign_in_link import follow
from tests.studio_process import StudioProcess

DESKTOP = {"width": 1440, "height": 900}


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StudioProcess]:
    """One studio for all journeys, started with the command that people use."""
    process = StudioProcess.start(tmp_path_factory.mktemp("studio"))
    yield process
    process.stop()


class Person:
    """Somebody at a browser of their own: no cookies of others, every console error remembered."""

    def __init__(self, browser: Browser, studio: StudioProcess) -> None:
        self.context = new_context(
            browser, viewport=DESKTOP, accept_downloads=True, base_url=studio.url
        )
        self.page: Page = self.context.new_page()
        self.complaints: list[str] = []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(f"script error: {error}"))

    def _listen(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(
                f"{message.type}: {message.text} ({message.location.get('url')})"
            )

    def look(self, name: str) -> None:
        """Look at the page at both widths, in the theme that it has: see tests/browser_look.py."""
        look(self.page, name, themes=("light",))
        self.page.set_viewport_size(DESKTOP)


@pytest.fixture
def new_person(chromium: Browser, studio: StudioProcess) -> Iterator[Callable[[], Person]]:
    """A maker of people; at the end none of them may have seen an error in the console."""
    people: list[Person] = []

    def make() -> Person:
        people.append(Person(chromium, studio))
        return people[-1]

    yield make
    complaints = [line for person in people for line in person.complaints]
    for person in people:
        person.context.close()
    assert not complaints, "the console is not clean:\n" + "\n".join(complaints)


@pytest.fixture(scope="session")
def owner_cookies(studio: StudioProcess) -> list:
    """The owner's cookies: the printed link works once, and many journeys begin as the owner."""
    with httpx.Client(timeout=PATIENCE_SECONDS) as client:  # the first page of a new studio
        follow(client, studio.link)
        return [
            {"name": name, "value": value, "url": studio.url}
            for name, value in client.cookies.items()
        ]


@pytest.fixture
def owner(new_person: Callable[[], Person], owner_cookies: list) -> Person:
    """The owner, signed in."""
    person = new_person()
    person.context.add_cookies(owner_cookies)
    return person
