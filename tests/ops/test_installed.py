"""An installed copy: the wheel is built, installed into an empty environment, and makes an edit.

Nothing but loopback is contacted. What Rushes depends on is not installed a second time: a `.pth`
file shows the environment the packages of the one that runs these tests, which holds no Rushes.
"""

import json
import re
import signal
import subprocess
import sys
import sysconfig
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.environment import ROOT, installation
from tests.patience import PATIENCE_SECONDS
from tests.studio_process import free_port


@dataclass
class Installed:
    """An environment with the wheel in it, and an empty folder that its script is started in."""

    script: Path
    folder: Path
    environment: dict[str, str]

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.script, *words],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )


def _pip(*words: str | Path) -> None:
    command = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _pip("wheel", "--no-index", "--no-deps", "--no-build-isolation", "-w", folder, ROOT)
    return next(folder.glob("rushes-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    place, folder = tmp_path_factory.mktemp("environment"), tmp_path_factory.mktemp("elsewhere")
    venv.create(place, with_pip=False)
    python = place / "bin" / "python"
    _pip("--python", python, "install", "--no-index", "--no-deps", wheel)
    packages = next(place.glob("lib/python*/site-packages"))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    environment = installation(folder)
    del environment["RUSHES_DATA_DIR"]  # it finds one by itself
    environment.pop("PYTHONPATH", None)
    return Installed(place / "bin" / "rushes", folder, environment)


def test_the_wheel_holds_all_that_the_tree_has(wheel: Path) -> None:
    held = set(zipfile.ZipFile(wheel).namelist())

    assert _files("editorapp", "editorapp") <= held
    assert _files("templates", "editorapp/templates") <= held
    assert _files("static", "editorapp/static") <= held
    assert {name.split("/")[0] for name in held} == {"editorapp", "rushes-0.1.0.dist-info"}


def _files(folder: str, inside: str) -> set[str]:
    return {
        f"{inside}/{path.relative_to(ROOT / folder)}"
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_an_installed_copy_probes_a_clip(installed: Installed, small_clip: Path) -> None:
    done = installed.run("probe", str(small_clip), "--json")

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)[0]["accepted"] is True


def test_an_installed_copy_makes_an_edit(installed: Installed, small_clip: Path) -> None:
    done = installed.run("edit", str(small_clip), "--prompt", "Neon", "--output", "new.mp4")

    assert done.returncode == 0, done.stdout + done.stderr
    assert (installed.folder / "new.mp4").stat().st_size > 0
    assert any((installed.folder / "data" / "media").iterdir()), "beside where it was started"
    assert not list(installed.script.parent.parent.glob("lib/python*/site-packages/data"))


def test_an_installed_copy_is_a_studio(installed: Installed) -> None:
    port = free_port()
    studio = subprocess.Popen(
        [installed.script, "studio", "--port", str(port)],
        cwd=installed.folder,
        env=installed.environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert studio.stdout is not None
    link = next((line.strip() for line in studio.stdout if f":{port}/in/" in line), "")

    page = httpx.get(link, trust_env=False)
    sheet = re.search(r'href="(/static/[^"]+\.css)"', page.text)
    style = httpx.get(f"http://127.0.0.1:{port}{sheet and sheet[1]}", trust_env=False)
    studio.send_signal(signal.SIGINT)

    assert page.status_code == style.status_code == 200
    assert studio.wait(timeout=PATIENCE_SECONDS) == 0
