"""Each column of a filmstrip shows a frame of its own part of the clip, however the strip was made."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from editorapp.media import sandbox
from editorapp.media.decoding import colour, jobs, poster_filmstrip, timeline
from editorapp.media.decoding.opening import decoded, open_clip
from tests.media.clips import make_clip, number_on


def columns_of(clip: Path, count: int) -> list[np.ndarray]:
    """Take a clip in and return the columns of its strip, which must be so many."""
    jobs.take(str(clip), max_seconds=600, expect="video", out=str(clip.parent))
    with Image.open(clip.parent / "filmstrip.webp") as image:
        strip = np.asarray(image.convert("RGB"))
    assert strip.shape[0] == 90 and strip.shape[1] % count == 0
    return np.split(strip, count, axis=1)


def as_decoded(clip: Path, numbers: list[int], width: int) -> list[np.ndarray]:
    """Decode a clip from its beginning and return some of its frames at the size of a column."""
    found = {}
    with open_clip(clip) as stream:
        aspect = colour.pixel_aspect(stream)
        for number, frame in enumerate(decoded(stream)):
            if number in numbers:
                picture = Image.fromarray(colour.picture(frame, aspect))
                found[number] = np.asarray(picture.resize((width, 90), Image.Resampling.BOX))
    return [found[number] for number in numbers]


def far_apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other).mean())


def assert_shows(columns: list[np.ndarray], clip: Path, numbers: list[int]) -> None:
    """Compare each column with the frame that it stands for, decoded apart."""
    assert [number_on(column) for column in columns] == numbers
    for column, picture in zip(
        columns, as_decoded(clip, numbers, columns[0].shape[1]), strict=True
    ):
        assert far_apart(column, picture) < 8  # WebP, and another filter


@pytest.fixture
def is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every clip is too long to be decoded whole for its index alone."""
    monkeypatch.setattr(timeline, "_WHOLE_PIXELS", 0)


def test_a_strip_shows_the_middle_of_equal_parts(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=300)

    columns = columns_of(clip, 60)

    assert columns[0].shape == (90, 160, 3)
    assert_shows(columns, clip, [2 + 5 * n for n in range(60)])


def test_the_sandbox_makes_the_same_strip(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=60)

    sandbox.run("take", path=str(clip), max_seconds=600, expect="video", out=str(tmp_path))

    with Image.open(tmp_path / "filmstrip.webp") as strip:
        assert strip.size == (60 * 160, 90)


@pytest.mark.parametrize(
    "made",
    [
        {"options": {"bf": "0"}},
        {"options": {"bf": "3"}},
        {"options": {"bf": "3", "x264-params": "open-gop=1"}},
        {"codec": "libx265", "options": {"x265-params": "log-level=none:open-gop=1"}},
        {"codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8"}},
    ],
    ids=["p", "b", "open", "hevc", "vp9"],
)
def test_where_keyframes_are_close_a_strip_shows_one_of_each_part(
    made: dict[str, Any], is_long: None, tmp_path: Path
) -> None:
    named = "a.mkv" if made.get("codec") == "libvpx-vp9" else "a.mp4"
    every = {"g": "20", "keyint_min": "20", "sc_threshold": "0", **made.pop("options")}
    clip = make_clip(tmp_path / named, frames=300, options=every, **made)

    columns = columns_of(clip, 15)

    assert_shows(columns, clip, [20 * n for n in range(15)])


def test_there_are_no_more_columns_than_keyframes_have_parts(is_long: None, tmp_path: Path) -> None:
    every = {"g": "4", "keyint_min": "4", "sc_threshold": "0"}
    clip = make_clip(tmp_path / "a.mp4", frames=300, options=every)

    columns = columns_of(clip, 60)

    numbers = [number_on(column) for column in columns]
    assert all(number % 4 == 0 for number in numbers)
    assert [number // 5 for number in numbers] == list(range(60))


@pytest.mark.parametrize("gop", ["60", "1000"])
def test_where_keyframes_are_far_apart_all_of_a_long_clip_is_looked_at(
    gop: str, is_long: None, tmp_path: Path
) -> None:
    every = {"g": gop, "keyint_min": gop, "sc_threshold": "0", "bf": "2"}
    clip = make_clip(tmp_path / "a.mp4", frames=300, options=every)

    columns = columns_of(clip, 60)

    assert_shows(columns, clip, [2 + 5 * n for n in range(60)])


@pytest.mark.parametrize("end", ["_is_start_said", "_is_end_said"])
def test_where_packets_do_not_tell_the_truth_no_keyframe_fetched_until_then_counts(
    end: str, is_long: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeline, end, lambda *_clip: False)
    every = {"g": "20", "keyint_min": "20", "sc_threshold": "0"}
    clip = make_clip(tmp_path / "a.mp4", frames=300, options=every)

    columns = columns_of(clip, 60)

    assert_shows(columns, clip, [2 + 5 * n for n in range(60)])


def test_where_no_keyframe_can_be_fetched_all_is_decoded(
    is_long: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poster_filmstrip, "_packets_at", lambda *_clip: iter(()))
    every = {"g": "20", "keyint_min": "20", "sc_threshold": "0"}
    clip = make_clip(tmp_path / "a.mp4", frames=300, options=every)

    columns = columns_of(clip, 60)

    assert_shows(columns, clip, [2 + 5 * n for n in range(60)])


def test_of_more_picture_than_can_be_decoded_the_keyframes_will_do(
    is_long: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poster_filmstrip, "_PATIENCE_PIXELS", 0)
    every = {"g": "100", "keyint_min": "100", "sc_threshold": "0"}
    clip = make_clip(tmp_path / "a.mp4", frames=300, options=every)

    columns = columns_of(clip, 3)

    assert_shows(columns, clip, [0, 100, 200])


@pytest.mark.parametrize("frames", [1, 2, 7, 59])
def test_a_clip_of_few_frames_has_a_column_for_each(frames: int, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=frames)

    columns = columns_of(clip, frames)

    assert [number_on(column) for column in columns] == list(range(frames))


@pytest.mark.parametrize(
    ("size", "turn", "columns", "width"),
    [((720, 160), 0, 45, 360), ((64, 720), 0, 45, 8), ((180, 320), 90, 60, 51)],
    ids=["wide", "tall", "turned"],
)
def test_a_strip_fits_into_its_file_whatever_shape_a_clip_has(
    size: tuple[int, int], turn: int, columns: int, width: int, tmp_path: Path
) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=70, size=size, turn=turn)

    jobs.take(str(clip), max_seconds=600, expect="video", out=str(tmp_path))

    with Image.open(tmp_path / "filmstrip.webp") as strip:
        assert strip.size == (columns * width, 90)


def test_the_frames_of_parts_are_counted_as_the_page_counts_them() -> None:
    assert poster_filmstrip.strip_frames(10, 4) == [1, 3, 6, 8]
    assert poster_filmstrip.key_frames([0, 3, 6, 9], 10, 4) == [0, 3, 6, 9]
    assert poster_filmstrip.key_frames([0, 3, 5, 6], 10, 4) == []
    assert poster_filmstrip.key_frames([0, 1, 3, 4, 5, 8, 9], 10, 3) == [1, 5, 8]


def test_pixels_that_are_not_square_make_columns_as_wide_as_they_are_shown(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=10, size=(180, 180), aspect=Fraction(2))

    jobs.take(str(clip), max_seconds=600, expect="video", out=str(tmp_path))

    with Image.open(tmp_path / "filmstrip.webp") as strip:
        assert strip.size == (10 * 180, 90)
