"""Whether a job on a provider's list is the one that was posted: the same, another, or for a person
to judge.
"""

import base64
import hashlib

import pytest

from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.job_matching import JobMatch, compare, could_be

SAME, UNCLEAR, OTHER = JobMatch.SAME, JobMatch.UNCLEAR, JobMatch.OTHER
SCENARIO = registry.get("scenario").SPEC
EDIT = SCENARIO.model_for(GenerationRequest())
FLASH = SCENARIO.find("generate", "ray-flash-2-540p")
GMI = registry.get("gmi-cloud").SPEC.model_for(GenerationRequest())
SENT = {
    "prompt": "Rainy neon evening",
    "video": "asset_1",
    "resolution": "1080p",
    "depthControlEnabled": True,
    "depthControlBlur": 0.25,
}

CASES = {
    "as it was sent": (dict(SENT), SAME),
    "in another order": (dict(reversed(SENT.items())), SAME),
    "a number written otherwise": (SENT | {"depthControlBlur": 0.250}, SAME),
    "spaces told otherwise": (SENT | {"prompt": " Rainy  neon evening\n"}, SAME),
    "what is off written out": (SENT | {"hdr": False, "startFrame": None, "keyframes": []}, SAME),
    "a default written out": (
        SENT | {"editStrength": "adhere_1", "poseControlStrength": "precise"},
        SAME,
    ),
    "another prompt": (SENT | {"prompt": "Rainy neon morning"}, OTHER),
    "another clip": (SENT | {"video": "asset_2"}, OTHER),
    "another number": (SENT | {"depthControlBlur": 0.3}, OTHER),
    "a flag the other way": (SENT | {"depthControlEnabled": False}, OTHER),
    "a setting that was not sent": (SENT | {"editStrength": "flex_2"}, OTHER),
    "a flag that was not sent": (SENT | {"hdr": True}, OTHER),
    "something nobody knows": (SENT | {"seed": 17}, UNCLEAR),
    "zero is a value": (SENT | {"normalsControlAugmentation": 0}, UNCLEAR),
    "a value is not shown": (
        {key: value for key, value in SENT.items() if key != "depthControlBlur"},
        UNCLEAR,
    ),
    "a value of another kind": (SENT | {"depthControlBlur": "0.25"}, UNCLEAR),
    "an address that may be rewritten": (
        SENT | {"video": "https://cdn.example.org/a.mp4"},
        UNCLEAR,
    ),
    "nothing is shown": ({}, UNCLEAR),
    "no body at all": (None, UNCLEAR),
    "a text instead of a body": ("prompt", UNCLEAR),
    "unclear, and plainly another": (SENT | {"seed": 17, "prompt": "A kite"}, OTHER),
}


@pytest.mark.parametrize(("shown", "likeness"), CASES.values(), ids=CASES.keys())
def test_what_a_list_shows_is_compared_with_what_was_sent(shown, likeness):
    assert compare(SENT, shown, EDIT) is likeness


def test_a_shortened_prompt_is_unclear_and_another_beginning_is_another():
    sent = {"prompt": "Turn the street into a rainy neon evening"}

    assert compare(sent, {"prompt": "Turn the street into a…"}, EDIT) is UNCLEAR
    assert compare(sent, {"prompt": "Turn the house into a..."}, EDIT) is OTHER
    assert compare(sent, {"prompt": "Turn the street into a"}, EDIT) is OTHER
    assert compare(sent, {"prompt": "Turn…"}, EDIT) is OTHER


def test_a_default_counts_in_the_providers_own_words():
    assert compare({"prompt": "A kite"}, {"prompt": "A kite", "duration": 5}, FLASH) is SAME
    assert compare({"prompt": "A kite"}, {"prompt": "A kite", "duration": 9}, FLASH) is OTHER


@pytest.mark.parametrize(
    ("shown", "likeness"),
    [
        (base64.b64encode(b"the clip").decode(), SAME),
        (base64.b64encode(b"another").decode(), UNCLEAR),
        ("(12 characters)", UNCLEAR),
        (None, UNCLEAR),
        ("", UNCLEAR),
    ],
    ids=["its bytes", "other bytes", "its length", "nothing", "an empty text"],
)
def test_a_clip_inside_the_body_is_compared_by_its_bytes_or_not_at_all(shown, likeness):
    clip = f"stored-file:{hashlib.sha256(b'the clip').hexdigest()}"
    body = {
        "model": GMI.model_id,
        "payload": {"prompt": "Rain", "source_data": clip, "source_media_type": "video/mp4"},
    }
    echo = {"model": GMI.model_id, "payload": {**body["payload"], "source_data": shown}}

    assert compare(body, echo, GMI) is likeness


@pytest.mark.parametrize(
    ("shown", "could"),
    [
        (SENT | {"resolution": "540p"}, True),
        ({}, True),
        (None, True),
        ({"video": "asset_1"}, True),
        (SENT | {"video": "https://cdn.example.org/a.mp4"}, True),
        (SENT | {"seed": 17}, True),
        (SENT | {"prompt": "A kite"}, False),
        (SENT | {"video": "asset_2"}, False),
        (SENT | {"aspectRatio": "9:16"}, False),
        (SENT | {"aspectRatio": None}, True),
    ],
    ids=[
        "other settings",
        "nothing shown",
        "no body",
        "no words shown",
        "a rewritten address",
        "something unknown",
        "other words",
        "another source",
        "another model's input",
        "another model's input, empty",
    ],
)
def test_a_request_is_told_from_others_by_its_words_its_source_and_its_models_inputs(shown, could):
    assert could_be(SENT, shown, EDIT, SCENARIO.models) is could


def test_a_request_without_words_is_told_from_others_by_its_source():
    reframe = SCENARIO.find("reframe", "ray-3.2")
    sent = {"video": "asset_1", "aspectRatio": "9:16"}

    assert could_be(sent, sent | {"aspectRatio": "1:1"}, reframe, SCENARIO.models)
    assert not could_be(sent, sent | {"video": "asset_2"}, reframe, SCENARIO.models)
    assert not could_be(
        {"prompt": "A kite"}, {"video": "asset_1", "aspectRatio": "9:16"}, FLASH, SCENARIO.models
    )
