"""What the older models draw: camera concepts, nine seconds, the tallest shape, a modified clip."""

from pathlib import Path

import numpy as np
import pytest

from editorapp.providers.vendors.scenario.parameters import CONCEPTS
from editorapp.simulator.render.camera import MOVES, Camera
from editorapp.simulator.render.planes import Planes
from tests.simulator.clips import difference, rendered, seen

COUNT = 120


def card() -> Planes:
    """A picture of which every place looks different: bright to the right, and brighter below."""
    planes = Planes.empty(320, 180)
    planes.y[:] = np.clip(
        20 + np.arange(320)[None, :] * 0.4 + np.arange(180)[:, None] * 0.5, 16, 235
    )
    planes.chroma[:] = 128
    return planes


def shown(concept: str, index: int, **options: object) -> Planes:
    return Camera(
        [concept], count=COUNT, loop=bool(options.get("loop")), anchors=options.get("anchors") or ()
    ).seen(card(), index)  # type: ignore[arg-type]


def test_every_concept_of_the_contract_has_its_move() -> None:
    assert set(MOVES) == set(CONCEPTS)


@pytest.mark.parametrize(
    "concept", [name for name in CONCEPTS if name not in ("static", "eye_level")]
)
def test_a_concept_is_seen(concept: str) -> None:
    frames = [shown(concept, index).y.astype(int) for index in range(0, COUNT, 17)]

    assert any(np.abs(frame - card().y).mean() > 1 for frame in frames)


@pytest.mark.parametrize(
    ("concept", "brighter"),
    [
        ("pan_right", True),
        ("pan_left", False),
        ("truck_right", True),
        ("truck_left", False),
        ("tilt_down", True),
        ("tilt_up", False),
        ("crane_down", True),
        ("crane_up", False),
        ("pedestal_down", True),
        ("pedestal_up", False),
    ],
)
def test_the_camera_goes_where_its_name_says(concept: str, brighter: bool) -> None:
    before, after = shown(concept, 0).y.mean(), shown(concept, COUNT - 1).y.mean()

    assert (after > before + 3) if brighter else (after < before - 3)


def test_zooming_in_shows_less_and_less_of_the_picture_and_zooming_out_more() -> None:
    def spread(concept: str, index: int) -> float:
        return float(shown(concept, index).y.std())

    assert spread("zoom_in", 0) > spread("zoom_in", 60) > spread("zoom_in", COUNT - 1)
    assert spread("zoom_out", 0) < spread("zoom_out", COUNT - 1)


def test_a_static_camera_and_no_concept_leave_the_picture_alone() -> None:
    untouched = Camera([], count=COUNT, loop=False).seen(card(), 50)

    assert np.array_equal(shown("static", 50).buffer, card().buffer)
    assert np.array_equal(untouched.buffer, card().buffer)


def test_a_loop_brings_the_camera_back() -> None:
    first, last = shown("pan_left", 0, loop=True), shown("pan_left", COUNT, loop=True)

    assert np.array_equal(first.buffer, last.buffer)
    assert not np.array_equal(first.buffer, shown("pan_left", COUNT // 2, loop=True).buffer)


@pytest.mark.parametrize("concept", ["pan_left", "zoom_out", "tiny_planet", "elevator_doors"])
def test_a_given_frame_is_shown_as_it_is_whatever_the_camera_does(concept: str) -> None:
    assert np.array_equal(shown(concept, 0, anchors=(0,)).buffer, card().buffer)
    assert not np.array_equal(shown(concept, 20, anchors=(0,)).buffer, card().buffer)


def test_nine_seconds_in_the_tallest_shape(tmp_path: Path) -> None:
    result = seen(
        rendered(
            tmp_path,
            {},
            task="generate",
            prompt="a calm sea",
            resolution="360p",
            duration="9s",
            aspect_ratio="9:21",
        ),
        pictures=False,
    )

    assert (result.width, result.height) == (360, 840)
    assert len(result.times) == 9 * 24


def test_a_modified_clip_keeps_its_frames_and_follows_the_strength(
    tiny: Path, tmp_path: Path
) -> None:
    def made(strength: str) -> list[object]:
        path = rendered(
            tmp_path / strength,
            {"source": tiny},
            task="modify",
            prompt="neon night",
            strength=strength,
            resolution="360p",
        )
        return list(seen(path).pictures)

    plain, light, strong = list(seen(tiny).pictures), made("adhere_1"), made("reimagine_3")

    assert len(light) == len(strong) == len(plain) == 8
    assert difference(light[4], strong[4]) > 8
