"""Scenario's official SDK, pointed at the simulator and otherwise as it is."""

import base64
import hashlib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import scenario_sdk
from scenario_sdk import Scenario

from editorapp.simulator.options import DEFAULT_URL_LIFETIME
from editorapp.simulator.scenario.links import lifetime_end
from tests.patience import awaited
from tests.simulator_process import SimulatorProcess, http

EDIT, FLASH, FRAMING = (
    "model_luma-ray-3-2-edit",
    "model_luma-ray-flash-2-540p",
    "model_luma-reframe-video",
)
TERMINAL = ("success", "failure", "canceled")


def sdk(simulator: SimulatorProcess, key: str = "api_sdk", **options: Any) -> Scenario:
    usual = {"api_secret": "a-secret", "max_retries": 0}
    return Scenario(base_url=f"{simulator.url}/scenario/v1", api_key=key, **(usual | options))


@pytest.fixture
def client(simulator: SimulatorProcess) -> Scenario:
    return sdk(simulator)


def upload(client: Scenario, path: Path, *, parts: int = 1, part_bytes: int = 0) -> Any:
    """Upload a clip as the guide says; return the upload at its end."""
    data = path.read_bytes()
    begun = client.uploads.create(
        file_name=path.name,
        content_type="video/mp4",
        file_size=len(data),
        kind="video",
        parts=parts,
    ).upload
    assert begun.parts is not None
    for at, part in enumerate(begun.parts):
        piece = data[at * part_bytes : (at + 1) * part_bytes] if part_bytes else data
        http.put(part.url, content=piece).raise_for_status()
    client.uploads.trigger_action(begun.id, action="complete")

    def ended() -> Any:
        upload = client.uploads.retrieve(begun.id).upload
        return upload if upload.status in ("imported", "failed") else None

    return awaited(ended, "the end of the upload")


@pytest.fixture(scope="session")
def video(simulator_process: SimulatorProcess, tiny: Path) -> str:
    """The asset of the tiny clip. No test may delete it."""
    return str(upload(sdk(simulator_process), tiny).entity_id)


def finished(client: Scenario, job_id: str) -> Any:
    """Poll a job to its end."""

    def ended() -> Any:
        job = client.jobs.retrieve(job_id).job
        return job if job.status in TERMINAL else None

    return awaited(ended, "the end of the job")


def edit(client: Scenario, video: str, **said: Any) -> Any:
    body = {
        "prompt": "a calm evening",
        "video": video,
        "resolution": "540p",
        "editStrength": "flex_1",
    } | said
    return client.generate.run_model(EDIT, body=body)


def test_an_edit_goes_through_its_states_to_a_clip_behind_a_signed_link(
    client: Scenario, video: str
) -> None:
    answer = edit(client, video)
    job = finished(client, answer.job.job_id)
    asset = client.assets.retrieve(job.metadata.asset_ids[0]).asset

    assert answer.job.status == "pending" and answer.job.job_id.startswith("job_")
    assert [step.status for step in job.status_history] == [
        "pending",
        "queued",
        "warming-up",
        "in-progress",
        "finalizing",
        "success",
    ]
    assert [step.date for step in job.status_history] == sorted(
        step.date for step in job.status_history
    )
    assert (job.progress, job.job_type) == (1, "custom")
    assert job.metadata.input["prompt"] == "a calm evening"
    assert (
        job.billing.cu_cost
        == answer.creative_units_cost
        == answer.cost_details.custom_generation
        > 0
    )
    assert (asset.kind, asset.mime_type, asset.status) == ("video", "video/mp4", "success")
    assert asset.properties.height == 540 and asset.properties.nb_frames == 8
    clip = http.get(asset.url)
    assert clip.status_code == 200 and len(clip.content) == asset.properties.size


def test_a_link_is_good_as_it_is_and_in_no_other_form(client: Scenario, video: str) -> None:
    url = client.assets.retrieve(video).asset.url

    assert {"Policy", "Signature", "Key-Pair-Id"} == set(httpx.URL(url).params)
    assert http.get(url).status_code == 200
    assert http.get(url.replace("Signature=", "Signature=0")).status_code == 403
    assert http.get(url.replace(video, "asset_of_another")).status_code == 403
    assert client.assets.retrieve(video).asset.url.partition("?")[0] == url.partition("?")[0]


@pytest.mark.parametrize(
    ("day", "until"),
    [
        ("2026-11-01", "2026-11-14"),
        ("2026-11-10", "2026-11-21"),
        ("2026-02-20", "2026-02-28"),
        ("2026-12-31", "2027-01-07"),
        ("2026-11-21", "2026-11-30"),
    ],
)
def test_links_end_by_the_calendar(day: str, until: str) -> None:
    now = datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC).timestamp()

    ends = datetime.fromtimestamp(lifetime_end(now, DEFAULT_URL_LIFETIME), UTC)

    assert ends.date().isoformat() == until


def test_links_last_a_day_at_the_least_or_as_long_as_the_simulator_is_told() -> None:
    evening = datetime(2026, 11, 14, 23, tzinfo=UTC)

    assert (
        lifetime_end(evening.timestamp(), DEFAULT_URL_LIFETIME)
        >= (evening + timedelta(days=1)).timestamp()
    )
    assert lifetime_end(1000.0, 2.5) == 1002.5


def test_a_dry_run_prices_the_body_with_269_and_makes_no_job(
    simulator: SimulatorProcess, client: Scenario
) -> None:
    before = simulator.submits_received

    dry = client.generate.with_raw_response.run_model(
        FLASH, body={"prompt": "x", "duration": 9}, dry_run="true"
    )
    unjudged = client.generate.run_model(
        FLASH, body={"prompt": "", "duration": "long"}, dry_run="api"
    )

    assert dry.status_code == 269
    assert dry.parse().creative_units_cost == 7.2
    assert unjudged.creative_units_cost == 4
    assert simulator.submits_received == before


def test_a_dry_run_measures_the_clip_that_the_body_names(client: Scenario, video: str) -> None:
    def price(**said: Any) -> Any:
        body = {"prompt": "x", "video": video} | said
        return client.generate.run_model(EDIT, body=body, dry_run="true").creative_units_cost

    assert (price(), price(resolution="1080p"), price(hdr=True)) == (14, 56, 28)


def test_jobs_are_listed_newest_first_in_pages_and_by_status(
    simulator: SimulatorProcess, video: str
) -> None:
    client = sdk(simulator, "api_sdk_list")
    made = [
        client.generate.run_model(FLASH, body={"prompt": f"clip {at} [[fail:generation_failed]]"})
        for at in "abc"
    ]
    ids = [one.job.job_id for one in reversed(made)]
    for job_id in ids:
        finished(client, job_id)

    assert [job.job_id for job in client.jobs.list(page_size=2)] == ids
    first = client.jobs.list(page_size=2)
    assert len(first.jobs) == 2 and first.has_next_page()
    assert [job.job_id for job in client.jobs.list(status="failure", types=["custom"])] == ids
    assert list(client.jobs.list(status="success")) == []
    assert list(client.jobs.list(type="upload")) == []
    assert list(client.jobs.list(created_after="2999-01-01T00:00:00Z")) == []
    assert [job.metadata.input["prompt"] for job in client.jobs.list()][2].startswith("clip a")
    with pytest.raises(scenario_sdk.BadRequestError, match="createdAfter"):
        client.jobs.list(status="failure", created_after="2026-01-01T00:00:00Z")
    with pytest.raises(scenario_sdk.BadRequestError, match="pageSize"):
        client.jobs.list(page_size=101)


def test_a_failed_job_says_why_and_what_to_do_and_is_refunded_unless_its_model_is_not(
    client: Scenario, video: str
) -> None:
    moderated = finished(
        client, edit(client, video, prompt="no [[fail:content_moderated]]").job.job_id
    )
    kept = finished(
        client,
        client.generate.run_model(
            FRAMING, body={"video": video, "prompt": "x [[fail:generation_failed]]"}
        ).job.job_id,
    )

    assert moderated.status == "failure" and "moderation" in moderated.metadata.error
    assert "prompt" in moderated.metadata.hint
    assert (moderated.billing.cu_cost, moderated.billing.disable_refund) == (0, None)
    assert (kept.billing.cu_cost, kept.billing.disable_refund) == (1, True)
    assert not moderated.metadata.asset_ids


def test_no_generation_can_be_cancelled(client: Scenario, video: str) -> None:
    job_id = edit(client, video).job.job_id

    with pytest.raises(scenario_sdk.BadRequestError, match="Cannot cancel this type of job"):
        client.jobs.trigger_action(job_id, action="cancel")
    assert finished(client, job_id).status == "success"


def test_a_clip_comes_in_parts_and_goes_through_the_states_of_an_upload(
    client: Scenario, tmp_path: Path, real_media: Path
) -> None:
    big = tmp_path / "big.mp4"
    # A box that every reader skips makes a real clip as large as several parts.
    filler = 6_000_000
    clip = (real_media / "bunny_720p_5s.mp4").read_bytes()
    big.write_bytes(clip + (filler + 8).to_bytes(4, "big") + b"free" + bytes(filler))

    upload_ = upload(client, big, parts=2, part_bytes=5_000_000)
    asset = client.assets.retrieve(upload_.entity_id).asset

    assert (upload_.status, upload_.parts_count, upload_.source) == ("imported", 2, "multipart")
    assert (
        asset.properties.size == big.stat().st_size
        and asset.properties.duration == pytest.approx(5.28, abs=0.01)
    )
    assert asset.metadata.type == "uploaded-video"
    kept = http.get(client.assets.download.request(asset.id).url).content
    assert hashlib.sha256(kept).digest() == hashlib.sha256(big.read_bytes()).digest()


def test_an_upload_that_is_no_video_or_not_whole_fails_in_words(
    client: Scenario, tmp_path: Path
) -> None:
    text = tmp_path / "notes.mp4"
    text.write_bytes(b"this is no video" * 100)
    short = client.uploads.create(
        file_name="a.mp4", content_type="video/mp4", file_size=10, kind="video", parts=1
    )

    with pytest.raises(scenario_sdk.BadRequestError, match="parts"):
        client.uploads.trigger_action(short.upload.id, action="complete")
    with pytest.raises(scenario_sdk.BadRequestError, match="video/quicktime"):
        client.uploads.create(
            file_name="a.mov", content_type="video/quicktime", file_size=10, kind="video", parts=1
        )
    failed = upload(client, text)

    assert failed.status == "failed" and "not a supported video" in failed.error_message
    assert failed.entity_id is None


def test_a_quicktime_file_under_another_name_is_found_out(
    client: Scenario, real_media: Path
) -> None:
    assert upload(client, real_media / "pig_rotated_6s.mov").status == "failed"


def test_small_pictures_come_in_one_call_and_large_ones_do_not(
    client: Scenario, real_media: Path
) -> None:
    picture = base64.b64encode((real_media / "rocket.jpg").read_bytes()).decode()

    asset = client.assets.upload(name="rocket.jpg", image=picture).asset

    assert (asset.kind, asset.mime_type) == ("image", "image/jpeg")
    assert client.assets.retrieve(asset.id).asset.properties.width
    with pytest.raises(scenario_sdk.APIStatusError, match="POST /uploads"):
        client.assets.upload(name="big.png", image=base64.b64encode(bytes(6_000_000)).decode())
    with pytest.raises(scenario_sdk.BadRequestError, match="image format"):
        client.assets.upload(name="a.png", image=base64.b64encode(b"no picture").decode())


def test_assets_are_read_in_bulk_and_deleted(client: Scenario, tiny: Path, video: str) -> None:
    own = upload(client, tiny).entity_id

    assert {
        one.id for one in client.assets.get_bulk(asset_ids=[own, video, "asset_none"]).assets
    } == {own, video}
    client.assets.delete_multiple(asset_ids=[own])

    with pytest.raises(scenario_sdk.NotFoundError):
        client.assets.retrieve(own)
    with pytest.raises(scenario_sdk.NotFoundError):
        edit(client, own)


def test_a_video_is_downloaded_as_it_is_stored_only(client: Scenario, video: str) -> None:
    assert client.assets.download.request(video, target_format="mp4").mime_type == "video/mp4"
    with pytest.raises(scenario_sdk.BadRequestError, match="Invalid target format"):
        client.assets.download.request(video, target_format="gif")


def test_a_result_is_the_source_of_the_next_edit_and_of_nobody_elses(
    simulator: SimulatorProcess, client: Scenario, video: str
) -> None:
    first = finished(client, edit(client, video).job.job_id).metadata.asset_ids[0]

    second = finished(client, edit(client, first, prompt="neon").job.job_id)

    assert second.status == "success"
    with pytest.raises(scenario_sdk.NotFoundError):
        edit(sdk(simulator, "api_stranger"), first)


def test_a_model_says_its_inputs_with_and_without_a_key(
    simulator: SimulatorProcess, client: Scenario
) -> None:
    model = client.models.retrieve(EDIT).model
    keyless = http.get(
        f"{simulator.url}/scenario/v1/models/{EDIT}", headers={"Authorization": "public-auth-token"}
    ).json()["model"]

    inputs = {one.name: one for one in model.inputs or ()}
    assert keyless["id"] == model.id == EDIT
    assert inputs["resolution"].allowed_values == ["540p", "720p", "1080p"]
    assert inputs["video"].type == "file" and inputs["video"].max_duration is None
    assert [(one["name"], one["type"]) for one in inputs["keyframes"].inputs or ()] == [
        ("image", "file"),
        ("index", "number"),
    ]
    limits = {
        one.name: one
        for one in client.models.retrieve("model_luma-modify-video").model.inputs or ()
    }
    assert (limits["video"].max_duration, limits["video"].max_size) == (30, 100_000_000)
    assert keyless["performanceStats"]["variants"][0]["costPerAssetMinCU"] > 0
    with pytest.raises(scenario_sdk.NotFoundError):
        client.models.retrieve("model_of_nobody")


def test_packs_and_limits_can_be_read(client: Scenario) -> None:
    prices = client.pricing.oscu.retrieve_prices().prices
    limits = client.teams.retrieve_limits("team_1").limits

    assert {one.currency for one in prices} == {"usd", "eur"}
    assert limits.parallel_custom_jobs > 0 and limits.creative_units > 0


@pytest.mark.parametrize(
    ("key", "error"),
    [
        ("api_unknown_1", scenario_sdk.AuthenticationError),
        ("api_revoked_1", scenario_sdk.AuthenticationError),
        ("api_wrongscope_1", scenario_sdk.PermissionDeniedError),
        ("nonsense", scenario_sdk.AuthenticationError),
    ],
)
def test_a_bad_key_is_refused(
    simulator: SimulatorProcess, key: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        sdk(simulator, key).jobs.list()


def test_a_plan_without_the_model_is_told_so(simulator: SimulatorProcess) -> None:
    with pytest.raises(scenario_sdk.PermissionDeniedError) as refused:
        sdk(simulator, "api_restricted_1").generate.run_model(FLASH, body={"prompt": "x"})

    assert refused.value.body["error"] == "ModelAccessRestrictedError"
    assert refused.value.body["details"]["requiredPlan"] == "pro"


def test_unknown_jobs_models_and_paths_are_404(client: Scenario) -> None:
    with pytest.raises(scenario_sdk.NotFoundError):
        client.jobs.retrieve("job_none")
    with pytest.raises(scenario_sdk.NotFoundError):
        client.generate.run_model("model_none", body={"prompt": "x"})
    with pytest.raises(scenario_sdk.NotFoundError):
        client.uploads.retrieve("upload_none")


def test_a_bad_body_is_a_400_that_names_the_field(client: Scenario, video: str) -> None:
    for said, field in (
        ({"resolution": "360p"}, "resolution"),
        ({"depthControlBlur": 2}, "depthControlBlur"),
        ({"video": "https://media.example.org/a.mp4"}, "video"),
        ({"video": ["asset_1"]}, "video"),
        ({"seed": 4}, "seed"),
    ):
        with pytest.raises(scenario_sdk.BadRequestError, match=field):
            edit(client, **({"video": video} | said))


def test_too_many_jobs_at_once_name_the_limit(tmp_path: Path) -> None:
    process = SimulatorProcess.start(
        tmp_path, "--concurrent", "1", "--render-seconds", "30", "--no-render"
    )
    try:
        client = sdk(process)
        client.generate.run_model(FLASH, body={"prompt": "one"})
        with pytest.raises(scenario_sdk.RateLimitError) as refused:
            client.generate.run_model(FLASH, body={"prompt": "two"})
    finally:
        process.stop()

    assert refused.value.body["details"] == {"actionName": "parallelCustomJobs", "actionLimit": 1}


def test_a_failed_poll_is_tried_again_by_the_sdk_itself(
    simulator: SimulatorProcess, client: Scenario
) -> None:
    job_id = client.generate.run_model(
        FLASH, body={"prompt": "x [[fail:generation_failed]]"}
    ).job.job_id
    simulator.fail("poll", "status:503")

    job = client.with_options(max_retries=2).jobs.retrieve(job_id).job

    assert job.job_id == job_id


def test_assets_jobs_and_links_outlive_a_restart(tmp_path: Path, tiny: Path) -> None:
    first = SimulatorProcess.start(tmp_path, "--no-render")
    try:
        video = upload(sdk(first), tiny).entity_id
        made = finished(sdk(first), edit(sdk(first), video).job.job_id)
    finally:
        first.stop()
    second = SimulatorProcess.start(tmp_path, "--no-render")
    try:
        client = sdk(second)
        asset = client.assets.retrieve(made.metadata.asset_ids[0]).asset
        again = finished(client, edit(client, video).job.job_id)

        assert client.jobs.retrieve(made.job_id).job.status == again.status == "success"
        assert http.get(asset.url).status_code == 200
    finally:
        second.stop()


def test_a_link_ends_when_the_simulator_is_told_so(tmp_path: Path, tiny: Path) -> None:
    process = SimulatorProcess.start(tmp_path, "--no-render", "--url-lifetime", "1")
    try:
        client = sdk(process)
        video = upload(client, tiny).entity_id
        url = client.assets.retrieve(video).asset.url
        time.sleep(2)

        assert http.get(url).status_code == 403
        assert http.get(client.assets.retrieve(video).asset.url).status_code == 200
    finally:
        process.stop()
