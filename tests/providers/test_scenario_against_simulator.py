"""Scenario's adapter over real sockets, against the simulator in a process of its own: each of the seven models."""

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from editorapp.providers import rules
from editorapp.providers.contract import (
    Access,
    GenerationRequest,
    Job,
    JobState,
    Ref,
)
from editorapp.providers.spec import Spec
from editorapp.providers.transport import Wire
from editorapp.providers.vendors import scenario
from tests.providers.talk import run
from tests.simulator.clips import cut
from tests.simulator_process import SimulatorProcess

UNIT_PRICE = Decimal("0.02")


@pytest.fixture
def account(simulator: SimulatorProcess) -> Iterator[Access]:
    yield account_at(simulator)


def account_at(simulator: SimulatorProcess, **changes: Any) -> Access:
    access = Access(
        1, "scenario", f"{simulator.url}/scenario/v1", scenario.SPEC.simulated_key, is_simulated=True,
        unit_price_usd=UNIT_PRICE,
    )  # fmt: skip
    return replace(access, **changes)


@pytest.fixture(scope="session")
def clip(real_media: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Most of a second of a real clip, small."""
    folder = tmp_path_factory.mktemp("scenario")
    return cut(real_media / "bunny_720p_5s.mp4", folder / "clip.mp4", start=60, count=20)


async def staged(path: Path, wire: Wire, media_type: str = "video/mp4") -> Ref:
    return await scenario.stage(path, name=path.name, media_type=media_type, purpose="input", wire=wire)


async def sent(wanted: GenerationRequest, wire: Wire, spec: Spec = scenario.SPEC) -> Job:
    assert rules.refusals(rules.check(spec, wanted, None)) == []
    return await scenario.submit(
        scenario.encode(wanted, spec), path=scenario.endpoint(wanted), wire=wire, idempotency_key="k"
    )


async def finished(job: Job, wire: Wire) -> tuple[Job, list[float]]:
    """Return a job at its end, and the progress that it reported on the way."""
    deadline, progress = time.monotonic() + 60, []
    while job.state not in {JobState.DONE, JobState.FAILED}:
        assert time.monotonic() < deadline, "the simulator did not finish"
        await asyncio.sleep(0.1)
        job = await scenario.poll(job.id, wire=wire)
        progress.append(job.progress or 0.0)
    return job, progress


def result_of(job: Job, path: Path) -> tuple[int, int, float]:
    """Download a result; return its width, height and seconds."""
    assert job.failure is None, job.failure
    path.write_bytes(httpx.get(job.outputs[0].url, trust_env=False).raise_for_status().content)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate is not None
        return stream.width, stream.height, round(stream.frames / float(stream.average_rate), 2)


def wanted_of(task: str, model: str, **said: Any) -> GenerationRequest:
    return GenerationRequest(task=task, model=model, prompt="Warm evening light", **said)


MODELS: dict[str, tuple[str, str, dict[str, Any], int, str]] = {
    # what is said, the short side of the result, and what the simulated price list asks for
    "edit": ("edit", "ray-3.2", {"resolution": "540p", "strength": "flex_2"}, 540, "0.16"),
    "generate": ("generate", "ray-3.2", {"resolution": "540p", "aspect_ratio": "1:1"}, 540, "0.20"),
    "reframe": ("reframe", "ray-3.2", {"resolution": "540p", "aspect_ratio": "1:1"}, 540, "0.08"),
    "modify": ("modify", "modify-video", {"strength": "reimagine_2"}, 720, "0.004"),
    "reframe-video": ("reframe", "reframe-video", {"aspect_ratio": "9:21"}, 720, "0.02"),
    "flash 540p": ("generate", "ray-flash-2-540p", {"duration": "9s", "concepts": ("zoom_in",)}, 540, "0.144"),
    "flash 720p": ("generate", "ray-flash-2-720p", {"loop": True, "aspect_ratio": "1:1"}, 720, "0.14"),
}


@pytest.mark.parametrize("name", MODELS)
def test_each_model_goes_from_a_file_to_a_result_that_is_paid_for_as_quoted(
    name: str, account: Access, clip: Path, tmp_path: Path
) -> None:
    task, model, said, short_side, price = MODELS[name]

    async def through() -> tuple[Job, Any]:
        async with Wire(account) as wire:
            source = {} if task == "generate" else {"source": await staged(clip, wire)}
            wanted = wanted_of(task, model, **said, **source)
            quote = await scenario.quote(wanted, seconds=None, wire=wire)
            job, _progress = await finished(await sent(wanted, wire), wire)
            return job, quote

    job, quote = run(through())

    width, height, seconds = result_of(job, tmp_path / "result.mp4")
    assert min(width, height) == short_side
    assert seconds == {"9s": 9.0}.get(said.get("duration", ""), 5.0) if task == "generate" else seconds < 1.1
    assert quote.low_usd == quote.high_usd == job.cost_usd == Decimal(price)
    assert "CU at $0.02" in quote.basis
    assert job.chain_id.startswith("asset_")
