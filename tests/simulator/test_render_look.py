"""What a person sees: words, strength, controls and guide frames, measured in pictures."""

from pathlib import Path

import av
import numpy as np
import pytest

from editorapp.providers.contract import Ref
from editorapp.providers.strengths import STRENGTHS
from tests.simulator.clips import cut, difference, rendered, seen

SMALL = {"resolution": "360p"}
FRAME = 4


def _scaled(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.asarray(
        av.VideoFrame.from_ndarray(np.ascontiguousarray(picture)).to_image().resize((width, height))
    )


@pytest.fixture(scope="module")
def source(tiny: Path) -> np.ndarray:
    """The source's frame at the size of the results."""
    return _scaled(seen(tiny).pictures[FRAME], 640, 360)


def _edited(folder: Path, tiny: Path, **wanted: object) -> np.ndarray:
    return seen(rendered(folder, {"source": tiny}, **SMALL | wanted)).pictures[FRAME]


@pytest.mark.parametrize(
    "prompt",
    [
        "Rainy neon evening",
        "Hand-painted gouache look",
        "make it calm",
        "winter",
        "film noir",
        "夜の街",
        "42",
    ],
)
def test_each_step_of_strength_changes_more_than_the_one_before(
    prompt: str, tiny: Path, source: np.ndarray, tmp_path: Path
) -> None:
    changes = [
        difference(source, _edited(tmp_path / strength, tiny, prompt=prompt, strength=strength))
        for strength in STRENGTHS
    ]

    assert changes == sorted(changes) and len(set(changes)) == 9
    assert changes[-1] > 2 * changes[0]


def test_auto_is_about_flex_2(tiny: Path, source: np.ndarray, tmp_path: Path) -> None:
    light, auto, strong = (
        difference(source, _edited(tmp_path / str(number), tiny, prompt="rainy neon", **wanted))
        for number, wanted in enumerate(
            ({"strength": "adhere_3"}, {"auto_controls": True}, {"strength": "reimagine_1"})
        )
    )

    assert light < auto < strong


def test_words_choose_the_look(tiny: Path, source: np.ndarray, tmp_path: Path) -> None:
    def mean(prompt: str) -> np.ndarray:
        return _edited(tmp_path / prompt, tiny, prompt=prompt, strength="reimagine_1")[:280].mean(
            axis=(0, 1)
        )

    plain = source[:280].mean(axis=(0, 1))
    red, blue, golden, night, noir = (
        mean(word) for word in ("red", "blue", "golden hour", "midnight", "film noir")
    )

    assert red[0] - red[2] > plain[0] - plain[2] + 20
    assert blue[2] - blue[0] > plain[2] - plain[0] + 20
    assert golden[0] - golden[2] > plain[0] - plain[2] + 20
    assert night.sum() < 0.85 * plain.sum()
    assert np.ptp(noir) < 0.6 * np.ptp(plain)


def test_unknown_words_still_make_a_look_of_their_own(
    tiny: Path, source: np.ndarray, tmp_path: Path
) -> None:
    one, other = (
        _edited(tmp_path / word, tiny, prompt=word, strength="flex_2")
        for word in ("florbish", "quandling")
    )

    assert difference(source, one) > 2 and difference(source, other) > 2
    assert difference(one, other) > 1


def test_rain_and_snow_fall(tiny: Path, tmp_path: Path) -> None:
    for word in ("rain", "snow"):
        pictures = seen(
            rendered(tmp_path / word, {"source": tiny}, prompt=word, strength="flex_3", **SMALL)
        ).pictures
        # In the smooth sky, which stands still in the source, something moves.
        sky = [picture[10:90, 560:630].astype(int) for picture in pictures]
        assert np.abs(sky[5] - sky[4]).max() > 12


def test_face_protects_the_middle_and_nothing_else(
    tiny: Path, source: np.ndarray, tmp_path: Path
) -> None:
    wanted = {"prompt": "rainy neon evening", "strength": "reimagine_1"}
    without = _edited(tmp_path / "without", tiny, **wanted)
    with_face = _edited(tmp_path / "with", tiny, **wanted, face_enabled=True)

    middle, edge = (slice(110, 190), slice(290, 350)), (slice(0, 60), slice(0, 200))
    assert difference(source[middle], with_face[middle]) < 0.25 * difference(
        source[middle], without[middle]
    )
    assert difference(without[edge], with_face[edge]) < 1


def _like(picture: np.ndarray, guide: Path) -> float:
    """Return how far a picture is from a guide that fills it."""
    from PIL import Image, ImageOps

    height, width = picture.shape[:2]
    with Image.open(guide) as opened:
        filled = ImageOps.fit(opened.convert("RGB"), (width, height), Image.Resampling.LANCZOS)
    return difference(np.asarray(filled), picture)


def test_a_single_guide_frame_opens_the_clip_and_fades_into_it(
    real_media: Path, tmp_path: Path
) -> None:
    guide, clip = (
        real_media / "rocket.jpg",
        cut(real_media / "crystal_9s.mp4", tmp_path / "c.mp4", start=0, count=30),
    )

    pictures = seen(
        rendered(
            tmp_path,
            {"source": clip, "start_frame": guide},
            prompt="calm",
            start_frame=Ref(url="x"),
            **SMALL,
        )
    ).pictures

    assert _like(pictures[0], guide) < 8
    assert _like(pictures[0], guide) < _like(pictures[5], guide) < _like(pictures[20], guide)


def test_each_keyframe_is_seen_at_its_own_index(real_media: Path, tmp_path: Path) -> None:
    rocket, coffee = real_media / "rocket.jpg", real_media / "coffee.png"
    clip = cut(real_media / "crystal_9s.mp4", tmp_path / "c.mp4", start=0, count=45)

    pictures = seen(
        rendered(
            tmp_path,
            {"source": clip, "keyframes.0": coffee, "keyframes.1": rocket},
            prompt="calm",
            keyframes=(Ref(url="x"), Ref(url="y")),
            keyframe_indexes=(40, 15),
            **SMALL,
        )
    ).pictures

    assert (
        min(range(45), key=lambda at: _like(pictures[at], coffee)) == 40
        and _like(pictures[40], coffee) < 9
    )
    assert (
        min(range(45), key=lambda at: _like(pictures[at], rocket)) == 15
        and _like(pictures[15], rocket) < 9
    )


def test_a_guide_leads_the_colours_of_the_whole_clip(
    real_media: Path, tiny: Path, tmp_path: Path
) -> None:
    from PIL import Image

    Image.new("RGB", (320, 180), (200, 30, 30)).save(tmp_path / "red.png")
    clip = cut(real_media / "crystal_9s.mp4", tmp_path / "c.mp4", start=0, count=30)
    wanted = {"prompt": "calm", "strength": "flex_2", **SMALL}

    guided = seen(
        rendered(
            tmp_path / "a",
            {"source": clip, "start_frame": tmp_path / "red.png"},
            start_frame=Ref(url="x"),
            **wanted,
        )
    ).pictures[28]
    alone = seen(rendered(tmp_path / "b", {"source": clip}, **wanted)).pictures[28]

    redness = [picture[:280].mean(axis=(0, 1)) for picture in (guided, alone)]
    assert redness[0][0] - redness[0][1] > redness[1][0] - redness[1][1] + 15


def test_a_guide_that_is_no_picture_fails_the_job(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "odd.jpg").write_bytes(b"not a picture")

    with pytest.raises(AssertionError, match="corrupt_input"):
        rendered(
            tmp_path,
            {"source": tiny, "start_frame": tmp_path / "odd.jpg"},
            prompt="x",
            start_frame=Ref(url="x"),
        )
