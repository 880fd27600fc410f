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
Point = tuple[float, float]

COLOURS = {
    "red": (255, 69, 58),
    "yellow": (255, 214, 10),
    "green": (50, 215, 75),
    "blue": (64, 156, 255),
    "white": (255, 255, 255),
}
WIDTH = 0.006  # of a line, as a part of the picture's longer side
THINNEST = 3  # px
HEAD = 4.5  # how long an arrow's head is, in widths of its line
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
        DRAWS[shape["kind"]](pen, points, COLOURS[shape["colour"]], width)
    layer = layer.resize(picture.size, Image.Resampling.BOX)
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def _line(
    pen: ImageDraw.ImageDraw,
    points: list[Point],
    colour: tuple[int, int, int],
    width: int,
) -> None:
    pen.line(points, fill=colour, width=width, joint="curve")
    for x, y in (points[0], points[-1]):  # round ends
        half = width / 2
        pen.ellipse((x - half, y - half, x + half, y + half), fill=colour)


def _box(
    pen: ImageDraw.ImageDraw,
    points: list[Point],
    colour: tuple[int, int, int],
    width: int,
) -> None:
    (left, top), (right, bottom) = points
    _line(
        pen,
        [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)],
        colour,
        width,
    )


def _arrow(
    pen: ImageDraw.ImageDraw,
    points: list[Point],
    colour: tuple[int, int, int],
    width: int,
) -> None:
    (tail_x, tail_y), (x, y) = points
    along = math.atan2(y - tail_y, x - tail_x)
    long = width * HEAD
    sides = [
        (x - long * math.cos(along + turn), y - long * math.sin(along + turn))
        for turn in (-math.pi / 7, math.pi / 7)
    ]
    neck = (x - long * 0.8 * math.cos(along), y - long * 0.8 * math.sin(along))
    _line(pen, [(tail_x, tail_y), neck], colour, width)
    pen.polygon([(x, y), *sides], fill=colour)


DRAWS = {"pen": _line, "box": _box, "arrow": _arrow}
