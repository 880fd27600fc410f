"""Drawings: what is kept of the shapes that a page sends, and what is refused."""

import json
import math
from typing import Any

import pytest

from editorapp.review import drawing

PEN = {"kind": "pen", "colour": "red", "points": [[0.1, 0.2], [0.3, 0.4], [0.5, 0.5]]}
ARROW = {"kind": "arrow", "colour": "white", "points": [[0, 0], [1, 1]]}
BOX = {"kind": "box", "colour": "blue", "points": [[0.25, 0.25], [0.75, 0.75]]}


def test_shapes_are_kept_as_parts_of_the_picture():
    sent = json.dumps([PEN, ARROW, BOX | {"id": "left out"}])

    assert drawing.read(sent) == [PEN, {**ARROW, "points": [[0.0, 0.0], [1.0, 1.0]]}, BOX]


def test_no_drawing_is_no_shapes():
    assert drawing.read("") == drawing.read("[]") == []


def test_a_line_that_leaves_the_picture_stays_on_its_edge():
    shape = PEN | {"points": [[-0.5, 0.123456], [1.7, 2]]}

    assert drawing.checked([shape])[0]["points"] == [[0.0, 0.1235], [1.0, 1.0]]


@pytest.mark.parametrize(
    "sent",
    [
        "{",
        "null",
        "{}",
        '"pen"',
        "[1]",
        "[[]]",
        json.dumps([PEN | {"kind": "circle"}]),
        json.dumps([PEN | {"kind": ["pen"]}]),
        json.dumps([PEN | {"colour": "url(#x)"}]),
        json.dumps([{"kind": "pen", "colour": "red"}]),
        json.dumps([PEN | {"points": [[0, 0]]}]),
        json.dumps([PEN | {"points": "ab"}]),
        json.dumps([ARROW | {"points": [[0, 0], [1, 1], [0, 1]]}]),
        json.dumps([PEN | {"points": [[0, 0], [1]]}]),
        json.dumps([PEN | {"points": [[0, 0], [1, "1"]]}]),
        json.dumps([PEN | {"points": [[0, 0], [1, True]]}]),
        json.dumps([PEN | {"points": [[0, 0], [1, math.nan]]}]),
        json.dumps([PEN | {"points": [[0, 0], [math.inf, 0]]}]),
        json.dumps([PEN] * (drawing.MOST_SHAPES + 1)),
        json.dumps([PEN | {"points": [[0, 0]] * 2001}]),
        json.dumps([PEN | {"points": [[0, 0]] * 2000}] * 3),
        "[" * 100_000,
        " " * drawing.MOST_BYTES + "[]",
    ],
    ids=range(23),
)
def test_anything_else_is_refused_with_a_sentence(sent: str):
    with pytest.raises(drawing.BadDrawing, match=r"\.$"):
        drawing.read(sent)


def test_what_was_kept_once_is_kept_again_as_it_is():
    kept: Any = drawing.checked([PEN, ARROW, BOX])

    assert drawing.checked(kept) == kept
