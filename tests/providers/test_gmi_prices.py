"""What GMI Cloud costs: edits by the block, the others by the live price."""

import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from editorapp.costs.estimate import estimate
from editorapp.providers.contract import GenerationRequest, ProviderError, Ref
from editorapp.providers.vendors.gmi_cloud.prices import quote_of
from tests.providers.gmi import CLIP, EARLIER, edit, generate


@pytest.mark.parametrize(
    "example",
    json.loads((Path(__file__).parent.parent / "contracts" / "pricing-gmi-cloud.json").read_text())[
        "models"
    ]["luma-ray-3-2-edit"]["examples"],
    ids=lambda one: f"{one['source_seconds']}s-{one['resolution']}-{one['quality']}",
)
def test_an_edit_costs_each_started_block_of_5_seconds(example: dict[str, Any]) -> None:
    quality = example["quality"]
    wanted = edit(
        resolution=example["resolution"],
        hdr=quality != "sdr" or None,
        exr=quality == "hdr_exr" or None,
    )
    facts = replace(CLIP, duration_seconds=Decimal(example["source_seconds"]))

    priced = estimate(wanted, facts, provider="gmi-cloud")

    assert (priced.low_usd, priced.high_usd) == (Decimal(example["total"]),) * 2


REFRAME = GenerationRequest(
    task="reframe", prompt="x", aspect_ratio="1:1", source=Ref(asset_id=1), resolution="540p"
)
SHORT = generate(resolution="540p")


@pytest.mark.parametrize(
    ("wanted", "info", "low"),
    [
        (SHORT, {"price": "0.15", "unit": "5s block"}, "0.15"),
        (SHORT, {"price": 0.15, "unit": "block"}, "0.15"),
        (SHORT, {"price": 0.03, "unit": "second", "pricing_type": "per_request"}, "0.15"),
        (SHORT, {"price": "$0.15", "pricing_type": "PER_REQUEST"}, "0.15"),
        (replace(SHORT, duration="10s"), {"price": "0.15", "unit": "5-second"}, "0.30"),
        (replace(SHORT, duration="10s"), {"price": "0.03", "unit": "sec"}, "0.30"),
        (
            replace(SHORT, duration="10s", start_frame=EARLIER),
            {"price": "0.15", "unit": "5s"},
            "0.15",
        ),
        (REFRAME, {"price": "0.06", "pricing_type": "per_second", "unit": "usd"}, "0.42"),
        (REFRAME, {"price": "0.3", "unit": "5 seconds"}, "0.6"),
        (REFRAME, {"price": "0.5", "unit": "video"}, "0.5"),
    ],
)
def test_a_live_price_is_counted_in_whatever_unit_it_names(
    wanted: Any, info: Any, low: str
) -> None:
    quote = quote_of(wanted, info, seconds=Decimal("6.2"))

    assert (quote.low_usd, quote.high_usd) == (Decimal(low), Decimal(low))
    assert "which quality" in quote.note and "$" in quote.basis


@pytest.mark.parametrize(
    ("said", "times"),
    [
        ({"resolution": "720p"}, "2"),
        ({}, "2"),
        ({"resolution": "1080p"}, "8"),
        ({"hdr": True}, "4"),
        ({"hdr": True, "exr": True, "resolution": "1080p"}, "24"),
    ],
)
def test_the_upper_end_is_raised_as_edits_or_lumas_own_list_are(
    said: dict[str, Any], times: str
) -> None:
    quote = quote_of(generate(**said), {"price": "0.15", "unit": "block"}, seconds=None)

    assert (quote.low_usd, quote.high_usd) == (Decimal("0.15"), Decimal("0.15") * Decimal(times))


@pytest.mark.parametrize(
    ("wanted", "info", "seconds", "words"),
    [
        (SHORT, None, None, "no price"),
        (SHORT, {"price": None, "unit": "second"}, None, "no price"),
        (SHORT, {"price": "0", "unit": "second"}, None, "no price"),
        (SHORT, {"price": "NaN", "unit": "second"}, None, "no price"),
        (SHORT, {"price": "1", "unit": "frame"}, None, "frame"),
        (SHORT, {"price": "1"}, None, "nothing"),
        (
            SHORT,
            {"price": "1", "unit": "million tokens", "pricing_type": "x" * 200},
            None,
            "million tokens",
        ),
        (REFRAME, {"price": "1", "unit": "second"}, None, "length"),
        (replace(SHORT, hdr=True), {"price": "1", "unit": "second"}, None, "does not sell"),
    ],
)
def test_a_price_that_cannot_be_told_is_said_in_words(
    wanted: Any, info: Any, seconds: Any, words: str
) -> None:
    with pytest.raises(ProviderError, match=words):
        quote_of(wanted, info, seconds=seconds)
