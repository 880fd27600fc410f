"""Timecode: exact both ways over a whole day, at every rate, and drop frame as it is known."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from editorapp.core.timecode import (
    DROP_RATES,
    STANDARD_RATES,
    frame_of,
    frames_a_day,
    standard_rate,
    timecode,
)

NTSC, NTSC_60 = Fraction(30000, 1001), Fraction(60000, 1001)
WAYS = [(fps, False) for fps in STANDARD_RATES] + [(fps, True) for fps in sorted(DROP_RATES)]


@given(st.sampled_from(WAYS), st.floats(0, 1, exclude_max=True))
def test_every_frame_of_a_day_comes_back_from_its_timecode(way, place: float) -> None:
    fps, drop = way
    frame = int(place * frames_a_day(fps, drop=drop))

    text = timecode(frame, fps, drop=drop)

    assert frame_of(text, fps) == frame
    assert (";" in text) == drop


@pytest.mark.parametrize(("fps", "drop"), WAYS)
def test_a_day_ends_with_its_last_second_and_begins_anew(fps: Fraction, drop: bool) -> None:
    last = frames_a_day(fps, drop=drop) - 1

    assert timecode(last, fps, drop=drop).startswith("23:59:59")
    assert timecode(last + 1, fps, drop=drop) == timecode(0, fps, drop=drop)
    assert frame_of(timecode(last, fps, drop=drop), fps) == last


@given(st.sampled_from(sorted(DROP_RATES)), st.integers(0, 5_178_814))
def test_drop_frame_counts_up_and_stays_near_the_clock_all_day(fps, frame: int) -> None:
    frame %= frames_a_day(fps, drop=True) - 1
    now, following = timecode(frame, fps, drop=True), timecode(frame + 1, fps, drop=True)

    assert now < following
    hours, minutes, seconds, frames = map(int, now.replace(";", ":").split(":"))
    shown = Fraction((hours * 60 + minutes) * 60 + seconds) + Fraction(frames, round(fps))
    # Up to 60 ms within ten minutes, and 86 ms more at the end of the day.
    assert abs(shown - frame / fps) < Fraction(3, 20)


@pytest.mark.parametrize(
    ("frame", "fps", "text"),
    [
        (1799, NTSC, "00:00:59;29"),
        (1800, NTSC, "00:01:00;02"),
        (17981, NTSC, "00:09:59;29"),
        (17982, NTSC, "00:10:00;00"),
        (107892, NTSC, "01:00:00;00"),
        (2589407, NTSC, "23:59:59;29"),
        (3599, NTSC_60, "00:00:59;59"),
        (3600, NTSC_60, "00:01:00;04"),
        (35964, NTSC_60, "00:10:00;00"),
        (215784, NTSC_60, "01:00:00;00"),
    ],
)
def test_drop_frame_is_as_it_is_known(frame: int, fps: Fraction, text: str) -> None:
    assert timecode(frame, fps, drop=True) == text
    assert frame_of(text, fps) == frame


@pytest.mark.parametrize(
    ("frame", "fps", "text"),
    [
        (86400, Fraction(24000, 1001), "01:00:00:00"),
        (90, Fraction(24), "00:00:03:18"),
        (90, Fraction(25), "00:00:03:15"),
        (108000, NTSC, "01:00:00:00"),
        (90, Fraction(60), "00:00:01:30"),
        (149, Fraction(50), "00:00:02:49"),
    ],
)
def test_without_drop_frame_seconds_are_whole_counts(frame: int, fps: Fraction, text: str) -> None:
    assert timecode(frame, fps) == text
    assert frame_of(text, fps) == frame


@pytest.mark.parametrize("text", ["00:01:00;00", "00:09:00;01", "23:59:00;01"])
def test_a_number_that_drop_frame_leaves_out_is_no_timecode(text: str) -> None:
    with pytest.raises(ValueError, match="left out"):
        frame_of(text, NTSC)


@pytest.mark.parametrize(
    "text",
    ["", "1:00:00:00", "00:00:60:00", "24:00:00:00", "00:00:00:24", "00:00:00,01", "٠٠:00:00:00"],
)
def test_what_is_no_timecode_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no timecode"):
        frame_of(text, Fraction(24))


def test_what_has_no_timecode_is_refused() -> None:
    with pytest.raises(ValueError, match="Frame -1"):
        timecode(-1, NTSC)
    with pytest.raises(ValueError, match="no drop frame at 25"):
        timecode(0, Fraction(25), drop=True)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (Fraction(2997, 100), NTSC),
        (Fraction(19001, 634), NTSC),
        (Fraction(23976, 1000), Fraction(24000, 1001)),
        (Fraction(5994, 100), NTSC_60),
        (Fraction(25), Fraction(25)),
        (Fraction(12), Fraction(12)),
    ],
)
def test_a_rate_is_known_in_whatever_fraction_a_file_writes_it(written, meant) -> None:
    assert standard_rate(written) == meant
