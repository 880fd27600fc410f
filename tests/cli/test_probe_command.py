"""`manage.py probe`: what an upload would find, for people and for scripts."""

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from editorapp.media import store
from tests.environment import ROOT
from tests.media.clips import make_clip

REAL = {
    "bunny_720p_5s.mp4": (1280, 720, "25/1", 132, 5.280),
    "crystal_9s.mp4": (720, 480, "30/1", 288, 9.600),
    "vertical_4s.mp4": (720, 1280, "30000/1001", 127, 4.238),
    "frog_vp9_8s.webm": (720, 480, "30/1", 248, 8.266),
    "pig_rotated_6s.mov": (720, 480, "30/1", 196, 6.533),
}


def run(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("probe", *arguments, stdout=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


def test_the_real_clips_are_told_exactly_as_json(real_media: Path) -> None:
    code, said = run("--json", *(str(real_media / name) for name in REAL))

    found = json.loads(said)
    assert code == 0
    for one, (width, height, fps, frame_count, seconds) in zip(found, REAL.values(), strict=True):
        facts = one["facts"]
        assert (one["accepted"], one["reason"], one["message"]) == (True, None, "")
        assert (facts["width"], facts["height"], facts["fps"], facts["frame_count"]) == (
            width,
            height,
            fps,
            frame_count,
        )
        assert abs(facts["duration_seconds"] - seconds) < 0.001
        assert (facts["hdr"], facts["has_audio"], facts["variable_frame_rate"]) == (
            False,
            True,
            False,
        )


def test_one_bad_file_among_good_ones_is_told_and_ends_with_1(tmp_path: Path) -> None:
    make_clip(tmp_path / "good.mp4", frames=10)
    (tmp_path / "bad.mp4").write_bytes(b"")
    (tmp_path / "letter").write_text("Dear Sir or Madam")

    code, said = run(
        "--json",
        *map(
            str,
            [
                tmp_path / "good.mp4",
                tmp_path / "bad.mp4",
                tmp_path / "letter",
                tmp_path / "none.mp4",
                tmp_path,
            ],
        ),
    )

    assert code == 1
    assert [one["reason"] for one in json.loads(said)] == [
        None,
        "empty",
        "not_media",
        "unreadable",
        "unreadable",
    ]
    assert [one["facts"] is None for one in json.loads(said)] == [False, True, True, True, True]


def test_people_read_one_line_a_file(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=50, sound=True)

    code, said = run(str(clip))

    assert code == 0
    assert said == f"{clip}: 320x180, 25 fps, 50 frames, 2 s, h264, sound\n"


def test_pictures_are_looked_at_as_an_upload_would(real_media: Path) -> None:
    picture, phone = real_media / "rocket.jpg", real_media / "odd" / "apple_gainmap_old.jpg"

    code, said = run(str(picture), str(phone))
    _, as_json = run("--json", str(picture))

    assert code == 0
    assert said == f"{picture}: 640x427, jpeg\n{phone}: 384x512, jpeg\n"
    (told,) = json.loads(as_json)
    assert told["accepted"] and (told["facts"]["kind"], told["facts"]["fps"]) == ("image", None)


def test_probing_stores_nothing_and_consumes_nothing(tmp_path: Path, settings) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    clip = make_clip(tmp_path / "a.mp4", frames=10)

    run(str(clip))

    assert clip.exists()
    assert not list(store.incoming().iterdir())
    assert not (tmp_path / "media" / "blobs").exists()


@pytest.mark.skipif(os.name != "posix", reason="names of bytes are a POSIX matter")
def test_hostile_names_are_taken_and_shown_harmlessly(tmp_path: Path) -> None:
    names = [b"-rf.mp4", b"a\nb\x1b[31m.mp4", "🎬 \u202e.mp4".encode(), b"\xff\xfe.mp4"]
    for name in names:
        make_clip(tmp_path / "a.mp4", frames=3).rename(
            os.fsdecode(os.path.join(os.fsencode(tmp_path), name))
        )
    paths = [os.path.join(os.fsencode(tmp_path), name) for name in names]

    command = [sys.executable, "manage.py", "probe"]
    as_json = subprocess.run(
        [*command, "--json", *paths], cwd=ROOT, capture_output=True, check=False
    )
    as_text = subprocess.run([*command, *paths], cwd=ROOT, capture_output=True, check=False)

    assert (as_json.returncode, as_text.returncode) == (0, 0)
    assert [one["accepted"] for one in json.loads(as_json.stdout)] == [True] * 4
    assert b"\x1b" not in as_text.stdout and as_text.stdout.count(b"\n") == 4
