"""What is odd about a result is said, and the result is kept all the same."""

from decimal import Decimal

import pytest

from editorapp.generations.files.conformance import odd
from editorapp.generations.states import State
from tests.factories import make_asset, make_generation, make_member

SAME = {"frame_count": 120, "duration_seconds": Decimal("5.000")}


@pytest.fixture
def member(db):
    return make_member()


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        (SAME, ""),
        ({"frame_count": 121, "duration_seconds": Decimal("5.041667")}, ""),
        ({"frame_count": 119, "duration_seconds": Decimal("4.958333")}, ""),
        (
            {"frame_count": 96, "duration_seconds": Decimal("4.000")},
            "lasts 4.00 s and its source 5.00 s",
        ),
        (
            {"frame_count": 110, "duration_seconds": Decimal("5.000")},
            "has 110 frames and its source 120",
        ),
        ({"frame_count": 150, "fps_numerator": 30, "duration_seconds": Decimal("5.000")}, ""),
    ],
    ids=[
        "the same",
        "a frame more",
        "a frame less",
        "a second short",
        "frames missing",
        "another rate",
    ],
)
def test_the_length_of_a_result_is_held_against_its_source(member, facts, says):
    generation = make_generation(member, state=State.FETCHING, source=make_asset(member, **SAME))

    found = odd(generation, make_asset(member, **facts), None)

    assert (says in found) if says else found == ""


@pytest.mark.parametrize("task", ["reframe", "modify"])
def test_every_task_that_works_on_a_clip_keeps_its_length(member, task):
    generation = make_generation(
        member, state=State.FETCHING, source=make_asset(member, **SAME), task=task
    )

    assert "lasts 4.00 s" in odd(
        generation, make_asset(member, frame_count=96, duration_seconds=Decimal(4)), None
    )


def test_what_was_ordered_and_did_not_come_is_named(member):
    generation = make_generation(member, state=State.FETCHING)
    generation.request = {**generation.request, "exr": True, "hdr": True}

    found = odd(generation, make_asset(member, **SAME), None)

    assert "EXR" in found and "HDR" in found


def test_a_whole_hdr_delivery_is_not_odd(member):
    generation = make_generation(member, state=State.FETCHING)
    generation.request = {**generation.request, "exr": True, "hdr": True}

    assert (
        odd(generation, make_asset(member, hdr=True, **SAME), make_asset(member, kind="archive"))
        == ""
    )


def test_a_generation_from_text_has_no_source_to_be_held_against(member):
    generation = make_generation(member, state=State.FETCHING, task="generate")

    assert odd(generation, make_asset(member, duration_seconds=Decimal(1)), None) == ""
