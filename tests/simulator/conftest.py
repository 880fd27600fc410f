"""The official SDK, pointed at the simulator and otherwise as it is."""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from luma_agents import Luma

from tests.patience import awaited
from tests.simulator.clips import cut
from tests.simulator_process import SimulatorProcess, http


@cache
def sdk(simulator: SimulatorProcess, key: str = "luma-api-test-0001", **options: Any) -> Luma:
    """Return the official client. It retries by itself unless told not to."""
    return Luma(
        base_url=f"{simulator.url}/luma-agents/v1", auth_token=key, **{"max_retries": 0} | options
    )


def upload(client: Luma, path: Path, *, mime_type: str = "video/mp4") -> str:
    """Upload a file as the guide says; return its id once it is ready."""
    data = path.read_bytes()
    created = client.files.create(
        mime_type=mime_type, size_bytes=len(data), filename=path.name, purpose="input"
    )
    http.put(created.upload.url, content=data, headers=created.upload.headers).raise_for_status()
    client.files.complete(created.id)
    awaited(lambda: client.files.get(created.id).state != "pending", "the file")
    assert client.files.get(created.id).state == "ready"
    return created.id


def finished(client: Luma, generation_id: str) -> Any:
    """Poll a generation to its end."""

    def ended() -> Any:
        generation = client.generations.get(generation_id)
        return generation if generation.state in ("completed", "failed") else None

    return awaited(ended, "the end of the generation")


def edit(client: Luma, file_id: str, prompt: str = "a calm evening", **video: Any) -> Any:
    """Submit a small edit of an uploaded file."""
    return client.generations.create(
        model="ray-3.2",
        type="video_edit",
        prompt=prompt,
        source={"file_id": file_id},
        video={"resolution": "360p", "edit": {"auto_controls": True}} | video,
    )


@pytest.fixture
def client(simulator: SimulatorProcess) -> Luma:
    return sdk(simulator)


@pytest.fixture(scope="session")
def tiny(real_media: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight frames of a real clip at 320x180."""
    return cut(
        real_media / "bunny_720p_5s.mp4",
        tmp_path_factory.mktemp("tiny") / "tiny.mp4",
        start=60,
        count=8,
    )


@pytest.fixture(scope="session")
def _uploaded_once(simulator_process: SimulatorProcess, tiny: Path) -> str:
    return upload(sdk(simulator_process), tiny)


@pytest.fixture
def uploaded(simulator: SimulatorProcess, _uploaded_once: str) -> str:
    """The id of the tiny clip, uploaded by the client of `client`. No test may delete it."""
    return _uploaded_once


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Callable[..., SimulatorProcess]]:
    """Start simulators of one's own: `another("--rpm", "2")`; all are stopped at the end."""
    started: list[SimulatorProcess] = []

    def start(*options: str, folder: Path = tmp_path / "own") -> SimulatorProcess:
        folder.mkdir(exist_ok=True)
        started.append(SimulatorProcess.start(folder, *options))
        return started[-1]

    yield start
    for process in started:
        if process.process.poll() is None:
            process.stop()
