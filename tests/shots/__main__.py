"""Take every shot: `make shots SHOTS=folder`, or only some screens: `SCREENS="studio queue"`.

Starts a web server and a simulator on a data folder of their own, makes the states there, and
writes <screen>-<state>-<width>-<theme>.png and a sheet for each screen.
"""

import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZES = (390, 768, 1440, 1920)
THEMES = ("dark", "light")
HEIGHTS = {390: 844, 768: 1024}  # px; 900 for the others


def main() -> int:
    folder = Path(os.environ.get("SHOTS") or "shots").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    wanted = set(os.environ.get("SCREENS", "").split())
    data = tempfile.mkdtemp(prefix="rushes-shots-")
    os.environ |= {
        "RUSHES_DATA_DIR": data,
        "RUSHES_PORT": str(_free_port()),
        "RUSHES_SECRET_KEY": "only for pictures",
        "DJANGO_SETTINGS_MODULE": "editorapp.settings",
    }
    try:
        _take_all(Path(data), folder, wanted)
    finally:
        shutil.rmtree(data, ignore_errors=True)
    return 0


def _take_all(data: Path, folder: Path, wanted: set[str]) -> None:
    import django

    django.setup()
    from django.core.management import call_command
    from playwright.sync_api import sync_playwright

    from tests import browser
    from tests.shots.states import build

    call_command("migrate", verbosity=0)
    states = build(_clips(data))
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright keeps an event loop
    with _served(data) as url, sync_playwright() as playwright:
        path = browser.install()
        chromium = playwright.chromium.launch(executable_path=path, args=browser.ARGS)
        for screen, pictures in _screens(chromium, url, states, folder, wanted).items():
            _sheet(pictures, folder / f"sheet-{screen.replace(' ', '-')}.png")
        chromium.close()


def _clips(data: Path) -> Path:
    folder = data / "clips"
    folder.mkdir()
    return folder


def _screens(chromium, url, states, folder, wanted):  # type: ignore[no-untyped-def]
    """Take the shots of the wanted screens, of all where none is named; return the files by screen."""
    from tests.shots.look import go, signed_in
    from tests.shots.table import SHOTS

    found: dict[str, list[Path]] = {}
    for shot in SHOTS:
        if wanted and shot.screen not in wanted:
            continue
        print(f"{shot.screen}: {shot.state}", flush=True)
        with signed_in(chromium, url, states, shot.person) as context:
            page = go(context, shot, states)
            found.setdefault(shot.screen, []).extend(_sizes(page, shot.name, folder))
    return found


def _sizes(page, name: str, folder: Path) -> list[Path]:  # type: ignore[no-untyped-def]
    """Show a page at every width in both themes, and keep a picture of each."""
    pictures = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        for width in SIZES:
            page.set_viewport_size({"width": width, "height": HEIGHTS.get(width, 900)})
            page.wait_for_timeout(250)
            pictures.append(folder / f"{name}-{width}-{theme}.png")
            page.screenshot(path=pictures[-1], full_page=True)
    return pictures


def _sheet(pictures: list[Path], path: Path) -> None:
    from tests.shots.sheet import contact_sheet

    contact_sheet(pictures, path)
    print(f"{path}: {len(pictures)} pictures")


@contextmanager
def _served(data: Path) -> Iterator[str]:
    """Run a simulator and the web server; give the address of its pages."""
    from tests.bench import processes

    port, log = os.environ["RUSHES_PORT"], data / "web.log"
    with (
        processes.simulator() as (simulator, _folder),
        processes.command("serve", "--port", port, log=log, RUSHES_SIMULATOR_URL=simulator),
    ):
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, log)
        yield url


def _wait_for(url: str, log: Path) -> None:
    import time

    from editorapp.ops.web_server import answers

    for _ in range(120):
        if answers(url):
            return
        time.sleep(0.5)
    raise RuntimeError(f"The web server does not answer: {log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
