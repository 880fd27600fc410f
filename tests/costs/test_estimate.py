"""Estimates against the contract's own tables and worked examples, to the cent."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from editorapp.costs.estimate import estimate
from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.prices import HDR, HDR_EXR, SDR, key
from editorapp.providers.vendors import luma_agents

PRICING: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "contracts" / "pricing-luma-agents.json").read_text()
)
RANGES = {"sdr": SDR, "hdr": HDR, "hdr_exr": HDR_EXR}
TASKS = {"video": "generate", "video_edit": "edit", "video_reframe": "reframe", "extend": "extend"}
SWITCHES: dict[str, dict[str, Any]] = {
    "sdr": {},
    "hdr": {"hdr": True},
    "hdr_exr": {"hdr": True, "exr": True},
}
EARLIER = Ref(generation_id="6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21")


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


@pytest.mark.parametrize("example", PRICING["edit_duration_rule"]["worked_examples"], ids=str)
def test_an_edit_costs_what_the_contract_works_out(example: dict[str, str]) -> None:
    wanted = GenerationRequest(resolution=example["resolution"], **SWITCHES[example["range"]])

    found = estimate(wanted, clip(example["seconds"]), provider="luma-agents")

    assert found is not None
    assert (found.low_usd, found.high_usd) == (Decimal(example["low"]), Decimal(example["high"]))
    assert found.is_range == (example["low"] != example["high"])


@pytest.mark.parametrize("example", PRICING["reframe_worked_examples"], ids=str)
def test_a_reframe_costs_each_started_second(example: dict[str, str]) -> None:
    wanted = GenerationRequest(task="reframe", aspect_ratio="1:1", resolution=example["resolution"])

    found = estimate(wanted, clip(example["seconds"]), provider="luma-agents")

    assert found is not None
    assert found.low_usd == found.high_usd == Decimal(example["total"])


def test_the_price_lists_are_the_contracts_own_with_its_dates() -> None:
    for word, task in TASKS.items():
        published, ours = PRICING["tables"][word], luma_agents.PRICES[key(task, "ray-3.2")]
        expected = {
            (RANGES[name], size, tier): Decimal(amount)
            for name in RANGES.keys() & published.keys()
            for size, tiers in published[name].items()
            for tier, amount in (tiers.items() if isinstance(tiers, dict) else [("1s", tiers)])
        }
        assert {(name, size, tier): amount for name, size, tier, amount in ours.rows()} == expected
        assert ours.as_of == date.fromisoformat(published["as_of"])
        assert ours.source


@pytest.mark.parametrize("duration", ["5s", "10s", None])
@pytest.mark.parametrize("size", ["360p", "540p", "720p", "1080p"])
def test_a_generation_costs_its_listed_price(size: str, duration: str | None) -> None:
    wanted = GenerationRequest(task="generate", resolution=size, duration=duration)

    found = estimate(wanted, None, provider="luma-agents")

    assert found is not None
    assert found.high_usd == Decimal(PRICING["tables"]["video"]["sdr"][size][duration or "5s"])


def test_an_extension_is_one_block_of_five_seconds_whatever_duration_says() -> None:
    wanted = GenerationRequest(
        task="generate", resolution="1080p", duration="10s", start_frame=EARLIER
    )

    found = estimate(wanted, None, provider="luma-agents")

    assert found is not None
    assert found.high_usd == Decimal("1.20")
    assert found.basis == "5 s × 1080p SDR extension"


def test_an_edit_of_unknown_length_spans_every_length_that_is_taken() -> None:
    found = estimate(GenerationRequest(resolution="720p"), None, provider="luma-agents")

    assert found is not None
    assert (found.low_usd, found.high_usd, found.is_range) == (
        Decimal("1.08"),
        Decimal("4.32"),
        True,
    )
    assert "not known" in found.note


def test_a_reframe_of_unknown_length_spans_one_to_thirty_seconds() -> None:
    wanted = GenerationRequest(task="reframe", aspect_ratio="1:1", resolution="540p")

    found = estimate(wanted, None, provider="luma-agents")

    assert found is not None
    assert (found.low_usd, found.high_usd) == (Decimal("0.06"), Decimal("1.80"))


def test_an_estimate_says_how_it_was_reached_and_how_old_its_prices_are() -> None:
    found = estimate(GenerationRequest(), clip("5"), provider="luma-agents")

    assert found is not None
    assert found.basis == "1 block of 5 s × 720p SDR edit"
    assert found.price_list == "price list of 8 Oct 2026"
    assert str(found) == "$1.08"


def test_a_range_is_said_as_one_with_its_reason() -> None:
    found = estimate(GenerationRequest(), clip("12"), provider="luma-agents")

    assert found is not None
    assert str(found) == "$2.16 to $3.24"
    assert found.basis == "1 block of 10 s to 3 blocks of 5 s × 720p SDR edit"
    assert (
        found.note == "The price for clips over 10 s is not published; the higher amount is held."
    )


@pytest.mark.parametrize(
    "wanted",
    [
        GenerationRequest(resolution="540p", hdr=True),
        GenerationRequest(resolution="4k"),
        GenerationRequest(task="generate", duration="10s", hdr=True),
        GenerationRequest(task="generate", resolution="360p", start_frame=EARLIER),
        GenerationRequest(task="reframe", hdr=True),
        GenerationRequest(task="image"),
    ],
    ids=lambda wanted: f"{wanted.task}-{wanted.resolution}-{wanted.duration}-{wanted.hdr}",
)
def test_what_has_no_published_price_has_no_estimate(wanted: GenerationRequest) -> None:
    assert estimate(wanted, clip("5"), provider="luma-agents") is None


def test_a_longer_clip_never_costs_less_than_a_shorter_one() -> None:
    lengths = [Decimal(tenths) / 10 for tenths in range(1, 181)]
    for switches in SWITCHES.values():
        found = [
            estimate(GenerationRequest(**switches), clip(str(one)), provider="luma-agents")
            for one in lengths
        ]
        highs = [one.high_usd for one in found if one]
        assert len(highs) == len(lengths)
        assert highs == sorted(highs)


def test_an_unheard_of_provider_has_no_estimate() -> None:
    assert estimate(replace(GenerationRequest(), model="x"), clip("5"), provider="nobody") is None
