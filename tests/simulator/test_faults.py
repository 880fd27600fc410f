"""Everything that can be made to go wrong, through the admin endpoint and through words in a
prompt.
"""

import time
from pathlib import Path

import av
import httpx
import luma_agents
import pytest
from luma_agents import Luma

from editorapp.simulator.faults import FAILURES, KINDS, UnknownFault, fault_of, magic
from tests.simulator.clips import seen
from tests.simulator.conftest import edit, finished, sdk, upload
from tests.simulator_process import SimulatorProcess, http

STATUSES = {
    400: luma_agents.BadRequestError,
    401: luma_agents.AuthenticationError,
    402: luma_agents.APIStatusError,
    403: luma_agents.PermissionDeniedError,
    404: luma_agents.NotFoundError,
    409: luma_agents.ConflictError,
    413: luma_agents.APIStatusError,
    422: luma_agents.UnprocessableEntityError,
    429: luma_agents.RateLimitError,
    500: luma_agents.InternalServerError,
    502: luma_agents.InternalServerError,
    503: luma_agents.InternalServerError,
    504: luma_agents.InternalServerError,
}


@pytest.mark.parametrize("status", STATUSES)
def test_a_submit_answers_any_status_on_demand_and_makes_no_job(
    simulator: SimulatorProcess, client: Luma, uploaded: str, status: int
) -> None:
    simulator.fail("submit", f"status:{status}")

    with pytest.raises(STATUSES[status]) as refused:
        edit(client, uploaded)

    assert refused.value.status_code == status and isinstance(refused.value.body["detail"], str)
    assert ("retry-after" in refused.value.response.headers) == (status == 429)
    assert simulator.submits_received == 0
    assert edit(client, uploaded).state == "queued"


@pytest.mark.parametrize("status", STATUSES)
def test_a_prompt_asks_for_any_status(
    simulator: SimulatorProcess, client: Luma, uploaded: str, status: int
) -> None:
    with pytest.raises(STATUSES[status]) as refused:
        edit(client, uploaded, f"a storm [[status:{status}]]")

    assert refused.value.status_code == status
    assert simulator.submits_received == 0


def test_a_429_says_when_to_come_back(client: Luma, uploaded: str) -> None:
    with pytest.raises(luma_agents.RateLimitError) as refused:
        edit(client, uploaded, "[[429:7]]")

    assert refused.value.response.headers["retry-after"] == "7"
    assert refused.value.body == {"detail": "Rate limit exceeded"}


def test_detail_and_retry_after_can_be_chosen(
    simulator: SimulatorProcess, client: Luma, uploaded: str
) -> None:
    simulator.fail("submit", "status:429", detail="Too many concurrent jobs")

    with pytest.raises(luma_agents.RateLimitError) as refused:
        edit(client, uploaded)

    assert refused.value.body == {"detail": "Too many concurrent jobs"}
    assert refused.value.response.headers["retry-after"] == "60"


@pytest.mark.parametrize("code", FAILURES)
def test_a_job_fails_with_any_documented_code(client: Luma, uploaded: str, code: str) -> None:
    generation = finished(client, edit(client, uploaded, f"a storm [[fail:{code}]]").id)

    assert (generation.state, generation.failure_code, generation.output) == ("failed", code, [])
    assert generation.failure_reason == FAILURES[code]


@pytest.mark.parametrize("call", ["submit", "job", "poll"])
def test_a_failure_can_be_set_for_the_next_job(
    simulator: SimulatorProcess, client: Luma, uploaded: str, call: str
) -> None:
    simulator.fail(call, "fail:output_not_found")

    generation = finished(client, edit(client, uploaded).id)

    assert (generation.state, generation.failure_code) == ("failed", "output_not_found")


@pytest.mark.parametrize(
    ("kind", "error", "accepted"),
    [
        ("hang", luma_agents.APITimeoutError, 1),
        ("hang_before", luma_agents.APITimeoutError, 0),
        ("reset", luma_agents.APIConnectionError, 0),
        ("accept_then_reset", luma_agents.APIConnectionError, 1),
    ],
)
@pytest.mark.parametrize("by_prompt", [True, False])
def test_silence_and_resets_leave_a_job_or_none(
    simulator: SimulatorProcess,
    uploaded: str,
    kind: str,
    error: type[Exception],
    accepted: int,
    by_prompt: bool,
) -> None:
    client = sdk(simulator, timeout=0.4)
    if not by_prompt:
        simulator.fail("submit", kind)

    with pytest.raises(error):
        edit(client, uploaded, f"[[{kind}]]" if by_prompt else "calm")

    assert simulator.submits_received == accepted


def test_the_sdk_with_its_defaults_sends_a_failed_submit_three_times(
    simulator: SimulatorProcess, uploaded: str
) -> None:
    simulator.fail("submit", "accept_then_reset", times=2)

    edit(sdk(simulator, max_retries=2), uploaded)

    assert simulator.submits_received == 3  # three paid jobs: why our adapter never does this


@pytest.mark.parametrize("call", ["poll", "file"])
def test_reads_fail_on_demand_and_then_work_again(
    simulator: SimulatorProcess, client: Luma, uploaded: str, call: str
) -> None:
    generation = edit(client, uploaded)
    read = (
        (lambda: client.generations.get(generation.id))
        if call == "poll"
        else (lambda: client.files.get(uploaded))
    )
    simulator.fail(call, "status:503", times=2)

    for _ in range(2):
        with pytest.raises(luma_agents.InternalServerError):
            read()

    assert read().id in (generation.id, uploaded)


def test_a_prompt_makes_the_polls_of_its_own_job_fail(client: Luma, uploaded: str) -> None:
    other, generation = edit(client, uploaded), edit(client, uploaded, "[[poll status:500]]")

    client.generations.get(other.id)
    with pytest.raises(luma_agents.InternalServerError):
        client.generations.get(generation.id)

    assert finished(client, generation.id).state == "completed"


def test_slow_in_a_prompt_delays_the_job_and_as_a_fault_the_answer(
    simulator: SimulatorProcess, client: Luma, uploaded: str
) -> None:
    generation = edit(client, uploaded, "[[slow:60]]")
    simulator.fail("poll", "slow", seconds=0.3)

    before = time.monotonic()
    state = client.generations.get(generation.id).state

    assert state in ("queued", "processing")
    assert time.monotonic() - before >= 0.3


@pytest.mark.parametrize("call", ["upload", "put", "complete"])
def test_each_step_of_an_upload_fails_on_demand(
    simulator: SimulatorProcess, client: Luma, tiny: Path, call: str
) -> None:
    simulator.fail(call, "status:500")

    with pytest.raises((luma_agents.InternalServerError, httpx.HTTPStatusError)):
        upload(client, tiny)

    assert upload(client, tiny)


def test_a_file_can_be_flagged_by_moderation(simulator: SimulatorProcess, client: Luma) -> None:
    created = client.files.create(mime_type="video/mp4", size_bytes=4)
    http.put(created.upload.url, content=b"four", headers=created.upload.headers)
    simulator.fail("complete", "fail:content_moderated")

    file = client.files.complete(created.id)

    assert file.state == "failed" and "moderation" in (file.failure_reason or "")


def _decodes(path: Path) -> bool:
    try:
        return len(seen(path, pictures=False).times) == 8
    except (av.FFmpegError, IndexError):
        return False


@pytest.mark.parametrize("kind", ["corrupt", "truncated", "empty"])
@pytest.mark.parametrize("by_prompt", [True, False])
def test_a_spoiled_result_downloads_well_and_does_not_decode(
    simulator: SimulatorProcess,
    client: Luma,
    uploaded: str,
    tmp_path: Path,
    kind: str,
    by_prompt: bool,
) -> None:
    generation = finished(client, edit(client, uploaded, f"[[{kind}]]" if by_prompt else "calm").id)
    if not by_prompt:
        simulator.fail("download", kind)

    answer = http.get(generation.output[0].url)

    (tmp_path / "spoiled.mp4").write_bytes(answer.content)
    assert answer.status_code == 200
    assert not _decodes(tmp_path / "spoiled.mp4")
    assert (kind == "empty") == (answer.content == b"")


@pytest.mark.parametrize("by_prompt", [True, False])
def test_a_cut_download_ends_early_and_the_next_is_whole(
    simulator: SimulatorProcess, client: Luma, uploaded: str, by_prompt: bool
) -> None:
    generation = finished(client, edit(client, uploaded, "[[cut]]" if by_prompt else "calm").id)
    if not by_prompt:
        simulator.fail("download", "cut")

    with pytest.raises(httpx.RemoteProtocolError):
        http.get(generation.output[0].url)

    assert http.get(generation.output[0].url).status_code == 200


def test_a_link_expires_on_demand_as_often_as_the_prompt_says(client: Luma, uploaded: str) -> None:
    generation = finished(client, edit(client, uploaded, "[[expired:2]]").id)

    answers = [
        http.get(client.generations.get(generation.id).output[0].url).status_code for _ in range(3)
    ]

    assert answers == [403, 403, 200]


@pytest.mark.parametrize(
    "body",
    [
        {"call": "submit", "kind": "explode"},
        {"call": "tea", "kind": "reset"},
        {"call": "submit"},
        {"call": "submit", "kind": "status:200"},
        {"call": "submit", "kind": "fail:tired"},
        {"call": "poll", "kind": "cut"},
        {"call": "submit", "kind": "slow", "seconds": "many"},
        [],
    ],
)
def test_a_fault_that_is_not_in_the_table_is_refused(
    simulator: SimulatorProcess, body: object
) -> None:
    answer = http.post(f"{simulator.url}/_simulator/faults", json=body)

    assert answer.status_code == 422 and answer.json()["detail"]


def test_the_log_counts_submits_and_keeps_bodies_without_data(
    simulator: SimulatorProcess, client: Luma
) -> None:
    body = {
        "model": "ray-3.2",
        "type": "video_edit",
        "prompt": "x",
        "source": {"data": "%%%", "media_type": "video/mp4"},
    }
    with pytest.raises(luma_agents.UnprocessableEntityError):
        client.generations.create(**body)

    log = http.get(f"{simulator.url}/_simulator/requests").json()

    assert (log["posts"], log["accepted"], log["by_status"]) == (1, 0, {"422": 1})
    assert log["recent"][0]["status"] == 422
    assert log["recent"][0]["body"]["source"] == {
        "data": "(3 characters)",
        "media_type": "video/mp4",
    }


def test_the_page_explains_every_kind(simulator: SimulatorProcess) -> None:
    page = http.get(f"{simulator.url}/_simulator/").text

    for name in [*KINDS, *FAILURES]:
        assert f"<code>{name}</code>" in page


def test_magic_words_are_read_and_others_left_alone() -> None:
    found = magic(
        "a [[cat]] in rain [[status:503]] [[poll status:500]] [[slow:2.5]] [[cut:3]] [[fail:nonsense]]"
    )

    read = [(fault.call, fault.kind, fault.status, fault.seconds, fault.times) for fault in found]
    assert read == [
        ("submit", "status", 503, 0.0, 1),
        ("poll", "status", 500, 0.0, 1),
        ("job", "slow", 0, 2.5, 1),
        ("download", "cut", 0, 0.0, 3),
    ]


def test_every_kind_can_be_made_for_every_call_it_names() -> None:
    values = {"status": "status:500", "fail": "fail:generation_failed"}
    for kind in KINDS.values():
        for call in kind.calls:
            assert fault_of(call, values.get(kind.name, kind.name)).call == call
    with pytest.raises(UnknownFault):
        fault_of("download", "fail:generation_failed")


def test_a_429_in_a_prompt_is_said_once_so_that_waiting_helps(client: Luma, uploaded: str) -> None:
    with pytest.raises(luma_agents.RateLimitError):
        edit(client, uploaded, "fog [[429:1]]")

    assert edit(client, uploaded, "fog [[429:1]]").state == "queued"


@pytest.mark.parametrize(
    ("headers", "may"),
    [
        ({}, True),
        ({"Host": "localhost:1"}, True),
        ({"Host": "[::1]:8001"}, True),
        ({"Host": "127.0.0.1:8001", "Origin": "http://127.0.0.1:8001"}, True),
        ({"Host": "rebound.example"}, False),  # a stranger's name that leads to this machine
        ({"Host": "127.0.0.1.rebound.example:8001"}, False),
        ({"Host": "10.0.0.5"}, False),
        ({"Host": ""}, False),
        ({"Host": "[::1"}, False),
        ({"Origin": "https://stranger.example"}, False),  # a stranger's page in a browser here
        ({"Origin": "null"}, False),
        ({"Host": "127.0.0.1:8001", "Origin": "http://127.0.0.1:8000"}, False),
    ],
)
@pytest.mark.parametrize("path", ["", "requests", "faults"])
def test_the_admin_endpoints_are_for_this_machine_and_no_strangers_page(
    simulator: SimulatorProcess, path: str, headers: dict[str, str], may: bool
) -> None:
    methods = ["GET", "POST", "DELETE"] if path == "faults" else ["GET"]
    body = {"call": "submit", "kind": "status:503"}

    for method in methods:
        answer = http.request(
            method, f"{simulator.url}/_simulator/{path}", headers=headers, json=body
        )
        assert answer.status_code == (200 if may else 403), method
    assert http.get(f"{simulator.url}/_simulator/faults").json()["waiting"] == []
