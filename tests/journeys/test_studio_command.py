"""`make run`: one process that starts everything, says how to get in, and stops everything."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.environment import ROOT, installation
from tests.patience import awaited
from tests.sign_in_link import follow
from tests.studio_process import StudioProcess, free_port


def processes_of(folder: Path) -> list[str]:
    """Return the command lines of all running processes that work on a data folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue
        if state != "Z" and f"RUSHES_DATA_DIR={folder}".encode() in environment:
            found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


@pytest.fixture(scope="module")
def side_by_side(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[StudioProcess, StudioProcess]]:
    """Two studios of one machine, for all tests below: the last two end one each, in two ways."""
    one, two = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    with ThreadPoolExecutor() as threads:
        chatty = threads.submit(
            StudioProcess.start, one, RUSHES_LOG_LEVEL="DEBUG", RUSHES_LOG_FORMAT="json"
        )
        quiet = threads.submit(StudioProcess.start, two)
    yield chatty.result(), quiet.result()
    for started in (chatty, quiet):
        started.result().stop()


@pytest.fixture
def studio(side_by_side: tuple[StudioProcess, StudioProcess]) -> StudioProcess:
    return side_by_side[0]


@pytest.fixture
def another(side_by_side: tuple[StudioProcess, StudioProcess]) -> StudioProcess:
    return side_by_side[1]


def test_two_studios_run_side_by_side_and_never_share_a_folder(
    studio: StudioProcess, another: StudioProcess
) -> None:
    third = subprocess.run(
        [sys.executable, "manage.py", "studio", "--port", str(free_port())],
        cwd=ROOT,
        env=studio.environment,
        capture_output=True,
        text=True,
    )
    link = studio.manage("link", "--port", str(studio.port)).stdout.strip()
    with httpx.Client() as person:
        cookies_of_one = set(follow(person, link).cookies)
        cookies_of_two = set(follow(person, another.link).cookies)

    assert third.returncode != 0 and "in use by a studio" in third.stderr
    assert cookies_of_one and cookies_of_two and not cookies_of_one & cookies_of_two


def test_a_taken_port_is_said_with_a_way_out(studio: StudioProcess, tmp_path: Path) -> None:
    other = subprocess.run(
        [sys.executable, "manage.py", "studio", "--port", str(studio.port)],
        cwd=ROOT,
        env=installation(tmp_path / "two"),
        capture_output=True,
        text=True,
    )

    assert other.returncode != 0
    assert f"Port {studio.port} is taken" in other.stderr and "make run PORT=" in other.stderr


def test_the_link_signs_in_once_and_the_sample_is_there(studio: StudioProcess) -> None:
    with (
        httpx.Client(follow_redirects=True) as first,
        httpx.Client(follow_redirects=True) as second,
    ):
        welcome = follow(first, studio.link)
        again = follow(second, studio.link)
        gallery = first.get(f"{studio.url}/")

    assert welcome.status_code == 200
    assert "Balloon" in gallery.text + welcome.text
    assert "studio" in again.text.lower() and "Balloon at dusk" not in again.text
    with httpx.Client() as probe:
        assert [
            probe.get(f"{studio.url}/{path}").status_code for path in ("healthz", "metrics")
        ] == [200, 200]


def test_ctrl_c_stops_everything_cleanly_and_no_log_has_kept_the_link(
    studio: StudioProcess,
) -> None:
    assert len(processes_of(studio.folder)) >= 5
    with httpx.Client() as person:
        follow(person, studio.link)

    code = studio.interrupt()

    assert code == 0, studio.said
    assert awaited(lambda: not processes_of(studio.folder), "the end of its processes")
    assert any("Stopped" in line for line in studio.said)
    logs = {path.name: path.read_text() for path in (studio.folder / "run").glob("*.log")}
    requests = [json.loads(line) for line in logs["web server.log"].splitlines()]
    assert any(
        line["message"].startswith("POST /in/") and line["status"] == 302 for line in requests
    )
    token = studio.link.rpartition("/")[2]
    assert [name for name, text in logs.items() if token in text] == []


def test_a_killed_studio_leaves_no_process_behind(another: StudioProcess) -> None:
    assert len(processes_of(another.folder)) >= 5

    another.process.send_signal(signal.SIGKILL)
    another.process.wait()

    assert awaited(lambda: not processes_of(another.folder), "the end of its processes")
