"""Plan of one job: what is read, drawn and written."""

import hashlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import log
from pathlib import Path
from typing import TypeAlias

import av

from editorapp.providers.contract import GenerationRequest, Task
from editorapp.simulator.inspection import inspect
from editorapp.simulator.render.clip import Clock, Shot, SourceClip, fitted, still
from editorapp.simulator.render.edit import Edit
from editorapp.simulator.render.generate import Scene
from editorapp.simulator.render.outputs import Outputs
from editorapp.simulator.render.planes import Planes, Size
from editorapp.simulator.render.reframe import Canvas, canvas_size
from editorapp.simulator.render.result import Alive, CannotRender, seconds_of
from editorapp.simulator.tables import Files, Inputs

Pictures: TypeAlias = dict[int, Planes]  # by frame index
SHORT_SIDES = {"360p": 360, "540p": 540, "720p": 720, "1080p": 1080}
TALLEST = 9, 21  # the older models alone know it
RATIOS: dict[str, Size] = {
    "9:21": TALLEST,
    "9:16": (9, 16),
    "3:4": (3, 4),
    "1:1": (1, 1),
    "4:3": (4, 3),
    "16:9": (16, 9),
    "21:9": (21, 9),
}
GENERATED_FPS = 24
TICKS = 512  # of the clock of a new clip, to a frame
CANNED_FRAMES = 12  # spread over the length that is expected
SAY_ALIVE_EVERY = 8


@dataclass
class RenderPlan:
    """One job: what is wanted, the files behind its references, and the folder for the results."""

    wanted: GenerationRequest
    inputs: Inputs
    folder: Path
    name: str
    alive: Alive

    @cached_property
    def seed(self) -> int:
        digest = hashlib.sha256((self.wanted.prompt or self.name).encode()).digest()
        return int.from_bytes(digest[:4], "big")

    @property
    def short_side(self) -> int:
        return SHORT_SIDES[self.wanted.resolution or "720p"]

    def carry_out(self) -> Files:
        """Return the outputs made."""
        task = self.wanted.task
        if task in (Task.EDIT, Task.MODIFY):
            return self._from_source(self._edit)
        if task == Task.REFRAME:
            return self._from_source(self._reframe)
        if task in (Task.GENERATE, "canned"):
            return self._generate()
        raise CannotRender("invalid_request", f"Nothing is known of the task {task!r}.")

    # From a source

    def _from_source(self, prepare: Callable[[SourceClip], Edit | Canvas]) -> Files:
        with closing(SourceClip(self.inputs["source"])) as source:
            frames, clock = prepare(source), Clock(source.fps, source.time_base)
            outputs = Outputs(self.wanted, self.folder, frames.size, clock, source)
            for one in source.shots_and_sound(*frames.read_at):
                if isinstance(one, Shot):
                    self._say_alive(one.index)
                    outputs.picture(frames.turn(one.planes, one.index), one)
                else:
                    outputs.sound(one)
            return outputs.close()

    def _say_alive(self, index: int) -> None:
        if index % SAY_ALIVE_EVERY == 0:
            self.alive()

    def _edit(self, source: SourceClip) -> Edit:
        size = fitted(source.width, source.height, self.short_side)
        # A single guide frame is a keyframe at 0.
        alone = {"start_frame": 0} if "start_frame" in self.inputs else {}
        guides, fps = self._stills(alone | self._keyframes(), size), float(source.fps)
        return Edit(self.wanted, *size, guides=guides, fps=fps, seed=self.seed)

    def _reframe(self, source: SourceClip) -> Canvas:
        size = canvas_size(RATIOS[self.wanted.aspect_ratio or "16:9"], self.short_side)
        return Canvas(self.wanted, source, *size)

    def _keyframes(self) -> dict[str, int]:
        indexes = self.wanted.keyframe_indexes or ()
        return {f"keyframes.{number}": int(at) for number, at in enumerate(indexes)}

    def _stills(self, places: dict[str, int], size: Size) -> Pictures:
        """Return the pictures of these names by their frames.

        Going on from an earlier result starts with its last frame; leading up to one ends with its
        first.
        """
        return {at: self._still(name, size) for name, at in places.items()}

    def _still(self, name: str, size: Size) -> Planes:
        is_start = name == "start_frame" and self.wanted.task == Task.GENERATE
        goes_on = is_start and self._is_result(name)
        try:
            return still(self.inputs[name], *size, last=goes_on)
        except (av.FFmpegError, OSError, ValueError):
            raise _not_decoded(name) from None

    def _is_result(self, name: str) -> bool:
        ref = getattr(self.wanted, name, None)
        return ref is not None and ref.generation_id is not None

    # From words

    def _generate(self) -> Files:
        count, rate = self._length()
        size = self._generated_size()
        scene = Scene(
            self.wanted,
            size,
            count=count,
            anchors=self._anchors(size, count),
            seed=self.seed,
        )
        clock = Clock(rate, 1 / (rate * TICKS))
        outputs = Outputs(self.wanted, self.folder, size, clock)
        for index in range(count):
            self._say_alive(index)
            picture = scene.draw(index)
            outputs.picture(picture, Shot(picture, index, index * TICKS, TICKS))
        return outputs.close()

    def _length(self) -> tuple[int, Fraction]:
        """Return how many frames a new clip has, and at which rate."""
        if self.wanted.task == "canned":
            return CANNED_FRAMES, CANNED_FRAMES / Fraction(self.wanted.duration or 5)
        return GENERATED_FPS * seconds_of(self.wanted.duration), Fraction(GENERATED_FPS)

    def _generated_size(self) -> Size:
        """Return the size of a new clip: of the shape asked for, else nearest to the first picture
        given, else 16:9.

        An extension keeps the very size of the result that it goes on from.
        """
        ratio = self.wanted.aspect_ratio
        places = ("start_frame", "end_frame", "keyframes.0")
        name = next((place for place in places if place in self.inputs), None)
        if ratio or name is None:
            return canvas_size(RATIOS[ratio or "16:9"], self.short_side)
        known = inspect(self.inputs[name])
        if known["problem"]:
            raise _not_decoded(name)
        if self._is_result(name):
            return fitted(known["width"], known["height"], self.short_side)
        return canvas_size(self._nearest_ratio(known["width"] / known["height"]), self.short_side)

    def _nearest_ratio(self, shape: float) -> Size:
        known = [one for one in RATIOS.values() if one != TALLEST or self.wanted.model != "ray-3.2"]
        return min(known, key=lambda one: abs(log(one[0] / one[1] / shape)))

    def _anchors(self, size: Size, count: int) -> Pictures:
        """Return the pictures that the scene must show, by frame."""
        ends = {"start_frame": 0, "end_frame": count - 1}
        places = {name: at for name, at in ends.items() if name in self.inputs}
        places |= {name: min(at, count - 1) for name, at in self._keyframes().items()}
        return self._stills(places, size)


def _not_decoded(name: str) -> CannotRender:
    return CannotRender("corrupt_input", f"The picture {name} could not be decoded.")
