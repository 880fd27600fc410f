"""HDR and EXR, generate and reframe."""

import zipfile
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from editorapp.providers.contract import Ref
from editorapp.simulator.render import hdr
from tests.simulator.clips import difference, rendered, seen


def test_hdr_is_ten_bit_hevc_with_pq_tags_and_light_above_white(tiny: Path, tmp_path: Path) -> None:
    path = rendered(tmp_path, {"source": tiny}, prompt="bright", resolution="720p", hdr=True)

    result = seen(path, pictures=False)
    with av.open(str(path)) as container:
        signal = next(container.decode(video=0)).to_ndarray()[:720].astype(float)
    nits = hdr.from_pq((signal - 64) / 876)
    assert (result.codec, result.pixel_format, result.stream["tag"]) == (
        "hevc",
        "yuv420p10le",
        "hvc1",
    )
    assert (result.stream["transfer"], result.stream["primaries"], result.stream["matrix"]) == (
        16,
        9,
        9,
    )
    assert nits.max() > 400 and np.median(nits) < 150
    assert len(np.unique(signal)) > 256, "more steps than 8 bits have"
    assert len(result.times) == 8


def test_an_hdr_result_can_be_edited_again_in_either_range(tiny: Path, tmp_path: Path) -> None:
    wanted = {"prompt": "calm", "strength": "adhere_1", "resolution": "720p"}
    first = rendered(tmp_path / "first", {"source": tiny}, **wanted, hdr=True)

    sdr = seen(rendered(tmp_path / "sdr", {"source": first}, **wanted))
    again = seen(rendered(tmp_path / "hdr", {"source": first}, **wanted, hdr=True), pictures=False)

    direct = seen(
        rendered(
            tmp_path / "direct",
            {"source": rendered(tmp_path / "one", {"source": tiny}, **wanted)},
            **wanted,
        )
    )
    assert sdr.codec == "h264" and sdr.stream["transfer"] == 1
    assert difference(sdr.pictures[4], direct.pictures[4]) < 4, "the curve goes both ways"
    assert again.stream["transfer"] == 16


def test_a_source_in_hlg_stays_in_hlg(tiny: Path, tmp_path: Path) -> None:
    source = tmp_path / "hlg.mp4"
    convert = hdr.Converter("hlg", 320, 180)
    with av.open(str(tiny)) as read, av.open(str(source), "w") as write:
        stream: Any = write.add_stream(
            "libx265", rate=25, options={"x265-params": "log-level=none"}
        )
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p10le"
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace = 9, 18, 9
        for index, frame in enumerate(read.decode(video=0)):
            converted = convert.convert(frame)
            converted.pts, converted.time_base = index, 1 / stream.codec_context.framerate
            write.mux(stream.encode(converted))
        write.mux(stream.encode(None))

    result = seen(
        rendered(tmp_path / "out", {"source": source}, prompt="calm", resolution="720p", hdr=True)
    )

    assert (result.stream["transfer"], result.stream["primaries"]) == (18, 9)


@pytest.mark.parametrize("name", ["pq", "hlg"])
def test_the_transfer_curves_are_those_of_bt_2100(name: str) -> None:
    nits = np.array([0.0, 1.0, 100.0, 203.0, 1000.0])

    there = hdr.pq(nits) if name == "pq" else hdr.hlg(nits)
    back = hdr.from_pq(there) if name == "pq" else hdr.from_hlg(there)

    assert back == pytest.approx(nits, rel=1e-3, abs=1e-3)
    # Reference values of BT.2408: 203 nits is 58 % PQ and 75 % HLG.
    assert there[3] == pytest.approx(0.58 if name == "pq" else 0.75, abs=0.005)


def test_exr_is_a_zip_of_half_float_frames_in_linear_light(tiny: Path, tmp_path: Path) -> None:
    rendered(tmp_path, {"source": tiny}, prompt="bright", resolution="720p", hdr=True, exr=True)

    with zipfile.ZipFile(tmp_path / "frames.zip") as archive:
        names = archive.namelist()
        assert archive.testzip() is None
        (tmp_path / "one.exr").write_bytes(archive.read(names[3]))
    with av.open(str(tmp_path / "one.exr")) as container:
        frame = next(container.decode(video=0))
    values = [np.frombuffer(plane, np.float16).astype(float) for plane in frame.planes]
    assert names == [f"frame_{number:05d}.exr" for number in range(8)]
    assert (frame.format.name, frame.width, frame.height) == ("gbrpf16le", 1280, 720)
    assert max(plane.max() for plane in values) > 1.5, "light above SDR white"
    assert min(plane.min() for plane in values) >= 0


def test_a_generation_has_the_length_and_shape_asked_for(tmp_path: Path) -> None:
    made = {"prompt": "a lantern over a dark lake", "task": "generate", "resolution": "360p"}

    five = seen(rendered(tmp_path / "5", {}, **made))
    ten = seen(
        rendered(tmp_path / "10", {}, **made, duration="10s", aspect_ratio="9:16"), pictures=False
    )

    assert (five.width, five.height, len(five.times), five.duration) == (640, 360, 120, 5)
    assert (ten.width, ten.height, len(ten.times), ten.duration) == (360, 640, 240, 10)
    assert five.audio_seconds == 0, "silent, as documented"
    assert difference(five.pictures[0], five.pictures[60]) > 1, "it moves"


def test_other_words_draw_another_scene(tmp_path: Path) -> None:
    day, night = (
        seen(
            rendered(tmp_path / name, {}, task="generate", prompt=name, resolution="360p")
        ).pictures[10]
        for name in ("a sunny meadow", "a moonlit night")
    )

    assert day.mean() > night.mean() + 20


def test_first_and_last_frame_are_where_they_belong(real_media: Path, tmp_path: Path) -> None:
    from tests.simulator.test_render_look import _like

    rocket, coffee = real_media / "rocket.jpg", real_media / "coffee.png"

    pictures = seen(
        rendered(
            tmp_path,
            {"start_frame": rocket, "end_frame": coffee},
            task="generate",
            prompt="from one to another",
            resolution="360p",
            start_frame=Ref(url="x"),
            end_frame=Ref(url="y"),
        )
    ).pictures

    assert _like(pictures[0], rocket) < 9 and _like(pictures[119], coffee) < 9
    assert _like(pictures[60], rocket) > 12


def test_keyframes_of_a_generation_lie_on_its_own_grid(real_media: Path, tmp_path: Path) -> None:
    from tests.simulator.test_render_look import _like

    rocket, coffee = real_media / "rocket.jpg", real_media / "coffee.png"

    pictures = seen(
        rendered(
            tmp_path,
            {"keyframes.0": rocket, "keyframes.1": coffee},
            task="generate",
            prompt="through both",
            resolution="360p",
            keyframes=(Ref(url="x"), Ref(url="y")),
            keyframe_indexes=(30, 120),
        )
    ).pictures

    assert min(range(120), key=lambda at: _like(pictures[at], rocket)) == 30
    assert _like(pictures[119], coffee) < 9, "the grid's last place is the end"


def test_an_extension_goes_on_where_the_earlier_result_ended(tiny: Path, tmp_path: Path) -> None:
    earlier = rendered(tmp_path / "earlier", {"source": tiny}, prompt="calm", resolution="360p")

    forward = seen(
        rendered(
            tmp_path / "on",
            {"start_frame": earlier},
            task="generate",
            prompt="it goes on",
            resolution="360p",
            start_frame=Ref(generation_id="x"),
        )
    )
    backward = seen(
        rendered(
            tmp_path / "before",
            {"end_frame": earlier},
            task="generate",
            prompt="before that",
            resolution="360p",
            end_frame=Ref(generation_id="x"),
        )
    )

    pictures = seen(earlier).pictures
    assert difference(forward.pictures[0], pictures[-1]) < 4
    assert difference(backward.pictures[-1], pictures[0]) < 4
    assert (forward.duration, len(forward.times)) == (5, 120)


def test_a_loop_ends_where_it_began(tmp_path: Path) -> None:
    made = {"task": "generate", "prompt": "hills at dawn", "resolution": "360p"}

    loop = seen(rendered(tmp_path / "loop", {}, **made, loop=True)).pictures
    other = seen(rendered(tmp_path / "other", {}, **made)).pictures

    assert difference(loop[-1], loop[0]) < 0.5 * difference(other[-1], other[0])


@pytest.mark.parametrize(
    ("ratio", "size"),
    [
        ("9:16", (360, 640)),
        ("3:4", (360, 480)),
        ("1:1", (360, 360)),
        ("4:3", (480, 360)),
        ("16:9", (640, 360)),
        ("21:9", (840, 360)),
    ],
)
def test_a_reframe_has_its_canvas_and_keeps_the_source_in_it(
    tiny: Path, tmp_path: Path, ratio: str, size: tuple[int, int]
) -> None:
    result = seen(
        rendered(
            tmp_path,
            {"source": tiny},
            task="reframe",
            prompt="meadow",
            aspect_ratio=ratio,
            resolution="360p",
        )
    )

    width, height = size
    scale = min(width / 320, height / 180)
    inner = round(320 * scale), round(180 * scale)
    left, top = (width - inner[0]) // 2, (height - inner[1]) // 2
    source = seen(tiny).pictures[4]
    expected = np.asarray(av.VideoFrame.from_ndarray(source).to_image().resize(inner))
    shown = result.pictures[4][top : top + inner[1], left : left + inner[0]]
    assert (result.width, result.height, len(result.times)) == (width, height, 8)
    assert (
        difference(
            expected[: shown.shape[0], : shown.shape[1]],
            shown[: expected.shape[0], : expected.shape[1]],
        )
        < 6
    )


def test_a_reframe_puts_the_source_where_it_is_told(tiny: Path, tmp_path: Path) -> None:
    result = seen(
        rendered(
            tmp_path,
            {"source": tiny},
            task="reframe",
            prompt="meadow",
            aspect_ratio="1:1",
            resolution="360p",
            x_norm=0.25,
            y_norm=0.5,
            w_norm=0.5,
            h_norm=0.25,
        )
    )

    source = seen(tiny).pictures[4]
    expected = np.asarray(av.VideoFrame.from_ndarray(source).to_image().resize((180, 90)))
    assert difference(expected, result.pictures[4][180:270, 90:270]) < 8


def test_a_reframe_fills_what_the_source_does_not_cover(tiny: Path, tmp_path: Path) -> None:
    result = seen(
        rendered(
            tmp_path,
            {"source": tiny},
            task="reframe",
            prompt="meadow",
            aspect_ratio="9:16",
            resolution="360p",
        )
    )

    top, bottom = result.pictures[4][:180], result.pictures[4][460:600]
    assert top.mean() > 25 and bottom.mean() > 25 and top.std() > 5
