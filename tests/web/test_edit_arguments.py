"""What `manage.py edit` finds wrong with its arguments is told with code 2, before anything is reserved or sent."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command

from editorapp.costs.models import Entry
from editorapp.generations.models import Generation

pytestmark = pytest.mark.django_db


def edit(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, dict[str, Any]]:
    with pytest.raises(SystemExit) as ended:
        call_command("edit", *map(str, words), "--json")
    return int(ended.value.code or 0), json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--provider", "nope"], "no provider 'nope'"),
        (["--as", "stranger"], "nobody called stranger"),
        (["--control", "depth=nan"], "not a number from 0 to 1"),
        (["--control", "smell=1"], "no control smell"),
        (["--control", "face=0.5"], "only on or off"),
        (["--keyframe=-1=still.png"], "INDEX=FILE"),
        (["--keyframe", "3=missing.png"], "no file missing.png"),
        (["--guide", __file__], "text file"),
        (["--parent", "9" * 30], "no take"),
        (["--output", "/no/such/folder/new.mp4"], "no folder"),
        (["--output", "/proc/new.mp4"], "cannot be written"),
        (["--output", "/"], "this is a folder"),
        (["--prompt", "half a character \udcff"], "not UTF-8"),
    ],
)
def test_a_wrong_argument_ends_with_2_and_costs_nothing(
    capsys: pytest.CaptureFixture[str], small_clip: Path, words: list[str], told: str
) -> None:
    code, said = edit(capsys, small_clip, "--prompt", "Fog", *words)

    assert code == 2
    assert said["accepted"] is False
    assert told in said["message"]
    assert not Generation.objects.exists()
    assert not Entry.objects.exists()


def test_a_source_is_never_overwritten_by_its_own_edit(capsys: pytest.CaptureFixture[str], small_clip: Path) -> None:
    before = small_clip.read_bytes()

    code, said = edit(capsys, small_clip, "--prompt", "Fog", "--output", small_clip)

    assert code == 2
    assert "the file that is edited" in said["message"]
    assert small_clip.read_bytes() == before


def test_a_source_larger_than_the_limit_is_refused_without_copying_it(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    huge = tmp_path / "huge.mp4"
    with huge.open("wb") as file:
        file.truncate(10**12)  # a hole: nothing of it lies on the disk

    code, said = edit(capsys, huge, "--prompt", "Fog")

    assert code == 2
    assert "the limit is 200 MB" in said["message"]


def test_several_first_commands_at_once_prepare_one_database(tmp_path: Path, small_clip: Path) -> None:
    environment = {**os.environ, "RUSHES_DATA_DIR": str(tmp_path / "data")}
    command = [sys.executable, "manage.py", "edit", str(small_clip), "--prompt", "Fog", "--dry-run", "--json"]
    running = [
        subprocess.Popen(command, cwd=django_settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]

    said = [process.communicate(timeout=60)[0] for process in running]

    assert [process.returncode for process in running] == [0, 0, 0]
    assert all(json.loads(text)["accepted"] for text in said)
