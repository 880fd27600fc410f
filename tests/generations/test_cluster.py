"""The queues between the workers outlive any of them; a cluster that is asked to end begins nothing
new.
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator

import pytest

from editorapp.generations.coordination import shutdown
from editorapp.generations.engine import sweep, transfer
from editorapp.generations.models import Attempt
from editorapp.generations.states import State
from editorapp.generations.worker import cluster
from editorapp.generations.worker.cluster import KernelLock, SturdyQueue
from editorapp.teams import audit_origin
from tests.generations.drive import Clock, ask
from tests.kill.keeper import words_of
from tests.patience import PATIENCE_SECONDS, awaited

fork = multiprocessing.get_context("fork")


@pytest.fixture
def begun() -> Iterator[list]:
    processes: list = []
    yield processes
    for process in processes:
        process.kill()
        process.join()


def started(begun: list, work, *args):
    process = fork.Process(target=work, args=args)
    process.start()
    begun.append(process)
    return process


def _hold(lock: KernelLock, held) -> None:
    lock.acquire()
    held.set()
    time.sleep(60)


def test_a_lock_whose_holder_is_killed_is_open(begun):
    lock, held = KernelLock(), fork.Event()
    holder = started(begun, _hold, lock, held)
    assert held.wait(PATIENCE_SECONDS)
    assert not lock.acquire(timeout=0.05)
    assert not lock.acquire(False)

    holder.kill()
    holder.join()

    assert lock.acquire(timeout=PATIENCE_SECONDS)


def _work(tasks: SturdyQueue, results) -> None:
    for task in iter(tasks.get, "STOP"):
        results.put((os.getpid(), task))


def test_a_worker_killed_while_it_waits_for_a_task_leaves_the_others_at_work(begun):
    tasks, results = SturdyQueue(maxsize=1), fork.SimpleQueue()
    workers = [started(begun, _work, tasks, results) for _ in range(3)]
    tasks.put("a first one")
    results.get()
    time.sleep(0.3)  # all three wait now, one of them inside the lock

    for killed in workers[:2]:
        os.kill(killed.pid, signal.SIGKILL)
        killed.join()
    tasks.put("another")

    assert results.get() == (workers[2].pid, "another")


def _sentinel(tell) -> None:
    tasks, results = SturdyQueue(maxsize=1), fork.SimpleQueue()
    workers = [fork.Process(target=_work, args=(tasks, results)) for _ in range(3)]
    for worker in workers:
        worker.start()
    tell.put([worker.pid for worker in workers])
    time.sleep(60)


def test_workers_whose_sentinel_was_killed_end_by_themselves(begun):
    tell = fork.SimpleQueue()
    sentinel = started(begun, _sentinel, tell)
    workers = tell.get()

    sentinel.kill()
    sentinel.join()

    assert awaited(lambda: not any(words_of(pid) for pid in workers), "the end of the workers")


def test_the_studios_cluster_is_made_of_these_and_is_the_engine_while_it_runs(monkeypatch):
    made, who = [], []
    monkeypatch.setattr(
        cluster.Cluster, "__init__", lambda self: made.append(cluster.cluster.Queue)
    )
    monkeypatch.setattr(
        cluster.Cluster, "start", lambda self: who.append(audit_origin.current().address)
    )
    monkeypatch.setattr(cluster.cluster, "Queue", None)

    cluster.run()

    assert made == [SturdyQueue]
    assert [*who, audit_origin.current().address] == ["engine", "command line"]


def test_to_be_asked_to_end_is_seen_by_processes_that_were_forked_before(begun):
    seen = fork.Event()

    def look() -> None:
        while not shutdown.is_asked():
            time.sleep(0.01)
        seen.set()

    started(begun, look)
    shutdown.ask()
    try:
        assert seen.wait(PATIENCE_SECONDS)
    finally:
        shutdown.forget()


@pytest.fixture
def asked_to_end() -> Iterator[None]:
    shutdown.ask()
    yield
    shutdown.forget()


def test_a_sweep_that_is_asked_to_end_sends_nothing_new(asked_to_end, transactional_db, quick):
    ask()

    sweep.work("luma-agents", seconds=5)

    assert Attempt.objects.get().state == State.QUEUED
    assert quick.submits_received == 0


def test_a_sweep_that_is_asked_to_end_waits_for_the_answer_of_a_post_under_way(
    transactional_db, quick
):
    ask()
    quick.fail("submit", "slow", seconds=1.5)

    def clock():
        if Attempt.objects.filter(state=State.SUBMITTING).exists():
            shutdown.ask()
        return Clock()()

    try:
        sweep.work("luma-agents", seconds=30, clock=clock)
    finally:
        shutdown.forget()

    assert Attempt.objects.get().state == State.RUNNING
    assert quick.submits_received == 1


def test_a_lane_that_is_asked_to_end_takes_no_file(asked_to_end, transactional_db, quick):
    ask()
    Attempt.objects.update(state=State.FETCHING)

    transfer.transfer(0)

    assert Attempt.objects.get().lease_token is None
