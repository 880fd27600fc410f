"""Fixtures that many rooms use. Real database, real files, the simulator on loopback."""

import asyncio
import gc
import os
import shutil
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.management.commands import flush
from django.db import connection
from django.test.utils import override_settings
from playwright.sync_api import Browser, sync_playwright

from tests import browser, in_flight, lock_order, migrated
from tests.environment import MEDIA, REDIS
from tests.outside import outside as outside
from tests.queued import forget
from tests.simulator_process import SimulatorProcess
from tests.video import write_clip

# The files that take longest, the longest first, where their fixtures do not say it.
LONGEST = (
    "hostile/test_table",
    "web/test_hostile_values",
    "journeys/test_journeys",
    "journeys/test_edit_command",
    "generations/test_faults",
    "generations/test_every_model",
    "simulator/test_render_controls",
    "journeys/test_studio_command",
    "journeys/test_machines",
    "kill/test_short_run",
    "generations/test_engine",
)
# About how many seconds a test takes that uses a fixture; the first that it uses counts.
SECONDS = {
    "chromium": 4.0,
    "another": 2.0,
    "simulator": 1.0,
    "real_media": 0.5,
    "transactional_db": 0.3,
    "tmp_path": 0.1,
    "db": 0.05,
}


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage while tests are collected, nor ever again in what was: it all stays, and
    each look at it takes longer than the last.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the longest files begin first: begun last, one of them would leave all other processes
    without work.
    """
    seconds: Counter[Path] = Counter()
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        seconds[item.path] += next((SECONDS[name] for name in SECONDS if name in names), 0.01)
    items.sort(key=lambda item: (_place_of(item.path), -seconds[item.path], str(item.path)))


def _place_of(path: Path) -> int:
    return next((at for at, name in enumerate(LONGEST) if name in str(path)), len(LONGEST))


@pytest.fixture(autouse=True, scope="session")
def plain_static_files() -> Iterator[None]:
    """Serve style sheets and scripts as they lie in static/: hashed names would need a
    collectstatic first.
    """
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    configured.STATIC_ROOT.mkdir(exist_ok=True)
    with override_settings(STORAGES={**configured.STORAGES, "staticfiles": plain}):
        yield


@pytest.fixture(autouse=True, scope="session")
def cheap_passwords() -> Iterator[None]:
    """Keep passwords as MD5: Django's own way takes half a second each, on purpose."""
    cheap = "django.contrib.auth.hashers.MD5PasswordHasher"
    with override_settings(PASSWORD_HASHERS=[cheap]):
        yield


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings: None) -> Iterator[bool]:
    """The database of this process is a copy of one that is migrated: pytest-django keeps it."""
    test, server = connection.settings_dict["TEST"]["NAME"], connection.settings_dict["NAME"]
    name = test or f"test_{server}"
    migrated.copy_empty(name)
    yield True
    migrated.drop(name)


@pytest.fixture(autouse=True, scope="session")
def nothing_after_a_flush() -> None:
    """Emptied tables stay empty: Django's permissions and types of content, which nothing reads,
    took most of it. What SQLite was let to know of the rows that are gone goes with them: it would
    choose other indexes for the next test.
    """
    flush.emit_post_migrate_signal = forget_statistics


def forget_statistics(*args: object, **options: object) -> None:
    """Let SQLite know nothing of its tables, as of a new database."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM sqlite_master WHERE name = 'sqlite_stat1'")
            if cursor.fetchone():
                cursor.execute("DELETE FROM sqlite_stat1")
                cursor.execute("ANALYZE sqlite_schema")  # has it read anew


@pytest.fixture(autouse=True, scope="module")
def empty_incoming() -> None:
    """No file of tests sees what another left on its way into the store: which ran before it,
    chance decides.
    """
    for left in (Path(configured.MEDIA_ROOT) / "incoming").glob("*"):
        shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)


@pytest.fixture
def own_signals() -> Iterator[None]:
    """A command that runs in this process takes signals for itself: they are given back."""
    taken = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(one) for one in taken]
    yield
    for one, handler in zip(taken, before, strict=True):
        signal.signal(one, handler)


@pytest.fixture(autouse=True)
def empty_queue() -> None:
    """What an earlier test left in Redis; the database's queue is emptied with all other tables."""
    if REDIS:
        forget()


@pytest.fixture(autouse=True)
def no_request_outlives_its_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a page had asked when it was closed is answered before the test's tables and settings
    are taken away.
    """
    if "live_server" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")
    with in_flight.watched() as requests:
        yield
        assert requests.wait(), "a request of this test is still being answered"


@pytest.fixture(autouse=True)
def locks_in_order(request: pytest.FixtureRequest) -> Iterator[None]:
    """On PostgreSQL, no test may see our code lock rows in another order than all of it does: see
    core/locks.py.
    """
    needs = {"db", "transactional_db"} & set(
        request.fixturenames
    ) or request.node.get_closest_marker("django_db")
    if connection.vendor != "postgresql" or not needs:
        yield
        return
    request.getfixturevalue("transactional_db" if _is_transactional(request) else "db")
    with lock_order.watched() as order:
        yield
    assert order.found == []


def _is_transactional(request: pytest.FixtureRequest) -> bool:
    marker = request.node.get_closest_marker("django_db")
    return "transactional_db" in request.fixturenames or bool(
        marker and marker.kwargs.get("transaction")
    )


@pytest.fixture(autouse=True)
def ordinary_scheduling() -> Iterator[None]:
    """No test leaves this process in a real-time class: all that it starts later would starve the
    machine.
    """
    yield
    assert os.sched_getscheduler(0) == os.SCHED_OTHER, (
        "this test changed how the whole process is scheduled"
    )


@pytest.fixture(scope="session")
def real_media() -> Path:
    """The folder of real clips and stills that lies beside the project."""
    if not (MEDIA / "bunny_720p_5s.mp4").exists():
        pytest.skip(
            f"the real clips are not at {MEDIA}; set RUSHES_SHARED to the folder that holds media/"
        )
    return MEDIA


@pytest.fixture(scope="session")
def simulator_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    """One simulator for the whole run of this test process, at full speed."""
    process = SimulatorProcess.start(tmp_path_factory.mktemp("simulator"))
    yield process
    process.stop()


@pytest.fixture
def simulator(simulator_process: SimulatorProcess, settings) -> Iterator[SimulatorProcess]:
    """The simulator with no fault set and its counters at zero; accounts without a key point at it."""
    simulator_process.reset()
    settings.SIMULATOR_URL = simulator_process.url
    yield simulator_process
    simulator_process.reset()


@pytest.fixture(scope="session")
def small_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A second of a small clip: quick to render, for tests that are about something else."""
    return write_clip(tmp_path_factory.mktemp("clips") / "small.mp4", frames=24, size=(320, 180))


@pytest.fixture(scope="session")
def started_chromium() -> Iterator[tuple[Browser, asyncio.AbstractEventLoop]]:
    """The one Chromium of this test process, and the event loop in which Playwright talks to it.

    Playwright leaves that loop running in this thread. It is hidden from files that use no browser:
    tests of the engine, which run loops of their own, may follow in the same process.
    """
    with sync_playwright() as playwright:
        loop = asyncio.get_running_loop()
        started = browser.start(playwright)
        asyncio._set_running_loop(None)
        yield started, loop
        started.close()


@pytest.fixture(scope="module")
def chromium(started_chromium: tuple[Browser, asyncio.AbstractEventLoop]) -> Iterator[Browser]:
    """A real Chromium, the same for all files of this process: to start one for each takes a second
    of a processor.
    """
    started, loop = started_chromium
    asyncio._set_running_loop(loop)
    # Django would refuse the database because of that loop.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    yield started
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    asyncio._set_running_loop(None)
