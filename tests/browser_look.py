"""Look at a page as a person would, in both themes at both widths: a picture, no sideways
scrolling, no barrier.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SIZES = (("1440", {"width": 1440, "height": 900}), ("390", {"width": 390, "height": 844}))
THEMES = ("dark", "light")
# Wait for what fades or slides for a moment, and not for what turns all the time.
STAND_STILL = """() => Promise.all(document.getAnimations()
    .filter((one) => one.playState === "running" && one.effect.getComputedTiming().endTime < 1000)
    .map((one) => one.finished.catch(() => {})))"""


def look(page: Page, name: str, *, themes: Sequence[str] = THEMES) -> None:
    """Hold a page against each width in each theme; RUSHES_SCREENSHOTS names a folder for the
    pictures.

    The page stays as it is and is only shown in another way: loaded anew for each, it would take
    most of the time. So would axe-core, which therefore sees each theme and each width once.
    """
    folder = os.environ.get("RUSHES_SCREENSHOTS")
    for number, theme in enumerate(themes):
        page.emulate_media(color_scheme=theme)
        for at, (label, size) in enumerate(SIZES):
            page.set_viewport_size(size)
            page.wait_for_timeout(150)
            page.evaluate(STAND_STILL)
            if folder:
                page.screenshot(path=Path(folder) / f"{name}-{theme}-{label}.png", full_page=True)
            wide = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, f"{name} at {label} px is {wide} px wider than the window"
            said = barriers(page) if len(themes) == 1 or at == number % 2 else []
            assert not said, f"{name}, {theme}, at {label} px:\n" + "\n".join(said)


def barriers(page: Page) -> list[str]:
    """Return what axe-core finds serious or critical on a page, each in a line."""
    return [
        f"{row['id']}: {row['help']}: {[node['html'][:160] for node in row['nodes'][:3]]}"
        for row in Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
        if row["impact"] in {"serious", "critical"}
    ]
