"""GMI Cloud's adapter over real sockets, against the simulator in a process of its own."""

import asyncio
import io
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from editorapp.media import store
from editorapp.providers.contract import (
    Access,
    BadCredentials,
    GenerationRequest,
    Job,
    JobState,
    NotFound,
    OutcomeUnknown,
    OutOfFunds,
    Ref,
    Rejected,
    Throttled,
    Unavailable,
)
from editorapp.providers.http.inline_body import StoredFile
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.rules import table
from editorapp.providers.vendors import gmi_cloud
from editorapp.providers.vendors.gmi_cloud import SPEC
from tests.patience import PATIENCE_SECONDS
from tests.providers.talk import run
from tests.simulator.clips import Seen, cut, seen
from tests.simulator_process import SimulatorProcess, http

ROOT = "/gmi-cloud/api/v1/ie/requestqueue/apikey"


@pytest.fixture
def account(simulator: SimulatorProcess) -> Access:
    return Access(1, "gmi-cloud", simulator.url + ROOT, SPEC.simulated_key, is_simulated=True)


@pytest.fixture(scope="session")
def short(real_media: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A quarter of a second of a real clip, 640x360."""
    return cut(
        real_media / "bunny_720p_5s.mp4",
        tmp_path_factory.mktemp("gmi") / "short.mp4",
        start=60,
        count=6,
    )


@pytest.fixture
def stored(settings: Any, tmp_path: Path) -> Callable[[Path], Ref]:
    """Put a clip where stored files lie, and name it as the engine does for a request that carries
    it.
    """
    settings.MEDIA_ROOT = tmp_path / "media"

    def put(clip: Path, media_type: str = "video/mp4") -> Ref:
        sha256 = "ab" * 32
        target = store.path(sha256, store.ORIGINAL)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(clip.read_bytes())
        return Ref(data=StoredFile.of(sha256), media_type=media_type)

    return put


def _draft_of(wanted: GenerationRequest) -> GenerationRequest:
    """Return the request as it was before its files were staged: that is what the rules judge."""
    frames = {name: getattr(wanted, name) for name in ("source", "start_frame", "end_frame")}
    staged = {name for name, ref in frames.items() if ref is not None and ref.generation_id is None}
    return replace(wanted, **dict.fromkeys(staged, Ref(asset_id=1)))


async def _made(wanted: GenerationRequest, session: ProviderSession) -> Job:
    """Submit a request whose draft breaks no rule, and poll it to its end."""
    assert table.refusals(table.check(SPEC, _draft_of(wanted), None)) == []
    path = gmi_cloud.endpoint(wanted)
    job = await gmi_cloud.submit(
        gmi_cloud.encode(wanted), path=path, session=session, idempotency_key="1"
    )
    deadline = time.monotonic() + PATIENCE_SECONDS
    while job.state not in {JobState.DONE, JobState.FAILED}:
        assert time.monotonic() < deadline, "the simulator did not finish"
        await asyncio.sleep(0.1)
        job = await gmi_cloud.poll(job.id, session=session)
    return job


def made(account: Access, *wants: Callable[[list[Job]], GenerationRequest]) -> list[Job]:
    """Make one request after the other; each may name the results before it."""

    async def scenario() -> list[Job]:
        jobs: list[Job] = []
        async with ProviderSession(account) as session:
            for wanted in wants:
                jobs.append(await _made(wanted(jobs), session))
        return jobs

    return run(scenario())


def shown(job: Job, folder: Path, *, pictures: bool = False) -> Seen:
    """Download the video of a job and decode it."""
    assert job.failure is None
    url = next(output.url for output in job.outputs if output.kind == "video")
    target = folder / f"{job.id}.mp4"
    target.write_bytes(http.get(url).raise_for_status().content)
    return seen(target, pictures=pictures)


def test_a_real_clip_goes_in_the_request_and_its_result_is_edited_again(
    account: Access, simulator: SimulatorProcess, real_media: Path, stored: Any, tmp_path: Path
) -> None:
    clip = real_media / "vertical_4s.mp4"

    first, second = made(
        account,
        lambda jobs: GenerationRequest(
            prompt="Warm dusk", source=stored(clip), auto_controls=True, resolution="540p"
        ),
        lambda jobs: GenerationRequest(
            prompt="Snow",
            source=Ref(generation_id=jobs[0].chain_id),
            strength="flex_2",
            resolution="540p",
            depth_blur=0.25,
        ),
    )

    assert simulator.submits_received == 2
    assert first.chain_id not in ("", first.id)
    source = seen(clip, pictures=False)
    for job in (first, second):
        result = shown(job, tmp_path)
        assert abs(result.duration - source.duration) <= Fraction(1, 24)
        assert (result.width, len(result.times)) == (540, len(source.times))


def test_a_quicktime_clip_that_lies_on_its_side_is_taken(
    account: Access, real_media: Path, stored: Any, tmp_path: Path
) -> None:
    source = stored(real_media / "pig_rotated_6s.mov", "video/quicktime")

    (job,) = made(
        account,
        lambda jobs: GenerationRequest(
            task="reframe",
            prompt="More grass",
            source=source,
            aspect_ratio="1:1",
            resolution="540p",
        ),
    )

    result = shown(job, tmp_path)
    assert (result.width, result.height) == (540, 540)


def test_hdr_and_exr_come_as_two_outputs(account: Access, short: Path, stored: Any) -> None:
    (job,) = made(
        account,
        lambda jobs: GenerationRequest(
            prompt="Neon", source=stored(short), hdr=True, exr=True, strength="flex_1"
        ),
    )

    assert [output.kind for output in job.outputs] == ["video", "exr", "image"]
    with zipfile.ZipFile(
        io.BytesIO(http.get(job.outputs[1].url).raise_for_status().content)
    ) as archive:
        assert len([name for name in archive.namelist() if name.endswith(".exr")]) == 6


@pytest.mark.parametrize(
    "said",
    [
        {"pose_strength": "precise"},
        {"depth_blur": 1.0},
        {"normals_augmentation": 1.0},
        {"trajectory_sparsity": 1.0},
    ],
)
def test_a_control_that_is_on_by_its_value_can_be_seen(
    account: Access, short: Path, stored: Any, tmp_path: Path, said: dict[str, Any]
) -> None:
    plain = GenerationRequest(
        prompt="Red rain", source=stored(short), strength="reimagine_2", resolution="540p"
    )

    without, with_control = made(account, lambda jobs: plain, lambda jobs: replace(plain, **said))

    one, other = (
        shown(job, tmp_path, pictures=True).pictures[3].astype(int)
        for job in (without, with_control)
    )
    assert abs(one - other).mean() > 0.5


def staged(account: Access, path: Path, media_type: str) -> Ref:
    async def scenario() -> Ref:
        async with ProviderSession(account) as session:
            return await gmi_cloud.stage(
                path, name=path.name, media_type=media_type, purpose="reference", session=session
            )

    return run(scenario())


def test_a_guide_frame_is_uploaded_and_seen_in_the_result(
    account: Access, real_media: Path, short: Path, stored: Any, tmp_path: Path
) -> None:
    guide = staged(account, real_media / "rocket.jpg", "image/jpeg")
    plain = GenerationRequest(
        prompt="Calm", source=stored(short), strength="adhere_1", resolution="540p"
    )

    without, guided = made(
        account,
        lambda jobs: plain,
        lambda jobs: replace(plain, start_frame=guide),
    )

    assert (
        guide.url.endswith(".jpeg")
        and http.get(guide.url).content == (real_media / "rocket.jpg").read_bytes()
    )
    one, other = (
        shown(job, tmp_path, pictures=True).pictures[0].astype(int) for job in (without, guided)
    )
    assert abs(one - other).mean() > 5


def test_text_pictures_and_earlier_results_become_clips(
    account: Access, real_media: Path, tmp_path: Path, simulator: SimulatorProcess
) -> None:
    first = staged(account, real_media / "coffee.png", "image/png")
    last = staged(account, real_media / "rocket.jpg", "image/jpeg")
    said: dict[str, Any] = {
        "task": "generate",
        "prompt": "Steam rises",
        "resolution": "540p",
        "aspect_ratio": "1:1",
    }

    text, pictures, forward, backward = made(
        account,
        lambda jobs: GenerationRequest(**said),
        lambda jobs: GenerationRequest(**said, start_frame=first, end_frame=last),
        lambda jobs: GenerationRequest(
            **said, start_frame=Ref(generation_id=jobs[0].chain_id), loop=True
        ),
        lambda jobs: GenerationRequest(**said, end_frame=Ref(generation_id=jobs[0].chain_id)),
    )

    results = [shown(job, tmp_path, pictures=True) for job in (text, pictures, forward, backward)]
    for result in results:
        assert ((result.width, result.height), result.duration) == ((540, 540), 5)
    frames = [result.pictures for result in results]
    assert abs(frames[2][0].astype(int) - frames[0][-1]).mean() < 12, (
        "going on begins with the last frame"
    )
    assert abs(frames[3][-1].astype(int) - frames[0][0]).mean() < 12, (
        "leading up ends with the first frame"
    )
    assert abs(frames[1][0].astype(int) - frames[1][-1]).mean() > 12


# Prices


def quoted(account: Access, wanted: GenerationRequest, seconds: Decimal | None) -> Any:
    async def scenario() -> Any:
        async with ProviderSession(account) as session:
            return await gmi_cloud.quote(wanted, seconds=seconds, session=session)

    return run(scenario())


def test_the_live_price_is_asked_for_and_nothing_is_paid(
    account: Access, simulator: SimulatorProcess
) -> None:
    generate = GenerationRequest(task="generate", prompt="x", duration="10s", resolution="540p")
    reframe = GenerationRequest(task="reframe", prompt="x", aspect_ratio="1:1", resolution="720p")

    first, second = quoted(account, generate, None), quoted(account, reframe, Decimal("4.1"))

    assert (first.low_usd, first.high_usd, first.basis) == (
        Decimal("0.30"),
        Decimal("0.30"),
        "2 × $0.15 for each started 5 s",
    )
    assert (second.low_usd, second.high_usd) == (Decimal("0.30"), Decimal("0.60"))
    assert simulator.submits_received == 0


# What goes wrong


TEXT = GenerationRequest(task="generate", prompt="A kite", resolution="540p")


def failing(account: Access, wanted: GenerationRequest = TEXT) -> Exception | Job:
    async def scenario() -> Job:
        async with ProviderSession(account) as session:
            return await gmi_cloud.submit(
                gmi_cloud.encode(wanted), path="/requests", session=session, idempotency_key="1"
            )

    try:
        return run(scenario())
    except Exception as error:
        return error


@pytest.mark.parametrize(
    ("kind", "error", "accepted"),
    [
        ("status:400", Rejected, 0),
        ("status:401", BadCredentials, 0),
        ("status:402", OutOfFunds, 0),
        ("status:403", BadCredentials, 0),
        ("status:404", Rejected, 0),
        ("status:413", Rejected, 0),
        ("status:429", Throttled, 0),
        ("status:500", OutcomeUnknown, 0),
        ("status:503", OutcomeUnknown, 0),
        ("reset", OutcomeUnknown, 0),
        ("accept_then_reset", OutcomeUnknown, 1),
    ],
)
def test_a_submit_that_fails_is_told_by_what_may_be_done_next(
    account: Access, simulator: SimulatorProcess, kind: str, error: type[Exception], accepted: int
) -> None:
    simulator.fail("submit", kind)

    assert type(failing(account)) is error
    assert simulator.submits_received == accepted


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("[[fail:generation_failed]]", "generation_failed"),
        ("[[fail:rate_limited]]", "rate_limited"),
        ("[[fail:content_moderated]]", "content_moderated"),
        ("[[fail:cancelled]]", "cancelled"),
        ("[[no_output]]", "no_output"),
    ],
)
def test_a_request_that_fails_says_why_and_leaves_the_charge_open(
    account: Access, short: Path, stored: Any, words: str, code: str
) -> None:
    wanted = GenerationRequest(
        prompt=f"Night {words}", source=stored(short), auto_controls=True, resolution="540p"
    )

    (job,) = made(account, lambda jobs: wanted)

    assert (job.state, job.failure.code, job.failure.is_charged) == (JobState.FAILED, code, None)
    assert job.outputs == () and job.chain_id == ""


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("status:500", Unavailable),
        ("reset", Unavailable),
        ("status:429:3", Throttled),
        ("status:404", NotFound),
    ],
)
def test_a_poll_that_fails_can_be_made_again(
    account: Access, simulator: SimulatorProcess, kind: str, error: type[Exception]
) -> None:
    job = failing(account)
    assert isinstance(job, Job)

    async def poll() -> Job:
        async with ProviderSession(account) as session:
            return await gmi_cloud.poll(job.id, session=session)

    simulator.fail("poll", kind)
    with pytest.raises(error):
        run(poll())
    assert run(poll()).id == job.id


def test_an_upload_that_fails_can_be_made_again(
    account: Access, simulator: SimulatorProcess, real_media: Path
) -> None:
    for call in ("upload", "put"):
        simulator.fail(call, "status:503")
        with pytest.raises(Unavailable):
            staged(account, real_media / "rocket.jpg", "image/jpeg")

    assert staged(account, real_media / "rocket.jpg", "image/jpeg").url


@pytest.mark.parametrize("key", ["gmi-unknown-00000000", "gmi-suspended-00000000", "no key", ""])
def test_a_key_that_does_not_work_is_said(simulator: SimulatorProcess, key: str) -> None:
    async def ping() -> None:
        async with ProviderSession(Access(1, "gmi-cloud", simulator.url + ROOT, key)) as session:
            await gmi_cloud.ping(session=session)

    with pytest.raises(BadCredentials):
        run(ping())


def test_the_simulated_key_works(account: Access) -> None:
    async def ping() -> None:
        async with ProviderSession(account) as session:
            await gmi_cloud.ping(session=session)

    run(ping())
