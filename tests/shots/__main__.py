"""Take every shot: `make shots SHOTS=folder`, or only some screens: `SCREENS="studio queue"`.

Starts a web server and a simulator on a data folder of their own, makes the states there, and
writes <screen>-<state>-<width>-<theme>.png and a sheet for each screen.
"""

import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# First: it gives this process a data folder that must not take the place of ours.
from tests import environment  # noqa: F401


def main() -> int:
    folder = Path(os.environ.get("SHOTS") or "shots").resolve()
    folder.mkdir(parents=True, exist_ok=True)
    wanted = set(os.environ.get("SCREENS", "").split())
    data, begun = tempfile.mkdtemp(prefix="rushes-shots-"), time.monotonic()
    os.environ |= {
        "RUSHES_DATA_DIR": data,
        "RUSHES_PORT": str(_free_port()),
        "RUSHES_SECRET_KEY": "only for pictures",
        "DJANGO_SETTINGS_MODULE": "editorapp.settings",
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",  # Playwright keeps an event loop
    }
    try:
        failed = _take_all(Path(data), folder, wanted)
    finally:
        shutil.rmtree(data, ignore_errors=True)
    print(f"{time.monotonic() - begun:.0f} s")
    return 1 if failed else 0


def _take_all(data: Path, folder: Path, wanted: set[str]) -> list[str]:
    """Take the shots of the wanted screens, of all where none is named; return what went wrong."""
    import django

    django.setup()
    from django.core.management import call_command

    from tests.shots.states import build
    from tests.shots.table import SHOTS
    from tests.shots.takers import take

    shots = [shot for shot in SHOTS if not wanted or shot.screen.replace(" ", "-") in wanted]
    call_command("migrate", verbosity=0)
    states = build(_clips(data))
    with _served(data) as url:
        pictures, failed = take(shots, url, states, folder)
    _sheets(shots, pictures, folder)
    for line in failed:
        print(f"NOT TAKEN: {line}", file=sys.stderr)
    return failed


def _clips(data: Path) -> Path:
    folder = data / "clips"
    folder.mkdir()
    return folder


def _sheets(shots, pictures, folder: Path) -> None:  # type: ignore[no-untyped-def]
    """Write a sheet for each screen, its states in the order of the table."""
    from tests.shots.sheet import contact_sheet

    for screen in dict.fromkeys(shot.screen for shot in shots):
        taken = [
            pictures[one.name] for one in shots if one.screen == screen and one.name in pictures
        ]
        if taken:
            path = folder / f"sheet-{screen.replace(' ', '-')}.png"
            contact_sheet([picture for row in taken for picture in row], path)
            print(f"{path}: {sum(map(len, taken))} pictures")


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
