"""When each frame of a clip is shown: from measuring it to what pages and prices are told."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from editorapp.media import frame_times, layout, store, tasks
from editorapp.media.decoding.clip import examine
from editorapp.media.decoding.timeline import has_times_of
from editorapp.media.intake import take_in
from editorapp.media.models import Asset
from tests.factories import make_asset, make_member
from tests.media.clips import make_clip
from tests.media.test_probe import CASES, VARYING

B_FRAMES = {"bf": "2"}


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def taken(clip: Path) -> Asset:
    member = make_member()
    return take_in(clip, name=clip.name, team=member.team, user=member.user)


@pytest.mark.parametrize(
    ("name", "first", "frames", "fps", "seconds"),
    [
        ("test_non_zero_start.mp4", Fraction(127995, 15360), 12, "30/1", "0.400000"),
        ("edit_list_positive_shift.mp4", Fraction(1), 270, "30/1", "9.000000"),
        ("sample_h264.ts", Fraction(22, 15), 30, "30/1", "1.000000"),
        ("sample_sef_slow_motion.mp4", Fraction(0), 63, "30/1", "2.100000"),
        ("cursed-vfr.mp4", Fraction(0), 63, "63509/8796", "8.725503"),
    ],
)
def test_odd_clips_are_measured_as_they_are(
    real_media: Path, name: str, first: Fraction, frames: int, fps: str, seconds: str
) -> None:
    clip = real_media / "odd" / name

    measured = examine(clip, max_seconds=0)

    found = (
        measured.facts["frame_count"],
        measured.facts["fps"],
        measured.facts["duration_seconds"],
    )
    assert measured.timeline.pts[0] * measured.timeline.time_base == first
    assert found == (frames, fps, seconds)


def test_a_last_frame_that_comes_out_of_order_lasts_as_long_as_its_track_says(
    tmp_path: Path,
) -> None:
    made: dict[str, Any] = {
        "times": range(0, 60 * 3000, 3000),
        "base": Fraction(1, 90000),
        "rate": 30,
    }
    clip = make_clip(tmp_path / "a.mp4", options={"bf": "3", "b-pyramid": "normal"}, **made)

    timeline = examine(clip, max_seconds=0).timeline

    assert timeline.end - timeline.pts[-1] == 3000


@pytest.mark.parametrize(
    "made",
    [
        pytest.param({"format": "mpegts", "options": B_FRAMES, "sound": True}, id="late.ts"),
        pytest.param(
            {"options": B_FRAMES, "times": VARYING, "base": Fraction(1, 1000)}, id="uneven.mkv"
        ),
        pytest.param({"codec": "mpeg4", "options": B_FRAMES}, id="old.avi"),
        pytest.param(
            {"codec": "prores_ks", "pixel_format": "yuv422p10le", "times": range(20, 80)},
            id="late.mov",
        ),
    ],
)
def test_a_copy_for_viewing_starts_at_0_and_shows_each_frame_when_its_source_does(
    db, tmp_path: Path, made: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    clip = make_clip(tmp_path / request.node.callspec.id, **made)
    source = examine(clip, max_seconds=0).timeline
    asset = taken(clip)

    tasks.make_proxy(asset.pk)

    copy = store.path(asset.sha256, layout.PROXY)
    assert has_times_of(examine(copy, max_seconds=0).timeline, source)


def test_pages_are_told_the_times_of_the_file_that_is_played(db, tmp_path: Path) -> None:
    asset = taken(make_clip(tmp_path / "a.mp4", **CASES["late-start.mp4"].made))

    known = frame_times.frame_times(asset)

    assert known.told(is_copy=False) == {
        "base": [1, 12800],
        "first": 20 * 512,
        "lasts": [[512, 60]],
    }
    assert known.told(is_copy=True)["first"] == 0


def test_a_part_of_an_uneven_clip_is_as_long_as_its_frames(db, tmp_path: Path) -> None:
    asset = taken(make_clip(tmp_path / "a.mkv", **CASES["varying.mkv"].made))

    assert frame_times.length_of(asset, 10, 19) == Fraction(VARYING[20] - VARYING[10], 1000)
    assert frame_times.frames_within(asset, Fraction(VARYING[20], 1000)) == 20
    assert frame_times.frames_within(asset, Fraction(VARYING[20] - 1, 1000)) == 19


def test_a_part_of_an_even_clip_is_reckoned_by_its_exact_rate(db) -> None:
    asset = make_asset(make_member(), fps_numerator=30000, fps_denominator=1001)

    assert frame_times.length_of(asset, 0, 29) == Fraction(30 * 1001, 30000)
    assert frame_times.frames_within(asset, Fraction(1001, 1000)) == 30


@pytest.mark.django_db
def test_a_frame_of_an_uneven_clip_is_found_by_when_it_is_shown(real_media: Path) -> None:
    copy = Path(settings.MEDIA_ROOT).parent / "cursed-vfr.mp4"
    copy.write_bytes((real_media / "odd/cursed-vfr.mp4").read_bytes())
    clip = taken(copy)
    assert clip.variable_frame_rate and clip.frame_count == 63

    moments = [frame_times.moment_of(clip, index) for index in range(64)]

    assert [frame_times.frame_shown(clip, moment) for moment in moments] == [*range(63), 63]
    assert float(moments[12]) == pytest.approx(1.9086, abs=0.0001)
    # The first frame stays for more than a second: so long it is the one that is seen.
    for seconds, shown in (("1", 0), ("1.1", 1), ("1.92", 12), ("2", 15), ("4", 32), ("99", 63)):
        assert frame_times.frame_shown(clip, Fraction(seconds)) == shown


@pytest.mark.django_db
def test_at_a_constant_rate_the_nearest_frame_is_found_and_half_a_frame_goes_up() -> None:
    clip = make_asset(make_member(), frame_count=50, fps_numerator=25)

    assert frame_times.moment_of(clip, 25) == 1
    for seconds, shown in (("0", 0), ("0.019", 0), ("0.02", 1), ("1", 25), ("4", 100)):
        assert frame_times.frame_shown(clip, Fraction(seconds)) == shown
