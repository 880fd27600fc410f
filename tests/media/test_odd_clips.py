"""Clips as people have them: what is told beside the picture refuses none, and each lasts as long
as its frames.
"""

import shutil
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from editorapp.media import frames, layout, store, tasks
from editorapp.media.decoding import colour, jobs
from editorapp.media.decoding.opening import decoded, open_clip
from editorapp.media.intake import take_in
from editorapp.media.models import Asset
from editorapp.media.probe import facts_from, measure, probe
from editorapp.media.trim import trim
from tests.factories import make_member
from tests.media.clips import make_clip, number_on, numbered
from tests.media.test_pictures import file_of

# What shared/media/odd/README.md says of each file, and what was found by decoding it whole.
ODD: dict[str, dict[str, Any]] = {
    "test_non_zero_start.mp4": {"width": 199, "height": 112, "frame_count": 12, "seconds": 0.4},
    "edit_list_positive_shift.mp4": {
        "width": 1920,
        "height": 1080,
        "frame_count": 270,
        "seconds": 9.0,
    },
    "sample_h264.ts": {"width": 854, "height": 480, "frame_count": 30, "seconds": 1.0},
    "sample_sef_slow_motion.mp4": {"width": 320, "height": 240, "frame_count": 63, "seconds": 2.1},
    "cursed-vfr.mp4": {"width": 3026, "height": 1386, "frame_count": 63, "seconds": 8.7255},
    "water_180_mvhevc_5frames.mov": {
        "width": 1934,
        "height": 2160,
        "frame_count": 5,
        "seconds": 0.0556,
    },
    "sample-with-large-length.avi": {
        "width": 256,
        "height": 144,
        "frame_count": 58,
        "seconds": 2.0,
    },
    "apple_gainmap_old.jpg": {"width": 384, "height": 512},
    "grayscale_16bit.png": {"width": 64, "height": 48, "mean": (128, 128, 128)},
    "paris_icc_exif_xmp.png": {"width": 403, "height": 302},
    "prophoto.png": {"width": 1, "height": 1, "mean": (117, 160, 210)},
}


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def taken(file: Path) -> Asset:
    member = make_member()
    return take_in(file, name=file.name, team=member.team, user=member.user)


def from_the_start(file: Path, wanted: set[int]) -> dict[int, Any]:
    """Decode a clip from its beginning and return some of its frames, as they are shown."""
    with open_clip(file) as stream:
        aspect = colour.pixel_aspect(stream)
        shown = enumerate(decoded(stream))
        return {
            number: colour.picture(frame, aspect) for number, frame in shown if number in wanted
        }


def test_all_odd_files_are_tried(real_media: Path) -> None:
    assert {file.name for file in (real_media / "odd").iterdir() if file.suffix != ".md"} == set(
        ODD
    )


@pytest.mark.parametrize("name", ODD)
def test_an_odd_file_comes_in_as_what_it_is(
    name: str, db, real_media: Path, tmp_path: Path
) -> None:
    right = ODD[name]
    original = real_media / "odd" / name

    asset = taken(Path(shutil.copyfile(original, tmp_path / name)))

    assert (asset.width, asset.height) == (right["width"], right["height"])
    with Image.open(store.path(asset.sha256, layout.POSTER)) as poster:
        mean = np.asarray(poster.convert("RGB")).mean(axis=(0, 1))
    assert abs(mean - right.get("mean", mean)).max() < 4  # WebP rounds colours
    if asset.is_video:
        assert asset.frame_count == right["frame_count"]
        assert float(asset.duration_seconds) == pytest.approx(right["seconds"], abs=0.001)
        for number, picture in from_the_start(original, {0, 1, asset.last_frame}).items():
            with store.workspace() as folder:
                (folder / "still.png").write_bytes(frames.still(asset, number))
                with Image.open(folder / "still.png") as still:
                    assert np.array_equal(np.asarray(still), picture)


@pytest.mark.parametrize("name", [name for name in ODD if name.endswith((".ts", ".mov", ".avi"))])
def test_an_odd_clip_that_browsers_do_not_play_gets_a_copy_with_all_that_it_has(
    name: str, db, real_media: Path, tmp_path: Path
) -> None:
    asset = taken(Path(shutil.copyfile(real_media / "odd" / name, tmp_path / name)))

    tasks.make_proxy(asset.pk)

    copy = probe(store.path(asset.sha256, layout.PROXY))
    assert Asset.objects.get().is_playable and copy.browser_safe
    assert (copy.frame_count, copy.has_audio) == (asset.frame_count, asset.has_audio)
    if asset.has_audio:
        with av.open(str(store.path(asset.sha256, layout.PROXY))) as container:
            heard = sum(frame.samples / frame.sample_rate for frame in container.decode(audio=0))
        assert heard == pytest.approx(float(asset.duration_seconds), abs=0.1)


# What is told beside the picture


def told(path: Path, **metadata: str) -> Path:
    """Write a clip with sound whose file and tracks tell something, in another alphabet than they
    say.
    """
    plain = make_clip(path.with_name("plain.mp4"), frames=10, sound=True)
    with av.open(str(plain)) as read, av.open(str(path), "w", metadata_encoding="latin-1") as write:
        copies = {one.index: write.add_stream_from_template(one) for one in read.streams}
        write.metadata.update(metadata)
        for copy in copies.values():
            copy.metadata.update(metadata)
        for packet in read.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                write.mux(packet)
    return path


def patched(path: Path, *changes: tuple[bytes, bytes]) -> Path:
    """Write a clip with sound, and change bytes of its table of contents."""
    data = make_clip(path, frames=10, sound=True).read_bytes()
    for old, new in changes:
        assert old in data and len(old) == len(new)
        data = data.replace(old, new)
    path.write_bytes(data)
    return path


def motion_jpeg(path: Path) -> Path:
    """Write motion JPEG as cameras do: each picture with EXIF of its own."""
    exif = Image.Exif()
    exif[0x010F] = "A camera"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mjpeg", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuvj420p"
        for index in range(10):
            picture = file_of(Image.fromarray(numbered(index)), "JPEG", exif=exif, quality=95)
            packet = av.Packet(picture)
            packet.pts = packet.dts = index
            packet.time_base, packet.stream, packet.is_keyframe = Fraction(1, 25), stream, True
            out.mux(packet)
    return path


def with_timecode(path: Path) -> Path:
    """Write a clip with a track that is neither picture nor sound."""
    plain = make_clip(path.with_name("plain.mp4"), frames=10)
    with av.open(str(plain)) as read, av.open(str(path), "w") as write:
        picture = write.add_stream_from_template(read.streams.video[0])
        picture.metadata["timecode"] = "01:00:00:00"
        for packet in read.demux(video=0):
            if packet.dts is not None:
                packet.stream = picture
                write.mux(packet)
    with av.open(str(path)) as written:
        assert [stream.type for stream in written.streams] == ["video", "data"]
    return path


def with_attachment(path: Path) -> Path:
    """Write a clip with a font beside its picture."""
    plain = make_clip(path.with_name("plain.mp4"), frames=10)
    with av.open(str(plain)) as read, av.open(str(path), "w") as write:
        picture = write.add_stream_from_template(read.streams.video[0])
        write.add_attachment("a font", "application/x-unheard-of", b"\xff\xfe" * 500)
        for packet in read.demux(video=0):
            if packet.dts is not None:
                packet.stream = picture
                write.mux(packet)
    return path


ACCENTS = {
    "title": "Caf\xe9 \xff\xfe",
    "comment": "x" * 200_000,
    "artist": "\x01\x1b[31m",
    "encoder": "\x7f",
}
TOLD: dict[str, Callable[[Path], Path]] = {
    "accents.mp4": lambda path: told(path, **ACCENTS),
    "accents.mov": lambda path: told(path, **ACCENTS),
    "accents.mkv": lambda path: told(path, **ACCENTS),
    "accents.ts": lambda path: told(path, service_name="Caf\xe9", language="\xff\xff\xff"),
    "unknown-sound.mp4": lambda path: patched(path, (b"mp4a", b"zzzz")),
    "unknown-track.mp4": lambda path: patched(path, (b"soun", b"zzzz"), (b"smhd", b"gmhd")),
    "motion-jpeg.avi": motion_jpeg,
    "motion-jpeg.mov": motion_jpeg,
    "timecode.mov": with_timecode,
    "attachment.mkv": with_attachment,
}


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told_beside_the_picture_refuses_no_clip(name: str, tmp_path: Path) -> None:
    clip = TOLD[name](tmp_path / name)

    facts = facts_from(measure(clip, expect="video", max_seconds=None, out=tmp_path))

    assert (facts.frame_count, facts.width, facts.height) == (10, 320, 180)
    jobs.proxy(
        str(clip),
        frames=str(tmp_path / "frames.json"),
        fps=str(facts.fps),
        out=str(tmp_path / "copy.mp4"),
    )
    assert probe(tmp_path / "copy.mp4").frame_count == 10
    assert jobs.outgoing(str(clip), out=str(tmp_path / "out")) is not None


def test_side_data_without_a_name_hide_nothing_that_has_one(real_media: Path) -> None:
    from av.sidedata.sidedata import Type

    with open_clip(real_media / "odd" / "water_180_mvhevc_5frames.mov") as stream:
        found = [item.type for item in next(decoded(stream)).side_data]

    assert found and any(kind not in list(Type) for kind in found)
    assert Type(6) is Type.DISPLAYMATRIX and Type["DISPLAYMATRIX"] is Type.DISPLAYMATRIX


# Several video tracks


def two_tracks(path: Path, *, chosen: int = 0, unknown: int | None = None) -> Path:
    """Write a clip with two video tracks: 10 frames at 320x180, and 5 at 160x90.

    `chosen` is its default.
    """
    sizes = ((320, 180), (160, 90))
    with av.open(str(path), "w") as out:
        streams = []
        for number, (width, height) in enumerate(sizes):
            stream: Any = out.add_stream("libx264" if number != unknown else "mjpeg", rate=25)
            stream.width, stream.height = width, height
            stream.pix_fmt = "yuv420p" if number != unknown else "yuvj420p"
            stream.disposition = av.stream.Disposition.default if number == chosen else 0
            streams.append(stream)
        for index in range(10):
            for number, (width, height) in enumerate(sizes):
                if index < 10 // (number + 1):
                    frame = av.VideoFrame.from_ndarray(numbered(index, width, height), "rgb24")
                    frame = frame.reformat(format=streams[number].pix_fmt)
                    frame.pts, frame.time_base = index, Fraction(1, 25)
                    out.mux(streams[number].encode(frame))
        for stream in streams:
            out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(("chosen", "size"), [(0, (320, 180)), (1, (160, 90))])
@pytest.mark.parametrize("name", ["two.mp4", "two.mkv"])
def test_of_two_video_tracks_the_default_one_is_taken_and_told(
    name: str, chosen: int, size: tuple[int, int], db, tmp_path: Path
) -> None:
    asset = taken(two_tracks(tmp_path / name, chosen=chosen))

    tasks.make_proxy(asset.pk)

    assert (asset.video_track, asset.video_tracks, asset.has_other_tracks) == (chosen + 1, 2, True)
    copy = probe(store.path(asset.sha256, layout.PROXY))
    assert (asset.width, asset.height) == (copy.width, copy.height) == size
    assert copy.video_tracks == 1, "which of several a browser would show, nobody knows"


def test_a_track_that_nobody_can_decode_does_not_stand_before_one_that_can_be(
    tmp_path: Path,
) -> None:
    clip = two_tracks(tmp_path / "two.mov", chosen=0, unknown=0)
    data = clip.read_bytes()
    clip.write_bytes(data.replace(b"jpeg", b"zzzz", 1).replace(b"mjpa", b"zzzz"))

    facts = probe(clip)

    assert (facts.width, facts.video_track, facts.video_tracks) == (160, 2, 2)


# How long the last frame is shown


def held(path: Path, times: list[int], last: int) -> Path:
    """Write a clip whose frames come at these milliseconds, and whose last one is shown for so
    many.
    """
    with av.open(str(path), "w") as out:
        # An MP4 with B-frames cannot say how long the last frame is shown.
        stream: Any = out.add_stream(
            "libx264", rate=25, options={"bf": "0" if path.suffix == ".mp4" else "2"}
        )
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        made = []
        for index, time in enumerate(times):
            frame = av.VideoFrame.from_ndarray(numbered(index), "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = time, Fraction(1, 1000)
            made += stream.encode(frame)
        for packet in [*made, *stream.encode(None)]:
            packet.duration = last if packet.pts == times[-1] else packet.duration
            out.mux(packet)
    return path


UNEVEN = [0, 40, 50, 300, 310, 700]
HELD: dict[str, tuple[list[int], int, float]] = {
    # times and the last frame's own length in ms, and how long the clip lasts in seconds
    "uneven, held": (UNEVEN, 1500, 2.2),
    "even, held": (list(range(0, 400, 40)), 1500, 1.86),
    "even": (list(range(0, 400, 40)), 40, 0.4),
    "even, its end unknown": (list(range(0, 400, 40)), 1, 0.4),
    "uneven, its end unknown": (UNEVEN, 1, 0.74),
}


@pytest.mark.parametrize("ending", [".mp4", ".mkv"])
@pytest.mark.parametrize("name", HELD)
def test_a_clip_lasts_until_its_last_frame_is_gone_and_so_do_its_copies(
    name: str, ending: str, db, tmp_path: Path
) -> None:
    times, last, seconds = HELD[name]
    if ending == ".mkv" and "unknown" in name:
        pytest.skip("Matroska notes no length for a frame that it does not know")
    asset = taken(held(tmp_path / f"held{ending}", times, last))

    tasks.make_proxy(asset.pk)
    cut = trim(asset, 2, asset.last_frame, user=asset.created_by)

    assert float(asset.duration_seconds) == pytest.approx(seconds, abs=0.002)
    assert float(cut.duration_seconds) == pytest.approx(seconds - times[2] / 1000, abs=0.002)
    if asset.proxy == Asset.Proxy.PENDING:
        copy = probe(store.path(asset.sha256, layout.PROXY))
        assert float(copy.duration_seconds) == pytest.approx(seconds, abs=0.002)


# Where sound is heard


CLICK_SECONDS = 0.5


def clicking(
    path: Path, *, shift: float = 0.0, codec: str = "aac", first: float = 0.0, mux: Any = None
) -> Path:
    """Write 2 s of numbered frames from `first` seconds on, and sound from `shift` on with one
    click.

    The click is heard CLICK_SECONDS after the first picture.
    """
    with av.open(str(path), "w", options=mux or {}) as out:
        picture: Any = out.add_stream("libx264", rate=25, options={"bf": "2", "g": "25"})
        picture.width, picture.height, picture.pix_fmt = 320, 180, "yuv420p"
        sound: Any = out.add_stream(codec, rate=48000, layout="mono")
        for index in range(50):
            frame = av.VideoFrame.from_ndarray(numbered(index), "rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = index + round(first * 25), Fraction(1, 25)
            out.mux(picture.encode(frame))
        out.mux(picture.encode(None))
        samples = np.zeros(int((first + 2 - shift) * 48000), np.float32)
        at = int((first + CLICK_SECONDS - shift) * 48000)
        samples[at : at + 480] = np.sin(np.arange(480) / 4) * 0.9
        for piece in _pieces(samples, sound, shift):
            out.mux(sound.encode(piece))
        out.mux(sound.encode(None))
    return path


def _pieces(samples: np.ndarray, sound: Any, shift: float) -> Iterator[Any]:
    for at in range(0, len(samples), 1024):
        data = np.ascontiguousarray(samples[at : at + 1024][None])
        if sound.format.name == "s16":
            data = (data * 32000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(data, format=sound.format.name, layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = (
            48000,
            at + round(shift * 48000),
            Fraction(1, 48000),
        )
        yield frame


def click_after(clip: Path) -> float:
    """Return how long after the first picture the click is heard, in seconds."""
    with av.open(str(clip)) as container:
        picture = next(container.decode(video=0))
        start = picture.pts * picture.time_base
    with av.open(str(clip)) as container:
        for frame in container.decode(audio=0):
            loud = np.abs(frame.to_ndarray()).max(axis=0) > (
                5000 if frame.format.name.startswith("s16") else 0.15
            )
            if loud.any():
                at = frame.pts * frame.time_base + Fraction(int(loud.argmax()), frame.sample_rate)
                return float(at - start)
    raise AssertionError("no click is heard")


CLICKS: dict[str, dict[str, Any]] = {
    "together.mp4": {},
    "late.mp4": {"shift": 0.3},
    "late.mkv": {"shift": 0.3, "codec": "libopus"},
    "early.mp4": {"first": 0.7},
    "early.mkv": {"first": 0.7, "codec": "libopus"},
    "early.ts": {"first": 0.7, "shift": 0.4},
    "uncompressed.mov": {"codec": "pcm_s16le"},
    "a-hair-late.mp4": {"shift": 0.04},
    "fragments.mp4": {"mux": {"movflags": "frag_keyframe+empty_moov"}},
}


@pytest.mark.parametrize("name", CLICKS)
def test_sound_stays_beside_its_picture_in_copies_and_cuts(name: str, tmp_path: Path) -> None:
    clip = clicking(tmp_path / name, **CLICKS[name])
    facts = jobs.take(str(clip), max_seconds=0, expect="video", out=str(tmp_path))["facts"]
    known: dict[str, Any] = {"frames": str(tmp_path / "frames.json"), "fps": facts["fps"]}

    jobs.proxy(str(clip), out=str(tmp_path / "copy.mp4"), **known)
    jobs.trim(str(clip), first=0, last=49, out=str(tmp_path / "whole.mp4"), **known)
    jobs.trim(str(clip), first=11, last=49, out=str(tmp_path / "cut.mp4"), **known)

    there = click_after(clip)
    assert click_after(tmp_path / "copy.mp4") == pytest.approx(there, abs=0.003)
    assert click_after(tmp_path / "whole.mp4") == pytest.approx(there, abs=0.003)
    assert click_after(tmp_path / "cut.mp4") == pytest.approx(there - 11 / 25, abs=0.003)


def test_the_numbers_of_a_cut_agree_with_its_sound(tmp_path: Path) -> None:
    """A cut begins with the sound of its first frame, although decoders hold pictures back for
    longer than sound.
    """
    clip = clicking(tmp_path / "a.mp4")
    facts = jobs.take(str(clip), max_seconds=0, expect="video", out=str(tmp_path))["facts"]

    jobs.trim(
        str(clip),
        frames=str(tmp_path / "frames.json"),
        fps=facts["fps"],
        first=12,
        last=30,
        out=str(tmp_path / "b.mp4"),
    )

    with av.open(str(tmp_path / "b.mp4")) as container:
        assert number_on(next(container.decode(video=0)).to_ndarray(format="rgb24")) == 12
    with av.open(str(tmp_path / "b.mp4")) as container:
        heard = sum(frame.samples for frame in container.decode(audio=0)) / 48000
        assert heard == pytest.approx(19 / 25, abs=0.03)
