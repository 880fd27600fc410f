"""Carry out one job: read, draw, write."""

import hashlib
from collections.abc import Callable
from fractions import Fraction
from math import log
from pathlib import Path

import av

from editorapp.providers.contract import GenerationRequest, Task
from editorapp.simulator.inspection import inspect
from editorapp.simulator.render import SECONDS, CannotRender
from editorapp.simulator.render.clip import Planes, Shot, SourceClip, fitted, still
from editorapp.simulator.render.edit import Edit
from editorapp.simulator.render.generate import Scene
from editorapp.simulator.render.mark import Mark
from editorapp.simulator.render.outputs import Outputs
from editorapp.simulator.render.reframe import Canvas, canvas_size

SHORT_SIDES = {"360p": 360, "540p": 540, "720p": 720, "1080p": 1080}
RATIOS = {
    "9:21": (9, 21),
    "9:16": (9, 16),
    "3:4": (3, 4),
    "1:1": (1, 1),
    "4:3": (4, 3),
    "16:9": (16, 9),
    "21:9": (21, 9),
}
TALLEST = "9:21"  # the older models alone know it
GENERATED_FPS = 24
CANNED_FRAMES = 12  # spread over the length that is expected
SAY_ALIVE_EVERY = 8
# Width and height to read at, width and height of the result, and what is done to each frame.
Prepared = tuple[int, int, int, int, Callable[[Shot], Planes]]


class RenderPlan:
    """One job: what is wanted, the files behind its references, and the folder for the results."""

    def __init__(
        self,
        wanted: GenerationRequest,
        inputs: dict[str, str],
        folder: Path,
        seed: str,
        alive: Callable[[], None],
    ) -> None:
        self.wanted = wanted
        self.inputs = inputs
        self.folder = folder
        self.seed = int.from_bytes(
            hashlib.sha256((wanted.prompt or seed).encode()).digest()[:4], "big"
        )
        self.alive = alive
        self.short_side = SHORT_SIDES[wanted.resolution or "720p"]

    def carry_out(self) -> list[dict[str, str]]:
        """Return the outputs made: {"type", "file"}."""
        if self.wanted.task in (Task.EDIT, Task.MODIFY):
            return self._from_source(self._edit)
        if self.wanted.task == Task.REFRAME:
            return self._from_source(self._reframe)
        if self.wanted.task in (Task.GENERATE, "canned"):
            return self._generate()
        raise CannotRender("invalid_request", f"Nothing is known of the task {self.wanted.task!r}.")

    # From a source

    def _from_source(
        self, prepare: Callable[[SourceClip], tuple[int, int, int, int, Callable[[Shot], Planes]]]
    ) -> list[dict[str, str]]:
        source = SourceClip(self.inputs["source"])
        try:
            read_width, read_height, width, height, turn = prepare(source)
            outputs = Outputs(
                self.wanted,
                self.folder,
                width,
                height,
                fps=source.fps,
                time_base=source.time_base,
                source=source,
            )
            mark = Mark(width, height)
            for one in source.shots_and_sound(read_width, read_height):
                if isinstance(one, Shot):
                    if one.index % SAY_ALIVE_EVERY == 0:
                        self.alive()
                    picture = turn(one)
                    mark.burn(picture)
                    outputs.picture(picture, one.pts, one.duration)
                else:
                    outputs.sound(one)
            return outputs.close()
        finally:
            source.close()

    def _edit(self, source: SourceClip) -> Prepared:
        width, height = fitted(source.width, source.height, self.short_side)
        edit = Edit(
            self.wanted,
            width,
            height,
            guides=self._guides(width, height),
            fps=float(source.fps),
            seed=self.seed,
        )
        return width, height, width, height, lambda shot: edit.turn(shot.planes, shot.index)

    def _reframe(self, source: SourceClip) -> Prepared:
        width, height = canvas_size(RATIOS[self.wanted.aspect_ratio or "16:9"], self.short_side)
        canvas = Canvas(self.wanted, source, width, height)
        return canvas.width, canvas.height, width, height, lambda shot: canvas.place(shot.planes)

    def _guides(self, width: int, height: int) -> dict[int, Planes]:
        """Return the pictures to be seen, by frame index.

        A single guide frame is a keyframe at 0.
        """
        found = {}
        if "start_frame" in self.inputs:
            found[0] = self._still("start_frame", width, height)
        for number, at in enumerate(self.wanted.keyframe_indexes or ()):
            found[int(at)] = self._still(f"keyframes.{number}", width, height)
        return found

    def _still(self, name: str, width: int, height: int, *, last: bool = False) -> Planes:
        try:
            return still(self.inputs[name], width, height, last=last)
        except (av.FFmpegError, OSError, ValueError):
            raise CannotRender(
                "corrupt_input", f"The picture {name} could not be decoded."
            ) from None

    # From words

    def _generate(self) -> list[dict[str, str]]:
        wanted = self.wanted
        rate = Fraction(GENERATED_FPS)
        count = GENERATED_FPS * SECONDS.get(wanted.duration or "", 5)
        if wanted.task == "canned":
            count, rate = CANNED_FRAMES, CANNED_FRAMES / Fraction(wanted.duration or 5)
        width, height = self._generated_size()
        anchors = self._anchors(width, height, count)
        scene = Scene(wanted, width, height, count=count, anchors=anchors, seed=self.seed)
        outputs = Outputs(wanted, self.folder, width, height, fps=rate, time_base=1 / (rate * 512))
        mark = Mark(width, height)
        for index in range(count):
            if index % SAY_ALIVE_EVERY == 0:
                self.alive()
            picture = scene.draw(index)
            mark.burn(picture)
            outputs.picture(picture, index * 512, 512)
        return outputs.close()

    def _generated_size(self) -> tuple[int, int]:
        """Return the size of a new clip: of the shape asked for, else nearest to the first picture
        given, else 16:9.

        An extension keeps the very size of the result that it goes on from.
        """
        ratio = self.wanted.aspect_ratio
        anchor = next(
            (name for name in ("start_frame", "end_frame", "keyframes.0") if name in self.inputs),
            None,
        )
        if ratio or anchor is None:
            return canvas_size(RATIOS[ratio or "16:9"], self.short_side)
        width, height = self._shape_of(anchor)
        ref = getattr(self.wanted, anchor, None)
        if ref is not None and ref.generation_id is not None:
            return fitted(width, height, self.short_side)
        known = [
            one for name, one in RATIOS.items() if name != TALLEST or self.wanted.model != "ray-3.2"
        ]
        nearest = min(known, key=lambda one: abs(log(one[0] / one[1] * height / width)))
        return canvas_size(nearest, self.short_side)

    def _shape_of(self, name: str) -> tuple[int, int]:
        known = inspect(self.inputs[name])
        if known["problem"]:
            raise CannotRender("corrupt_input", f"The picture {name} could not be decoded.")
        return known["width"], known["height"]

    def _anchors(self, width: int, height: int, count: int) -> dict[int, Planes]:
        """Return the pictures that the scene must show, by frame.

        Going on from an earlier result starts with its last frame; leading up to one ends with its
        first.
        """
        found = {}
        for name, at in (("start_frame", 0), ("end_frame", count - 1)):
            ref = getattr(self.wanted, name)
            if name in self.inputs:
                found[at] = self._still(
                    name, width, height, last=name == "start_frame" and bool(ref.generation_id)
                )
        for number, at in enumerate(self.wanted.keyframe_indexes or ()):
            found[min(int(at), count - 1)] = self._still(f"keyframes.{number}", width, height)
        return found
