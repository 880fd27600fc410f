"""Find a Chromium for the browser tests, or install one: `python tests/browser.py --install`; start
it, and open windows in it that wait long enough.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Playwright, expect, sync_playwright

NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
)
# No background traffic: on a closed network its refused connections would show up as console
# errors.
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# How long a page may take for anything that a test waits for. It costs nothing where the page is
# quick, and how long it takes is no test: several processes share few cores.
PATIENCE_MS = 60_000


def find() -> str | None:
    """Return the path of a Chromium on this machine: the system's, else the one that Playwright
    installed.

    The headless one first: it draws no window of its own, which is an eighth of the time.
    """
    for name in NAMES:
        if path := shutil.which(name):
            return path
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> str:
    """Install a Chromium where there is none: with apt where that is possible, else with
    Playwright's installer.
    """
    if path := find():
        return path
    if shutil.which("apt-get") and os.geteuid() == 0:
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=False, env=quiet)
        for package in ("chromium-headless-shell", "chromium"):
            wanted = ["apt-get", "install", "-y", "-qq", package, "fonts-dejavu-core"]
            if subprocess.run(wanted, check=False, env=quiet).returncode == 0:
                break
    if not find():
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)
    if path := find():
        return path
    raise SystemExit(
        "No Chromium found, and none could be installed: install the package `chromium` and try again."
    )


def start(playwright: Playwright) -> Browser:
    """Start the Chromium of this machine; whoever starts it closes it."""
    path = find()
    assert path, (
        "no Chromium on this machine: `python tests/browser.py --install` finds or installs one"
    )
    expect.set_options(timeout=PATIENCE_MS)
    return playwright.chromium.launch(executable_path=path, args=ARGS)


def new_context(chromium: Browser, **options: Any) -> BrowserContext:
    """Open a browser of somebody's own: no cookies of others, nothing kept. `options` as
    Playwright's.
    """
    context = chromium.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    return context


if __name__ == "__main__":
    print("Browser for the tests:", install() if "--install" in sys.argv else find())
