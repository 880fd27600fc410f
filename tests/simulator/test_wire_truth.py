"""What the documents say of values, defaults, headers and shapes, at each provider's own wire."""

import base64
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from tests.patience import awaited
from tests.simulator.clips import seen
from tests.simulator_process import SimulatorProcess, http

GMI = "/gmi-cloud/api/v1/ie/requestqueue/apikey"
GMI_KEY = {"Authorization": "Bearer gmi-truth-0000000000000001"}
SCENARIO_KEY = httpx.BasicAuth("api_truth", "a-secret")
LUMA_KEY = {"Authorization": "Bearer luma-api-truth-1"}
EARLIER = "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"


@pytest.fixture(scope="module")
def any_media(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    """A simulator to which unknown references stand for its sample clip, and which renders nothing."""
    process = SimulatorProcess.start(tmp_path_factory.mktemp("any"), "--any-media", "--no-render")
    yield process
    process.stop()


# GMI Cloud


def gmi(process: SimulatorProcess, model: str, **payload: Any) -> httpx.Response:
    body = {"model": f"luma-ray-3-2-{model}", "payload": {"prompt": "A kite"} | payload}
    return http.post(f"{process.url}{GMI}/requests", json=body, headers=GMI_KEY)


OPTIONAL = {
    "edit": (
        "resolution",
        "edit_auto_controls",
        "edit_strength",
        "pose_strength",
        "depth_blur",
        "normals_augmentation",
        "trajectory_sparsity",
        "face_enabled",
        "hdr",
        "exr_export",
        "start_frame_url",
        "aspect_ratio",
        "source_data",
        "source_media_type",
    ),
    "generate": (
        "aspect_ratio",
        "resolution",
        "duration",
        "hdr",
        "exr_export",
        "loop",
        "start_frame_url",
        "end_frame_url",
        "start_frame_generation_id",
        "end_frame_generation_id",
    ),
    "reframe": ("resolution", "source_data", "source_media_type"),
}
LEAST: dict[str, dict[str, str]] = {
    "edit": {"source_generation_id": EARLIER},
    "generate": {},
    "reframe": {"source_generation_id": EARLIER, "aspect_ratio": "1:1"},
}


@pytest.mark.parametrize("model", OPTIONAL)
def test_an_empty_text_in_any_optional_field_at_gmi_is_absent(
    any_media: SimulatorProcess, model: str
) -> None:
    each = {
        name: gmi(any_media, model, **LEAST[model], **{name: ""}).status_code
        for name in OPTIONAL[model]
    }
    together = gmi(any_media, model, **LEAST[model], **dict.fromkeys(OPTIONAL[model], ""))

    assert each == dict.fromkeys(OPTIONAL[model], 200)
    assert together.status_code == 200, together.text


@pytest.mark.parametrize("model", ["edit", "reframe"])
@pytest.mark.parametrize(
    "given",
    [
        {},
        {"source_media_type": "video/mp4"},
        {"source_data": "", "source_media_type": "video/mp4"},
        {"source_generation_id": ""},
        {"source_generation_id": "", "source_data": "", "source_media_type": "video/mp4"},
    ],
    ids=str,
)
def test_a_source_that_is_nowhere_is_missing_at_gmi(
    any_media: SimulatorProcess, model: str, given: dict[str, str]
) -> None:
    answer = gmi(any_media, model, **LEAST[model] | {"source_generation_id": ""} | given)

    assert answer.status_code == 400
    assert "one of source_generation_id, source_data is required" in answer.json()["error"]


@pytest.mark.parametrize(
    ("value", "status"), [("None", 200), (None, 200), ("", 200), ("precise", 200), ("none", 400)]
)
def test_none_is_a_documented_word_for_no_pose_at_gmi(
    any_media: SimulatorProcess, value: str | None, status: int
) -> None:
    answer = gmi(
        any_media, "edit", source_generation_id=EARLIER, edit_strength="flex_1", pose_strength=value
    )
    beside_auto = gmi(
        any_media,
        "edit",
        source_generation_id=EARLIER,
        edit_auto_controls=True,
        pose_strength=value,
    )

    assert answer.status_code == status, answer.text
    assert beside_auto.status_code == (400 if value == "precise" else status), (
        "it is off, so nothing is excluded"
    )


@pytest.mark.parametrize(
    ("model", "required"),
    [
        ("edit", {"prompt", "source_generation_id"}),
        ("generate", {"prompt"}),
        ("reframe", {"prompt", "source_generation_id", "aspect_ratio"}),
    ],
)
def test_the_schema_at_gmi_says_what_is_required(
    any_media: SimulatorProcess, model: str, required: set[str]
) -> None:
    schema = http.get(f"{any_media.url}{GMI}/models/luma-ray-3-2-{model}", headers=GMI_KEY).json()[
        "parameters"
    ]

    rows = {one["name"]: one for one in schema}
    assert {name for name, one in rows.items() if one["required"]} == required
    assert all(
        one.get("unless") == ["source_data"]
        for one in schema
        if one["name"] == "source_generation_id"
    )
    assert rows["resolution"]["default"] == "720p"
    if model == "edit":
        assert rows["pose_strength"]["options"] == ["None", "precise", "coarse"]
        assert (rows["edit_strength"]["default"], rows["face_enabled"]["default"]) == (None, False)


# Scenario


def scenario(process: SimulatorProcess, model: str, **body: Any) -> httpx.Response:
    url = f"{process.url}/scenario/v1/generate/custom/model_luma-{model}"
    return http.post(url, json={"prompt": "A kite"} | body, auth=SCENARIO_KEY)


@pytest.mark.parametrize(
    ("model", "default"), [("ray-3-2", "5s"), ("ray-flash-2-540p", 5), ("ray-flash-2-720p", 5)]
)
def test_the_duration_at_scenario_has_its_documented_default(
    any_media: SimulatorProcess, model: str, default: Any
) -> None:
    answer = http.get(f"{any_media.url}/scenario/v1/models/model_luma-{model}", auth=SCENARIO_KEY)

    rows = {one["name"]: one for one in answer.json()["model"]["inputs"]}
    assert rows["duration"]["default"] == default
    assert rows["duration"]["default"] in rows["duration"]["allowedValues"]


@pytest.mark.parametrize(
    ("model", "duration", "status"),
    [
        ("ray-flash-2-540p", "5.0", 200),
        ("ray-flash-2-540p", "9.0", 200),
        ("ray-flash-2-540p", "5", 200),
        ("ray-flash-2-540p", "5.5", 400),
        ("ray-flash-2-540p", "10.0", 400),
        ("ray-flash-2-540p", "true", 400),
        ("ray-flash-2-540p", '"5"', 400),
        ("ray-flash-2-540p", '"5s"', 400),
        ("ray-3-2", "5.0", 400),
        ("ray-3-2", '"5s"', 200),
    ],
)
def test_a_number_is_the_same_with_and_without_a_point(
    any_media: SimulatorProcess, model: str, duration: str, status: int
) -> None:
    answer = http.post(
        f"{any_media.url}/scenario/v1/generate/custom/model_luma-{model}",
        auth=SCENARIO_KEY,
        content=f'{{"prompt": "A kite", "duration": {duration}}}',
    )

    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("index", "status"), [("10", 201), ("10.0", 201), ("1.5", 400), ("-1.0", 400), ("true", 400)]
)
def test_a_keyframe_lies_at_a_whole_number_however_it_is_written(
    any_media: SimulatorProcess, index: str, status: int
) -> None:
    edit = {"keyframes": [{"generation_id": EARLIER}], "keyframe_indexes": ["HERE"]}
    source = {"generation_id": EARLIER}
    luma = {
        "model": "ray-3.2",
        "type": "video_edit",
        "prompt": "A kite",
        "source": source,
        "video": {"edit": edit},
    }
    pinned = {
        "prompt": "A kite",
        "video": "asset_1",
        "keyframes": [{"image": "asset_2", "index": "HERE"}],
    }
    luma_body, scenario_body = (json.dumps(one).replace('"HERE"', index) for one in (luma, pinned))

    at_luma = http.post(
        f"{any_media.url}/luma-agents/v1/generations", headers=LUMA_KEY, content=luma_body
    )
    url = f"{any_media.url}/scenario/v1/generate/custom/model_luma-ray-3-2-edit"
    at_scenario = http.post(url, auth=SCENARIO_KEY, content=scenario_body)

    assert at_luma.status_code == status, at_luma.text
    assert at_scenario.status_code == (200 if status == 201 else 400), at_scenario.text


VALUES = {
    "pose": ("poseControlStrength", "coarse"),
    "depth": ("depthControlBlur", 0.5),
    "normals": ("normalsControlAugmentation", 0.5),
    "trajectory": ("trajectoryControlSparsity", 0.5),
}


@pytest.mark.parametrize("control", VALUES)
def test_a_controls_value_without_its_switch_has_no_effect_at_scenario(
    any_media: SimulatorProcess, control: str
) -> None:
    name, value = VALUES[control]
    switch = f"{control}ControlEnabled"

    alone = scenario(any_media, "ray-3-2-edit", video="asset_1", autoControls=True, **{name: value})
    switched = scenario(
        any_media, "ray-3-2-edit", video="asset_1", autoControls=True, **{name: value, switch: True}
    )
    off = scenario(
        any_media,
        "ray-3-2-edit",
        video="asset_1",
        autoControls=True,
        **{name: value, switch: False},
    )
    odd = scenario(any_media, "ray-3-2-edit", video="asset_1", autoControls=True, **{name: 7})

    assert [one.status_code for one in (alone, switched, off, odd)] == [200, 400, 200, 400]
    assert alone.json()["job"]["metadata"]["input"][name] == value


# Luma Agents

LIMIT_HEADERS = {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"}


@pytest.fixture
def luma_body() -> dict[str, Any]:
    return {"model": "ray-3.2", "type": "video", "prompt": "A kite"}


@pytest.mark.parametrize("by_prompt", [True, False])
def test_a_forced_429_at_luma_tells_of_the_limit(
    any_media: SimulatorProcess, luma_body: dict[str, Any], by_prompt: bool
) -> None:
    any_media.reset()
    if by_prompt:
        luma_body["prompt"] = "[[429:7]] a kite"
    else:
        any_media.fail("submit", "429:7")

    answer = http.post(
        f"{any_media.url}/luma-agents/v1/generations", json=luma_body, headers=LUMA_KEY
    )

    assert answer.status_code == 429 and answer.headers["Retry-After"] == "7"
    assert (
        int(answer.headers["X-RateLimit-Limit"]) > 0
        and answer.headers["X-RateLimit-Remaining"] == "0"
    )
    assert 6 <= int(answer.headers["X-RateLimit-Reset"]) - time.time() <= 9


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ("submit", "429:Too many concurrent jobs"),
        ("poll", "429"),
        *(("submit", f"status:{one}") for one in (402, 503)),
    ],
)
def test_no_other_forced_answer_at_luma_tells_of_the_limit(
    any_media: SimulatorProcess, luma_body: dict[str, Any], call: str, kind: str
) -> None:
    any_media.reset()
    any_media.fail(call, kind)

    url = f"{any_media.url}/luma-agents/v1/generations"
    answer = (
        http.post(url, json=luma_body, headers=LUMA_KEY)
        if call == "submit"
        else http.get(f"{url}/{EARLIER}", headers=LUMA_KEY)
    )

    assert answer.status_code >= 400 and not LIMIT_HEADERS & set(answer.headers)
    assert (
        answer.headers.get("Retry-After") == {"submit": "60", "poll": "1"}[call]
        if "429" in kind
        else True
    )
    assert ("retry-after" in answer.headers) == ("429" in kind)


@pytest.mark.parametrize(
    ("said", "is_image"),
    [
        ({}, True),
        ({"type": "image"}, True),
        ({"model": "uni-1"}, True),
        ({"type": "image_edit", "model": "uni-1-max"}, True),
        ({"type": "layering"}, True),
        ({"type": "image", "model": "ray-3.2"}, False),
        ({"type": "video_edit"}, False),
        ({"model": "other"}, False),
    ],
    ids=str,
)
def test_an_image_request_at_luma_is_told_that_images_are_not_simulated(
    any_media: SimulatorProcess, said: dict[str, str], is_image: bool
) -> None:
    url = f"{any_media.url}/luma-agents/v1/generations"
    answer = http.post(url, json={"prompt": "A kite", **said}, headers=LUMA_KEY)

    assert answer.status_code == 400
    assert ("Images are not simulated" in answer.json()["detail"]) is is_image


# The shape of a new clip


def picture(width: int, height: int, *, orientation: int = 1) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    made = io.BytesIO()
    Image.new("RGB", (width, height), (200, 30, 30)).save(made, "JPEG", exif=exif)
    return made.getvalue()


SHAPES = [
    # width, height, orientation of the picture; size of the clip at 360p
    (300, 533, 1, (360, 640)),
    (533, 300, 6, (360, 640)),
    (300, 400, 1, (360, 480)),
    (400, 410, 1, (360, 360)),
    (640, 360, 1, (640, 360)),
    (2100, 900, 1, (840, 360)),
    (300, 700, 1, (360, 640)),
]


@pytest.mark.parametrize(("width", "height", "orientation", "size"), SHAPES)
@pytest.mark.parametrize("place", ["start_frame", "end_frame"])
def test_a_first_or_last_frame_gives_its_shape_to_a_clip_that_names_none(
    tmp_path: Path, place: str, width: int, height: int, orientation: int, size: tuple[int, int]
) -> None:
    from editorapp.providers.contract import GenerationRequest, Ref
    from editorapp.simulator.render.plan import RenderPlan

    path = tmp_path / "picture.jpg"
    path.write_bytes(picture(width, height, orientation=orientation))
    wanted = GenerationRequest(task="generate", resolution="360p", **{place: Ref(url="x")})

    plan = RenderPlan(wanted, {place: str(path)}, tmp_path, "a test", lambda: None)

    assert plan._generated_size() == size


def test_a_portrait_first_frame_gives_a_portrait_clip_over_the_wire(
    simulator: SimulatorProcess, tmp_path: Path
) -> None:
    data = base64.b64encode(picture(300, 533)).decode()
    ref = {"data": data, "media_type": "image/jpeg"}
    luma = http.post(
        f"{simulator.url}/luma-agents/v1/generations",
        headers=LUMA_KEY,
        json={
            "model": "ray-3.2",
            "type": "video",
            "prompt": "A kite",
            "video": {"resolution": "360p", "start_frame": ref},
        },
    ).json()["id"]
    asset = http.post(
        f"{simulator.url}/scenario/v1/assets",
        json={"name": "a.jpg", "image": data},
        auth=SCENARIO_KEY,
    ).json()["asset"]["id"]
    job = scenario(simulator, "ray-flash-2-540p", image=asset).json()["job"]["jobId"]

    def size(url: str) -> tuple[int, int]:
        (tmp_path / "clip.mp4").write_bytes(http.get(url).content)
        clip = seen(tmp_path / "clip.mp4", pictures=False)
        return clip.width, clip.height

    at_luma = awaited(
        lambda: (
            http.get(f"{simulator.url}/luma-agents/v1/generations/{luma}", headers=LUMA_KEY)
            .json()
            .get("output")
        )
    )[0]["url"]
    made = awaited(
        lambda: (
            http.get(f"{simulator.url}/scenario/v1/jobs/{job}", auth=SCENARIO_KEY)
            .json()["job"]["metadata"]
            .get("assetIds")
        )
    )[0]
    at_scenario = http.get(f"{simulator.url}/scenario/v1/assets/{made}", auth=SCENARIO_KEY).json()[
        "asset"
    ]["url"]

    assert size(at_luma) == (360, 640)
    assert size(at_scenario) == (540, 960)
