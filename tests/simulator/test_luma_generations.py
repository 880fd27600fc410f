"""Generations through the official SDK: states, links, errors."""

import time
import uuid
from pathlib import Path

import luma_agents
import pytest
from luma_agents import Luma

from tests.simulator.clips import seen
from tests.simulator.conftest import edit, finished, sdk, upload
from tests.simulator_process import SimulatorProcess, http


def test_a_job_goes_from_queued_over_processing_to_completed(another, tiny: Path) -> None:
    client = sdk(another("--queue-seconds", "0.3", "--render-seconds", "0.3"))

    generation = edit(client, upload(client, tiny))
    states = [generation.state]
    while states[-1] not in ("completed", "failed"):
        time.sleep(0.02)
        generation = client.generations.get(generation.id)
        states.append(generation.state)

    assert list(dict.fromkeys(states)) == ["queued", "processing", "completed"]
    assert generation.type == "video_edit" and generation.model == "ray-3.2"
    assert generation.failure_code is None and generation.failure_reason is None


def test_the_result_is_a_playable_clip_of_the_length_of_its_source(
    client: Luma, uploaded: str, tmp_path: Path
) -> None:
    generation = finished(client, edit(client, uploaded).id)

    assert [output.type for output in generation.output] == ["video"]
    answer = http.get(generation.output[0].url)
    (tmp_path / "result.mp4").write_bytes(answer.content)
    result = seen(tmp_path / "result.mp4")
    assert answer.headers["content-type"] == "video/mp4"
    assert (result.width, result.height, len(result.times)) == (640, 360, 8)


def test_a_result_is_the_source_of_the_next_edit(client: Luma, uploaded: str) -> None:
    first = finished(client, edit(client, uploaded).id)

    second = client.generations.create(
        model="ray-3.2",
        type="video_edit",
        prompt="and now in snow",
        source={"generation_id": first.id},
        video={"resolution": "360p", "edit": {"strength": "adhere_1"}},
    )

    assert finished(client, second.id).state == "completed"


def test_output_is_empty_until_the_job_is_completed(another, tiny: Path) -> None:
    client = sdk(another("--render-seconds", "30"))

    generation = edit(client, upload(client, tiny))

    assert generation.output == []
    assert client.generations.get(generation.id).output == []


def test_each_poll_mints_another_link_and_all_of_them_work(client: Luma, uploaded: str) -> None:
    generation = finished(client, edit(client, uploaded).id)

    links = {client.generations.get(generation.id).output[0].url for _ in range(3)}

    assert len(links) == 3
    assert {http.get(link).status_code for link in links} == {200}


@pytest.mark.parametrize(
    ("key", "error", "detail"),
    [
        ("sk-other", luma_agents.AuthenticationError, "Missing or invalid API key"),
        ("luma-api-unknown-1", luma_agents.AuthenticationError, "Invalid API key"),
        ("luma-api-revoked-1", luma_agents.AuthenticationError, "API key has been revoked"),
        ("luma-api-expired-1", luma_agents.AuthenticationError, "API key has expired"),
        ("luma-api-suspended-1", luma_agents.PermissionDeniedError, "API client is suspended"),
        ("luma-api-deactivated-1", luma_agents.PermissionDeniedError, "API client is deactivated"),
    ],
)
def test_a_bad_key_is_refused_in_the_documented_words(
    simulator: SimulatorProcess, key: str, error: type[luma_agents.APIStatusError], detail: str
) -> None:
    with pytest.raises(error) as refused:
        sdk(simulator, key).files.list(limit=1)

    assert refused.value.body == {"detail": detail}
    assert "retry-after" not in refused.value.response.headers


@pytest.mark.parametrize(
    "header", [None, "luma-api-x", "bearer luma-api-x", "Basic luma-api-x", "Bearer luma-api-"]
)
def test_the_authorization_header_is_read_to_the_letter(
    simulator: SimulatorProcess, header: str | None
) -> None:
    headers = {"Authorization": header} if header else {}

    answer = http.get(f"{simulator.url}/luma-agents/v1/files", headers=headers)

    assert (answer.status_code, answer.json()) == (401, {"detail": "Missing or invalid API key"})


def test_a_client_without_money_is_refused_and_nothing_is_accepted(
    simulator: SimulatorProcess, tiny: Path
) -> None:
    client = sdk(simulator, "luma-api-broke-1")

    with pytest.raises(luma_agents.APIStatusError) as refused:
        edit(client, upload(client, tiny))

    assert refused.value.status_code == 402
    assert simulator.submits_received == 0


@pytest.mark.parametrize("job_id", ["clip-42", "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"])
def test_an_unknown_generation_is_not_found(client: Luma, job_id: str) -> None:
    with pytest.raises(luma_agents.NotFoundError) as missing:
        client.generations.get(job_id)

    assert missing.value.body == {"detail": "Generation not found"}


def test_what_one_client_made_another_does_not_see(
    simulator: SimulatorProcess, client: Luma, uploaded: str
) -> None:
    mine = edit(client, uploaded)
    other = sdk(simulator, "luma-api-other-0002")

    with pytest.raises(luma_agents.NotFoundError):
        other.generations.get(mine.id)
    with pytest.raises(luma_agents.NotFoundError):
        edit(other, uploaded)
    assert other.files.list().data == []


def test_a_source_that_is_not_completed_is_refused(another, tiny: Path) -> None:
    client = sdk(another("--render-seconds", "30"))
    running = edit(client, upload(client, tiny))

    with pytest.raises(
        luma_agents.UnprocessableEntityError, match="source: generation is not completed"
    ):
        client.generations.create(
            model="ray-3.2", type="video_edit", prompt="again", source={"generation_id": running.id}
        )


@pytest.mark.parametrize(
    ("source", "detail"),
    [
        ({"data": "this is not base64!", "media_type": "video/mp4"}, "source: invalid base64 data"),
        (
            {"url": "https://127.0.0.1/clip.mp4", "media_type": "video/mp4"},
            "source: failed to fetch URL",
        ),
        (
            {"url": "https://10.1.2.3/clip.mp4", "media_type": "video/mp4"},
            "source: failed to fetch URL",
        ),
        (
            {"url": "https://localhost/clip.mp4", "media_type": "video/mp4"},
            "source: failed to fetch URL",
        ),
        (
            {"url": "https://[::ffff:127.0.0.1]/clip.mp4", "media_type": "video/mp4"},
            "source: failed to fetch URL",
        ),
    ],
)
def test_media_that_cannot_be_had_is_refused_at_once(
    client: Luma, source: dict[str, str], detail: str
) -> None:
    with pytest.raises(luma_agents.UnprocessableEntityError) as refused:
        client.generations.create(model="ray-3.2", type="video_edit", prompt="x", source=source)

    assert refused.value.body == {"detail": detail}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\0\0\0\x18ftypisom\0\0\2\0isomiso2" + bytes(400), "corrupt_input"),
        (b"hello " * 99, "unsupported_format"),
    ],
)
def test_media_that_does_not_decode_fails_the_job(
    client: Luma, tmp_path: Path, content: bytes, code: str
) -> None:
    (tmp_path / "odd.mp4").write_bytes(content)

    generation = finished(client, edit(client, upload(client, tmp_path / "odd.mp4")).id)

    assert (generation.state, generation.failure_code, generation.output) == ("failed", code, [])
    assert generation.failure_reason


def test_every_answer_names_its_request_and_the_version(simulator: SimulatorProcess) -> None:
    url = f"{simulator.url}/luma-agents/v1/files"

    named = http.get(url, headers={"X-Request-Id": "mine-1"})
    unnamed = http.get(url)

    assert named.headers["x-request-id"] == "mine-1"
    assert uuid.UUID(unnamed.headers["x-request-id"])
    assert named.headers["x-api-version"] == unnamed.headers["x-api-version"] == "2026-04-01"


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe", b'"a string"', b"[]", b"null"])
def test_a_body_that_is_no_json_object_is_refused(
    simulator: SimulatorProcess, content: bytes
) -> None:
    answer = http.post(
        f"{simulator.url}/luma-agents/v1/generations",
        content=content,
        headers={"Authorization": "Bearer luma-api-x"},
    )

    assert answer.status_code == 400
    assert isinstance(answer.json()["detail"], str)


def test_the_sdk_sees_an_outage_as_a_connection_error(another) -> None:
    simulator = another()
    client = sdk(simulator)
    simulator.stop()

    with pytest.raises(luma_agents.APIConnectionError):
        client.files.list()
