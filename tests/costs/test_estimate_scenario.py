"""Scenario publishes no price of any model: each is asked for, none is guessed."""

import json
from pathlib import Path
from typing import Any

import pytest

from editorapp.costs.estimate import estimate
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.spec import Model
from editorapp.providers.vendors import scenario

CONTRACTS = Path(__file__).parent.parent / "contracts"
PRICING: dict[str, Any] = json.loads((CONTRACTS / "pricing-scenario.json").read_text())


def test_the_contract_lists_no_amount_and_neither_do_we() -> None:
    assert PRICING["prices"] == {}
    assert not getattr(scenario, "PRICES", {})
    assert scenario.SPEC.unit == PRICING["unit"]


@pytest.mark.parametrize(
    "model", scenario.SPEC.models, ids=lambda model: f"{model.task}-{model.name}"
)
def test_every_model_is_priced_by_asking(model: Model) -> None:
    assert model.is_priced_by_asking
    assert (
        estimate(GenerationRequest(task=model.task, model=model.name), None, provider="scenario")
        is None
    )
