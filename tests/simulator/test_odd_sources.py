"""A simulated edit of a clip that is taken never fails for how it was cut, and lasts and sounds as
its source.
"""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from editorapp.media.probe import probe
from tests.media.clips import make_clip
from tests.media.test_odd_clips import CLICKS, HELD, UNEVEN, click_after, clicking, held, two_tracks
from tests.media.test_probe import CASES, HIDDEN
from tests.simulator.clips import rendered

CUT = [
    "edit-list.mp4",
    "late-start.mp4",
    "fragments.mp4",
    "open-gop.mp4",
    "varying.mp4",
    "b-frames.ts",
    "mpeg2.mpg",
    "mpeg4.avi",
    "turned-270.mp4",
    "wide-pixels.mp4",
    "one-frame.mp4",
]
REAL = [
    "test_non_zero_start.mp4",
    "sample_h264.ts",
    "sample_sef_slow_motion.mp4",
    "sample-with-large-length.avi",
    "water_180_mvhevc_5frames.mov",
]


def edited(source: Path, folder: Path) -> Path:
    return rendered(folder / "out", {"source": source}, prompt="calm", resolution="360p")


def assert_alike(source: Path, result: Path) -> None:
    """As many frames, as long, and of the same shape."""
    before, after = probe(source), probe(result)
    assert after.frame_count == before.frame_count
    assert after.has_audio == before.has_audio
    assert float(after.duration_seconds) == pytest.approx(float(before.duration_seconds), abs=0.01)
    assert after.width / after.height == pytest.approx(before.width / before.height, abs=0.01)


@pytest.mark.parametrize("name", CUT)
def test_a_clip_is_edited_however_it_was_cut(name: str, tmp_path: Path) -> None:
    made: dict[str, Any] = {"sound": "format" not in CASES[name].made} | CASES[name].made
    source = make_clip(tmp_path / name, **made)

    assert_alike(source, edited(source, tmp_path))


def test_an_edit_list_that_leaves_whole_groups_of_frames_out_is_no_damage(tmp_path: Path) -> None:
    clip = make_clip(
        tmp_path / "cut.mp4",
        times=range(-15360, 15360, 512),
        base=Fraction(1, 12800),
        options={"g": "10"},
        mux=HIDDEN,
    )

    assert probe(clip).frame_count == 30
    assert_alike(clip, edited(clip, tmp_path))


@pytest.mark.parametrize("name", REAL)
def test_an_odd_clip_is_edited(name: str, real_media: Path, tmp_path: Path) -> None:
    source = real_media / "odd" / name

    assert_alike(source, edited(source, tmp_path))


@pytest.mark.parametrize("name", [name for name in HELD if "unknown" not in name])
def test_a_result_lasts_until_its_last_frame_is_gone(name: str, tmp_path: Path) -> None:
    times, last, seconds = HELD[name]

    result = edited(held(tmp_path / "held.mp4", times, last), tmp_path)

    assert float(probe(result).duration_seconds) == pytest.approx(seconds, abs=0.002)


@pytest.mark.parametrize("name", CLICKS)
def test_sound_lies_beside_the_result_as_it_lay_beside_the_source(
    name: str, tmp_path: Path
) -> None:
    source = clicking(tmp_path / name, **CLICKS[name])

    result = edited(source, tmp_path)

    assert click_after(result) == pytest.approx(click_after(source), abs=0.003)


def test_the_track_that_is_taken_in_is_the_one_that_is_edited(tmp_path: Path) -> None:
    result = probe(edited(two_tracks(tmp_path / "two.mp4", chosen=1), tmp_path))

    assert result.frame_count == 5


def test_uneven_frames_stay_where_they_are_behind_a_late_start(tmp_path: Path) -> None:
    source = held(tmp_path / "late.mkv", [time + 3000 for time in UNEVEN], 40)

    result = probe(edited(source, tmp_path))

    assert result.variable_frame_rate and result.frame_count == len(UNEVEN)
    assert result.fps is not None and result.fps > Fraction(1)
