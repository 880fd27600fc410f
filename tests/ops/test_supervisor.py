"""The watchdog over the queue: it kills what is stuck, and nothing that is at work."""

import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError
from django.utils import timezone

from editorapp.generations.coordination import heartbeat
from editorapp.generations.states import State
from editorapp.media import tasks
from editorapp.ops import supervisor
from editorapp.ops.management.commands import studio
from editorapp.ops.processes import Processes
from tests.factories import make_generation, make_member

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def processes(said, settings, tmp_path: Path, monkeypatch, db) -> Iterator[Processes]:
    """A queue that has been up for long, whose last sign of life is a minute old, and a ticker that
    is well.
    """
    settings.RUN_DIR = tmp_path
    monkeypatch.setattr(supervisor, "PATIENCE_SECONDS", 0.3)
    family = Processes(say=said.append)
    family.start("queue", *SLEEP).started -= 100
    heartbeat.beat("cluster", now=timezone.now() - timedelta(minutes=1))
    heartbeat.beat("ticker", now=timezone.now())
    yield family
    family.stop(seconds=2)


def look(processes: Processes) -> None:
    for _ in range(2):
        supervisor.look_after(processes)
        time.sleep(0.35)
    supervisor.look_after(processes)


def test_a_queue_that_stays_silent_is_started_again(processes, said):
    look(processes)

    assert "no sign of life" in said[0]


def test_one_look_at_an_old_sign_of_life_kills_nothing(processes, said):
    supervisor.look_after(processes)
    heartbeat.beat("cluster", now=timezone.now())
    look(processes)

    assert said == []


def test_a_queue_that_nobody_asked_for_a_sign_is_left_alone(processes, said):
    heartbeat.beat("ticker", now=timezone.now() - timedelta(minutes=1))
    look(processes)

    assert said == []


def test_a_worker_that_makes_a_copy_is_a_sign_of_life(processes, said):
    with tasks._alone():
        look(processes)

    assert said == []


def test_a_database_that_does_not_answer_ends_no_studio(processes, said, monkeypatch):
    def locked(now):
        raise DatabaseError("database is locked")

    monkeypatch.setattr(heartbeat, "signs", locked)
    look(processes)

    assert said == []


@pytest.mark.parametrize(
    ("state", "needed"), [(State.RUNNING, True), (State.QUEUED, True), (State.SUCCEEDED, False)]
)
def test_simulated_takes_under_way_keep_their_simulator_after_a_key_is_set(
    db, settings, state, needed
):
    make_generation(make_member(), state=state)
    settings.ENVIRONMENT = {**settings.ENVIRONMENT, "LUMA_AGENTS_API_KEY": "luma-api-real"}

    assert studio._is_simulating() == needed
