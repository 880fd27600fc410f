"""The adapter: what it sends and how it reads what comes back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from editorapp.providers import shared_calls
from editorapp.providers.contract import (
    GenerationRequest,
    JobState,
    NotFound,
    OutcomeUnknown,
    Ref,
    Rejected,
    Throttled,
    Unavailable,
)
from editorapp.providers.vendors import luma_agents
from tests.providers.talk import answering, run, says

ID = "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"
UPLOAD = {
    "url": "https://store.example.org/put?s=1",
    "method": "PUT",
    "headers": {"Content-Type": "video/mp4"},
}


def generation(state: str, **said: Any) -> dict[str, Any]:
    return {
        "id": ID,
        "type": "video_edit",
        "state": state,
        "model": "ray-3.2",
        "created_at": "2026-11-20T10:00:00Z",
        "output": [],
        "failure_code": None,
        "failure_reason": None,
    } | said


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"0123456789")
    return path


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: Any) -> None:
    monkeypatch.setattr(
        shared_calls,
        "READY",
        replace(shared_calls.READY, first_seconds=0.0, longest_seconds=0.0),
    )


def stage(clip: Path, *answers: httpx.Response) -> tuple[Ref, list[httpx.Request]]:
    session, seen = answering(*answers)
    ref = run(
        luma_agents.stage(
            clip, name="My clip.mp4", media_type="video/mp4", purpose="input", session=session
        )
    )
    return ref, seen


def test_a_file_is_created_put_completed_and_waited_for(clip: Path) -> None:
    ref, seen = stage(
        clip,
        says(201, {"id": "f1", "state": "pending", "upload": UPLOAD}),
        says(200),
        says(200, {"id": "f1", "state": "pending"}),
        says(200, {"id": "f1", "state": "pending"}),
        says(200, {"id": "f1", "state": "ready"}),
    )

    assert ref == Ref(file_id="f1", media_type="video/mp4")
    assert [(request.method, request.url.path) for request in seen] == [
        ("POST", "/v1/files"),
        ("PUT", "/put"),
        ("POST", "/v1/files/f1/complete"),
        ("GET", "/v1/files/f1"),
        ("GET", "/v1/files/f1"),
    ]
    assert seen[0].content == (
        b'{"mime_type":"video/mp4","size_bytes":10,"filename":"My clip.mp4","purpose":"input"}'
    )
    assert seen[1].content == b"0123456789"
    assert "Authorization" not in seen[1].headers


def test_a_file_that_luma_does_not_take_says_why(clip: Path) -> None:
    with pytest.raises(Rejected, match="does not take this file: Flagged by moderation"):
        stage(
            clip,
            says(201, {"id": "f1", "upload": UPLOAD}),
            says(200),
            says(200, {"id": "f1", "state": "failed", "failure_reason": "Flagged by moderation."}),
        )


def test_a_file_that_never_gets_ready_can_be_staged_later(clip: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(shared_calls, "READY", replace(shared_calls.READY, lasts_seconds=-1.0))

    with pytest.raises(Unavailable):
        stage(
            clip,
            says(201, {"id": "f1", "upload": UPLOAD}),
            says(200),
            says(200, {"state": "pending"}),
        )


@pytest.mark.parametrize(
    "made", [{}, {"id": "f1", "upload": None}, {"id": 3, "upload": UPLOAD}, {"upload": UPLOAD}]
)
def test_an_upload_without_a_place_is_unavailable(clip: Path, made: dict[str, Any]) -> None:
    with pytest.raises(Unavailable):
        stage(clip, says(201, made))


def test_a_submit_sends_the_body_once_and_reads_the_job() -> None:
    session, seen = answering(says(201, generation("queued")))
    body = {"model": "ray-3.2", "type": "video_edit", "prompt": "Ünïcode"}

    job = run(luma_agents.submit(body, session=session, path="/generations", idempotency_key="k"))

    assert (job.id, job.state, job.chain_id) == (ID, JobState.QUEUED, "")
    assert (seen[0].method, str(seen[0].url)) == (
        "POST",
        "https://agents.example.org/v1/generations",
    )
    assert seen[0].content == '{"model":"ray-3.2","type":"video_edit","prompt":"Ünïcode"}'.encode()


@pytest.mark.parametrize("answer", [{}, {"id": None}, {"id": ""}, {"id": 7, "state": "queued"}])
def test_an_accepted_submit_without_an_id_is_unknown(answer: dict[str, Any]) -> None:
    with pytest.raises(OutcomeUnknown):
        run(
            luma_agents.submit(
                {},
                session=answering(says(201, answer))[0],
                path="/generations",
                idempotency_key="k",
            )
        )


@pytest.mark.parametrize(
    "body",
    [
        luma_agents.encode(GenerationRequest(prompt="x", source=Ref(asset_id=4))),
        {"prompt": "x", "video": {"edit": {"controls": {"depth": {"blur": float("nan")}}}}},
        {"prompt": object()},
    ],
    ids=["a file of ours", "no number", "no JSON"],
)
def test_a_body_that_cannot_be_meant_is_never_sent(body: dict[str, Any]) -> None:
    session, seen = answering()

    with pytest.raises(Rejected):
        run(luma_agents.submit(body, session=session, path="/generations", idempotency_key="k"))
    assert seen == []


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("queued", JobState.QUEUED),
        ("processing", JobState.RUNNING),
        ("something new", JobState.RUNNING),
    ],
)
def test_a_poll_reads_the_state(word: str, state: JobState) -> None:
    session, seen = answering(says(200, generation(word)))

    job = run(luma_agents.poll(ID, session=session))

    assert (job.state, job.outputs, job.failure, job.progress) == (state, (), None, None)
    assert seen[0].url.path == f"/v1/generations/{ID}"


def test_a_finished_job_gives_links_for_an_hour_and_an_id_to_go_on_with() -> None:
    url = "https://store.example.org/out.mp4?sig=hush"
    session, _ = answering(
        says(200, generation("completed", output=[{"type": "video", "url": url, "layer": None}]))
    )

    job = run(luma_agents.poll(ID, session=session))

    assert (job.state, job.chain_id) == (JobState.DONE, ID)
    (output,) = job.outputs
    assert (output.kind, output.url) == ("video", url)
    assert timedelta(minutes=59) < output.expires_at - datetime.now(UTC) <= timedelta(hours=1)
    assert "hush" not in repr(job)


@pytest.mark.parametrize(
    ("item", "kind"),
    [
        ({"type": "video", "url": "https://s.example.org/a.mp4"}, "video"),
        ({"type": "video", "url": "https://s.example.org/a"}, "video"),
        ({"url": "https://s.example.org/a.mp4"}, "video"),
        ({"type": "exr", "url": "https://s.example.org/a"}, "exr"),
        ({"type": "archive", "url": "https://s.example.org/a"}, "exr"),
        ({"type": "video", "url": "https://s.example.org/a.zip?x=.mp4"}, "exr"),
        ({"type": "video_exr", "url": "https://s.example.org/a.mp4"}, "exr"),
    ],
)
def test_exr_frames_are_told_from_the_clip(item: dict[str, Any], kind: str) -> None:
    session, _ = answering(says(200, generation("completed", output=[item])))

    assert [output.kind for output in run(luma_agents.poll(ID, session=session)).outputs] == [kind]


def test_odd_outputs_are_left_out_and_crash_nothing() -> None:
    session, _ = answering(says(200, generation("completed", output=[None, {}, {"url": 5}, "x"])))

    assert run(luma_agents.poll(ID, session=session)).outputs == ()


@pytest.mark.parametrize(
    ("code", "can_retry", "is_charged"),
    [
        ("content_moderated", False, False),
        ("generation_failed", True, False),
        ("output_not_found", True, False),
        ("budget_exhausted", False, None),
        ("image_too_large", False, None),
        ("unsupported_format", False, None),
        ("corrupt_input", False, None),
        ("invalid_request", False, None),
        ("rate_limited", True, None),
        ("nobody_knows_this", False, None),
        (None, False, None),
    ],
)
def test_a_failure_says_whether_another_try_helps_and_what_it_costs(
    code: str | None, can_retry: bool, is_charged: bool | None
) -> None:
    answer = generation("failed", failure_code=code, failure_reason="Generation failed")

    failure = run(luma_agents.poll(ID, session=answering(says(200, answer))[0])).failure

    assert (failure.code, failure.can_retry, failure.is_charged) == (
        code or "unknown",
        can_retry,
        is_charged,
    )
    assert failure.reason.endswith('Luma says: "Generation failed".')


def test_a_job_that_luma_does_not_know_is_not_found() -> None:
    with pytest.raises(NotFound):
        run(
            luma_agents.poll(
                "nonsense/../x", session=answering(says(404, {"detail": "Generation not found"}))[0]
            )
        )


def test_a_poll_is_throttled_too() -> None:
    with pytest.raises(Throttled):
        run(
            luma_agents.poll(
                ID, session=answering(says(429, {"detail": "slow down"}, Retry_After="2"))[0]
            )
        )


def test_a_ping_is_the_cheapest_read_there_is() -> None:
    session, seen = answering(says(200, {"data": [], "has_more": False}))

    run(luma_agents.ping(session=session))

    assert (seen[0].method, seen[0].url.path, seen[0].url.query) == ("GET", "/v1/files", b"limit=1")
