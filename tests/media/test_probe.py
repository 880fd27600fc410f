"""Facts and stills are exact, whatever the container, the codec and the order of the frames."""

import io
import random
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from editorapp.media import sandbox
from editorapp.media.decoding import colour, jobs, poster_filmstrip, reader, timeline
from editorapp.media.decoding.clip import examine
from editorapp.media.decoding.poster_filmstrip import Collector
from editorapp.media.probe import facts_from, measure, probe
from editorapp.media.refusals import Refusal
from tests.media.clips import make_clip, number_on

_clock = random.Random(7)
VARYING = [0]
for _ in range(59):
    VARYING.append(VARYING[-1] + _clock.choice([20, 30, 40, 55, 70]))

X265 = "log-level=none:colorprim=9:transfer={0}:colormatrix=9"
QUICK = {"cpu-used": "8", "deadline": "realtime"}
HIDDEN = {"avoid_negative_ts": "disabled", "use_editlist": "1"}


@dataclass(frozen=True)
class Case:
    """How a clip is made, and what of it is to be found."""

    made: dict[str, Any]
    found: dict[str, Any] = field(default_factory=dict)
    first_number: int = 0  # the number on the first frame that is shown


CASES = {
    "b-frames.mp4": Case(
        {"options": {"bf": "3", "g": "30"}, "sound": True},
        {"has_audio": True, "browser_safe": True},
    ),
    "open-gop.mp4": Case(
        {"options": {"bf": "3", "x264-params": "open-gop=1:keyint=15:min-keyint=15"}}
    ),
    "b-frames.mkv": Case({"options": {"bf": "3"}}, {"container": "mkv", "browser_safe": False}),
    "b-frames.ts": Case({"options": {"bf": "3"}, "format": "mpegts"}, {"container": "mpegts"}),
    "mpeg4.avi": Case({"codec": "mpeg4", "options": {"bf": "2", "g": "12"}}, {"container": "avi"}),
    "mpeg2.mpg": Case(
        {"codec": "mpeg2video", "options": {"bf": "2"}, "format": "mpeg"}, {"container": "mpeg"}
    ),
    "mpeg2.m2v": Case(
        {"codec": "mpeg2video", "options": {"bf": "2"}, "format": "mpeg2video"},
        {"container": "mpeg"},
    ),
    "vp8.ogv": Case({"codec": "libvpx", "format": "ogg", "options": QUICK}, {"container": "ogv"}),
    "hidden-frames.webm": Case(
        {
            "codec": "libvpx",
            "options": {"auto-alt-ref": "1", "lag-in-frames": "16", "cpu-used": "5"},
        }
    ),
    "vp9.webm": Case({"codec": "libvpx-vp9", "options": QUICK}, {"codec": "vp9"}),
    "av1.mp4": Case(
        {"codec": "libsvtav1", "options": {"preset": "8", "crf": "20"}}, {"codec": "av1"}
    ),
    "h263.3gp": Case(
        {"codec": "h263", "size": (352, 288), "rate": Fraction(30000, 1001), "format": "3gp"},
        {"container": "3gp", "fps": Fraction(30000, 1001), "width": 384, "height": 288},
    ),
    "motion-jpeg.avi": Case(
        {"codec": "mjpeg", "pixel_format": "yuvj422p"}, {"browser_safe": False}
    ),
    "prores.mov": Case(
        {"codec": "prores_ks", "pixel_format": "yuv422p10le"},
        {"container": "mov", "codec": "prores"},
    ),
    "lossless.mkv": Case({"codec": "ffv1", "pixel_format": "yuv444p"}, {"codec": "ffv1"}),
    "full-colour.mp4": Case(
        {"pixel_format": "yuv444p"}, {"pixel_format": "yuv444p", "browser_safe": False}
    ),
    "varying.mp4": Case(
        {"times": VARYING, "base": Fraction(1, 1000), "options": {"bf": "2"}},
        {"variable_frame_rate": True},
    ),
    "varying.mkv": Case(
        {"times": VARYING, "base": Fraction(1, 1000)}, {"variable_frame_rate": True}
    ),
    "edit-list.mp4": Case(
        {
            "times": range(-5120, 25600, 512),
            "base": Fraction(1, 12800),
            "options": {"bf": "2"},
            "mux": HIDDEN,
        },
        {"frame_count": 50},
        first_number=10,
    ),
    "late-start.mp4": Case(
        {"times": range(20, 80), "mux": {"use_editlist": "1"}, "options": {"bf": "2"}}
    ),
    "fragments.mp4": Case(
        {"mux": {"movflags": "frag_keyframe+empty_moov"}, "options": {"g": "20"}},
        {"browser_safe": False},
    ),
    "turned-90.mp4": Case(
        {"turn": 90, "options": {"bf": "2"}}, {"rotation": 90, "width": 320, "height": 180}
    ),
    "turned-180.mov": Case({"turn": 180}, {"rotation": 180}),
    "turned-270.mp4": Case({"turn": 270}, {"rotation": 270, "width": 320, "height": 180}),
    "wide-pixels.mp4": Case(
        {"size": (240, 180), "aspect": Fraction(4, 3)}, {"width": 320, "height": 180}
    ),
    "odd-size.mp4": Case(
        {"size": (321, 181), "pixel_format": "yuv444p"}, {"width": 321, "height": 181}
    ),
    "ntsc.mp4": Case({"rate": Fraction(30000, 1001)}, {"fps": Fraction(30000, 1001)}),
    "film.mkv": Case({"rate": Fraction(24000, 1001)}, {"fps": Fraction(24000, 1001)}),
    "fast.webm": Case(
        {"codec": "libvpx", "rate": Fraction(60000, 1001), "options": QUICK},
        {"fps": Fraction(60000, 1001)},
    ),
    "slow.mp4": Case({"rate": 2, "frames": 20}, {"fps": Fraction(2), "frame_count": 20}),
    "pq.mp4": Case(
        {
            "codec": "libx265",
            "pixel_format": "yuv420p10le",
            "colours": (9, 16, 9),
            "options": {"x265-params": X265.format(16), "preset": "ultrafast"},
        },
        {"hdr": True, "hdr_transfer": "pq", "codec": "hevc", "browser_safe": False},
    ),
    "hlg.mov": Case(
        {
            "codec": "libx265",
            "pixel_format": "yuv420p10le",
            "colours": (9, 18, 9),
            "options": {"x265-params": X265.format(18), "preset": "ultrafast"},
        },
        {"hdr": True, "hdr_transfer": "hlg"},
    ),
    "one-frame.mp4": Case({"frames": 1}, {"frame_count": 1}),
}


def still(clip: Path, frames: Path, index: int, out: Path) -> np.ndarray:
    sandbox.run(
        "still",
        path=str(clip),
        frames=str(frames),
        index=index,
        format="png",
        max_height=0,
        out=str(out),
    )
    return np.asarray(Image.open(io.BytesIO(out.read_bytes())))


@pytest.mark.parametrize("name", CASES)
def test_facts_are_exact_and_frame_n_is_frame_n(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    clip = make_clip(tmp_path / name, **case.made)
    expected = {
        "frame_count": 60,
        "fps": Fraction(25),
        "variable_frame_rate": False,
        "hdr": False,
        "has_audio": False,
        "rotation": 0,
        "width": 320,
        "height": 180,
    } | case.found
    if expected["variable_frame_rate"]:
        del expected["fps"]

    facts = facts_from(measure(clip, expect="video", max_seconds=None, out=tmp_path))

    assert {fact: getattr(facts, fact) for fact in expected} == expected
    if not facts.variable_frame_rate:
        assert facts.fps and abs(
            Fraction(facts.duration_seconds) - facts.frame_count / facts.fps
        ) < Fraction(1, 10**6)
    for index in sorted(
        {0, 15, facts.frame_count // 2, facts.frame_count - 1} & set(range(facts.frame_count))
    ):
        picture = still(clip, tmp_path / "frames.json", index, tmp_path / "still.png")
        assert picture.shape == (facts.height, facts.width, 3)
        assert number_on(picture) == index + case.first_number


@pytest.mark.parametrize("rate", [24, 25, Fraction(30000, 1001)])
@pytest.mark.parametrize("frames", [10, 50, 90])
@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("plain.avi", {"codec": "mpeg4"}),
        ("plain.mkv", {}),
        ("plain.mpg", {"codec": "mpeg2video", "format": "mpeg"}),
    ],
)
def test_a_declared_rate_is_found_in_clips_of_any_length(
    name: str, made: dict[str, Any], frames: int, rate: Fraction, tmp_path: Path
) -> None:
    path = make_clip(tmp_path / name, frames=frames, rate=rate, size=(64, 48), **made)
    facts = probe(path)
    assert (facts.fps, facts.frame_count, facts.variable_frame_rate) == (
        Fraction(rate),
        frames,
        False,
    )


def test_a_file_that_only_an_administrator_may_read_is_called_unreadable(tmp_path: Path) -> None:
    path = make_clip(tmp_path / "mine.mp4", frames=5)
    path.chmod(0)
    with pytest.raises(Refusal) as refused:
        probe(path)
    assert refused.value.code == "unreadable"


def test_a_varying_clip_lasts_as_long_as_its_frames(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", times=VARYING, base=Fraction(1, 1000))

    facts = probe(clip)

    assert facts.variable_frame_rate
    assert facts.fps and abs(facts.fps - 60 / Fraction(facts.duration_seconds)) < Fraction(1, 1000)
    assert VARYING[-1] / 1000 < float(facts.duration_seconds) < VARYING[-1] / 1000 + 0.08


class Watching(Collector):
    """Counts the frames that it is shown while a clip is decoded whole."""

    seen = 0

    def see(self, index: int, frame: Any) -> None:
        self.seen += 1
        super().see(index, frame)


@pytest.mark.parametrize(
    "name", ["b-frames.mp4", "open-gop.mp4", "vp9.webm", "edit-list.mp4", "varying.mkv"]
)
def test_a_clip_too_long_to_be_decoded_whole_is_just_as_exact(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = CASES[name]
    clip = make_clip(tmp_path / name, **case.made)
    whole = jobs.take(str(clip), max_seconds=600, expect="video", out=str(tmp_path))["facts"]
    monkeypatch.setattr(timeline, "_WHOLE_PIXELS", 0)
    monkeypatch.setattr(poster_filmstrip, "_FEWEST_KEYS", 1)

    found = jobs.take(str(clip), max_seconds=600, expect="video", out=str(tmp_path))["facts"]

    onlooker = Watching()
    examine(clip, max_seconds=0, onlooker=onlooker)
    # Where an edit list hides the only keyframe, all is decoded.
    assert onlooker.seen == (found["frame_count"] if name == "edit-list.mp4" else 0)
    assert found == whole
    index = reader.load_index(tmp_path / "frames.json")
    for frame in (0, 1, 14, 15, 16, 29, 48, 49):
        picture, aspect = reader.frame_at(clip, index, frame)
        assert number_on(colour.picture(picture, aspect)) == frame + case.first_number


def test_a_poster_is_not_the_black_that_a_clip_fades_in_from(tmp_path: Path) -> None:
    import av

    with av.open(str(tmp_path / "fade.mp4"), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height = 320, 180
        for index in range(50):
            level = 0.0 if index < 12 else 1.0
            picture = (np.indices((180, 320)).sum(axis=0) % 256 * level).astype(np.uint8)
            out.mux(
                stream.encode(av.VideoFrame.from_ndarray(np.stack([picture] * 3, axis=-1), "rgb24"))
            )
        out.mux(stream.encode(None))

    sandbox.run(
        "take", path=str(tmp_path / "fade.mp4"), max_seconds=600, expect="video", out=str(tmp_path)
    )

    assert np.asarray(Image.open(tmp_path / "poster.webp").convert("L")).mean() > 60
