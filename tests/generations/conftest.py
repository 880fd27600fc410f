"""A quick simulator for the engine: one canned clip stands for every result."""

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from editorapp.generations.engine import sweep
from editorapp.generations.models import Attempt
from editorapp.providers import registry, vendors
from tests.generations.drive import Clock
from tests.patience import awaited
from tests.simulator_process import SimulatorProcess


@pytest.fixture(scope="module")
def quick_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("quick")


# For one file: what one file leaves on a provider's list may look like what another searches for
# there.
@pytest.fixture(scope="module")
def quick_process(quick_folder: Path) -> Iterator[SimulatorProcess]:
    options = ("--no-render", "--rpm", "0", "--concurrent", "0")
    process = SimulatorProcess.start(quick_folder, *options)
    _draw_the_canned_clip(process.url)
    yield process
    process.stop()


def _draw_the_canned_clip(url: str) -> None:
    """Let the first job, which draws the clip for all others, be over before a test counts on quick
    ones.
    """
    body = {"model": "ray-3.2", "type": "video", "prompt": "first"}
    with httpx.Client(
        base_url=f"{url}/luma-agents/v1", headers={"Authorization": "Bearer luma-api-warm"}
    ) as client:
        made = client.post("/generations", json=body).raise_for_status().json()
        awaited(
            lambda: client.get(f"/generations/{made['id']}").json()["state"] == "completed",
            "the canned clip",
        )


@pytest.fixture
def quick(
    quick_process: SimulatorProcess, settings, transactional_db
) -> Iterator[SimulatorProcess]:
    """The simulator without rendering, with no fault set, and the simulated account pointing at it."""
    quick_process.reset()
    settings.SIMULATOR_URL = quick_process.url
    yield quick_process
    quick_process.reset()


@pytest.fixture(autouse=True)
def no_lingering(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock jumps to what is due next: a sweep with nothing under way need not wait for it."""
    monkeypatch.setattr(sweep, "TURN_SECONDS", 0.05)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A further provider, found as all are: it publishes no price and says what `told.says` holds."""
    folder = Path(__file__).parent / "vendors_told"
    monkeypatch.setattr(vendors, "__path__", [*vendors.__path__, str(folder)])
    registry.get.cache_clear()
    yield registry.get("told")
    registry.get.cache_clear()
    sys.modules.pop(f"{vendors.__name__}.told", None)


@pytest.fixture
def expired(monkeypatch: pytest.MonkeyPatch) -> None:
    """No provider keeps a result for a while: what cannot be fetched in the first tries is given up
    then.
    """
    monkeypatch.setattr(Attempt, "kept_until", lambda _attempt, now: now)
