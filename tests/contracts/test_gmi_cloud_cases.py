"""Every case of GMI Cloud's contract against the rule table, by name."""

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
from editorapp.providers.vendors import gmi_cloud

CASES = json.loads((Path(__file__).parent / "gmi-cases.json").read_text())
SIZES = {"16:9": (1280, 720)}


def facts_of(case: dict[str, Any]) -> MediaFacts | None:
    """Return what the case knows of its source and its body cannot show."""
    said = case.get("context", {}).get("source_video")
    if said is None:
        return None
    width, height = SIZES[said.get("aspect_ratio", "16:9")]
    seconds = Decimal(str(said.get("duration_s", 5)))
    return MediaFacts(
        "video",
        "mp4",
        "h264",
        width,
        height,
        1_000_000,
        fps=Fraction(24),
        frame_count=int(seconds * 24),
        duration_seconds=seconds,
    )


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_rules_judge_the_case_as_the_contract_does(case: dict[str, Any]) -> None:
    wanted, misread = gmi_cloud.decode(case["body"])

    broken = misread + table.check(gmi_cloud.SPEC, wanted, facts_of(case))

    refused = {one.family for one in table.refusals(broken)}
    assert (refused == set()) == case["valid"], broken
    if not case["valid"]:
        assert case["rule"] in refused
    warned = {one.family for one in broken if not one.is_refusal}
    assert ("GE7" in warned) == case.get("warn", False)


SAID_IN_VAIN = {"edit_aspect_ratio_is_ignored"}  # taken by GMI, and not written by us


@pytest.mark.parametrize(
    "case", [c for c in CASES if c["valid"]], ids=[c["name"] for c in CASES if c["valid"]]
)
def test_a_valid_body_comes_out_as_it_went_in(case: dict[str, Any]) -> None:
    wanted, _misread = gmi_cloud.decode(case["body"])
    expected = {**case["body"], "payload": dict(case["body"]["payload"])}
    if case["name"] in SAID_IN_VAIN:
        del expected["payload"]["aspect_ratio"]

    assert gmi_cloud.encode(wanted) == expected


def test_the_one_edit_of_the_comparison_is_written_to_the_letter() -> None:
    """cross-provider.md, section 8."""
    wanted = GenerationRequest(
        prompt="Rainy neon evening",
        source=Ref(generation_id="3f1f9d0e-52f7-4a0a-8a0e-1f3d2c4b5a69"),
        resolution="1080p",
        hdr=True,
        start_frame=Ref(url="https://media.example.org/guide.jpg"),
        strength="flex_2",
        pose_enabled=True,
        pose_strength="coarse",
        depth_enabled=True,
        depth_blur=0.25,
        face_enabled=True,
    )

    assert json.dumps(gmi_cloud.encode(wanted)) == (
        '{"model": "luma-ray-3-2-edit", "payload": {"prompt": "Rainy neon evening", '
        '"source_generation_id": "3f1f9d0e-52f7-4a0a-8a0e-1f3d2c4b5a69", "resolution": "1080p", "hdr": true, '
        '"start_frame_url": "https://media.example.org/guide.jpg", "edit_strength": "flex_2", '
        '"pose_strength": "coarse", "depth_blur": 0.25, "face_enabled": true}}'
    )
    with_auto = replace(
        wanted,
        auto_controls=True,
        strength=None,
        pose_enabled=None,
        pose_strength=None,
        depth_enabled=None,
        depth_blur=None,
        face_enabled=None,
    )
    assert gmi_cloud.encode(with_auto)["payload"] == {
        "prompt": "Rainy neon evening",
        "source_generation_id": "3f1f9d0e-52f7-4a0a-8a0e-1f3d2c4b5a69",
        "resolution": "1080p",
        "hdr": True,
        "start_frame_url": "https://media.example.org/guide.jpg",
        "edit_auto_controls": True,
    }
