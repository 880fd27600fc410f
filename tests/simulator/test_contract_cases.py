"""Every contract case over the wire."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.simulator_process import SimulatorProcess, http

CASES = json.loads((Path(__file__).parent.parent / "contracts" / "luma-agents.json").read_text())


@pytest.fixture(scope="module")
def any_media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a simulator to which unknown references stand for its sample clip, and which
    renders nothing.
    """
    process = SimulatorProcess.start(tmp_path_factory.mktemp("any"), "--any-media", "--no-render")
    yield f"{process.url}/luma-agents/v1/generations"
    process.stop()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_case_is_answered_with_a_status_that_the_contract_allows(
    case: dict[str, Any], any_media: str
) -> None:
    answer = http.post(
        any_media, json=case["body"], headers={"Authorization": "Bearer luma-api-cases-1"}
    )

    assert answer.status_code in case["status_accept"], answer.text
    if case["valid"]:
        assert answer.json()["state"] == "queued" and answer.json()["type"] == case["body"]["type"]
    else:
        assert isinstance(answer.json()["detail"], str) and answer.json()["detail"]
        if case["detail"]:
            assert answer.json()["detail"] == case["detail"]
