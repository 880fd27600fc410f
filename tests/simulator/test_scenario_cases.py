"""Every case of Scenario's contract over the wire; where it tells of the source, a clip of that
length and size.
"""

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.patience import awaited
from tests.simulator_process import SimulatorProcess, http

CASES = json.loads((Path(__file__).parent.parent / "contracts" / "scenario-cases.json").read_text())
AUTH = httpx.BasicAuth("api_cases", "a-secret")


@pytest.fixture(scope="module")
def any_media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a simulator to which unknown assets stand for its sample clip, and which
    renders nothing.
    """
    process = SimulatorProcess.start(tmp_path_factory.mktemp("any"), "--any-media", "--no-render")
    yield f"{process.url}/scenario/v1"
    process.stop()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_case_is_taken_or_refused_as_the_contract_says(
    case: dict[str, Any], any_media: str, tmp_path: Path
) -> None:
    body = dict(case["body"])
    if told := case.get("context", {}).get("source_video"):
        clip = clip_of(
            Fraction(str(told["duration_s"])), told.get("size_bytes", 0), tmp_path / "told.mp4"
        )
        body["video"] = uploaded(any_media, clip)

    answer = http.post(f"{any_media}/generate/custom/{case['model']}", json=body, auth=AUTH)

    if case["valid"]:
        assert answer.status_code == 200, answer.text
        assert answer.json()["job"]["status"] == "pending"
        assert answer.json()["job"]["metadata"]["input"] == body
    else:
        assert answer.status_code == 400, answer.text
        assert answer.json()["message"]


def test_a_clip_is_measured_against_the_model_that_is_asked(any_media: str, tmp_path: Path) -> None:
    asset_id = uploaded(any_media, clip_of(Fraction(11), 0, tmp_path / "eleven.mp4"))

    too_long = http.post(
        f"{any_media}/generate/custom/model_luma-reframe-video",
        json={"video": asset_id, "aspectRatio": "1:1"},
        auth=AUTH,
    )
    taken = http.post(
        f"{any_media}/generate/custom/model_luma-modify-video", json={"video": asset_id}, auth=AUTH
    )

    assert (too_long.status_code, taken.status_code) == (400, 200)
    assert "exceeds the maximum of 10 s" in too_long.json()["message"]


def clip_of(seconds: Fraction, size_bytes: int, path: Path) -> Path:
    """Write a small clip of exactly this length, filled up to exactly this size with a box that
    players skip.
    """
    import av
    import numpy

    with av.open(str(path), "w") as file:
        stream: Any = file.add_stream("libx264", rate=seconds.denominator, options={"bf": "0"})
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for index in range(seconds.numerator):
            picture = numpy.full((180, 320, 3), index % 250, dtype=numpy.uint8)
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode(None))
    if size_bytes:
        left = size_bytes - path.stat().st_size
        with path.open("ab") as file:
            file.write(left.to_bytes(4) + b"free")
            file.truncate(size_bytes)
    return path


def uploaded(base: str, path: Path) -> str:
    """Upload a clip in one part; return its asset's id."""

    body = {
        "fileName": path.name,
        "contentType": "video/mp4",
        "fileSize": path.stat().st_size,
        "kind": "video",
        "parts": 1,
    }
    upload = http.post(f"{base}/uploads", json=body, auth=AUTH).raise_for_status().json()["upload"]
    http.put(upload["parts"][0]["url"], content=path.read_bytes()).raise_for_status()
    address = f"{base}/uploads/{upload['id']}"
    http.post(f"{address}/action", json={"action": "complete"}, auth=AUTH).raise_for_status()

    def ended() -> Any:
        upload = http.get(address, auth=AUTH).json()["upload"]
        return upload if upload["status"] in ("imported", "failed") else None

    upload = awaited(ended, "the end of the upload")
    assert upload["status"] == "imported", upload
    return str(upload["entityId"])
