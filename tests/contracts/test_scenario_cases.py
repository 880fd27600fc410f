"""Every case of the contract, through decode and check. Names are the contract's own."""

import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.rules import table
from editorapp.providers.spec import Spec
from editorapp.providers.vendors import scenario

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "scenario-cases.json").read_text()
)


def with_keys(*keys: str) -> Spec:
    """Return the table as it is once an account's connection has been tested."""
    learned = (
        replace(model, limits=replace(model.limits, keyframe_keys=keys))
        for model in scenario.SPEC.models
    )
    return replace(scenario.SPEC, models=tuple(learned))


KNOWN = with_keys("image", "index")  # the case file's stand-ins


def facts_of(case: dict[str, Any]) -> MediaFacts | None:
    said = case.get("context", {}).get("source_video")
    if said is None:
        return None
    return MediaFacts(
        kind="video",
        container="mp4",
        codec="h264",
        width=1280,
        height=720,
        size_bytes=said.get("size_bytes", 1000),
        fps=Fraction(24),
        frame_count=240,
        duration_seconds=Decimal(str(said["duration_s"])),
    )


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_body_is_judged_as_the_contract_says(case: dict[str, Any]) -> None:
    wanted, misread = scenario.decode(
        case["body"], path=f"/generate/custom/{case['model']}", spec=KNOWN
    )

    refused = table.refusals(misread + table.check(KNOWN, wanted, facts_of(case)))

    assert {one.family for one in refused} == (set() if case["valid"] else {case["rule"]})
    assert all(one.message and one.detail for one in refused)


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case["valid"]],
    ids=[case["name"] for case in CASES if case["valid"]],
)
def test_a_good_body_is_written_again_as_it_was_read(case: dict[str, Any]) -> None:
    wanted, _misread = scenario.decode(
        case["body"], path=f"/generate/custom/{case['model']}", spec=KNOWN
    )

    # What is off is never written; a control's value switches its control on.
    expected = {key: value for key, value in case["body"].items() if value is not False}
    if "poseControlStrength" in expected or "depthControlBlur" in expected:
        expected = expected | {
            name: True
            for name, value in (
                ("poseControlEnabled", "poseControlStrength"),
                ("depthControlEnabled", "depthControlBlur"),
            )
            if value in expected
        }
    assert scenario.encode(wanted, KNOWN) == expected
    assert scenario.endpoint(wanted) == f"/generate/custom/{case['model']}"


def test_the_contract_has_its_forty_four_cases_of_seven_models() -> None:
    assert len(CASES) == 44
    assert {case["model"] for case in CASES} == {model.model_id for model in scenario.SPEC.models}


def test_one_edit_is_written_as_section_eight_of_the_comparison_writes_it() -> None:
    wanted = GenerationRequest(
        prompt="Rainy neon evening",
        source=Ref(generation_id="asset_src01"),
        resolution="1080p",
        hdr=True,
        strength="flex_2",
        start_frame=Ref(file_id="asset_guide01"),
        pose_enabled=True,
        pose_strength="coarse",
        depth_enabled=True,
        depth_blur=0.25,
        face_enabled=True,
    )

    assert json.dumps(scenario.encode(wanted)) == json.dumps(
        {
            "prompt": "Rainy neon evening",
            "video": "asset_src01",
            "resolution": "1080p",
            "hdr": True,
            "startFrame": "asset_guide01",
            "editStrength": "flex_2",
            "poseControlEnabled": True,
            "poseControlStrength": "coarse",
            "depthControlEnabled": True,
            "depthControlBlur": 0.25,
            "faceControlEnabled": True,
        }
    )


def test_without_the_keys_of_an_entry_keyframes_are_refused_with_ways_out() -> None:
    wanted = GenerationRequest(
        prompt="Rain", source=Ref(asset_id=1), keyframes=(Ref(asset_id=2),), keyframe_indexes=(0,)
    )

    (refused,) = table.refusals(table.check(scenario.SPEC, wanted, None))

    assert refused.rule_id == "SE8.shape"
    assert [fix.label for fix in refused.fixes] == ["Use the single guide frame", "Use no guides"]
    assert "test its account" in refused.message
    assert table.refusals(table.check(KNOWN, wanted, None)) == []


def test_keyframes_are_written_with_the_keys_that_the_account_has_taught() -> None:
    wanted = GenerationRequest(
        prompt="Rain",
        source=Ref(file_id="asset_a"),
        keyframes=(Ref(file_id="asset_b"),),
        keyframe_indexes=(12,),
    )

    assert scenario.encode(wanted, with_keys("uri", "at"))["keyframes"] == [
        {"uri": "asset_b", "at": 12}
    ]


@pytest.mark.parametrize("container", ["mov", "mkv", "avi", "m4v"])
def test_a_clip_of_another_container_can_be_copied_to_mp4(container: str) -> None:
    facts = replace(_clip(), container=container)
    wanted = GenerationRequest(prompt="Rain", source=Ref(asset_id=1), auto_controls=True)

    (refused,) = table.refusals(table.check(scenario.SPEC, wanted, facts))

    assert refused.rule_id == "SE2.container" and container.upper() in refused.message
    assert [dict(fix.changes) for fix in refused.fixes] == [{"mp4_copy": True}]


def _clip() -> MediaFacts:
    found = facts_of({"context": {"source_video": {"duration_s": 5}}})
    assert found is not None
    return found


def test_a_result_of_the_account_may_lie_with_us_in_any_container() -> None:
    wanted = GenerationRequest(
        prompt="Rain", source=Ref(generation_id="asset_1"), auto_controls=True
    )

    assert (
        table.refusals(table.check(scenario.SPEC, wanted, replace(_clip(), container="mov"))) == []
    )


def test_a_long_mov_is_mended_by_one_cut_which_makes_an_mp4() -> None:
    facts = replace(_clip(), container="mov", duration_seconds=Decimal(31))
    wanted = GenerationRequest(task="modify", model="modify-video", source=Ref(asset_id=1))

    refused = {
        one.rule_id: one for one in table.refusals(table.check(scenario.SPEC, wanted, facts))
    }

    assert set(refused) == {"SM.asset.container", "SM1"}
    assert [dict(fix.changes) for fix in refused["SM1"].fixes] == [{"trim_to_seconds": "30"}]


def test_a_control_with_a_value_and_no_switch_is_switched_on() -> None:
    wanted = GenerationRequest(prompt="Rain", source=Ref(file_id="asset_a"), depth_blur=0.5)

    body = scenario.encode(wanted)

    assert (body["depthControlEnabled"], body["depthControlBlur"]) == (True, 0.5)


def test_an_optional_prompt_that_is_empty_is_left_out() -> None:
    wanted = GenerationRequest(
        task="modify", model="modify-video", prompt="", source=Ref(file_id="asset_a")
    )

    assert scenario.encode(wanted) == {"video": "asset_a"}


def test_a_model_that_does_another_task_is_refused_with_those_that_do_this_one() -> None:
    wanted = GenerationRequest(
        task="modify", model="ray-3.2", prompt="Rain", source=Ref(asset_id=1)
    )

    (refused,) = table.refusals(table.check(scenario.SPEC, wanted, None))

    assert [dict(fix.changes) for fix in refused.fixes] == [{"model": "modify-video"}]


def test_an_unknown_concept_is_left_out_by_one_click_and_the_others_stay() -> None:
    wanted = GenerationRequest(
        task="generate", model="ray-flash-2-540p", prompt="Rain", concepts=("zoom_in", "spin")
    )

    (refused,) = table.refusals(table.check(scenario.SPEC, wanted, None))
    (alone,) = table.refusals(table.check(scenario.SPEC, replace(wanted, concepts=("spin",)), None))

    assert dict(refused.fixes[0].changes) == {"concepts": ("zoom_in",)}
    assert dict(alone.fixes[0].changes) == {"concepts": ""}
