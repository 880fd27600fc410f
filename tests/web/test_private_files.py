"""What Rushes keeps is for its own user alone: by the commands themselves, whatever the shell's
mask, old files too.
"""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from editorapp.core import private_files
from tests.environment import ROOT, installation
from tests.sign_in_link import follow
from tests.studio_process import StudioProcess

OPEN_FILE, OPEN_FOLDER = 0o644, 0o755


@pytest.fixture(autouse=True)
def usual_mask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def open_to_others(folder: Path) -> dict[str, str]:
    """Return what others may reach in a folder, with its mode."""
    modes = {
        path: stat.S_IMODE(path.lstat().st_mode)
        for path in [folder, *folder.rglob("*")]
        if not path.is_symlink()
    }
    return {
        str(path.relative_to(folder)): oct(mode) for path, mode in modes.items() if mode & 0o077
    }


def old_installation(folder: Path) -> Path:
    """Make what a version before this one left behind, with a database in it and some media."""
    for name in (
        "media/blobs/ab/abcd/poster.webp",
        "run/ticker.log",
        "simulator/state.json",
        "secret.key",
        "static/x.css",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("as it was " * 10)
    environment = installation(folder)
    made = subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=False
    )
    assert made.returncode == 0
    for path in [folder, *folder.rglob("*")]:
        path.chmod(OPEN_FOLDER if path.is_dir() else OPEN_FILE)
    return folder


def test_a_studio_closes_an_old_data_folder_and_makes_nothing_that_others_can_read(
    tmp_path: Path,
) -> None:
    folder = old_installation(tmp_path / "data")
    studio = StudioProcess.start(folder)
    try:
        said = [
            line
            for line in studio.said
            if "could be read by other users of this machine: closed." in line
        ]
        with httpx.Client(base_url=studio.url, follow_redirects=True) as person:
            assert follow(person, studio.link).status_code == 200
            # A form with a file goes through Django's own temporary files.
            token = next(value for name, value in person.cookies.items() if "csrf" in name)
            sent = {"file": ("note.png", b"no picture " * 100_000)}
            person.post("/media/uploads/form", files=sent, data={"csrfmiddlewaretoken": token})
        backup = tmp_path / "backups" / "monday"
        assert studio.manage("backup", str(backup)).returncode == 0
        linked = tmp_path / "backups" / "tuesday"
        assert studio.manage("backup", str(linked), "--links").returncode == 0
        # While it runs: the database has its -wal and -shm beside it.
        found = {place.name: open_to_others(place) for place in (folder, backup, linked)}
        names = {path.name for path in folder.rglob("*")}
    finally:
        studio.stop()

    assert found == {"data": {}, "monday": {}, "tuesday": {}}
    assert {"rushes.sqlite3-wal", "web server.log", "simulator.url", "engine.lock"} <= names
    assert len(said) == 1
    assert open_to_others(folder) == {}


@pytest.mark.parametrize(
    "words", [["prepare"], ["probe", "x.mp4"], ["link"]], ids=lambda words: words[0]
)
def test_whatever_command_is_the_first_makes_a_folder_for_its_user_alone(
    words: list[str], tmp_path: Path
) -> None:
    environment = installation(tmp_path / "data", RUSHES_MEDIA_DIR=str(tmp_path / "media"))
    environment.pop("RUSHES_SECRET_KEY")  # it makes one

    subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
    )

    assert (tmp_path / "data" / "secret.key").exists()
    assert open_to_others(tmp_path / "data") == open_to_others(tmp_path / "media") == {}


def test_below_a_closed_folder_nothing_is_looked_at_and_no_link_is_followed(tmp_path: Path) -> None:
    for name in ("place/closed/deep", "place/open/deep", "elsewhere/file"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "place/closed").chmod(0o700)
    (tmp_path / "place/link").symlink_to(tmp_path / "elsewhere")

    assert private_files.close([tmp_path / "place", tmp_path / "not there"]) == (3, 0)

    assert set(open_to_others(tmp_path / "place")) == {"closed/deep"}  # nobody else comes that far
    assert "file" in open_to_others(tmp_path / "elsewhere")
    assert private_files.close([tmp_path / "place"]) == (0, 0)


def test_what_belongs_to_another_user_is_counted_and_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "theirs").write_text("x")

    def refused(self: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refused)

    assert private_files.close([tmp_path]) == (0, 1)


def test_a_result_that_is_handed_out_has_the_mode_of_its_persons_own_files(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setattr(private_files, "_mask_before", [])
    private_files.begin()
    result = tmp_path / "new.mp4"
    result.write_text("x")
    assert open_to_others(tmp_path) == {}

    private_files.hand_out(result)

    assert stat.S_IMODE(result.stat().st_mode) == OPEN_FILE
