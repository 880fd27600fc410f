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
from editorapp.simulator.render.clip import (
    Clock,
    Planes,
    Shot,
    SourceClip,
    fitted,
    still,
)
from editorapp.simulator.render.colour import Size
from editorapp.simulator.render.edit import Edit
from editorapp.simulator.render.generate import Scene
from editorapp.simulator.render.outputs import Outputs
from editorapp.simulator.render.reframe import Canvas, canvas_size
from editorapp.simulator.render.result import SECONDS, Alive, CannotRender
from editorapp.simulator.tables import Files, Inputs

Pictures: TypeAlias = dict[int, Planes]  # by frame index
SHORT_SIDES = {"360p": 360, "540p": 540, "720p": 720, "1080p": 1080}
RATIOS = {
    name: (int(name.partition(":")[0]), int(name.partition(":")[2]))
    for name in ("9:21", "9:16", "3:4", "1:1", "4:3", "16:9", "21:9")
}
TALLEST = "9:21"  # the older models alone know it
GENERATED_FPS = 24
TICKS = 512  # of the clock of a new clip, to a frame
CANNED_FRAMES = 12  # spread over the length that is expected
SAY_ALIVE_EVERY = 8


@dataclass(frozen=True)
class FrameJob:
    """How a source becomes a result: the size to read at, the result's, and what becomes of each
    frame.
    """

    read_at: Size
    size: Size
    turn: Callable[[Shot], Planes]


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

    def _from_source(self, prepare: Callable[[SourceClip], FrameJob]) -> Files:
        with closing(SourceClip(self.inputs["source"])) as source:
            return self._through(source, prepare(source))

    def _through(self, source: SourceClip, frames: FrameJob) -> Files:
        clock = Clock(source.fps, source.time_base)
        outputs = Outputs(self.wanted, self.folder, frames.size, clock, source)
        for one in source.shots_and_sound(*frames.read_at):
            if isinstance(one, Shot):
                self._say_alive(one.index)
                outputs.picture(frames.turn(one), one)
            else:
                outputs.sound(one)
        return outputs.close()

    def _say_alive(self, index: int) -> None:
        if index % SAY_ALIVE_EVERY == 0:
            self.alive()

    def _edit(self, source: SourceClip) -> FrameJob:
        size = fitted(source.width, source.height, self.short_side)
        guides, fps = self._guides(*size), float(source.fps)
        edit = Edit(self.wanted, *size, guides=guides, fps=fps, seed=self.seed)
        return FrameJob(size, size, lambda shot: edit.turn(shot.planes, shot.index))

    def _reframe(self, source: SourceClip) -> FrameJob:
        size = canvas_size(RATIOS[self.wanted.aspect_ratio or "16:9"], self.short_side)
        canvas = Canvas(self.wanted, source, *size)
        return FrameJob(
            (canvas.width, canvas.height),
            size,
            lambda shot: canvas.place(shot.planes),
        )

    def _guides(self, width: int, height: int) -> Pictures:
        """Return the pictures to be seen, by frame index.

        A single guide frame is a keyframe at 0.
        """
        alone = {"start_frame": 0} if "start_frame" in self.inputs else {}
        return self._stills(alone | self._keyframes(), width, height)

    def _keyframes(self) -> dict[str, int]:
        indexes = self.wanted.keyframe_indexes or ()
        return {f"keyframes.{number}": int(at) for number, at in enumerate(indexes)}

    def _stills(self, places: dict[str, int], width: int, height: int) -> Pictures:
        """Return the pictures of these names by their frames.

        Going on from an earlier result starts with its last frame; leading up to one ends with its
        first.
        """
        return {at: self._still(name, width, height) for name, at in places.items()}

    def _still(self, name: str, width: int, height: int) -> Planes:
        is_start = name == "start_frame" and self.wanted.task == Task.GENERATE
        goes_on = is_start and self._is_result(name)
        try:
            return still(self.inputs[name], width, height, last=goes_on)
        except (av.FFmpegError, OSError, ValueError):
            raise _not_decoded(name) from None

    def _is_result(self, name: str) -> bool:
        ref = getattr(self.wanted, name, None)
        return ref is not None and ref.generation_id is not None

    # From words

    def _generate(self) -> Files:
        count, rate = self._length()
        width, height = self._generated_size()
        anchors = self._anchors(width, height, count)
        scene = Scene(
            self.wanted,
            width,
            height,
            count=count,
            anchors=anchors,
            seed=self.seed,
        )
        clock = Clock(rate, 1 / (rate * TICKS))
        outputs = Outputs(self.wanted, self.folder, (width, height), clock)
        for index in range(count):
            self._say_alive(index)
            picture = scene.draw(index)
            outputs.picture(picture, Shot(picture, index, index * TICKS, TICKS))
        return outputs.close()

    def _length(self) -> tuple[int, Fraction]:
        """Return how many frames a new clip has, and at which rate."""
        if self.wanted.task == "canned":
            return CANNED_FRAMES, CANNED_FRAMES / Fraction(self.wanted.duration or 5)
        return GENERATED_FPS * SECONDS.get(self.wanted.duration or "", 5), Fraction(GENERATED_FPS)

    def _generated_size(self) -> Size:
        """Return the size of a new clip: of the shape asked for, else nearest to the first picture
        given, else 16:9.

        An extension keeps the very size of the result that it goes on from.
        """
        ratio = self.wanted.aspect_ratio
        given = [
            name for name in ("start_frame", "end_frame", "keyframes.0") if name in self.inputs
        ]
        if ratio or not given:
            return canvas_size(RATIOS[ratio or "16:9"], self.short_side)
        width, height = self._shape_of(given[0])
        if self._is_result(given[0]):
            return fitted(width, height, self.short_side)
        return canvas_size(self._nearest_ratio(width / height), self.short_side)

    def _nearest_ratio(self, shape: float) -> Size:
        return min(self._known_ratios(), key=lambda one: abs(log(one[0] / one[1] / shape)))

    def _known_ratios(self) -> list[Size]:
        knows_tallest = self.wanted.model != "ray-3.2"
        return [one for name, one in RATIOS.items() if name != TALLEST or knows_tallest]

    def _shape_of(self, name: str) -> Size:
        known = inspect(self.inputs[name])
        if known["problem"]:
            raise _not_decoded(name)
        return known["width"], known["height"]

    def _anchors(self, width: int, height: int, count: int) -> Pictures:
        """Return the pictures that the scene must show, by frame."""
        ends = {"start_frame": 0, "end_frame": count - 1}
        places = {name: at for name, at in ends.items() if name in self.inputs}
        places |= {name: min(at, count - 1) for name, at in self._keyframes().items()}
        return self._stills(places, width, height)


def _not_decoded(name: str) -> CannotRender:
    return CannotRender("corrupt_input", f"The picture {name} could not be decoded.")
