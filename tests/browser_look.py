"""Look at a page as a person would, at both widths: a picture, no sideways scrolling, nothing serious for axe-core."""

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SIZES = (("1440", {"width": 1440, "height": 900}), ("390", {"width": 390, "height": 844}))


def look(page: Page, name: str) -> None:
    """Hold a page against both; RUSHES_SCREENSHOTS names a folder for the pictures."""
    folder = os.environ.get("RUSHES_SCREENSHOTS")
    for label, size in SIZES:
        page.set_viewport_size(size)
        page.wait_for_timeout(150)
        if folder:
            page.screenshot(path=Path(folder) / f"{name}-{label}.png", full_page=True)
        wide = page.evaluate("() => document.documentElement.scrollWidth - window.innerWidth")
        assert wide <= 0, f"{name} at {label} px is {wide} px wider than the window"
        found = Axe().run(page).response["violations"]
        said = [
            f"{row['id']}: {row['help']}: {[node['html'][:160] for node in row['nodes'][:3]]}"
            for row in found
            if row["impact"] in {"serious", "critical"}
        ]
        assert not said, f"{name} at {label} px:\n" + "\n".join(said)
