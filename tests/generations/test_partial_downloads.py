"""What a killed worker left of a download is gone on with, and never by two at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from editorapp.generations.files import partial
from editorapp.generations.files.partial import PartialFile, collect
from tests.environment import ROOT
from tests.patience import PATIENCE_SECONDS

STEM, ENDING = "attempt-1", ".video.part"


@pytest.fixture(autouse=True)
def often(monkeypatch):
    """Note every few bytes what has come."""
    monkeypatch.setattr(partial, "SYNC_BYTES", 4)


def left_behind(folder: Path, *pieces: bytes, validator: str = '"v1"', total: int = 100) -> Path:
    """Write what a worker had collected when it was killed: its last note may be older than its
    last bytes.
    """
    part = collect(folder, STEM, ENDING, token="first")
    part.progress.validator, part.progress.total = validator, total
    for piece in pieces:
        part.progress.received += len(piece)
        part.write(piece)
    part.file.close()
    return part.path


def test_the_next_claimer_goes_on_after_what_is_certainly_there(tmp_path):
    left = left_behind(tmp_path, b"12345", b"67")

    part = collect(tmp_path, STEM, ENDING, token="second")

    assert (part.progress.received, part.progress.total, part.progress.validator) == (
        5,
        100,
        '"v1"',
    )
    assert part.path.read_bytes() == b"12345", "what came after the last note is fetched again"
    assert not left.exists() and part.path != left


def test_a_part_that_lost_bytes_in_a_power_cut_is_believed_only_as_far_as_it_goes(tmp_path):
    left = left_behind(tmp_path, b"12345")
    left.write_bytes(b"12")

    assert collect(tmp_path, STEM, ENDING, token="second").progress.received == 2


@pytest.mark.parametrize("note", [None, "", "{}", '{"received": "x"}', '{"other": 1}', "[1]"])
def test_without_a_sound_note_it_begins_at_the_start(tmp_path, note):
    left = left_behind(tmp_path, b"12345")
    left.with_suffix(".note").unlink()
    if note is not None:
        left.with_suffix(".note").write_text(note)

    part = collect(tmp_path, STEM, ENDING, token="second")

    assert part.progress.received == 0 and part.path.read_bytes() == b""
    assert not left.exists() and not left.with_suffix(".note").exists()


def test_what_cannot_be_taken_up_is_not_noted(tmp_path):
    left = left_behind(tmp_path, b"12345", validator="")

    assert not left.with_suffix(".note").exists()


def test_a_part_that_is_still_being_written_is_left_alone(tmp_path):
    first = collect(tmp_path, STEM, ENDING, token="first")
    first.progress.validator = '"v1"'
    first.progress.received = 5
    first.write(b"12345")

    second = collect(tmp_path, STEM, ENDING, token="second")
    second.progress.received = 2
    second.write(b"ab")
    first.progress.received += 1
    first.write(b"6")
    first.close()
    second.close()

    assert first.path.read_bytes() == b"123456"
    assert second.path.read_bytes() == b"ab"


def test_a_killed_process_lets_go_of_its_part(tmp_path):
    script = (
        "import os, signal, sys; from pathlib import Path; from editorapp.generations.files import partial;"
        "partial.SYNC_BYTES = 4;"
        f"part = partial.collect(Path({str(tmp_path)!r}), {STEM!r}, {ENDING!r}, token='first');"
        "part.progress.validator, part.progress.total, part.progress.received = 'v', 10, 5;"
        "part.write(b'12345'); part.write(b'67'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=PATIENCE_SECONDS)

    part = collect(tmp_path, STEM, ENDING, token="second")

    assert killed.returncode == -9
    assert part.progress.received == 5 and part.path.read_bytes() == b"12345"


def test_of_several_that_were_left_the_longest_is_taken_up_and_the_rest_goes(tmp_path):
    left_behind(tmp_path, b"12345").rename(tmp_path / "attempt-1-x.video.part")
    (tmp_path / "attempt-1-first.video.note").rename(tmp_path / "attempt-1-x.video.note")
    (tmp_path / "attempt-1-y.video.part").write_bytes(b"1")
    (tmp_path / "attempt-11-z.video.part").write_bytes(b"another attempt's")

    part = collect(tmp_path, STEM, ENDING, token="second")

    assert part.progress.received == 5
    assert sorted(path.name for path in tmp_path.glob("*.part")) == [
        "attempt-1-second.video.part",
        "attempt-11-z.video.part",
    ]


def test_a_whole_file_needs_no_note(tmp_path):
    part = PartialFile.begin(tmp_path / "a.part")
    part.progress.validator = "v"
    part.write(b"whole")
    part.sync()

    assert part.finish().read_bytes() == b"whole"
    assert [path.name for path in tmp_path.iterdir()] == ["a.part"]
