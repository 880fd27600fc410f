"""GMI Cloud's adapter: what it sends, and its answers read."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from editorapp.providers.contract import (
    Access,
    BadCredentials,
    JobState,
    OutcomeUnknown,
    OutOfFunds,
    ProviderError,
    Ref,
    Rejected,
    Throttled,
    Unavailable,
)
from editorapp.providers.http import error_mapping
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.vendors import gmi_cloud
from tests.providers import talk
from tests.providers.gmi import EARLIER, edit
from tests.providers.talk import run, says


def wire_of(*given: httpx.Response | Exception) -> tuple[ProviderSession, list[httpx.Request]]:
    access = Access(
        1,
        "gmi-cloud",
        "https://gmi.example.org/apikey",
        "gmi-secret-9f8e7d6c5b4a",
        headers={"X-Organization-ID": "o"},
    )
    return talk.answering(*given, to=access)


def polled(record: dict[str, Any]) -> Any:
    session, _seen = wire_of(says(200, {"request_id": "r-1"} | record))
    return run(gmi_cloud.poll("r-1", session=session))


BODY = gmi_cloud.encode(edit(source=EARLIER))


@pytest.mark.parametrize("status", [200, 201])
def test_a_request_that_is_taken_has_its_id_and_asks_nothing_of_its_state(status: int) -> None:
    session, seen = wire_of(says(status, {"request_id": "r-1", "status": "processing"}))

    job = run(gmi_cloud.submit(BODY, path="/requests", session=session, idempotency_key="k"))

    assert (job.id, job.state, job.chain_id) == ("r-1", JobState.RUNNING, "")
    (sent,) = seen
    assert sent.url.path == "/apikey/requests" and json.loads(sent.content) == BODY
    assert sent.headers["Authorization"] == "Bearer gmi-secret-9f8e7d6c5b4a"
    assert sent.headers["X-Organization-ID"] == "o"


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("created", JobState.QUEUED),
        ("queued", JobState.QUEUED),
        ("dispatched", JobState.QUEUED),
        ("processing", JobState.RUNNING),
        ("success", JobState.DONE),
        ("failed", JobState.FAILED),
        ("cancelled", JobState.FAILED),
        ("resting", JobState.RUNNING),
        (None, JobState.RUNNING),
    ],
)
def test_all_states_are_read(status: Any, state: JobState) -> None:
    outcome = {"video_url": "https://storage.example.org/a.mp4", "generation_id": "g-1"}

    assert polled({"status": status, "outcome": outcome}).state is state


def test_what_can_be_chained_is_the_generation_and_never_the_request() -> None:
    outcome = {"video_url": "https://storage.example.org/a.mp4"}

    assert (
        polled({"status": "success", "outcome": outcome | {"generation_id": "g-1"}}).chain_id
        == "g-1"
    )
    assert polled({"status": "success", "outcome": outcome}).chain_id == ""


A = "https://storage.example.org/v/a.mp4"
ZIP = "https://storage.example.org/v/frames.zip?sig=1.mp4"


@pytest.mark.parametrize(
    ("outcome", "outputs"),
    [
        ({"video_url": A, "thumbnail_image_url": "https://x.example.org/t.jpg"}, [("video", A)]),
        ({"media_urls": [{"id": "0", "url": A}]}, [("video", A)]),
        ({"media_urls": [A]}, [("video", A)]),
        (
            {
                "media_urls": [
                    {"id": "0", "url": "https://x.example.org/t.png"},
                    {"id": "1", "url": A},
                ]
            },
            [("video", A)],
        ),
        (
            {"video_url": A, "media_urls": [{"id": "0", "url": A}, {"id": "1", "url": ZIP}]},
            [("video", A), ("exr", ZIP)],
        ),
        (
            {"media_urls": [{"id": "0", "url": ZIP}, {"id": "1", "url": A}]},
            [("exr", ZIP), ("video", A)],
        ),
        ({"video_url": A, "exr_url": ZIP}, [("video", A), ("exr", ZIP)]),
        (
            {"video_url": A, "exr_urls": [ZIP], "other_url": 3, "media_urls": "x"},
            [("video", A), ("exr", ZIP)],
        ),
    ],
)
def test_results_are_found_wherever_the_outcome_names_them(
    outcome: Any, outputs: list[tuple[str, str]]
) -> None:
    job = polled({"status": "success", "outcome": outcome | {"generation_id": "g-1"}})

    assert [(one.kind, one.url) for one in job.outputs if one.kind in ("video", "exr")] == outputs


@pytest.mark.parametrize(
    "outcome", [None, {}, [], "done", {"video_url": ""}, {"media_urls": [{"url": ZIP}]}]
)
def test_success_without_a_video_is_a_failure(outcome: Any) -> None:
    job = polled({"status": "success", "outcome": outcome})

    assert (job.state, job.failure.code, job.failure.is_charged) == (
        JobState.FAILED,
        "no_output",
        None,
    )


@pytest.mark.parametrize(
    ("record", "code", "words"),
    [
        (
            {"error": "Too dark", "outcome": {"error": "x", "error_code": "dark"}},
            "dark",
            "Too dark",
        ),
        ({"error": {"message": "Too dark", "details": "{}"}}, "failed", "Too dark"),
        (
            {"outcome": {"error": "Upstream said no", "error_code": "E7", "error_source": "luma"}},
            "E7",
            "Upstream said",
        ),
        ({"outcome": {"error_code": "E7"}, "message": "m"}, "E7", "E7"),
        ({"message": "Gone wrong", "detail": "d"}, "failed", "Gone wrong"),
        ({"detail": "Only this"}, "failed", "Only this"),
        ({}, "failed", "GMI Cloud could not make this."),
    ],
)
def test_why_a_request_failed_is_read_in_the_documented_order(
    record: Any, code: str, words: str
) -> None:
    failure = polled({"status": "failed"} | record).failure

    assert (failure.code, failure.is_charged) == (code, None), (
        "whether a failure is charged is not documented"
    )
    assert words in failure.reason


@pytest.mark.parametrize(
    ("outcome", "can_retry"),
    [
        ({"error": "x", "error_code": "rate_limited"}, True),
        ({"error": "Upstream: too many requests"}, True),
        ({"error": "x", "error_code": "content_moderated"}, False),
        ({"error": "no idea"}, False),
        ({}, False),
    ],
)
def test_only_what_may_pass_is_offered_to_be_sent_again(outcome: Any, can_retry: bool) -> None:
    assert polled({"status": "failed", "outcome": outcome}).failure.can_retry is can_retry


def test_a_cancelled_request_says_so() -> None:
    failure = polled({"status": "cancelled", "outcome": None}).failure

    assert failure.code == "cancelled" and "cancelled" in failure.reason


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (says(400, {"error": "invalid payload parameters"}), Rejected),
        (says(401, {"error": "bad key"}), BadCredentials),
        (says(403, {}), BadCredentials),
        (says(402, {"error": "Insufficient credits. Add some."}), OutOfFunds),
        (says(404, {"error": "model not found"}), Rejected),
        (says(413, None), Rejected),
        (says(429, {"error": "slow down"}), Throttled),
        (says(500, {"error": {"message": "x"}}), OutcomeUnknown),
        (says(503, None), OutcomeUnknown),
        (says(200, {"status": "processing"}), OutcomeUnknown),
        (httpx.ConnectError("no"), Unavailable),
        (httpx.ReadTimeout("slow"), OutcomeUnknown),
    ],
)
def test_a_refused_request_is_told_by_what_may_be_done_next(
    answer: Any, error: type[Exception]
) -> None:
    session, seen = wire_of(answer)

    with pytest.raises(ProviderError) as raised:
        run(gmi_cloud.submit(BODY, path="/requests", session=session, idempotency_key="k"))

    assert type(raised.value) is error
    assert len(seen) == 1, "a paid request is sent once"


@pytest.mark.parametrize(
    ("answer", "code", "advice"),
    [
        (
            says(403, {"error": "HDR is not enabled for this organization"}),
            "hdr_access",
            "turn HDR off",
        ),
        (says(413, {"error": "request body too large"}), "413", "trim the clip"),
    ],
)
def test_a_refusal_that_a_person_can_mend_says_how_and_leaves_the_key_alone(
    answer: httpx.Response, code: str, advice: str
) -> None:
    session, _seen = wire_of(answer)

    with pytest.raises(Rejected) as told:
        run(gmi_cloud.submit(BODY, path="/requests", session=session, idempotency_key="k"))

    assert (type(told.value), told.value.code) == (Rejected, code) and advice in told.value.message


def test_a_state_that_nobody_has_heard_of_counts_as_running_and_is_noted() -> None:
    job = polled({"status": "paused"})

    assert (job.state, job.unknown_state) == (JobState.RUNNING, "paused")


def test_a_block_by_moderation_says_what_to_change() -> None:
    failure = polled(
        {"status": "failed", "outcome": {"error": "Flagged", "error_code": "content_moderated"}}
    ).failure

    assert "Change the prompt or the source" in failure.reason and not failure.can_retry


@pytest.mark.parametrize(("headers", "wait"), [({}, 60), ({"Retry_After": "7"}, 7)])
def test_a_limit_by_the_hour_is_not_asked_again_every_few_seconds(
    headers: dict[str, str], wait: float
) -> None:
    session, _seen = wire_of(says(429, {"error": "slow down"}, **headers))

    with pytest.raises(Throttled) as told:
        run(gmi_cloud.submit(BODY, path="/requests", session=session, idempotency_key="k"))

    assert told.value.retry_after_seconds == wait and told.value.code == "rate"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"error": "a", "message": "b"}, "a"),
        ({"error": "", "message": "b"}, "b"),
        ({"error": {"code": 3}, "outcome": {"error": "c"}}, "c"),
        ({"outcome": [], "detail": "d"}, "d"),
        ({"error": ["first", "second"]}, "first; second"),
        (["x"], ""),
        (None, ""),
    ],
)
def test_an_answers_words_are_found_in_any_shape(body: Any, text: str) -> None:
    assert error_mapping.said_in(body) == text


# Pictures


def test_other_pictures_than_jpeg_and_png_are_uploaded_as_png(tmp_path: Path) -> None:
    picture = tmp_path / "guide.webp"
    Image.new("RGBA", (8, 6), (200, 30, 90, 128)).save(picture, lossless=True)
    session, seen = wire_of(
        says(
            200,
            {
                "upload_url": "https://put.example.org/x",
                "public_url": "https://pub.example.org/x.png",
            },
        ),
        says(200),
    )

    ref = run(
        gmi_cloud.stage(
            picture,
            name="guide.webp",
            media_type="image/webp",
            purpose="reference",
            session=session,
        )
    )

    assert ref == Ref(url="https://pub.example.org/x.png", media_type="image/png")
    asked, put = seen
    assert json.loads(asked.content) == {"file_type": "png"}
    assert put.headers["Content-Type"] == "image/png" and "Authorization" not in put.headers
    assert put.content[:8] == b"\x89PNG\r\n\x1a\n"


@pytest.mark.parametrize(
    "place",
    [
        {},
        {"upload_url": "https://put.example.org/x"},
        {"upload_url": 3, "public_url": 4},
        *(
            {"upload_url": "https://put.example.org/x", "public_url": said}
            for said in ("1E+400", "file:///x.png", " ")
        ),
    ],
)
def test_an_upload_without_a_place_is_tried_later(tmp_path: Path, place: Any) -> None:
    picture = tmp_path / "guide.png"
    picture.write_bytes(b"png")
    session, _seen = wire_of(says(200, place))

    with pytest.raises(Unavailable):
        run(
            gmi_cloud.stage(
                picture,
                name="guide.png",
                media_type="image/png",
                purpose="reference",
                session=session,
            )
        )


def test_too_large_is_said_of_a_clip_only_where_one_was_sent(tmp_path: Path) -> None:
    picture = tmp_path / "guide.png"
    picture.write_bytes(b"png")
    session, _seen = wire_of(says(413, {"error": "request body too large"}))

    with pytest.raises(Rejected) as refused:
        run(
            gmi_cloud.stage(
                picture,
                name="guide.png",
                media_type="image/png",
                purpose="reference",
                session=session,
            )
        )

    assert "request body too large" in refused.value.message
    assert "clip" not in refused.value.message and "GMI_MAX_INLINE_MB" not in refused.value.message


@pytest.mark.parametrize(
    ("media_type", "code"), [("video/mp4", "not_a_picture"), ("image/webp", "image")]
)
def test_a_clip_and_what_is_no_picture_are_not_uploaded(
    tmp_path: Path, media_type: str, code: str
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"nothing of the kind")
    session, seen = wire_of()

    with pytest.raises(Rejected) as refused:
        run(
            gmi_cloud.stage(
                file, name="file", media_type=media_type, purpose="reference", session=session
            )
        )
    assert (refused.value.code, seen) == (code, [])
