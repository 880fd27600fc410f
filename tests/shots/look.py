"""Go to a shot: its page, as its person, in a state that can be looked at."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from tests.browser import new_context
from tests.shots.states import States
from tests.shots.table import Shot

DESKTOP: ViewportSize = {"width": 1440, "height": 900}


@contextmanager
def signed_in(
    browser: Browser, url: str, states: States, person: str, *, touch: bool = False
) -> Iterator[BrowserContext]:
    """Open a browser of its own, in which somebody is signed in; nobody for ""."""
    # Nothing moves, so that a picture is the same each time.
    options = {"base_url": url, "reduced_motion": "reduce", "has_touch": touch, "is_mobile": touch}
    context = new_context(browser, viewport=DESKTOP, **options)
    if person:
        name, value = settings.SESSION_COOKIE_NAME, states.cookie(person)
        context.add_cookies([{"name": name, "value": value, "url": url}])
    yield context
    context.close()


def go(context: BrowserContext, shot: Shot, states: States, size: ViewportSize = DESKTOP) -> Page:
    """Return the page of a shot, once its pictures are there."""
    page = context.new_page()
    page.set_viewport_size(size)
    # Nothing that is typed for one shot is kept, to be found by the next one.
    page.route("**/studio/draft", lambda route: route.fulfill(json={"revision": 1}))
    page.goto(shot.address(states))
    page.wait_for_load_state("load")
    if shot.act is not None:
        shot.act(page)
    page.evaluate("() => document.fonts.ready.then(() => true)")
    return page
