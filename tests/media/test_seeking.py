"""A frame that is sought is the frame that decoding from the beginning shows, to the last bit."""

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from editorapp.media.decoding import transcode
from editorapp.media.decoding.clip import examine
from editorapp.media.decoding.opening import decoded, open_clip
from editorapp.media.decoding.reader import frame_at
from editorapp.media.decoding.seeking import packets_from
from editorapp.media.decoding.timeline import Timeline
from tests.environment import MEDIA
from tests.media.clips import make_clip

REAL = sorted(
    path for path in MEDIA.glob("**/*.*") if path.suffix in {".mp4", ".mov", ".webm", ".ts", ".avi"}
)
LAYERED = "bframes=7:b-pyramid=normal:direct=spatial:keyint=15:min-keyint=15:scenecut=0:b-adapt=0:weightp=0"


def as_older_x264_coded(path: Path) -> Path:
    """Write a clip, in the name of a build of x264 whose B-frames decoders take otherwise; it says
    so only once.
    """
    textures = [_texture(seed) for seed in range(3)]
    with av.open(str(path), "w") as out:
        options = {"crf": "18", "preset": "slow", "x264-params": LAYERED}
        stream: Any = out.add_stream("libx264", rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for index in range(60):
            picture = textures[0].copy()
            picture[40:120] = np.roll(textures[1], index * 3, 1)[40:120]
            right = index * 5 % 320
            picture[:, max(0, right - 40) : right] = np.roll(textures[2], -index, 0)[
                :, max(0, right - 40) : right
            ]
            frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = index, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    data = path.read_bytes()
    renamed = re.sub(rb"x264 - core \d+", b"x264 - core 033", data)
    assert renamed != data
    path.write_bytes(renamed)
    return path


def _texture(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 255, (180, 320, 3)).astype(np.float32)
    for _ in range(3):
        noise = (noise + sum(np.roll(noise, by, axis) for by in (1, -1) for axis in (0, 1))) / 5
    return noise.astype(np.uint8)


def timeline_of(clip: Path) -> Timeline:
    return examine(clip, max_seconds=0).timeline


def some_of(timeline: Timeline) -> list[int]:
    """Return frames all over a clip: those on both sides of keyframes, the last, and some between."""
    count = len(timeline.pts)
    places = {pts: index for index, pts in enumerate(timeline.pts)}
    keys = [places[key] for key in timeline.keys[1:]][:2]
    near = {index + by for index in keys for by in (-1, 0, 1)}
    return sorted(
        index
        for index in {*near, *range(count // 8, count, max(1, count // 4)), count - 1}
        if index < count
    )


def assert_sought_is_shown(clip: Path) -> None:
    timeline = timeline_of(clip)
    wanted = some_of(timeline)
    with open_clip(clip) as stream:
        shown = {
            at: frame.to_ndarray(format="rgb24")
            for at, frame in enumerate(decoded(stream))
            if at in wanted
        }

    sought = {
        index: frame_at(clip, timeline, index)[0].to_ndarray(format="rgb24") for index in wanted
    }

    assert [index for index in wanted if not np.array_equal(sought[index], shown[index])] == []


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_every_real_clip_shows_the_same_by_seek_and_from_the_start(
    real_media: Path, path: Path
) -> None:
    assert_sought_is_shown(path)


@pytest.mark.parametrize("name", ["old.mp4", "old.mkv"])
def test_what_only_the_first_packet_tells_is_known_after_a_seek(name: str, tmp_path: Path) -> None:
    assert_sought_is_shown(as_older_x264_coded(tmp_path / name))


def test_a_cut_begins_with_what_only_the_first_packet_tells(tmp_path: Path) -> None:
    clip, made = as_older_x264_coded(tmp_path / "old.mp4"), tmp_path / "cut.mp4"
    timeline = timeline_of(clip)

    transcode.copy(
        clip, made, timeline, rate=Fraction(25), recipe=transcode.Recipe(quality=1), span=(30, 50)
    )

    with open_clip(clip) as stream:
        shown = [frame.to_ndarray(format="gray").astype(int) for frame in decoded(stream)][30:51]
    with open_clip(made) as stream:
        cut = [frame.to_ndarray(format="gray").astype(int) for frame in decoded(stream)]
    assert max(int(abs(one - other).max()) for one, other in zip(shown, cut, strict=True)) < 30


def test_the_packet_at_which_decoding_starts_begins_with_the_words_of_the_first(
    tmp_path: Path,
) -> None:
    clip = make_clip(tmp_path / "a.mp4", options={"g": "10"}, frames=40)
    with open_clip(clip) as stream:
        packets = [packet for packet in stream.container.demux(stream) if packet.size]
        first, later = (
            bytes(packets[0]),
            next(packet for packet in packets[20:] if packet.is_keyframe),
        )
        assert later.pts is not None

    with open_clip(clip) as stream:
        told = next(packets_from(stream, later.pts))

    name = b"x264 - core"
    words = bytes(told)[: -len(bytes(later))]
    assert name in words and name not in bytes(later)
    assert first.startswith(words) and bytes(told).endswith(bytes(later)) and told.pts == later.pts
