"""Scenario's adapter over real sockets, against the simulator in a process of its own: each of the
seven models.
"""

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

from editorapp.providers.contract import (
    Access,
    BadCredentials,
    GenerationRequest,
    Job,
    JobState,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    Ref,
    Rejected,
    Throttled,
    Unavailable,
)
from editorapp.providers.http import error_mapping
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.rules import table
from editorapp.providers.spec import Spec
from editorapp.providers.vendors import scenario
from editorapp.providers.vendors.scenario import staging
from tests.patience import PATIENCE_SECONDS
from tests.providers.talk import run
from tests.simulator.clips import cut
from tests.simulator_process import SimulatorProcess

UNIT_PRICE = Decimal("0.02")


@pytest.fixture
def account(simulator: SimulatorProcess) -> Iterator[Access]:
    yield account_at(simulator)


def account_at(simulator: SimulatorProcess, **changes: Any) -> Access:
    access = Access(
        1,
        "scenario",
        f"{simulator.url}/scenario/v1",
        scenario.SPEC.simulated_key,
        is_simulated=True,
        unit_price_usd=UNIT_PRICE,
    )
    return replace(access, **changes)


@pytest.fixture(scope="session")
def clip(real_media: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Most of a second of a real clip, small."""
    folder = tmp_path_factory.mktemp("scenario")
    return cut(real_media / "bunny_720p_5s.mp4", folder / "clip.mp4", start=60, count=20)


async def staged(path: Path, session: ProviderSession, media_type: str = "video/mp4") -> Ref:
    return await scenario.stage(
        path, name=path.name, media_type=media_type, purpose="input", session=session
    )


async def sent(
    wanted: GenerationRequest, session: ProviderSession, spec: Spec = scenario.SPEC
) -> Job:
    assert table.refusals(table.check(spec, wanted, None)) == []
    return await scenario.submit(
        scenario.encode(wanted, spec),
        path=scenario.endpoint(wanted),
        session=session,
        idempotency_key="k",
    )


async def finished(job: Job, session: ProviderSession) -> tuple[Job, list[float]]:
    """Return a job at its end, and the progress that it reported on the way."""
    deadline, progress = time.monotonic() + PATIENCE_SECONDS, []
    while job.state not in {JobState.DONE, JobState.FAILED}:
        assert time.monotonic() < deadline, "the simulator did not finish"
        await asyncio.sleep(0.1)
        job = await scenario.poll(job.id, session=session)
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
    "flash 540p": (
        "generate",
        "ray-flash-2-540p",
        {"duration": "9s", "concepts": ("zoom_in",)},
        540,
        "0.144",
    ),
    "flash 720p": (
        "generate",
        "ray-flash-2-720p",
        {"loop": True, "aspect_ratio": "1:1"},
        720,
        "0.14",
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_each_model_goes_from_a_file_to_a_result_that_is_paid_for_as_quoted(
    name: str, account: Access, clip: Path, tmp_path: Path
) -> None:
    task, model, said, short_side, price = MODELS[name]

    async def through() -> tuple[Job, Any]:
        async with ProviderSession(account) as session:
            source = {} if task == "generate" else {"source": await staged(clip, session)}
            wanted = wanted_of(task, model, **said, **source)
            quote = await scenario.quote(wanted, seconds=None, session=session)
            job, _progress = await finished(await sent(wanted, session), session)
            return job, quote

    job, quote = run(through())

    width, height, seconds = result_of(job, tmp_path / "result.mp4")
    assert min(width, height) == short_side
    assert (
        seconds == {"9s": 9.0}.get(said.get("duration", ""), 5.0)
        if task == "generate"
        else seconds < 1.1
    )
    assert quote.low_usd == quote.high_usd == job.cost_usd == Decimal(price)
    assert "CU at $0.02" in quote.basis
    assert job.chain_id.startswith("asset_")


def test_a_picture_travels_small_in_one_call_and_large_in_parts(
    account: Access, real_media: Path, tmp_path: Path
) -> None:
    large = tmp_path / "large.png"
    large.write_bytes((real_media / "coffee.png").read_bytes() + bytes(6_000_000))

    async def through() -> tuple[Ref, Ref]:
        async with ProviderSession(account) as session:
            small = await staged(real_media / "rocket.jpg", session, "image/jpeg")
            return small, await staged(large, session, "image/png")

    small, in_parts = run(through())

    assert all(str(ref.file_id).startswith("asset_") for ref in (small, in_parts))


def test_a_webm_clip_is_taken_as_it_is(account: Access, real_media: Path) -> None:
    async def through() -> dict[str, Any]:
        async with ProviderSession(account) as session:
            ref = await staged(real_media / "frog_vp9_8s.webm", session, "video/webm")
            return (await session.call("GET", f"/assets/{ref.file_id}"))["asset"]

    asset = run(through())

    assert (asset["kind"], asset["mimeType"], asset["properties"]["codecName"]) == (
        "video",
        "video/webm",
        "vp9",
    )


def test_a_clip_of_several_parts_arrives_whole(
    account: Access, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "PART_BYTES", 5 * 1024**2)
    filler = 11_000_000
    big = tmp_path / "big.mp4"
    big.write_bytes(clip.read_bytes() + (filler + 8).to_bytes(4, "big") + b"free" + bytes(filler))

    async def through() -> dict[str, Any]:
        async with ProviderSession(account) as session:
            ref = await staged(big, session)
            return (await session.call("GET", f"/assets/{ref.file_id}"))["asset"]

    asset = run(through())

    assert asset["properties"]["size"] == big.stat().st_size
    assert httpx.get(asset["url"], trust_env=False).content == big.read_bytes()


@pytest.mark.parametrize("media_type", ["video/quicktime", "video/x-matroska"])
def test_a_clip_of_another_kind_is_refused_before_it_is_sent(
    account: Access, clip: Path, simulator: SimulatorProcess, media_type: str
) -> None:
    async def through() -> None:
        async with ProviderSession(account) as session:
            await staged(clip, session, media_type)

    with pytest.raises(Rejected, match="MP4 and WebM"):
        run(through())


def test_a_file_that_scenario_cannot_read_is_refused_in_its_words(
    account: Access, tmp_path: Path
) -> None:
    text = tmp_path / "notes.mp4"
    text.write_bytes(b"no video at all" * 50)

    async def through() -> None:
        async with ProviderSession(account) as session:
            await staged(text, session)

    with pytest.raises(Rejected, match="not a supported video"):
        run(through())


@pytest.mark.parametrize("call", ["upload", "put", "complete", "file"])
def test_a_fault_on_the_way_of_an_upload_can_be_tried_again(
    account: Access, clip: Path, simulator: SimulatorProcess, call: str
) -> None:
    async def through() -> Ref:
        async with ProviderSession(account) as session:
            with pytest.raises(Unavailable):
                await staged(clip, session)
            return await staged(clip, session)

    simulator.fail(call, "status:503")

    assert str(run(through()).file_id).startswith("asset_")


def test_keyframes_are_sent_as_the_model_itself_says(
    account: Access, clip: Path, real_media: Path
) -> None:
    async def through() -> tuple[dict[str, Any], Job]:
        async with ProviderSession(account) as session:
            learned = await scenario.discover(session=session)
            keys = tuple(learned["models"]["edit/ray-3.2"]["keyframe_keys"])
            models = (
                replace(one, limits=replace(one.limits, keyframe_keys=keys))
                for one in scenario.SPEC.models
            )
            spec = replace(scenario.SPEC, models=tuple(models))
            picture = await staged(real_media / "rocket.jpg", session, "image/jpeg")
            wanted = wanted_of(
                "edit",
                "ray-3.2",
                source=await staged(clip, session),
                resolution="540p",
                auto_controls=True,
                keyframes=(picture,),
                keyframe_indexes=(3,),
            )
            return learned, (await finished(await sent(wanted, session, spec), session))[0]

    learned, job = run(through())

    assert learned == {
        "models": {
            "edit/ray-3.2": {"keyframe_keys": ["image", "index"]},
            "generate/ray-3.2": {},
            "generate/ray-flash-2-540p": {},
            "generate/ray-flash-2-720p": {},
            "reframe/ray-3.2": {},
            "reframe/reframe-video": {},
            "modify/modify-video": {},
        },
        "unit_price_usd": "0.020000",
    }
    assert job.state is JobState.DONE


def test_a_result_is_edited_further_by_its_asset_and_only_with_its_own_key(
    account: Access, clip: Path, simulator: SimulatorProcess
) -> None:
    async def through() -> tuple[Job, Job]:
        async with ProviderSession(account) as session:
            first, _ = await finished(
                await sent(
                    wanted_of("modify", "modify-video", source=await staged(clip, session)), session
                ),
                session,
            )
            onward = wanted_of(
                "reframe",
                "ray-3.2",
                source=Ref(generation_id=first.chain_id),
                aspect_ratio="1:1",
                resolution="540p",
            )
            second, _ = await finished(await sent(onward, session), session)
        async with ProviderSession(account_at(simulator, secret="api_stranger:secret")) as session:
            with pytest.raises(Rejected, match="not found"):
                await sent(onward, session)
        return first, second

    first, second = run(through())

    assert second.state is JobState.DONE
    assert first.chain_id != second.chain_id


def test_a_running_job_says_how_far_it_is(tmp_path: Path) -> None:
    process = SimulatorProcess.start(tmp_path, "--no-render", "--render-seconds", "1")

    async def through() -> list[float]:
        async with ProviderSession(account_at(process)) as session:
            job = await sent(wanted_of("generate", "ray-3.2"), session)
            assert job.state is JobState.QUEUED
            return (await finished(job, session))[1]

    try:
        progress = run(through())
    finally:
        process.stop()

    assert progress[:-1] == sorted(progress[:-1]) and 0 < max(progress) <= 1


@pytest.mark.parametrize(
    ("kind", "code", "can_retry", "words"),
    [
        ("fail:content_moderated", "content_moderated", False, "Change the prompt or the inputs"),
        ("fail:generation_failed", "failure", True, "Generation failed"),
        ("no_output", "no_output", False, "without a result"),
    ],
)
def test_a_failure_says_what_scenario_says_and_what_to_do(
    account: Access, kind: str, code: str, can_retry: bool, words: str
) -> None:
    wanted = GenerationRequest(
        task="generate", model="ray-3.2", prompt=f"Rain [[{kind}]]", resolution="540p"
    )

    async def through() -> Job:
        async with ProviderSession(account) as session:
            return (await finished(await sent(wanted, session), session))[0]

    job = run(through())

    assert job.failure is not None and (job.failure.code, job.failure.can_retry) == (
        code,
        can_retry,
    )
    assert words in job.failure.reason
    charged = code == "no_output"
    assert job.failure.is_charged is (None if charged else False)
    assert job.cost_usd == (Decimal("0.20") if charged else None)


def test_a_failure_that_is_not_refunded_is_charged(account: Access, clip: Path) -> None:
    async def through() -> Job:
        async with ProviderSession(account) as session:
            source = await staged(clip, session)
            wanted = GenerationRequest(
                task="reframe",
                model="reframe-video",
                prompt="x [[fail:generation_failed]]",
                source=source,
            )
            return (await finished(await sent(wanted, session), session))[0]

    job = run(through())

    assert job.failure is not None
    assert (job.failure.is_charged, job.failure.can_retry, job.cost_usd) == (
        True,
        False,
        Decimal("0.02"),
    )


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("status:503", OutcomeUnknown),
        ("reset", OutcomeUnknown),
        ("accept_then_reset", OutcomeUnknown),
        ("status:400", Rejected),
        ("429:7", Throttled),
    ],
)
def test_the_paid_call_is_sent_once_and_never_said_to_have_failed_unless_it_has(
    account: Access, simulator: SimulatorProcess, kind: str, error: type[ProviderError]
) -> None:
    async def through() -> None:
        async with ProviderSession(account) as session:
            await sent(wanted_of("generate", "ray-3.2"), session)

    simulator.fail("submit", kind)

    with pytest.raises(error):
        run(through())
    assert simulator.submits_received == (1 if kind == "accept_then_reset" else 0)


def test_without_a_unit_price_the_dearest_pack_is_taken_and_said_so(
    simulator: SimulatorProcess,
) -> None:
    async def through() -> Any:
        async with ProviderSession(account_at(simulator, unit_price_usd=None)) as session:
            wanted = wanted_of("generate", "ray-flash-2-540p", duration="9s")
            return await scenario.quote(wanted, seconds=None, session=session)

    quote = run(through())

    assert quote.high_usd == Decimal("0.144") and "dearest" in quote.note


def test_asking_for_a_price_makes_no_job(account: Access, simulator: SimulatorProcess) -> None:
    async def through() -> None:
        async with ProviderSession(account) as session:
            await scenario.quote(wanted_of("generate", "ray-3.2"), seconds=None, session=session)

    run(through())

    assert simulator.submits_received == 0


@pytest.mark.parametrize("key", ["api_unknown", "api_revoked", "api_wrongscope"])
def test_a_bad_key_is_told_apart_from_everything_else(
    simulator: SimulatorProcess, key: str
) -> None:
    async def through() -> None:
        async with ProviderSession(account_at(simulator, secret=f"{key}:a-secret")) as session:
            await scenario.ping(session=session)

    with pytest.raises(BadCredentials):
        run(through())


def test_a_plan_without_the_model_names_the_model_and_the_plan_it_needs(
    simulator: SimulatorProcess,
) -> None:
    async def through() -> dict[str, Any]:
        async with ProviderSession(
            account_at(simulator, secret="api_restricted:a-secret")
        ) as session:
            await scenario.ping(session=session)
            with pytest.raises(
                Rejected, match="does not include Ray 2 Flash 720p. It needs the pro plan"
            ) as refused:
                await sent(wanted_of("generate", "ray-flash-2-720p"), session)
            assert not isinstance(refused.value, BadCredentials)
            return await scenario.discover(session=session)

    assert run(through())["models"]


def test_too_many_jobs_at_once_are_told_apart_from_too_many_requests(tmp_path: Path) -> None:
    process = SimulatorProcess.start(
        tmp_path, "--concurrent", "1", "--render-seconds", "30", "--no-render"
    )

    async def through() -> Throttled:
        async with ProviderSession(account_at(process)) as session:
            await sent(wanted_of("generate", "ray-3.2"), session)
            with pytest.raises(Throttled) as full:
                await sent(wanted_of("generate", "ray-3.2"), session)
            return full.value

    try:
        full = run(through())
    finally:
        process.stop()

    assert full.code == error_mapping.CONCURRENCY and "parallelCustomJobs: 1" in full.message


def test_an_unknown_job_is_not_found(account: Access) -> None:
    async def through() -> None:
        async with ProviderSession(account) as session:
            await scenario.poll("job_none", session=session)

    with pytest.raises(NotFound):
        run(through())
