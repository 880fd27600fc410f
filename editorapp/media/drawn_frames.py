"""Drawn frames: a frame of a clip with what somebody drew upon it burnt in, as a picture."""

import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, ImageDraw

from editorapp.media import frames
from editorapp.media.models import Asset
from editorapp.teams.models import User

Shapes = Sequence[Mapping[str, Any]]  # as review/drawing.py keeps them
Line = list[tuple[float, float]]

# As the stage shows them: static/css/tokens.css, static/js/stage/drawing.js.
COLOURS = {
    "red": (255, 77, 66),
    "yellow": (255, 210, 31),
    "green": (63, 220, 106),
    "blue": (74, 163, 255),
    "white": (255, 255, 255),
}
UNDER = (0, 0, 0, 140)  # a dark edge, seen on bright pictures
WIDTH = 0.005  # of a line, as a part of the picture's longer side
THINNEST = 2  # px
BARB = 0.03  # how long an arrow's barbs are, as a part of the longer side
TURN = 0.5  # between an arrow and its barbs, in radians
FINER = 2  # drawn so many times larger and brought down: smooth edges


def still(
    clip: Asset,
    frame_index: int,
    shapes: Shapes,
    *,
    format: str = "png",
    max_height: int | None = None,
) -> bytes:
    """Return a frame of a clip with these shapes upon it, as `frames.still` returns it without.

    Raises: Refusal.
    """
    picture = frames.still(clip, frame_index, max_height=max_height)
    with Image.open(io.BytesIO(picture)) as opened:
        drawn = burnt(opened.convert("RGB"), shapes)
    kept = io.BytesIO()
    drawn.save(kept, format=format)
    return kept.getvalue()


def pin(clip: Asset, frame_index: int, shapes: Shapes, *, user: User | None) -> Asset:
    """Keep a frame with these shapes upon it as a picture of the same team, as `frames.pin` does
    without.

    Raises: Refusal.
    """
    if not shapes:
        return frames.pin(clip, frame_index, user=user)
    picture = still(clip, frame_index, shapes)
    return frames.keep(clip, picture, f"frame {frame_index} drawn upon", user=user)


def burnt(picture: Image.Image, shapes: Shapes) -> Image.Image:
    """Return a picture with shapes upon it.

    Shapes: points are parts of the picture's width and height, from its upper left corner.
    """
    size = (picture.width * FINER, picture.height * FINER)
    layer = Image.new("RGBA", size)
    pen = ImageDraw.Draw(layer)
    width = max(THINNEST * FINER, round(max(size) * WIDTH))
    for shape in shapes:
        points = [(x * (size[0] - 1), y * (size[1] - 1)) for x, y in shape["points"]]
        lines = LINES[shape["kind"]](points, max(size) * BARB)
        for colour, thick in ((UNDER, 2 * width), (COLOURS[shape["colour"]], width)):
            for line in lines:
                _draw(pen, line, colour, thick)
    layer = layer.resize(picture.size, Image.Resampling.BOX)
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def _draw(
    pen: ImageDraw.ImageDraw,
    points: Line,
    colour: tuple[int, ...],
    width: int,
) -> None:
    """Draw a line with round joints and ends."""
    pen.line(points, fill=colour, width=width, joint="curve")
    half = width / 2
    for x, y in (points[0], points[-1]):
        pen.ellipse((x - half, y - half, x + half, y + half), fill=colour)


def _pen(points: Line, _barb: float) -> list[Line]:
    return [points]


def _box(points: Line, _barb: float) -> list[Line]:
    (left, top), (right, bottom) = points
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return [[*corners, corners[0]]]


def _arrow(points: Line, barb: float) -> list[Line]:
    (tail_x, tail_y), (x, y) = points
    along = math.atan2(y - tail_y, x - tail_x)
    ends = [
        (x - barb * math.cos(along + turn), y - barb * math.sin(along + turn))
        for turn in (-TURN, TURN)
    ]
    return [points, *([(x, y), end] for end in ends)]


LINES = {"pen": _pen, "box": _box, "arrow": _arrow}
