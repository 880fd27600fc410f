"""Drawing: shapes upon a frame, relative to the picture, so that they fit it at any size.

A shape is `{"kind": "pen" | "arrow" | "box", "points": [[x, y], ...], "colour": name}`, with x and
y from 0 to 1 of the picture's width and height. A pen has the points of its line, an arrow its tail
and its head, a box two opposite corners.
"""

import json
import math
from typing import Any

Shape = dict[str, Any]
Point = list[float]

KINDS = {"pen": (2, 2_000), "arrow": (2, 2), "box": (2, 2)}  # and how many points it may have
COLOURS = ("red", "yellow", "green", "blue", "white")
MOST_SHAPES = 100
MOST_POINTS = 4_000  # of all shapes together
MOST_BYTES = 200_000
DIGITS = 4  # a tenth of a pixel of a picture 1,000 px wide


class BadDrawing(Exception):
    """What came as a drawing is none, or has too much in it; says which."""


def read(text: str) -> list[Shape]:
    """Return the shapes that a page sent as JSON; none for "".

    Raises: BadDrawing.
    """
    if not text.strip():
        return []
    if len(text) > MOST_BYTES:
        raise BadDrawing("The drawing is too large: undo some of it.")
    try:
        shapes = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadDrawing("The drawing cannot be read: draw it anew.") from error
    return checked(shapes)


def checked(shapes: Any) -> list[Shape]:
    """Return shapes as they are kept. Raises: BadDrawing."""
    if not isinstance(shapes, list) or len(shapes) > MOST_SHAPES:
        raise BadDrawing(f"A drawing is a list of at most {MOST_SHAPES} shapes.")
    kept = [_shape(one) for one in shapes]
    if sum(len(shape["points"]) for shape in kept) > MOST_POINTS:
        raise BadDrawing("The drawing is too detailed: undo some of it.")
    return kept


def _shape(given: Any) -> Shape:
    if not isinstance(given, dict) or str(given.get("kind")) not in KINDS:
        raise BadDrawing("A shape is a pen line, an arrow or a box.")
    if str(given.get("colour")) not in COLOURS:
        raise BadDrawing(f"A shape's colour is one of {', '.join(COLOURS)}.")
    kind, points = str(given["kind"]), given.get("points")
    least, most = KINDS[kind]
    if not isinstance(points, list) or not least <= len(points) <= most:
        raise BadDrawing(f"A {kind} has {least} to {most} points.")
    return {
        "kind": kind,
        "colour": str(given["colour"]),
        "points": [_point(one) for one in points],
    }


def _point(given: Any) -> Point:
    if not isinstance(given, list) or len(given) != 2:
        raise BadDrawing("A point is two numbers.")
    return [_part(one) for one in given]


def _part(given: Any) -> float:
    """Return a part of the picture's width or height; what lies beside the picture is on its edge."""
    if not _is_number(given):
        raise BadDrawing("A point is two numbers from 0 to 1.")
    return round(float(min(max(given, 0), 1)), DIGITS)


def _is_number(given: Any) -> bool:
    """Is it one that can be compared? A whole number may be larger than any float."""
    if isinstance(given, float):
        return math.isfinite(given)
    return isinstance(given, int) and not isinstance(given, bool)
