"""The result has its source's frames, times, length, sound and shape."""

import io
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from editorapp.simulator.render.clip import fitted
from tests.simulator.clips import cut, difference, rendered, seen

CLIPS = {
    # clip: size at 360p, number of frames
    "bunny_720p_5s.mp4": ((640, 360), 132),
    "crystal_9s.mp4": ((540, 360), 288),
    "frog_vp9_8s.webm": ((540, 360), 248),
    "pig_rotated_6s.mov": ((540, 360), 196),
    "vertical_4s.mp4": ((360, 640), 127),
}


@pytest.mark.parametrize("name", CLIPS)
def test_an_edit_of_a_real_clip_keeps_every_frame_at_its_time(
    name: str, real_media: Path, tmp_path: Path
) -> None:
    source = seen(real_media / name, pictures=False)

    result = seen(
        rendered(tmp_path, {"source": real_media / name}, prompt="calm", resolution="360p"),
        pictures=False,
    )

    size, frames = CLIPS[name]
    assert (result.width, result.height) == size
    assert len(result.times) == len(source.times) == frames
    drift = [
        a - result.times[0] - b + source.times[0]
        for a, b in zip(result.times, source.times, strict=True)
    ]
    assert max(abs(one) for one in drift) == 0
    assert result.times[0] == 0
    assert abs(result.duration - source.duration) < 1 / source.rate
    assert abs(result.audio_seconds - source.audio_seconds) < 0.1
    assert (result.codec, result.pixel_format) == ("h264", "yuv420p")


def test_a_turned_clip_is_upright_and_shows_the_same(real_media: Path, tmp_path: Path) -> None:
    source = real_media / "pig_rotated_6s.mov"

    result = seen(
        rendered(
            tmp_path, {"source": source}, prompt="calm", strength="adhere_1", resolution="360p"
        )
    )

    before = seen(source).pictures[100]
    picture = result.pictures[100]
    like = np.asarray(
        av.VideoFrame.from_ndarray(np.ascontiguousarray(before)).to_image().resize((540, 360))
    )
    assert difference(like, picture) < 0.5 * difference(like[::-1, ::-1], picture)


def _uneven(path: Path, times: list[int]) -> Path:
    """Write a clip whose frames come at these times, in milliseconds."""
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("libx264", rate=30, options={"bf": "2"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for index, at in enumerate(times):
            frame = av.VideoFrame.from_ndarray(np.full((180, 320, 3), index * 9 % 256, np.uint8))
            frame.pts, frame.time_base = at, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_frames_at_uneven_times_stay_where_they_are(tmp_path: Path) -> None:
    times = [0, 40, 50, 133, 134, 300, 340, 700, 720, 1000]
    source = _uneven(tmp_path / "uneven.mkv", times)

    result = seen(
        rendered(tmp_path / "out", {"source": source}, prompt="calm", resolution="360p"),
        pictures=False,
    )

    assert [round(at * 1000) for at in result.times] == times


@pytest.mark.parametrize(
    ("size", "short_side", "expected"),
    [
        ((1280, 720), 1080, (1920, 1080)),
        ((720, 480), 720, (1080, 720)),
        ((720, 1280), 720, (720, 1280)),
        ((1280, 720), 360, (640, 360)),
        ((640, 427), 540, (810, 540)),
        ((500, 500), 720, (720, 720)),
        ((1000, 333), 360, (1082, 360)),
    ],
)
def test_the_resolution_is_the_short_side_and_the_shape_is_kept(
    size: tuple[int, int], short_side: int, expected: tuple[int, int]
) -> None:
    assert fitted(*size, short_side) == expected


@pytest.mark.parametrize("resolution", [None, "1080p"])
def test_the_size_follows_the_resolution_and_is_720p_unsaid(
    tiny: Path, tmp_path: Path, resolution: str | None
) -> None:
    result = seen(
        rendered(tmp_path, {"source": tiny}, prompt="calm", resolution=resolution), pictures=False
    )

    assert (result.width, result.height) == ((1920, 1080) if resolution else (1280, 720))


def test_a_browser_finds_the_index_in_front_of_the_frames(tiny: Path, tmp_path: Path) -> None:
    data = rendered(tmp_path, {"source": tiny}, prompt="calm", resolution="360p").read_bytes()

    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_a_clip_that_ends_in_the_middle_fails_as_corrupt(tiny: Path, tmp_path: Path) -> None:
    # One of our own results: its index comes first, so that the cut does not show when it is
    # opened.
    whole = rendered(
        tmp_path / "whole", {"source": tiny}, prompt="calm", resolution="360p"
    ).read_bytes()
    (tmp_path / "broken.mp4").write_bytes(whole[: len(whole) * 2 // 3])

    with pytest.raises(AssertionError, match="corrupt_input"):
        rendered(
            tmp_path / "out", {"source": tmp_path / "broken.mp4"}, prompt="calm", resolution="360p"
        )


def test_the_mark_says_that_it_is_simulated(tiny: Path, tmp_path: Path) -> None:
    result = seen(
        rendered(tmp_path, {"source": tiny}, prompt="calm", strength="adhere_1", resolution="360p")
    )
    source = seen(tiny).pictures[3]

    picture = result.pictures[3].astype(int)
    scaled = np.asarray(av.VideoFrame.from_ndarray(source).to_image().resize((640, 360))).astype(
        int
    )
    changed = np.abs(picture - scaled).mean(axis=(1, 2))
    corner = np.abs(picture - scaled)[330:356, 560:636].mean()
    assert corner > 4 * np.median(changed)
    assert picture[330:356, 560:636].max() > 220, "white letters"


def test_the_same_request_makes_the_same_bytes(tiny: Path, tmp_path: Path) -> None:
    wanted = {"prompt": "rain on neon", "strength": "flex_3", "resolution": "360p"}

    one, other = (
        rendered(tmp_path / name, {"source": tiny}, **wanted) for name in ("one", "other")
    )

    assert one.read_bytes() == other.read_bytes()


def test_a_sound_track_that_starts_late_starts_late(real_media: Path, tmp_path: Path) -> None:
    source = tmp_path / "late.mkv"
    pictures = cut(real_media / "bunny_720p_5s.mp4", tmp_path / "cut.mp4", start=0, count=50)
    with av.open(str(pictures)) as read, av.open(str(source), "w") as write:
        video = write.add_stream_from_template(read.streams.video[0])
        audio = write.add_stream("aac", rate=48_000, layout="mono")
        for index in range(20):
            frame = av.AudioFrame.from_ndarray(
                0.3 * np.sin(np.arange(1024, dtype=np.float32)[None] / 20),
                format="fltp",
                layout="mono",
            )
            frame.sample_rate, frame.pts, frame.time_base = (
                48_000,
                48_000 + index * 1024,
                Fraction(1, 48_000),
            )
            write.mux(audio.encode(frame))
        write.mux(audio.encode(None))
        for packet in read.demux(video=0):
            if packet.dts is not None:
                packet.stream = video
                write.mux(packet)

    result = rendered(tmp_path / "out", {"source": source}, prompt="calm", resolution="360p")

    with av.open(io.BytesIO(result.read_bytes())) as container:
        first = next(container.decode(audio=0))
        assert abs(float(first.pts * first.time_base) - 1.0) < 0.05
