"""Find a Chromium for the browser tests, or install one: `python tests/browser.py --install`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

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


def find() -> str | None:
    """Return the path of a Chromium on this machine: the system's, else the one that Playwright
    installed.

    The headless one first: it draws no window of its own, which is an eighth of the time.
    """
    for name in NAMES:
        if path := shutil.which(name):
            return path
    from playwright.sync_api import sync_playwright

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


if __name__ == "__main__":
    print("Browser for the tests:", install() if "--install" in sys.argv else find())
