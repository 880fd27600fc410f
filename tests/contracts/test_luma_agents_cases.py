"""Every case of the contract, through decode and check. Names are the contract's own."""

import json
from pathlib import Path
from typing import Any

import pytest

from editorapp.providers.rules import table
from editorapp.providers.vendors import luma_agents

CASES: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "luma-agents-cases.json").read_text()
)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_body_is_judged_as_the_contract_says(case: dict[str, Any]) -> None:
    wanted, misread = luma_agents.decode(case["body"])

    refused = table.refusals(misread + table.check(luma_agents.SPEC, wanted, None))

    if case["valid"]:
        assert refused == []
        return
    assert {one.family for one in refused} == {case["rule"]}
    assert {one.status for one in refused} <= set(case["status_accept"])
    if case["detail"]:
        assert [one.detail for one in refused] == [case["detail"]]


def test_the_contract_has_its_sixty_cases() -> None:
    assert len(CASES) == 60
    assert {case["valid"] for case in CASES} == {True, False}
