"""Camera moves by name, as a window that travels, closes in and turns over the drawn picture."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import cos, pi, radians, sin

from PIL import Image

from editorapp.simulator.render.planes import Planes
from editorapp.simulator.tables import read_table


@dataclass(frozen=True)
class CameraMove:
    """Where a concept takes the window from its first to its last frame.

    Units: `x`, `y` how far its centre lies from the middle, in pictures; `zoom` how close; `roll`
    in degrees; `sway` how far it wavers, in pictures; `doors` how long dark doors take to open, as
    a part of the clip.
    """

    x: tuple[float, float] = (0.0, 0.0)
    y: tuple[float, float] = (0.0, 0.0)
    zoom: tuple[float, float] = (1.0, 1.0)
    roll: tuple[float, float] = (0.0, 0.0)
    sway: float = 0.0
    doors: float = 0.0


DOOR_SHADES = (40, 128, 128)
MOVES = {name: CameraMove(**move) for name, move in read_table("render/camera").items()}


class Camera:
    """The moves of several concepts together; with none of them, the picture as it is drawn.

    `anchors` are frames whose pictures were given: there the window is whole, so that they are
    shown as they are.
    """

    def __init__(
        self,
        concepts: Iterable[str],
        *,
        count: int,
        loop: bool,
        anchors: Collection[int] = (),
    ) -> None:
        self._moves = [MOVES[name] for name in concepts if name in MOVES]
        self._count, self._loop, self._anchors = count, loop, anchors

    def seen(self, picture: Planes, index: int) -> Planes:
        """Return what the window shows of a frame."""
        if not self._moves:
            return picture
        near = min((abs(index - at) for at in self._anchors), default=self._count)
        weight = min(1.0, near / (0.25 * self._count))
        at = index / max(1, self._count - 1)
        at = 0.5 - 0.5 * cos(2 * pi * index / self._count) if self._loop else at
        window = self._window(at, index, weight)
        shown = picture if window is None else _through(picture, *window)
        return self._behind_doors(shown, at) if weight == 1 else shown

    def _window(
        self, at: float, index: int, weight: float
    ) -> tuple[float, float, float, float] | None:
        """Return the window's centre in pictures, its zoom, and its turn in radians; None for the
        whole picture.
        """
        zoom, x, y, roll = 1.0, 0.0, 0.0, 0.0
        for move in self._moves:
            zoom *= _between(move.zoom, at)
            x += _between(move.x, at) + move.sway * sin(index * 0.61) * sin(index * 0.23 + 1)
            y += _between(move.y, at) + move.sway * sin(index * 0.47 + 2) * sin(index * 0.19)
            roll += _between(move.roll, at)
        window = x * weight, y * weight, 1 + (zoom - 1) * weight, radians(roll * weight)
        return None if window == (0.0, 0.0, 1.0, 0.0) else window

    def _behind_doors(self, picture: Planes, at: float) -> Planes:
        opens = max((move.doors for move in self._moves), default=0.0)
        if not opens or at >= opens:
            return picture
        for plane, shade in zip(picture.parts, DOOR_SHADES, strict=True):
            width = round(plane.shape[1] / 2 * (1 - at / opens))
            plane[:, :width] = plane[:, plane.shape[1] - width :] = shade
        return picture


def _between(ends: tuple[float, float], at: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * at


def _through(
    picture: Planes,
    x: float,
    y: float,
    zoom: float,
    roll: float,
) -> Planes:
    """Return the picture through a window that never leaves it, however it is turned."""
    width, height = picture.size
    # A turned window needs this much more of the picture around it.
    reach = abs(cos(roll)) + abs(sin(roll)) * max(width / height, height / width)
    zoom = max(1.0, zoom, reach)
    slack = max(0.0, (1 - reach / zoom) / 2)
    x, y = min(slack, max(-slack, x)), min(slack, max(-slack, y))
    a, b = cos(roll) / zoom, sin(roll) / zoom
    seen = Planes.empty(width, height)
    for target, plane in zip(seen.parts, picture.parts, strict=True):
        high, wide = plane.shape
        where = (
            a,
            b,
            (0.5 + x) * wide - a * wide / 2 - b * high / 2,
            -b,
            a,
            (0.5 + y) * high + b * wide / 2 - a * high / 2,
        )
        target[:] = Image.fromarray(plane).transform(
            (wide, high),
            Image.Transform.AFFINE,
            where,
            resample=Image.Resampling.BILINEAR,
        )
    return seen
