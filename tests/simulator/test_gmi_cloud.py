"""GMI Cloud's protocol as the contract describes it, over plain HTTP."""

import base64
import json
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.patience import awaited
from tests.simulator.clips import seen
from tests.simulator_process import SimulatorProcess, http
from tests.video import write_clip

CASES = json.loads((Path(__file__).parent.parent / "contracts" / "gmi-cases.json").read_text())
PREFIX = "/gmi-cloud/api/v1/ie/requestqueue/apikey"
KEY = {"Authorization": "Bearer gmi-cases-0000000000000001"}
OTHER = {"Authorization": "Bearer gmi-cases-0000000000000002"}
EARLIER = "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"


@pytest.fixture(scope="module")
def any_media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A simulator to which unknown references stand for its sample clip (16:9, 4 s), and which
    renders nothing.
    """
    process = SimulatorProcess.start(tmp_path_factory.mktemp("any"), "--any-media", "--no-render")
    yield process.url + PREFIX
    process.stop()


@pytest.fixture(scope="module")
def long_clips(tmp_path_factory: pytest.TempPathFactory) -> dict[float, str]:
    """Clips of 30.0 and of 30.5 s, in base64: a body cannot say how long a clip is."""
    folder = tmp_path_factory.mktemp("long")
    clips = {
        30.0: write_clip(folder / "30.mp4", frames=60, fps=2, size=(64, 36)),
        30.5: write_clip(folder / "31.mp4", frames=61, fps=2, size=(64, 36)),
    }
    return {
        seconds: base64.b64encode(path.read_bytes()).decode() for seconds, path in clips.items()
    }


def body_of(case: dict[str, Any], long_clips: dict[float, str]) -> dict[str, Any]:
    """Return the case's body; where its point is the clip's length, with a clip of that length in
    the id's place.
    """
    clip = long_clips.get(case.get("context", {}).get("source_video", {}).get("duration_s"))
    if clip is None:
        return case["body"]
    payload = {
        key: value
        for key, value in case["body"]["payload"].items()
        if key != "source_generation_id"
    }
    inline = {"source_data": clip, "source_media_type": "video/mp4"}
    return case["body"] | {"payload": payload | inline}


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_case_is_taken_or_refused_as_the_contract_says(
    case: dict[str, Any], any_media: str, long_clips: dict[float, str]
) -> None:
    answer = http.post(f"{any_media}/requests", json=body_of(case, long_clips), headers=KEY)

    if case["valid"]:
        assert answer.status_code in (200, 201), answer.text
        said = answer.json()
        assert (said["status"], said["model"]) == ("processing", case["model"])
        assert (
            http.get(f"{any_media}/requests/{said['request_id']}", headers=KEY).status_code == 200
        )
    else:
        assert answer.status_code == 400, answer.text
        assert (
            isinstance(answer.json()["error"], str) and "invalid payload" in answer.json()["error"]
        )


def test_the_contract_has_its_cases_and_the_two_of_length_get_clips_of_it(
    long_clips: dict[float, str],
) -> None:
    assert len(CASES) == 42
    assert {case["name"] for case in CASES if body_of(case, long_clips) != case["body"]} == {
        "edit_source_30s",
        "edit_source_over_30s",
    }


# Keys


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer short"}, 401),
        ({"Authorization": "Basic Z21pOmdtaQ=="}, 401),
        ({"Authorization": "Bearer gmi-unknown-00000000"}, 401),
        ({"Authorization": "Bearer gmi-revoked-00000000"}, 401),
        ({"Authorization": "Bearer gmi-suspended-00000000"}, 403),
        (KEY, 200),
    ],
)
def test_a_key_is_needed_for_all_that_is_asked(
    simulator: SimulatorProcess, headers: Any, status: int
) -> None:
    answer = http.get(f"{simulator.url}{PREFIX}/models", headers=headers)

    assert answer.status_code == status
    assert status == 200 or isinstance(answer.json()["error"], str)


def submit(
    simulator: SimulatorProcess, *, model: str = "generate", key: Any = KEY, **payload: Any
) -> httpx.Response:
    body = {
        "model": f"luma-ray-3-2-{model}",
        "payload": {"prompt": "A kite", "resolution": "540p"} | payload,
    }
    return http.post(f"{simulator.url}{PREFIX}/requests", json=body, headers=key)


def record(simulator: SimulatorProcess, request_id: str, *, key: Any = KEY) -> dict[str, Any]:
    return (
        http.get(f"{simulator.url}{PREFIX}/requests/{request_id}", headers=key)
        .raise_for_status()
        .json()
    )


def ended(
    simulator: SimulatorProcess, request_id: str, *, key: Any = KEY
) -> tuple[list[str], dict[str, Any]]:
    """Ask until the request ends; return the states seen, each once, and the last record."""
    seen: list[str] = []

    def look() -> dict[str, Any] | None:
        last = record(simulator, request_id, key=key)
        if last["status"] not in seen:
            seen.append(last["status"])
        return last if last["status"] in ("success", "failed", "cancelled") else None

    last = awaited(look, "the end of the request")
    return seen, last


def test_money_and_access_to_hdr_are_asked_of_the_account(simulator: SimulatorProcess) -> None:
    broke = submit(simulator, key={"Authorization": "Bearer gmi-broke-0000000000"})
    no_hdr = {"Authorization": "Bearer gmi-nohdr-0000000000"}

    assert (broke.status_code, broke.json()["error"][:20]) == (402, "Insufficient credits")
    assert submit(simulator, key=no_hdr, hdr=True, resolution="720p").status_code == 403
    assert simulator.submits_received == 0


# The life of a request


@pytest.fixture
def inline(small_clip: Path) -> dict[str, str]:
    return {
        "source_data": base64.b64encode(small_clip.read_bytes()).decode(),
        "source_media_type": "video/mp4",
    }


def test_a_request_goes_through_the_states_and_names_its_result(
    simulator: SimulatorProcess, inline: dict[str, str]
) -> None:
    made = submit(simulator, model="edit", edit_auto_controls=True, **inline).json()
    seen, last = ended(simulator, made["request_id"])

    assert made["status"] == "processing" and isinstance(made["created_at"], int)
    assert set(seen) <= {"queued", "dispatched", "processing", "success"}
    outcome = last["outcome"]
    assert outcome["generation_id"] not in ("", made["request_id"])
    assert http.get(outcome["video_url"]).headers["Content-Type"] == "video/mp4"
    assert http.get(outcome["thumbnail_image_url"]).content[:3] == b"\xff\xd8\xff"
    assert outcome["media_urls"] == [{"id": "0", "url": outcome["video_url"]}]
    assert last["payload"]["prompt"] == "A kite"
    assert last["payload"]["source_data"].endswith("characters)"), (
        "the clip itself is not sent back"
    )


def test_a_result_can_be_named_by_its_own_key_and_by_no_other(
    simulator: SimulatorProcess, inline: dict[str, str]
) -> None:
    made = submit(simulator, model="edit", **inline).json()
    _seen, last = ended(simulator, made["request_id"])
    result = last["outcome"]["generation_id"]

    assert submit(simulator, model="edit", source_generation_id=result).status_code == 200
    assert (
        submit(simulator, model="edit", source_generation_id=made["request_id"]).status_code == 404
    )
    assert (
        submit(simulator, model="edit", source_generation_id=result, key=OTHER).status_code == 404
    )
    assert (
        http.get(
            f"{simulator.url}{PREFIX}/requests/{made['request_id']}", headers=OTHER
        ).status_code
        == 404
    )


def test_a_request_that_waits_is_queued_and_then_dispatched(another: Any) -> None:
    simulator = another("--queue-seconds", "0.6", "--no-render")

    seen, _last = ended(simulator, submit(simulator).json()["request_id"])

    assert [state for state in seen if state != "processing"] == ["queued", "dispatched", "success"]


@pytest.mark.parametrize(
    ("words", "status", "code"),
    [
        ("[[fail:generation_failed]]", "failed", "generation_failed"),
        ("[[fail:content_moderated]]", "failed", "content_moderated"),
        ("[[fail:cancelled]]", "cancelled", "cancelled"),
    ],
)
def test_a_request_can_fail_with_words(
    simulator: SimulatorProcess, words: str, status: str, code: str
) -> None:
    _seen, last = ended(simulator, submit(simulator, prompt=f"A kite {words}").json()["request_id"])

    assert last["status"] == status
    assert last["outcome"]["error_code"] == code and last["outcome"]["error"]
    assert "video_url" not in last["outcome"]


def test_own_requests_are_listed_by_model_newest_first(simulator: SimulatorProcess) -> None:
    key = {"Authorization": "Bearer gmi-lists-0000000000000001"}
    made = [
        submit(simulator, key=key, prompt=f"[[fail:cancelled]] {n}").json()["request_id"]
        for n in range(3)
    ]
    url = f"{simulator.url}{PREFIX}/requests"

    listed = http.get(url, params={"model_id": "luma-ray-3-2-generate"}, headers=key).json()

    assert [one["request_id"] for one in listed["requests"]] == made[::-1]
    assert listed["total"] == 3 == http.get(url, headers=key).json()["total"]
    assert http.get(url, params={"model_id": "luma-ray-3-2-edit"}, headers=key).json()["total"] == 0
    assert (
        http.get(url, headers={"Authorization": "Bearer gmi-lists-0000000000000002"}).json()[
            "total"
        ]
        == 0
    )


# Models


def test_models_are_named_and_tell_their_price(simulator: SimulatorProcess) -> None:
    models = http.get(f"{simulator.url}{PREFIX}/models", headers=KEY).json()["model_ids"]

    assert models == ["luma-ray-3-2-edit", "luma-ray-3-2-generate", "luma-ray-3-2-reframe"]
    for name in models:
        model = http.get(f"{simulator.url}{PREFIX}/models/{name}", headers=KEY).json()
        assert set(model["price_info"]) == {"price", "pricing_type", "unit"}
        assert "prompt" in {one["name"] for one in model["parameters"]}
    assert http.get(f"{simulator.url}{PREFIX}/models/none", headers=KEY).status_code == 404


# The upload helper


def place(simulator: SimulatorProcess, kind: Any) -> httpx.Response:
    return http.post(f"{simulator.url}{PREFIX}/upload-url", json={"file_type": kind}, headers=KEY)


@pytest.mark.parametrize(
    ("kind", "sent", "status"),
    [
        ("png", "image/png", 200),
        ("jpeg", "image/jpeg", 200),
        ("jpg", "image/jpg", 200),
        ("jpg", "image/jpeg", 403),
        ("png", "image/jpeg", 403),
        ("png", None, 400),
    ],
)
def test_an_upload_has_the_content_type_that_its_link_was_signed_for(
    simulator: SimulatorProcess, kind: str, sent: str | None, status: int
) -> None:
    given = place(simulator, kind).json()

    answer = http.put(
        given["upload_url"], content=b"bytes", headers={"Content-Type": sent} if sent else {}
    )

    assert answer.status_code == status
    read = http.get(given["public_url"])
    assert (
        (read.status_code, read.content) == (200, b"bytes")
        if status == 200
        else read.status_code == 404
    )


def test_a_link_for_an_upload_is_good_for_899_seconds_and_for_one_name(
    simulator: SimulatorProcess,
) -> None:
    given = place(simulator, "png").json()
    url = httpx.URL(given["upload_url"])

    assert 0 <= int(url.params["expires"]) - (time.time() + 899) < 2
    elsewhere = url.copy_with(path=f"/_storage/uploads/{EARLIER}.png")
    assert (
        http.put(elsewhere, content=b"x", headers={"Content-Type": "image/png"}).status_code == 403
    )
    assert given["public_url"].startswith(f"{simulator.url}/_storage/public/")
    assert "?" not in given["public_url"]


@pytest.mark.parametrize("kind", ["webp", "gif", "", None, 3])
def test_no_place_is_given_for_other_kinds(simulator: SimulatorProcess, kind: Any) -> None:
    assert place(simulator, kind).status_code == 400


def test_nothing_outside_the_public_folder_can_be_read(simulator: SimulatorProcess) -> None:
    for path in ("..%2Fstate.sqlite3", "%2e%2e/signing.key", "../signing.key", "", "none.png"):
        assert http.get(f"{simulator.url}/_storage/public/{path}").status_code in (403, 404)


# What is wrong with a body


def test_two_alternatives_at_once_are_refused(
    simulator: SimulatorProcess, inline: dict[str, str]
) -> None:
    _seen, last = ended(simulator, submit(simulator, model="edit", **inline).json()["request_id"])

    both = submit(
        simulator, model="edit", source_generation_id=last["outcome"]["generation_id"], **inline
    )

    assert both.status_code == 400


@pytest.mark.parametrize("data", ["AAA", "not base64!", "Zm9v" * 30_000 + "!"])
def test_data_that_is_no_base64_is_refused(simulator: SimulatorProcess, data: str) -> None:
    answer = submit(simulator, model="edit", source_data=data, source_media_type="video/mp4")

    assert (answer.status_code, "source_data" in answer.json()["error"]) == (400, True)


def test_bytes_that_are_no_clip_fail_the_request(simulator: SimulatorProcess) -> None:
    data = base64.b64encode(b"no clip at all").decode()
    made = submit(simulator, model="edit", source_data=data, source_media_type="video/mp4").json()

    _seen, last = ended(simulator, made["request_id"])

    assert (last["status"], last["outcome"]["error_code"]) == ("failed", "unsupported_format")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"3", b"{", b'{"model": "none", "payload": {"prompt": "x"}}']
)
def test_what_is_no_request_is_refused(simulator: SimulatorProcess, body: bytes) -> None:
    answer = http.post(f"{simulator.url}{PREFIX}/requests", content=body, headers=KEY)

    assert answer.status_code in (400, 404) and answer.json()["error"]


def test_more_requests_than_allowed_are_told_to_wait(another: Any) -> None:
    simulator = another("--rpm", "2", "--no-render")

    answers = [submit(simulator) for _ in range(3)]

    assert [one.status_code for one in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) >= 1 and answers[2].json()["error"]


def test_a_status_that_is_asked_for_comes_in_the_shape_of_its_kind(
    simulator: SimulatorProcess,
) -> None:
    simulator.fail("submit", "status:429:7")
    simulator.fail("submit", "status:503")

    slow_down, broken = submit(simulator), submit(simulator)

    assert (slow_down.status_code, slow_down.headers["Retry-After"]) == (429, "7")
    assert isinstance(slow_down.json()["error"], str)
    assert broken.status_code == 503 and broken.json()["error"]["message"] == "service unavailable"


def test_a_clip_keeps_its_length_and_shape_through_an_edit_and_a_reframe(
    simulator: SimulatorProcess, inline: dict[str, str], tmp_path: Path
) -> None:
    for model, more, size in (
        ("edit", {"edit_strength": "flex_1", "depth_blur": 0.4}, (960, 540)),
        ("reframe", {"aspect_ratio": "1:1"}, (540, 540)),
    ):
        _states, last = ended(
            simulator, submit(simulator, model=model, **more, **inline).json()["request_id"]
        )
        target = tmp_path / f"{model}.mp4"
        target.write_bytes(http.get(last["outcome"]["video_url"]).content)
        made = seen(target, pictures=False)
        assert ((made.width, made.height), made.duration) == (size, Fraction(1))
