"""Every case of Scenario's contract over the wire; a clip's length, which no body can show, is shown by a clip."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.simulator_process import SimulatorProcess, http

CASES = json.loads((Path(__file__).parent.parent / "contracts" / "scenario-cases.json").read_text())
# Told apart by the clip alone, of which the body says nothing; the rules are held to these, and a clip below is.
BY_CLIP = {"modify_too_long", "reframe_video_too_long"}
AUTH = httpx.BasicAuth("api_cases", "a-secret")


@pytest.fixture(scope="module")
def any_media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a simulator to which unknown assets stand for its sample clip, and which renders nothing."""
    process = SimulatorProcess.start(tmp_path_factory.mktemp("any"), "--any-media", "--no-render")
    yield f"{process.url}/scenario/v1"
    process.stop()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_case_is_taken_or_refused_as_the_contract_says(case: dict[str, Any], any_media: str) -> None:
    answer = http.post(f"{any_media}/generate/custom/{case['model']}", json=case["body"], auth=AUTH)

    if case["valid"] or case["name"] in BY_CLIP:
        assert answer.status_code == 200, answer.text
        assert answer.json()["job"]["status"] == "pending"
        assert answer.json()["job"]["metadata"]["input"] == case["body"]
    else:
        assert answer.status_code == 400, answer.text
        assert answer.json()["message"]


def test_a_clip_is_refused_by_its_length_whatever_the_body_says(
    simulator: SimulatorProcess, tmp_path: Path, real_media: Path
) -> None:
    slow = tmp_path / "eleven-seconds.mp4"
    stretched(real_media / "bunny_720p_5s.mp4", slow, seconds=11)
    base = f"{simulator.url}/scenario/v1"
    asset_id = uploaded(base, slow)

    too_long = http.post(
        f"{base}/generate/custom/model_luma-reframe-video", json={"video": asset_id, "aspectRatio": "1:1"}, auth=AUTH
    )
    taken = http.post(f"{base}/generate/custom/model_luma-modify-video", json={"video": asset_id}, auth=AUTH)

    assert (too_long.status_code, taken.status_code) == (400, 200)
    assert "exceeds the maximum of 10 s" in too_long.json()["message"]


def stretched(source: Path, target: Path, *, seconds: int) -> None:
    """Write a few small frames of a clip that are shown for so long."""
    import av

    with av.open(str(source)) as read, av.open(str(target), "w") as write:
        stream: Any = write.add_stream("libx264", rate=1)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for index, frame in zip(range(seconds), read.decode(video=0), strict=False):
            small = frame.reformat(320, 180, "yuv420p")
            small.pts, small.time_base = index, 1 / stream.codec_context.framerate
            write.mux(stream.encode(small))
        write.mux(stream.encode(None))


def uploaded(base: str, path: Path) -> str:
    """Upload a clip in one part; return its asset's id."""
    import time

    body = {
        "fileName": path.name, "contentType": "video/mp4", "fileSize": path.stat().st_size, "kind": "video", "parts": 1,
    }  # fmt: skip
    upload = http.post(f"{base}/uploads", json=body, auth=AUTH).raise_for_status().json()["upload"]
    http.put(upload["parts"][0]["url"], content=path.read_bytes()).raise_for_status()
    address = f"{base}/uploads/{upload['id']}"
    http.post(f"{address}/action", json={"action": "complete"}, auth=AUTH).raise_for_status()
    for _ in range(300):
        upload = http.get(address, auth=AUTH).json()["upload"]
        if upload["status"] in ("imported", "failed"):
            break
        time.sleep(0.02)
    assert upload["status"] == "imported", upload
    return str(upload["entityId"])
