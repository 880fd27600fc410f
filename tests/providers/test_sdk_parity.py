"""For the same intent, the adapter sends what Luma's own SDK sends: method, path and body.

Each composition is written twice by hand, once in our words and once in the SDK's typed parameters.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from luma_agents import Luma

from editorapp.providers.contract import CONTROL_VALUES, CONTROLS, GenerationRequest, Ref
from editorapp.providers.rules import table
from editorapp.providers.vendors import luma_agents
from tests.providers.talk import KEY, answering, run, says

RESULT = "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"
OTHER = "c4a1f0b2-3d57-4e8a-8c11-7a9be0d4f612"
FILE = "0b1d9c1e-6a1f-4f0e-9d8e-2f6f6f1a5c77"
CLIP_URL = "https://media.example.org/clip.mp4"
GUIDE_URL = "https://media.example.org/guide.jpg"
DATA = "AAAAGGZ0eXBpc29tAAACAGlzb21pc28y"
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB"
ANSWER = {
    "id": RESULT,
    "type": "video_edit",
    "state": "queued",
    "model": "ray-3.2",
    "created_at": "2026-11-20T10:00:00Z",
    "output": [],
}


def edit(**said: Any) -> GenerationRequest:
    return GenerationRequest(
        **({"prompt": "Rainy neon evening", "source": Ref(generation_id=RESULT)} | said)
    )


def sdk(kind: str = "video_edit", **said: Any) -> dict[str, Any]:
    usual = {"model": "ray-3.2", "type": kind, "prompt": "Rainy neon evening"}
    source = {} if kind == "video" else {"source": {"generation_id": RESULT}}
    return usual | source | said


COMPOSITIONS: dict[str, tuple[GenerationRequest, dict[str, Any]]] = {
    "auto": (edit(auto_controls=True), sdk(video={"edit": {"auto_controls": True}})),
    "nothing but a prompt": (edit(), sdk()),
    "strength on a url": (
        edit(
            source=Ref(url=CLIP_URL, media_type="video/mp4"), resolution="540p", strength="flex_2"
        ),
        sdk(
            source={"url": CLIP_URL, "media_type": "video/mp4"},
            video={"resolution": "540p", "edit": {"strength": "flex_2"}},
        ),
    ),
    "inline data": (
        edit(source=Ref(data=DATA, media_type="video/quicktime"), strength="adhere_1"),
        sdk(
            source={"data": DATA, "media_type": "video/quicktime"},
            video={"edit": {"strength": "adhere_1"}},
        ),
    ),
    "an uploaded file": (
        edit(
            source=Ref(file_id=FILE, media_type="video/mp4"),
            resolution="360p",
            strength="reimagine_3",
        ),
        sdk(
            source={"file_id": FILE},
            video={"resolution": "360p", "edit": {"strength": "reimagine_3"}},
        ),
    ),
    "five controls": (
        edit(
            resolution="1080p",
            pose_enabled=True,
            pose_strength="coarse",
            depth_enabled=True,
            depth_blur=0.35,
            normals_enabled=True,
            normals_augmentation=0,
            trajectory_enabled=True,
            trajectory_sparsity=1.0,
            face_enabled=True,
        ),
        sdk(
            video={
                "resolution": "1080p",
                "edit": {
                    "controls": {
                        "pose": {"enabled": True, "strength": "coarse"},
                        "depth": {"enabled": True, "blur": 0.35},
                        "normals": {"enabled": True, "augmentation": 0},
                        "trajectory": {"enabled": True, "sparsity": 1.0},
                        "face": {"enabled": True},
                    }
                },
            }
        ),
    ),
    "controls without values": (
        edit(pose_enabled=True, depth_enabled=True, normals_enabled=True, trajectory_enabled=True),
        sdk(
            video={
                "edit": {
                    "controls": {
                        name: {"enabled": True}
                        for name in ("pose", "depth", "normals", "trajectory")
                    }
                }
            }
        ),
    ),
    "strength with a control": (
        edit(strength="flex_3", pose_enabled=True, pose_strength="precise", face_enabled=False),
        sdk(
            video={
                "edit": {
                    "strength": "flex_3",
                    "controls": {"pose": {"enabled": True, "strength": "precise"}},
                }
            }
        ),
    ),
    "a guide frame by url": (
        edit(start_frame=Ref(url=GUIDE_URL), strength="adhere_2"),
        sdk(video={"start_frame": {"url": GUIDE_URL}, "edit": {"strength": "adhere_2"}}),
    ),
    "a guide frame inline": (
        edit(start_frame=Ref(data=PNG, media_type="image/png"), auto_controls=True),
        sdk(
            video={
                "start_frame": {"data": PNG, "media_type": "image/png"},
                "edit": {"auto_controls": True},
            }
        ),
    ),
    "keyframes of every kind": (
        edit(
            auto_controls=True,
            resolution="720p",
            keyframes=(
                Ref(url=GUIDE_URL),
                Ref(generation_id=OTHER),
                Ref(file_id=FILE, media_type="image/png"),
            ),
            keyframe_indexes=(96, 0, 48),
        ),
        sdk(
            video={
                "resolution": "720p",
                "edit": {
                    "auto_controls": True,
                    "keyframes": [{"url": GUIDE_URL}, {"generation_id": OTHER}, {"file_id": FILE}],
                    "keyframe_indexes": [96, 0, 48],
                },
            }
        ),
    ),
    "sixty-four keyframes": (
        edit(
            keyframes=(Ref(file_id=FILE),) * 64,
            keyframe_indexes=tuple(range(64)),
            strength="flex_1",
        ),
        sdk(
            video={
                "edit": {
                    "strength": "flex_1",
                    "keyframes": [{"file_id": FILE} for _ in range(64)],
                    "keyframe_indexes": list(range(64)),
                }
            }
        ),
    ),
    "hdr": (
        edit(hdr=True, resolution="720p", auto_controls=True),
        sdk(video={"resolution": "720p", "hdr": True, "edit": {"auto_controls": True}}),
    ),
    "hdr with exr, and whom it is for": (
        edit(hdr=True, exr=True, resolution="1080p", auto_controls=True, user_id="person-7"),
        sdk(
            video={
                "resolution": "1080p",
                "hdr": True,
                "exr_export": True,
                "edit": {"auto_controls": True},
            },
            user_id="person-7",
        ),
    ),
    "a prompt in many scripts": (
        edit(prompt='Dämmerung, 雨の夜 — "neon" 🌧\nsecond line', auto_controls=True),
        sdk(
            prompt='Dämmerung, 雨の夜 — "neon" 🌧\nsecond line',
            video={"edit": {"auto_controls": True}},
        ),
    ),
    "reimagine at the draft tier with everything off said off": (
        edit(
            resolution="360p",
            strength="reimagine_1",
            hdr=False,
            exr=False,
            auto_controls=False,
            depth_enabled=False,
        ),
        sdk(video={"resolution": "360p", "edit": {"strength": "reimagine_1"}}),
    ),
    "a generation": (
        GenerationRequest(
            task="generate",
            prompt="A paper lantern",
            aspect_ratio="21:9",
            resolution="1080p",
            duration="10s",
        ),
        sdk(
            "video",
            prompt="A paper lantern",
            aspect_ratio="21:9",
            video={"resolution": "1080p", "duration": "10s"},
        ),
    ),
    "a loop between two frames' worth of nothing": (
        GenerationRequest(
            task="generate",
            prompt="A wheel",
            duration="5s",
            loop=True,
            start_frame=Ref(url=GUIDE_URL),
        ),
        sdk(
            "video",
            prompt="A wheel",
            video={"duration": "5s", "loop": True, "start_frame": {"url": GUIDE_URL}},
        ),
    ),
    "an extension backwards": (
        GenerationRequest(
            task="generate", prompt="Before that", end_frame=Ref(generation_id=RESULT)
        ),
        sdk("video", prompt="Before that", video={"end_frame": {"generation_id": RESULT}}),
    ),
    "generated keyframes in hdr": (
        GenerationRequest(
            task="generate",
            prompt="A kite",
            hdr=True,
            resolution="720p",
            keyframes=(Ref(url=GUIDE_URL), Ref(file_id=FILE)),
            keyframe_indexes=(0, 120),
        ),
        sdk(
            "video",
            prompt="A kite",
            video={
                "resolution": "720p",
                "hdr": True,
                "keyframes": [{"url": GUIDE_URL}, {"file_id": FILE}],
                "keyframe_indexes": [0, 120],
            },
        ),
    ),
    "a reframe with a place on the canvas": (
        edit(
            task="reframe",
            aspect_ratio="9:16",
            resolution="720p",
            x_norm=0,
            y_norm=0.34,
            w_norm=1,
            h_norm=0.32,
        ),
        sdk(
            "video_reframe",
            aspect_ratio="9:16",
            video={
                "resolution": "720p",
                "source_position": {"x_norm": 0, "y_norm": 0.34, "w_norm": 1, "h_norm": 0.32},
            },
        ),
    ),
    "a reframe of an upload": (
        edit(task="reframe", aspect_ratio="16:9", source=Ref(file_id=FILE)),
        sdk("video_reframe", aspect_ratio="16:9", source={"file_id": FILE}),
    ),
}


def sent_by_the_sdk(call: Callable[[Luma], Any]) -> httpx.Request:
    seen = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return says(201, ANSWER)

    with httpx.Client(transport=httpx.MockTransport(handle)) as http:
        call(
            Luma(
                auth_token=KEY,
                base_url="https://agents.example.org/v1",
                http_client=http,
                max_retries=0,
            )
        )
    (request,) = seen
    return request


@pytest.mark.parametrize("name", COMPOSITIONS)
def test_the_adapter_sends_what_the_official_sdk_sends(name: str) -> None:
    wanted, parameters = COMPOSITIONS[name]
    assert table.refusals(table.check(luma_agents.SPEC, wanted, None)) == []
    session, seen = answering(says(201, ANSWER))

    run(
        luma_agents.submit(
            luma_agents.encode(wanted), session=session, path="/generations", idempotency_key="k"
        )
    )
    ours, theirs = seen[0], sent_by_the_sdk(lambda client: client.generations.create(**parameters))

    assert (ours.method, ours.url) == (theirs.method, theirs.url)
    assert json.loads(ours.content) == json.loads(theirs.content)
    assert ours.headers["Content-Type"] == theirs.headers["Content-Type"]
    assert ours.headers["Authorization"] == theirs.headers["Authorization"]


def test_polling_and_listing_use_the_sdks_paths() -> None:
    session, seen = answering(says(200, ANSWER), says(200, {"data": [], "has_more": False}))

    async def scenario() -> None:
        await luma_agents.poll(RESULT, session=session)
        await luma_agents.ping(session=session)

    run(scenario())

    theirs = [
        sent_by_the_sdk(lambda client: client.generations.get(RESULT)),
        sent_by_the_sdk(lambda client: client.files.list(limit=1)),
    ]
    assert [(one.method, one.url) for one in seen] == [(one.method, one.url) for one in theirs]


def test_an_upload_is_announced_and_completed_as_the_sdk_does(tmp_path: Path) -> None:
    clip = tmp_path / "Straße.mov"
    clip.write_bytes(b"0123456789")
    upload = {"url": "https://store.example.org/put", "headers": {}}
    session, seen = answering(
        says(201, {"id": FILE, "upload": upload}), says(200), says(200, {"state": "ready"})
    )

    run(
        luma_agents.stage(
            clip, name=clip.name, media_type="video/quicktime", purpose="input", session=session
        )
    )

    created = sent_by_the_sdk(
        lambda client: client.files.create(
            mime_type="video/quicktime", size_bytes=10, filename="Straße.mov", purpose="input"
        )
    )
    completed = sent_by_the_sdk(lambda client: client.files.complete(FILE))
    assert (seen[0].method, seen[0].url) == (created.method, created.url)
    assert json.loads(seen[0].content) == json.loads(created.content)
    assert (seen[2].method, seen[2].url) == (completed.method, completed.url)


def test_the_compositions_say_every_parameter_of_every_task_at_least_once() -> None:
    """Else a parameter could be written wrongly and nobody would see it."""
    assert len(COMPOSITIONS) >= 20
    said = {
        key
        for wanted, _ in COMPOSITIONS.values()
        for key, value in wanted.to_json().items()
        if value is not False
    }
    every = {row.field for row in luma_agents.SPEC.parameters}
    assert every <= said | {"task"}
    assert {f"{name}_enabled" for name in CONTROLS} | set(CONTROL_VALUES.values()) <= said
