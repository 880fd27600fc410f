"""The adapter over real sockets, against the simulator in a process of its own."""

import asyncio
import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest

from editorapp.providers.contract import (
    Access,
    BadCredentials,
    GenerationRequest,
    Job,
    JobState,
    NotFound,
    OutcomeUnknown,
    Ref,
    Rejected,
    Throttled,
    Unavailable,
)
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.rules import table
from editorapp.providers.vendors import luma_agents
from tests.patience import PATIENCE_SECONDS
from tests.providers.talk import run
from tests.simulator_process import SimulatorProcess

PATH = "/generations"


@pytest.fixture
def account(simulator: SimulatorProcess) -> Iterator[Access]:
    yield Access(
        1,
        "luma-agents",
        f"{simulator.url}/luma-agents/v1",
        luma_agents.SPEC.simulated_key,
        is_simulated=True,
    )


async def _staged(path: Path, session: ProviderSession) -> Ref:
    return await luma_agents.stage(
        path, name=path.name, media_type="video/mp4", purpose="input", session=session
    )


async def _finished(job: Job, session: ProviderSession) -> Job:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while job.state not in {JobState.DONE, JobState.FAILED}:
        assert time.monotonic() < deadline, "the simulator did not finish"
        await asyncio.sleep(0.1)
        job = await luma_agents.poll(job.id, session=session)
    return job


def _edit(source: Ref, **said: Any) -> GenerationRequest:
    wanted = GenerationRequest(
        **({"prompt": "Warm evening light", "source": source, "resolution": "360p"} | said)
    )
    assert table.refusals(table.check(luma_agents.SPEC, wanted, None)) == []
    return wanted


def test_a_clip_is_staged_edited_and_edited_again(
    account: Access, simulator: SimulatorProcess, real_media: Path, tmp_path: Path
) -> None:
    clip = real_media / "bunny_720p_5s.mp4"

    async def scenario() -> tuple[Job, Job]:
        async with ProviderSession(account) as session:
            await luma_agents.ping(session=session)
            source = await _staged(clip, session)
            first = await luma_agents.submit(
                luma_agents.encode(_edit(source, auto_controls=True)),
                session=session,
                path="/generations",
                idempotency_key="1",
            )
            first = await _finished(first, session)
            again = _edit(Ref(generation_id=first.chain_id), strength="flex_2")
            second = await luma_agents.submit(
                luma_agents.encode(again), session=session, path=PATH, idempotency_key="2"
            )
            return first, await _finished(second, session)

    first, second = run(scenario())

    assert simulator.submits_received == 2
    assert first.chain_id == first.id != second.id
    for number, job in enumerate((first, second)):
        (output,) = job.outputs
        assert output.kind == "video"
        target = tmp_path / f"{number}.mp4"
        target.write_bytes(httpx.get(output.url).raise_for_status().content)
        with av.open(str(target)) as made, av.open(str(clip)) as source:
            assert abs(made.duration - source.duration) <= 1_000_000 / 23
            assert made.streams.video[0].height == 360


def _tiny_clip(path: Path) -> Path:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for shade in range(12):
            picture = np.full((180, 320, 3), shade * 20, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))
    return path


def _edited(account: Access, clip: Path, **said: Any) -> Job:
    async def scenario() -> Job:
        async with ProviderSession(account) as session:
            wanted = _edit(await _staged(clip, session), **said)
            job = await luma_agents.submit(
                luma_agents.encode(wanted), session=session, path=PATH, idempotency_key="1"
            )
            return await _finished(job, session)

    return run(scenario())


def test_exr_comes_as_a_second_output(account: Access, tmp_path: Path) -> None:
    job = _edited(account, _tiny_clip(tmp_path / "tiny.mp4"), hdr=True, exr=True, resolution="720p")

    assert sorted(output.kind for output in job.outputs) == ["exr", "video"]
    frames = next(output.url for output in job.outputs if output.kind == "exr")
    with zipfile.ZipFile(io.BytesIO(httpx.get(frames).raise_for_status().content)) as archive:
        assert len([name for name in archive.namelist() if name.endswith(".exr")]) == 12


def test_a_job_that_fails_says_why(account: Access, tmp_path: Path) -> None:
    job = _edited(
        account, _tiny_clip(tmp_path / "tiny.mp4"), prompt="Night [[fail:generation_failed]]"
    )

    assert job.state is JobState.FAILED
    assert (job.failure.code, job.failure.can_retry, job.failure.is_charged) == (
        "generation_failed",
        True,
        False,
    )


@pytest.mark.parametrize(
    ("kind", "options", "error", "accepted"),
    [
        ("status", {"status": 500}, OutcomeUnknown, 0),
        ("status", {"status": 503}, OutcomeUnknown, 0),
        ("status", {"status": 402}, Rejected, 0),
        ("status", {"status": 429, "retry_after": 9}, Throttled, 0),
        ("reset", {}, OutcomeUnknown, 0),
        ("accept_then_reset", {}, OutcomeUnknown, 1),
        ("hang", {}, OutcomeUnknown, 1),
    ],
)
def test_a_submit_that_goes_wrong_is_sent_once_and_named_rightly(
    account: Access,
    simulator: SimulatorProcess,
    monkeypatch: Any,
    kind: str,
    options: dict[str, Any],
    error: type[Exception],
    accepted: int,
) -> None:
    monkeypatch.setattr("editorapp.providers.http.session.PAID_DEADLINE_SECONDS", 1.0)
    simulator.fail("submit", kind, **options)
    body = luma_agents.encode(
        GenerationRequest(task="generate", prompt="A kite", resolution="360p")
    )

    async def scenario() -> None:
        async with ProviderSession(account) as session:
            await luma_agents.submit(body, session=session, path=PATH, idempotency_key="1")

    with pytest.raises(error) as raised:
        run(scenario())
    assert type(raised.value).__name__ in {error.__name__, "OutOfFunds"}
    if isinstance(raised.value, Throttled):
        assert raised.value.retry_after_seconds == 9
    assert simulator.submits_received == accepted


def test_what_the_provider_refuses_is_told_in_its_words(account: Access) -> None:
    body = {"model": "ray-9", "type": "video", "prompt": "A kite"}

    async def scenario() -> None:
        async with ProviderSession(account) as session:
            await luma_agents.submit(body, session=session, path=PATH, idempotency_key="1")

    with pytest.raises(Rejected, match="Luma Agents refused this: Unknown model: ray-9."):
        run(scenario())


def test_a_wrong_key_an_unknown_job_and_a_closed_door_are_told_apart(account: Access) -> None:
    wrong = Access(1, "luma-agents", account.base_url, "not-a-key-of-luma")
    closed = Access(1, "luma-agents", "http://127.0.0.1:9/v1", luma_agents.SPEC.simulated_key)

    async def ask(access: Access) -> None:
        async with ProviderSession(access) as session:
            await luma_agents.poll("6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21", session=session)

    with pytest.raises(BadCredentials):
        run(ask(wrong))
    with pytest.raises(NotFound):
        run(ask(account))
    with pytest.raises(Unavailable):
        run(ask(closed))
