"""Go to a shot: its page, as its person, in a state that can be looked at."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page

from tests.shots.states import States
from tests.shots.table import Shot

DESKTOP = {"width": 1440, "height": 900}


@contextmanager
def signed_in(browser: Browser, url: str, states: States, person: str) -> Iterator[BrowserContext]:
    """Open a browser of its own, in which somebody is signed in; nobody for ""."""
    # Nothing moves, so that a picture is the same each time.
    context = browser.new_context(base_url=url, viewport=DESKTOP, reduced_motion="reduce")
    context.set_default_timeout(20_000)
    if person:
        name, value = settings.SESSION_COOKIE_NAME, states.cookie(person)
        context.add_cookies([{"name": name, "value": value, "url": url}])
    yield context
    context.close()


def go(context: BrowserContext, shot: Shot, states: States) -> Page:
    """Return the page of a shot, once its pictures are there."""
    page = context.new_page()
    page.goto(shot.address(states))
    page.wait_for_load_state("load")
    if shot.act is not None:
        shot.act(page)
    page.evaluate("() => document.fonts.ready.then(() => true)")
    return page
