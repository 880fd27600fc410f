"""Controls and strengths against the source, as the documents mean them: measured, for each value,
in the picture.
"""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import av
import numpy as np
import pytest

from editorapp.providers.contract import GenerationRequest
from editorapp.providers.strengths import STRENGTHS
from editorapp.simulator.render.clip import SourceClip
from editorapp.simulator.render.edit import Edit
from editorapp.simulator.render.look import _COLOURS, _NEUTRAL, _WORDS
from editorapp.simulator.render.planes import Planes
from tests.simulator.clips import cut, difference, rendered, seen

WIDTH, HEIGHT, FRAMES = 320, 180, 3
CLIPS = ("bunny_720p_5s.mp4", "crystal_9s.mp4", "frog_vp9_8s.webm")
VALUES = (0, 0.25, 0.5, 0.75, 1)  # 0 and 1 as JSON writes them
CONTROLS: dict[str, tuple[dict[str, object], ...]] = {
    "pose": ({"pose_strength": "precise"}, {"pose_strength": "coarse"}),
    "depth": tuple({"depth_blur": one} for one in VALUES),
    "normals": tuple({"normals_augmentation": one} for one in VALUES),
    "trajectory": tuple({"trajectory_sparsity": one} for one in VALUES),
    "face": ({"face_enabled": True},),
}
UNKNOWN_WORDS = (
    "make it calm",
    "42",
    "夜の街",
    "",
    "florbish",
    "a",
    "the dog runs",
    "x1",
    "...",
    "brick wall",
    "a horse",
    "two people talk at a table",
)


@cache
def frames_of(path: Path) -> tuple[Planes, ...]:
    source = SourceClip(str(path))
    try:
        shots = (
            one
            for one in source.shots_and_sound(WIDTH, HEIGHT)
            if not isinstance(one, av.AudioFrame)
        )
        return tuple(shot.planes for shot, _number in zip(shots, range(FRAMES), strict=False))
    finally:
        source.close()


def rgb(planes: Planes) -> np.ndarray:
    return np.asarray(planes.picture()).astype(int)


def away(path: Path, *, frames: int = FRAMES, **wanted: object) -> float:
    """Return how far the last of some frames is from its source, in 8-bit steps."""
    edit = Edit(GenerationRequest(**wanted), WIDTH, HEIGHT, guides={}, fps=24, seed=5)
    for index, frame in enumerate(frames_of(path)[:frames]):
        edited = edit.turn(Planes(frame.buffer.copy()), index)
    return float(np.abs(rgb(edited) - rgb(frame)).mean())


def grows_visibly(changes: Iterable[float], *, by: float) -> bool:
    return bool((np.diff(list(changes)) >= by).all())


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("strength", ["adhere_1", "flex_2", "reimagine_3"])
@pytest.mark.parametrize("prompt", ["make it calm", "rainy neon evening", "sketch"])
def test_a_control_follows_the_source_the_less_the_higher_its_value_and_most_of_all_at_0(
    control: str, strength: str, prompt: str, real_media: Path
) -> None:
    for name in CLIPS:
        said = {"prompt": prompt, "strength": strength}
        off = away(real_media / name, **said)
        on = [
            away(real_media / name, **said, **{f"{control}_enabled": True} | one)
            for one in CONTROLS[control]
        ]

        assert grows_visibly([*on, off], by=0.015 * off), (name, on, off)
        assert on[0] < 0.9 * off


def test_without_switches_a_value_of_0_turns_its_control_on(real_media: Path) -> None:
    said = {"prompt": "calm", "strength": "flex_2"}
    off = away(real_media / CLIPS[0], **said)

    for value in ("depth_blur", "normals_augmentation", "trajectory_sparsity"):
        assert away(real_media / CLIPS[0], **said, **{value: 0}) < 0.75 * off


def test_each_control_holds_most_in_its_own_places(real_media: Path) -> None:
    frame = frames_of(real_media / "frog_vp9_8s.webm")[-1]
    source = rgb(frame)
    light = source.mean(axis=2)
    edges = np.abs(np.gradient(light)[0]) + np.abs(np.gradient(light)[1])
    places = {"contours": edges > 12, "surfaces": edges < 2, "front": np.zeros(light.shape, bool)}
    places["front"][140:] = True

    def kept(place: str, **control: object) -> float:
        wanted = GenerationRequest(prompt="calm", strength="flex_2", **control)
        edit = Edit(wanted, WIDTH, HEIGHT, guides={}, fps=24, seed=5)
        plain = Edit(
            GenerationRequest(prompt="calm", strength="flex_2"),
            WIDTH,
            HEIGHT,
            guides={},
            fps=24,
            seed=5,
        )
        there, without = (
            np.abs(rgb(one.turn(Planes(frame.buffer.copy()), 0)) - source) for one in (edit, plain)
        )
        return 1 - float(there[places[place]].mean() / without[places[place]].mean())

    pose, normals, depth = (
        {"pose_strength": "precise"},
        {"normals_augmentation": 0},
        {"depth_blur": 0},
    )
    assert kept("contours", **pose) > kept("surfaces", **pose) + 0.04
    assert kept("surfaces", **normals) > kept("contours", **normals) + 0.04
    assert kept("front", **depth) > kept("surfaces", **depth)


def test_a_trajectory_holds_what_moves(tmp_path: Path, real_media: Path) -> None:
    still = frames_of(real_media / CLIPS[0])[0]
    moved = Planes(still.buffer.copy())
    moved.y[60:120, 100:220] = 255 - moved.y[60:120, 100:220]
    inside, outside = (slice(64, 116), slice(104, 216)), (slice(0, 40), slice(0, 320))

    def changes(**control: object) -> tuple[float, float]:
        wanted = GenerationRequest(prompt="calm", strength="flex_2", **control)
        edit = Edit(wanted, WIDTH, HEIGHT, guides={}, fps=24, seed=5)
        edit.turn(Planes(still.buffer.copy()), 0)
        there = np.abs(rgb(edit.turn(Planes(moved.buffer.copy()), 1)) - rgb(moved))
        return float(there[inside].mean()), float(there[outside].mean())

    off, on = changes(), changes(trajectory_sparsity=0)
    assert on[0] / off[0] < on[1] / off[1] - 0.1 and on[1] < off[1]


def test_the_result_file_shows_what_the_controls_say(tiny: Path, tmp_path: Path) -> None:
    source = np.asarray(
        av.VideoFrame.from_ndarray(seen(tiny).pictures[4]).to_image().resize((640, 360))
    )

    changes = [
        difference(
            source,
            seen(
                rendered(
                    tmp_path / str(number),
                    {"source": tiny},
                    prompt="calm",
                    strength="flex_1",
                    resolution="360p",
                    **control,
                )
            ).pictures[4],
        )
        for number, control in enumerate(
            ({"depth_blur": 0}, {"depth_blur": 0.5}, {"depth_blur": 1}, {})
        )
    ]

    assert grows_visibly(changes, by=0.3)


# Strength


@pytest.mark.parametrize("prompt", UNKNOWN_WORDS)
def test_each_strength_differs_visibly_also_for_words_that_have_no_look(
    prompt: str, real_media: Path
) -> None:
    for name in CLIPS:
        changes = [
            away(real_media / name, frames=1, prompt=prompt, strength=one) for one in STRENGTHS
        ]

        assert grows_visibly(changes, by=1.5), (name, changes)
        assert changes[0] > 2 and changes[-1] > 20


@pytest.mark.parametrize("word", [*_WORDS, *_COLOURS, *_NEUTRAL])
def test_each_strength_differs_visibly_for_every_known_word(word: str, real_media: Path) -> None:
    changes = [
        away(real_media / CLIPS[1], frames=1, prompt=word, strength=one) for one in STRENGTHS
    ]

    assert grows_visibly(changes, by=0.7), changes
    assert changes[-1] > 10


def test_automatic_wins_over_a_strength_and_over_controls_where_it_is_set(real_media: Path) -> None:
    clip = real_media / CLIPS[0]
    auto = away(clip, prompt="calm", auto_controls=True)

    for said in (
        {"strength": "adhere_1"},
        {"strength": "reimagine_3"},
        {"depth_blur": 0.0, "strength": "flex_1"},
    ):
        assert away(clip, prompt="calm", auto_controls=True, **said) == auto
    by_hand = [
        away(clip, prompt="calm", auto_controls=False, strength=one)
        for one in ("adhere_1", "reimagine_3")
    ]
    assert by_hand[0] < auto < by_hand[1]


def test_a_moving_clip_keeps_its_motion_under_every_control(
    real_media: Path, tmp_path: Path
) -> None:
    moving = cut(real_media / "frog_vp9_8s.webm", tmp_path / "moving.mp4", start=60, count=8)

    def motion(**control: object) -> float:
        pictures = seen(
            rendered(
                tmp_path / str(control),
                {"source": moving},
                prompt="calm",
                strength="flex_2",
                resolution="360p",
                **control,
            )
        ).pictures
        return difference(pictures[6], pictures[5])

    assert motion(trajectory_sparsity=0) > 0.8 * motion()
