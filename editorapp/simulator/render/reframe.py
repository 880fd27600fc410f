"""Reframe: the source on a new canvas, its edges carried on softly to fill it."""

import numpy as np

from editorapp.providers.contract import GenerationRequest
from editorapp.simulator.render import effects
from editorapp.simulator.render.clip import SourceClip, even
from editorapp.simulator.render.look import chroma_tables, look_of, tint_tables
from editorapp.simulator.render.planes import Array, Planes, Size

SOFT = 8  # how many times smaller the surroundings are drawn


def canvas_size(ratio: Size, short_side: int) -> Size:
    """Return width and height of a canvas of this ratio, both even."""
    across, down = ratio
    if across >= down:
        return even(short_side * across / down), short_side
    return short_side, even(short_side * down / across)


class Canvas:
    """Where the source lies, and what surrounds it.

    `width` and `height` are the placed source's, in pixels, and `size` the canvas's.
    """

    def __init__(
        self,
        wanted: GenerationRequest,
        source: SourceClip,
        width: int,
        height: int,
    ) -> None:
        self.size = width, height
        x, y, self.width, self.height = _place(wanted, source, width, height)
        self.read_at = self.width, self.height
        self.x, self.y = x // 2 * 2, y // 2 * 2
        look = look_of(wanted.prompt or "")
        self._chroma, self._tint = chroma_tables(look, 0.35), tint_tables(look, 0.35)
        self._dim = effects.byte_table(16 + (effects.BYTES - 16) * 0.86)

    def turn(self, picture: Planes, index: int) -> Planes:
        """Return the canvas with the source's own pixels where they belong, whatever frame it is."""
        canvas = self._surroundings(picture)
        left, top = max(0, self.x), max(0, self.y)
        right = min(canvas.width, self.x + self.width)
        bottom = min(canvas.height, self.y + self.height)
        if right <= left or bottom <= top:
            return canvas
        for target, plane in zip(canvas.parts, picture.parts, strict=True):
            part = canvas.height // len(target)  # 2 for chroma
            target[top // part : bottom // part, left // part : right // part] = plane[
                (top - self.y) // part : (bottom - self.y) // part,
                (left - self.x) // part : (right - self.x) // part,
            ]
        return canvas

    def _surroundings(self, picture: Planes) -> Planes:
        """Return the source mirrored outwards over the whole canvas, soft, in the prompt's colours."""
        small = picture.resized(even(self.width / SOFT), even(self.height / SOFT), "AREA")
        around = Planes.empty(*(even(side / SOFT) for side in self.size))
        for target, plane in zip(around.parts, small.parts, strict=True):
            part = SOFT * (around.height // len(target))
            rows = _mirrored(target.shape[0], plane.shape[0], self.y // part)
            columns = _mirrored(target.shape[1], plane.shape[1], self.x // part)
            target[:] = plane[np.ix_(rows, columns)]
        around.y[:] = effects.looked_up(around.y, self._dim)
        effects.recolour(around, self._chroma, self._tint)
        return around.resized(*self.size, "BICUBIC")


def _place(
    wanted: GenerationRequest,
    source: SourceClip,
    width: int,
    height: int,
) -> tuple[int, int, int, int]:
    """Return x, y, width and height of the source on the canvas in pixels: as wanted, or a centred
    fit.
    """
    if wanted.w_norm is not None and wanted.h_norm is not None:
        x, y = float(wanted.x_norm or 0), float(wanted.y_norm or 0)
        placed = even(wanted.w_norm * width), even(wanted.h_norm * height)
        return round(x * width), round(y * height), *placed
    scale = min(width / source.width, height / source.height)
    placed = even(source.width * scale), even(source.height * scale)
    return (width - placed[0]) // 2, (height - placed[1]) // 2, *placed


def _mirrored(length: int, size: int, offset: int) -> Array:
    """Return, for each place of a line, the place of the source seen there when it is mirrored at
    its edges.
    """
    at = np.mod(np.arange(length) - offset, 2 * size)
    return np.where(at < size, at, 2 * size - 1 - at)
