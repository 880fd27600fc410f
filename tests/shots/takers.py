"""Takers: several browsers, each of which takes the next shot until none is left."""

import os
import queue
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests import browser
from tests.shots.look import go, signed_in
from tests.shots.states import States
from tests.shots.table import Shot

# px: (width, height). The first two are held in a hand, the others stand on a desk.
HELD = ((390, 844), (768, 1024))
ON_A_DESK = ((1440, 900), (1920, 1080))
THEMES = ("dark", "light")
SETTLE_MS = 150
Pictures = dict[str, list[Path]]


def take(
    shots: Sequence[Shot], url: str, states: States, folder: Path
) -> tuple[Pictures, list[str]]:
    """Take shots; return the pictures by a shot's name, and a line for each that went wrong."""
    browser.install()
    todo: queue.SimpleQueue[Shot] = queue.SimpleQueue()
    for shot in shots:
        todo.put(shot)
    pictures: Pictures = {}
    failed: list[str] = []
    # Half of a shot is waiting for a page to settle.
    count = min(len(shots), (os.cpu_count() or 1) + 1)

    def work() -> None:
        with sync_playwright() as playwright:
            chromium = browser.start(playwright)
            while (shot := _next(todo)) is not None:
                print(f"{shot.screen}: {shot.state}", flush=True)
                try:
                    pictures[shot.name] = _pictures(chromium, url, states, shot, folder)
                except Exception as error:  # noqa: BLE001 - the others are still worth having
                    failed.append(f"{shot.name}: {error}")
            chromium.close()

    with ThreadPoolExecutor(count) as pool:
        for done in [pool.submit(work) for _ in range(count)]:
            done.result()
    return pictures, failed


def _next(todo: "queue.SimpleQueue[Shot]") -> Shot | None:
    try:
        return todo.get_nowait()
    except queue.Empty:
        return None


def _pictures(chromium: Browser, url: str, states: States, shot: Shot, folder: Path) -> list[Path]:
    """Return the pictures of a shot: each theme with its widths, the narrowest first."""
    taken: dict[tuple[str, int], Path] = {}
    for sizes in (HELD, ON_A_DESK):
        with signed_in(chromium, url, states, shot.person, touch=sizes is HELD) as context:
            taken |= _sizes(context, states, shot, folder, sizes)
    widths = [width for width, _height in HELD + ON_A_DESK]
    return [taken[theme, width] for theme in THEMES for width in widths]


def _sizes(
    context: BrowserContext,
    states: States,
    shot: Shot,
    folder: Path,
    sizes: Sequence[tuple[int, int]],
) -> dict[tuple[str, int], Path]:
    """Open a shot's page at each size, for what a script lays out once, and take both themes."""
    taken = {}
    for width, height in sizes:
        page = go(context, shot, states, {"width": width, "height": height})
        for theme in THEMES:
            path = folder / f"{shot.name}-{width}-{theme}.png"
            _picture(page, theme, path)
            taken[theme, width] = path
        page.close()
    return taken


def _picture(page: Page, theme: str, path: Path) -> None:
    page.emulate_media(color_scheme="dark" if theme == "dark" else "light")
    page.wait_for_timeout(SETTLE_MS)
    page.screenshot(path=path, full_page=True)
