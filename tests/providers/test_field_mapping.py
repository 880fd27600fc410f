"""Requests and bodies: exact, in order, and back again."""

import json
from dataclasses import replace

import pytest

from editorapp.providers import field_mapping
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.vendors import luma_agents
from tests.contracts.test_luma_agents_cases import CASES

EARLIER = Ref(generation_id="6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21")
GUIDE = Ref(url="https://media.example.org/guide.jpg")


def test_the_body_of_the_cross_provider_contract_comes_out_to_the_letter() -> None:
    wanted = GenerationRequest(
        prompt="Rainy neon evening",
        source=EARLIER,
        resolution="1080p",
        hdr=True,
        start_frame=GUIDE,
        strength="flex_2",
        pose_enabled=True,
        pose_strength="coarse",
        depth_enabled=True,
        depth_blur=0.25,
        face_enabled=True,
    )

    body = luma_agents.encode(wanted)

    assert json.dumps(body) == (
        '{"model": "ray-3.2", "type": "video_edit", "prompt": "Rainy neon evening", '
        '"source": {"generation_id": "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"}, '
        '"video": {"resolution": "1080p", "hdr": true, "start_frame": {"url": "https://media.example.org/guide.jpg"}, '
        '"edit": {"strength": "flex_2", "controls": {"pose": {"enabled": true, "strength": "coarse"}, '
        '"depth": {"enabled": true, "blur": 0.25}, "face": {"enabled": true}}}}}'
    )


def test_what_is_not_said_is_not_sent() -> None:
    body = luma_agents.encode(GenerationRequest(prompt="x", source=EARLIER))

    assert body == {
        "model": "ray-3.2",
        "type": "video_edit",
        "prompt": "x",
        "source": {"generation_id": EARLIER.generation_id},
    }


def test_what_is_off_is_not_sent() -> None:
    wanted = GenerationRequest(
        prompt="x",
        source=EARLIER,
        hdr=False,
        exr=False,
        auto_controls=False,
        depth_enabled=False,
        depth_blur=0.3,
        face_enabled=False,
        loop=False,
    )

    assert "video" not in luma_agents.encode(wanted)


def test_an_edit_sends_no_aspect_ratio_and_no_duration() -> None:
    wanted = GenerationRequest(
        prompt="x", source=EARLIER, aspect_ratio="16:9", duration="5s", auto_controls=True
    )

    body = luma_agents.encode(wanted)

    assert "aspect_ratio" not in body
    assert body["video"] == {"edit": {"auto_controls": True}}


def test_a_zero_is_sent() -> None:
    body = luma_agents.encode(
        GenerationRequest(prompt="x", source=EARLIER, depth_enabled=True, depth_blur=0.0)
    )

    assert body["video"]["edit"]["controls"] == {"depth": {"enabled": True, "blur": 0.0}}


def test_a_file_of_ours_shows_that_its_id_comes_with_the_upload() -> None:
    body = luma_agents.encode(
        GenerationRequest(prompt="x", source=Ref(asset_id=7, media_type="video/mp4"))
    )

    assert body["source"] == {"file_id": field_mapping.STAGED_LATER}


def test_the_same_request_makes_the_same_bytes() -> None:
    wanted = GenerationRequest(
        prompt="x", source=EARLIER, resolution="720p", keyframes=(GUIDE,), keyframe_indexes=(3,)
    )

    assert json.dumps(luma_agents.encode(wanted)) == json.dumps(luma_agents.encode(replace(wanted)))


@pytest.mark.parametrize(
    "case", [case for case in CASES if case["valid"]], ids=lambda case: case["name"]
)
def test_a_sound_body_survives_being_read_and_written(case: dict) -> None:
    wanted, misread = luma_agents.decode(case["body"])
    again, _ = luma_agents.decode(luma_agents.encode(wanted))

    assert misread == []
    controls = {
        "normals_enabled": None,
        "normals_augmentation": None,
    }  # switched off in one case: not sent
    assert replace(again, **controls) == replace(wanted, **controls)
    assert GenerationRequest.from_json(json.loads(json.dumps(wanted.to_json()))) == wanted


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "body"),
        ("text", "body"),
        ({"type": "video_edit", "video": "720p"}, "video"),
        ({"type": "video_edit", "video": {"edit": []}}, "video.edit"),
        (
            {"type": "video_edit", "video": {"edit": {"controls": {"pose": True}}}},
            "video.edit.controls.pose",
        ),
        ({"type": "video_edit", "source": "https://media.example.org/clip.mp4"}, "source"),
        ({"type": "video_edit", "source": {"generation_id": 42}}, "source"),
        ({"type": "video_edit", "video": {"hdr": "yes"}}, "hdr"),
        ({"type": "video_edit", "video": {"edit": {"keyframes": {"url": "x"}}}}, "keyframes"),
        ({"type": "video_edit", "video": {"edit": {"keyframe_indexes": 4}}}, "keyframe_indexes"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_and_crashes_nothing(body: object, field: str) -> None:
    wanted, misread = luma_agents.decode(body)

    assert [one.field for one in misread] == [field]
    assert misread[0].detail
    assert isinstance(wanted, GenerationRequest)


def test_null_means_not_said() -> None:
    wanted, misread = luma_agents.decode(
        {"type": "video_edit", "prompt": "x", "source": None, "video": {"edit": None}}
    )

    assert misread == []
    assert wanted == GenerationRequest(model=None, prompt="x")
