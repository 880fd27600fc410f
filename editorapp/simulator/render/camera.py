"""Camera moves by name, as a window that travels, closes in and turns over the drawn picture."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import cos, pi, radians, sin

import numpy as np
from PIL import Image

from editorapp.simulator.render.clip import Planes


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


_WIDE, _FAR = (1.4, 1.4), 0.13
MOVES = {
    "static": CameraMove(),
    "eye_level": CameraMove(zoom=(1.1, 1.1)),
    "pan_left": CameraMove(x=(_FAR, -_FAR), zoom=_WIDE),
    "pan_right": CameraMove(x=(-_FAR, _FAR), zoom=_WIDE),
    "truck_left": CameraMove(x=(0.18, -0.18), zoom=(1.6, 1.6)),
    "truck_right": CameraMove(x=(-0.18, 0.18), zoom=(1.6, 1.6)),
    "tilt_up": CameraMove(y=(_FAR, -_FAR), zoom=_WIDE),
    "tilt_down": CameraMove(y=(-_FAR, _FAR), zoom=_WIDE),
    "pedestal_up": CameraMove(y=(0.18, -0.18), zoom=(1.6, 1.6)),
    "pedestal_down": CameraMove(y=(-0.18, 0.18), zoom=(1.6, 1.6)),
    "crane_up": CameraMove(y=(0.16, -0.16), zoom=(1.7, 1.5)),
    "crane_down": CameraMove(y=(-0.16, 0.16), zoom=(1.5, 1.7)),
    "zoom_in": CameraMove(zoom=(1.0, 1.9)),
    "zoom_out": CameraMove(zoom=(1.9, 1.0)),
    "push_in": CameraMove(zoom=(1.05, 1.6)),
    "pull_out": CameraMove(zoom=(1.6, 1.05)),
    "dolly_zoom": CameraMove(zoom=(1.0, 1.7), roll=(-1.5, 1.5)),
    "bolt_cam": CameraMove(x=(0.16, -0.12), zoom=(2.1, 1.35), roll=(4.0, 0.0)),
    "roll_left": CameraMove(zoom=(1.7, 1.7), roll=(0.0, 18.0)),
    "roll_right": CameraMove(zoom=(1.7, 1.7), roll=(0.0, -18.0)),
    "orbit_left": CameraMove(x=(0.16, -0.16), zoom=(1.5, 1.7), roll=(-2.0, 2.0)),
    "orbit_right": CameraMove(x=(-0.16, 0.16), zoom=(1.5, 1.7), roll=(2.0, -2.0)),
    "handheld": CameraMove(zoom=(1.2, 1.2), sway=0.03),
    "pov": CameraMove(y=(0.04, 0.0), zoom=(1.2, 1.4), sway=0.02),
    "selfie": CameraMove(y=(-0.05, -0.05), zoom=(1.5, 1.5), sway=0.012),
    "over_the_shoulder": CameraMove(x=(0.12, 0.1), zoom=(1.4, 1.45)),
    "low_angle": CameraMove(y=(-0.12, -0.14), zoom=(1.5, 1.5)),
    "ground_level": CameraMove(y=(0.16, 0.16), zoom=(1.6, 1.65)),
    "high_angle": CameraMove(y=(0.1, 0.13), zoom=(1.4, 1.45)),
    "overhead": CameraMove(zoom=(1.8, 1.75), roll=(-6.0, 6.0)),
    "aerial": CameraMove(y=(0.1, 0.0), zoom=(1.5, 1.1)),
    "aerial_drone": CameraMove(x=(-0.06, 0.06), y=(0.1, -0.04), zoom=(1.6, 1.2), roll=(-3.0, 3.0)),
    "tiny_planet": CameraMove(zoom=(1.9, 1.5), roll=(-30.0, 30.0)),
    "elevator_doors": CameraMove(zoom=(1.0, 1.15), doors=0.4),
}


class Camera:
    """The moves of several concepts together; with none of them, the picture as it is drawn.

    `anchors` are frames whose pictures were given: there the window is whole, so that they are
    shown as they are.
    """

    def __init__(
        self, concepts: Iterable[str], *, count: int, loop: bool, anchors: Collection[int] = ()
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
        zoom, x, y, roll = 1 + (zoom - 1) * weight, x * weight, y * weight, radians(roll * weight)
        return None if (zoom, x, y, roll) == (1.0, 0.0, 0.0, 0.0) else (x, y, zoom, roll)

    def _behind_doors(self, picture: Planes, at: float) -> Planes:
        opens = max((move.doors for move in self._moves), default=0.0)
        if not opens or at >= opens:
            return picture
        for plane, shade in ((picture.y, 40), (picture.u, 128), (picture.v, 128)):
            width = round(plane.shape[1] / 2 * (1 - at / opens))
            plane[:, :width], plane[:, plane.shape[1] - width :] = shade, shade
        return picture


def _between(ends: tuple[float, float], at: float) -> float:
    return ends[0] + (ends[1] - ends[0]) * at


def _through(picture: Planes, x: float, y: float, zoom: float, roll: float) -> Planes:
    """Return the picture through a window that never leaves it, however it is turned."""
    width, height = picture.width, picture.height
    # A turned window needs this much more of the picture around it.
    reach = abs(cos(roll)) + abs(sin(roll)) * max(width / height, height / width)
    zoom = max(1.0, zoom, reach)
    slack = max(0.0, (1 - reach / zoom) / 2)
    x, y = min(slack, max(-slack, x)), min(slack, max(-slack, y))
    seen = Planes.empty(width, height)
    for target, plane in ((seen.y, picture.y), (seen.u, picture.u), (seen.v, picture.v)):
        target[:] = _plane_through(
            plane, (0.5 + x) * plane.shape[1], (0.5 + y) * plane.shape[0], zoom, roll
        )
    return seen


def _plane_through(
    plane: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]",
    x: float,
    y: float,
    zoom: float,
    roll: float,
) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    high, wide = plane.shape
    a, b = cos(roll) / zoom, sin(roll) / zoom
    where = (a, b, x - a * wide / 2 - b * high / 2, -b, a, y + b * wide / 2 - a * high / 2)
    turned = Image.fromarray(plane).transform(
        (wide, high), Image.Transform.AFFINE, where, resample=Image.Resampling.BILINEAR
    )
    return np.asarray(turned)
