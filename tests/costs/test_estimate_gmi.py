"""GMI Cloud's blocks against the contract's own table and worked examples, to the cent and at the
exact boundaries.
"""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from editorapp.costs.estimate import estimate
from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import GenerationRequest, Task
from editorapp.providers.prices import HDR, HDR_EXR, SDR, Counted, key
from editorapp.providers.vendors import gmi_cloud

PRICING: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "contracts" / "pricing-gmi-cloud.json").read_text()
)
EDIT: dict[str, Any] = PRICING["models"]["luma-ray-3-2-edit"]
RANGES = {"sdr": SDR, "hdr": HDR, "hdr_exr": HDR_EXR}
SWITCHES: dict[str, dict[str, Any]] = {
    "sdr": {},
    "hdr": {"hdr": True},
    "hdr_exr": {"hdr": True, "exr": True},
}


def clip(seconds: str) -> MediaFacts:
    return MediaFacts(
        "video",
        "mp4",
        "h264",
        1280,
        720,
        1_000_000,
        duration_seconds=Decimal(seconds),
        frame_count=1,
    )


def test_the_price_list_is_the_contracts_own_with_its_date() -> None:
    ours = gmi_cloud.PRICES[key(Task.EDIT, "ray-3.2")]

    assert {(name, size, amount) for name, size, _tier, amount in ours.rows()} == {
        (RANGES[name], size, Decimal(amount))
        for name, sizes in EDIT["price_per_block"].items()
        for size, amount in sizes.items()
    }
    assert {tier for *_place, tier, _amount in ours.rows()} == {f"{EDIT['block_seconds']}s"}
    assert (ours.as_of, ours.counted) == (date.fromisoformat(EDIT["as_of"]), Counted.BLOCKS)


@pytest.mark.parametrize("example", EDIT["examples"], ids=str)
def test_an_edit_costs_each_started_block_as_the_contract_works_out(
    example: dict[str, Any],
) -> None:
    wanted = GenerationRequest(resolution=example["resolution"], **SWITCHES[example["quality"]])

    found = estimate(wanted, clip(example["source_seconds"]), provider="gmi-cloud")

    assert found is not None
    assert found.low_usd == found.high_usd == Decimal(example["total"])
    count = "1 block" if example["blocks"] == 1 else f"{example['blocks']} blocks"
    assert (
        found.basis == f"{count} of 5 s × {example['resolution']} {RANGES[example['quality']]} edit"
    )
    assert found.price_list == "price list of 17 Jun 2026"
    assert not found.is_range


@pytest.mark.parametrize(
    ("seconds", "blocks"),
    [
        ("0.04", 1),
        ("4.999999", 1),
        ("5", 1),
        ("5.000001", 2),
        ("10", 2),
        ("10.041667", 3),
        ("29.97", 6),
        ("30", 6),
    ],
)
def test_a_block_is_billed_once_it_is_started_and_not_before(seconds: str, blocks: int) -> None:
    found = estimate(GenerationRequest(resolution="720p"), clip(seconds), provider="gmi-cloud")

    assert found is not None
    assert found.high_usd == Decimal("1.08") * blocks


def test_an_edit_of_unknown_length_spans_one_block_to_those_of_the_longest_clip_that_is_taken() -> (
    None
):
    found = estimate(GenerationRequest(resolution="720p"), None, provider="gmi-cloud")

    assert found is not None
    assert (found.low_usd, found.high_usd, found.is_range) == (
        Decimal("1.08"),
        Decimal("6.48"),
        True,
    )
    assert found.basis == "1 to 6 blocks of 5 s × 720p SDR edit"


@pytest.mark.parametrize("task", ["generate", "reframe"])
def test_what_could_not_be_read_on_the_providers_pages_is_asked_for_and_never_guessed(
    task: str,
) -> None:
    wanted = GenerationRequest(task=task, aspect_ratio="1:1")

    assert PRICING["models"][f"luma-ray-3-2-{task}"].keys() & {"price_per_block", "price"} == set()
    assert estimate(wanted, clip("5"), provider="gmi-cloud") is None
    assert gmi_cloud.SPEC.model_for(wanted).is_priced_by_asking


def test_what_cannot_be_ordered_has_no_price() -> None:
    for wanted in (
        GenerationRequest(resolution="540p", hdr=True),
        GenerationRequest(resolution="360p"),
        GenerationRequest(resolution="720p", model="modify-video"),
    ):
        assert estimate(wanted, clip("5"), provider="gmi-cloud") is None
