"""`make run`: one process that starts everything, says how to get in, and stops everything."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.environment import ROOT, installation
from tests.studio_process import StudioProcess


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


def wait_until_gone(folder: Path, *, seconds: float = 30) -> list[str]:
    until = time.monotonic() + seconds
    while (left := processes_of(folder)) and time.monotonic() < until:
        time.sleep(0.2)
    return left


def test_the_link_signs_in_once_and_the_sample_is_there(tmp_path: Path) -> None:
    studio = StudioProcess.start(tmp_path, RUSHES_LOG_LEVEL="DEBUG", RUSHES_LOG_FORMAT="json")
    try:
        with httpx.Client(follow_redirects=True) as first, httpx.Client(follow_redirects=True) as second:
            welcome = first.get(studio.link)
            again = second.get(studio.link)
            gallery = first.get(f"{studio.url}/")

        assert welcome.status_code == 200
        assert "Balloon" in gallery.text + welcome.text
        assert "studio" in again.text.lower() and "Balloon at dusk" not in again.text
        with httpx.Client() as probe:
            assert [probe.get(f"{studio.url}/{path}").status_code for path in ("healthz", "metrics")] == [200, 200]
    finally:
        studio.stop()
    logs = {path.name: path.read_text() for path in (tmp_path / "run").glob("*.log")}
    requests = [json.loads(line) for line in logs["web server.log"].splitlines()]
    assert any(line["message"].startswith("GET /in/") and line["status"] == 302 for line in requests)
    token = studio.link.rpartition("/")[2]
    assert [name for name, text in logs.items() if token in text] == []


def test_ctrl_c_stops_everything_cleanly(tmp_path: Path) -> None:
    studio = StudioProcess.start(tmp_path)
    assert len(processes_of(tmp_path)) >= 5

    code = studio.interrupt()

    assert code == 0, studio.said
    assert wait_until_gone(tmp_path) == []
    assert any("Stopped" in line for line in studio.said)


def test_a_killed_studio_leaves_no_process_behind(tmp_path: Path) -> None:
    studio = StudioProcess.start(tmp_path)

    studio.process.send_signal(signal.SIGKILL)
    studio.process.wait()

    assert wait_until_gone(tmp_path) == []


def test_two_studios_run_side_by_side_and_never_share_a_folder(tmp_path: Path) -> None:
    one = StudioProcess.start(tmp_path / "one")
    try:
        two = StudioProcess.start(tmp_path / "two")
        try:
            third = subprocess.run(
                [sys.executable, "manage.py", "studio", "--port", str(two.port + 1)],
                cwd=ROOT, env=one.environment, capture_output=True, text=True,
            )  # fmt: skip
            with httpx.Client() as person:
                cookies_of_one = set(person.get(one.link).cookies)
                cookies_of_two = set(person.get(two.link).cookies)
        finally:
            two.stop()
    finally:
        one.stop()

    assert third.returncode != 0 and "in use by a studio" in third.stderr
    assert cookies_of_one and cookies_of_two and not cookies_of_one & cookies_of_two


def test_a_taken_port_is_said_with_a_way_out(tmp_path: Path) -> None:
    studio = StudioProcess.start(tmp_path / "one")
    try:
        other = subprocess.run(
            [sys.executable, "manage.py", "studio", "--port", str(studio.port)],
            cwd=ROOT, env=installation(tmp_path / "two"), capture_output=True, text=True,
        )  # fmt: skip
    finally:
        studio.stop()

    assert other.returncode != 0
    assert f"Port {studio.port} is taken" in other.stderr and "make run PORT=" in other.stderr
