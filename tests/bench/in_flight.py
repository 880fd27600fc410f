"""Hundreds and thousands of generations in flight with two queue workers.

python -m tests.bench in_flight [--count 500|2000|10000] [--database sqlite|postgresql]

Ours: web server, ticker and queue as they run in production, against the simulator: write ahead,
post, poll, book, download, verify by decoding, store with poster and filmstrip. At 500 the official
SDK's two loops run beside it, and at 2,000 the better one, at the same ages of a job, each against
a fresh simulator with the same options. They post and poll, and neither book nor store. So the
promise compares post, follow and book with post and follow; the files, and what the web process
does before, are told beside it. CPU is read from /proc, once all processes are up; the simulator's
counts for nobody.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from editorapp.generations.checks import books
from editorapp.generations.engine.poll_schedule import interval_seconds
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.states import State
from tests.bench import Figure, installation, processes, promised
from tests.bench.installation import Used
from tests.bench.load import LOADS
from tests.bench.meter.apps import totals

SIMULATOR = ("--no-render", "--rpm", "0", "--concurrent", "0", "--queue-seconds", "1")
GIVE_UP_SECONDS = {500: 300.0, 2000: 600.0, 10_000: 2400.0}
SDK_AT_ONCE = 8  # calls at a time: where the SDK needs the least CPU
MOST_MEGABYTES = 250.0
# How much of the SDK's CPU ours may be, by how many are in flight: of its gather, of its held loop.
MOST_OF_GATHER, MOST_OF_HELD = {500: 0.4}, {500: 0.6, 2000: 0.5}


def run(words: Sequence[str] = ()) -> list[Figure]:
    options = argparse.ArgumentParser(prog="python -m tests.bench in_flight")
    options.add_argument("--count", type=int, choices=sorted(LOADS), default=500)
    options.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    count = options.parse_args(words).count
    load_before = os.getloadavg()[0]
    with processes.simulator(*SIMULATOR) as (url, folder):
        used = installation.at_work(
            url, count, LOADS[count], give_up_seconds=GIVE_UP_SECONDS[count]
        )
        done_at = _done_times(folder)
    figures = [*_kept_promises(done_at, count), *_use(used, count)]
    if count in MOST_OF_GATHER:
        figures += _beside_gather(used, count)
    if count in MOST_OF_HELD:
        figures += _beside_held(used, count)
    return [
        *figures,
        Figure(
            "load of the machine before, and after", f"{load_before:.1f}, {os.getloadavg()[0]:.1f}"
        ),
    ]


def _done_times(folder: Path) -> dict[str, float]:
    """Return when each job was done at the simulator, in unix seconds."""
    with sqlite3.connect(folder / "state.sqlite3") as kept:
        jobs = [json.loads(body) for (body,) in kept.execute("SELECT body FROM job")]
    return {
        job["id"]: job["created_at"] + job["queue_seconds"] + job["render_seconds"] for job in jobs
    }


def _kept_promises(done_at: dict[str, float], count: int) -> list[Figure]:
    rows = list(
        Attempt.objects.filter(
            provider_done_at__isnull=False, provider_job_id__isnull=False
        ).values_list("provider_job_id", "submitted_at", "recorded_at", "poll_count")
    )
    seconds = sorted(recorded.timestamp() - done_at[job] for job, _sent, recorded, _polls in rows)
    lags = sorted(
        (recorded.timestamp() - done_at[job]) / interval_seconds(done_at[job] - sent.timestamp())
        for job, sent, recorded, _polls in rows
    )
    finished = Generation.objects.filter(state=State.SUCCEEDED, result__isnull=False).count()
    locked = sum(
        installation.log_of(part).read_text().count("database is locked")
        for part in installation.PARTS
    )
    return [
        promised("generations lost or not finished", count - finished, at_most=0),
        promised("paid posts beyond one for each generation", len(done_at) - count, at_most=0),
        promised('"database is locked" in any log', locked, at_most=0),
        promised("differences in the books", len(books.differences()), at_most=0),
        promised(
            "provider done -> recorded, p95, in poll intervals", _p95(lags), at_most=1.1, digits=2
        ),
        Figure("the same in seconds", f"{_p95(seconds):.1f} s"),
        Figure("polls by the engine", f"{sum(polls for *_rest, polls in rows):,}"),
    ]


def _p95(found: list[float]) -> float:
    return found[int(len(found) * 0.95)] if found else 99.0


def _use(used: Used, count: int) -> list[Figure]:
    files = _files()
    return [
        Figure("until every result was kept", f"{used.seconds:.0f} s"),
        Figure("most in flight at once", f"{used.most_in_flight:,}"),
        *(
            promised(
                f"largest process of the {part}", megabytes, at_most=MOST_MEGABYTES, unit=" MB"
            )
            for part, megabytes in used.largest.items()
        ),
        Figure(
            "CPU a generation: queue and ticker, without the files", _each(used.cpu - files, count)
        ),
        Figure("CPU a generation: download, verify, poster, filmstrip", _each(files, count)),
        Figure(
            "CPU a generation: judge, reserve, queue (web process)", _each(used.queueing, count)
        ),
    ]


def _beside_gather(used: Used, count: int) -> list[Figure]:
    gather = _sdk(count, at_once=0)
    return [
        *_of_the_sdk("the SDK's gather, create and poll", gather, count),
        promised(
            "CPU, ours: post, follow, book / gather: post, follow",
            (used.cpu - _files()) / gather["cpu"],
            at_most=MOST_OF_GATHER[count],
            digits=2,
        ),
    ]


def _beside_held(used: Used, count: int) -> list[Figure]:
    held, engine = _sdk(count, at_once=SDK_AT_ONCE), used.cpu - _files()
    return [
        *_of_the_sdk(f"the SDK's loop held to {SDK_AT_ONCE} calls at a time", held, count),
        promised(
            f"the same / held to {SDK_AT_ONCE} at a time: post, follow",
            engine / held["cpu"],
            at_most=MOST_OF_HELD[count],
            digits=2,
        ),
        Figure(
            "the same with judging, reserving and queueing",
            f"{(engine + used.queueing) / held['cpu']:.2f}",
        ),
        Figure(
            "the same with the files, which the SDK does not fetch",
            f"{(used.cpu + used.queueing) / held['cpu']:.2f}",
        ),
    ]


def _of_the_sdk(name: str, found: dict[str, float], count: int) -> list[Figure]:
    return [
        Figure(f"CPU a generation: {name}", _each(found["cpu"], count)),
        Figure("its polls, and seconds", f"{found['polls']:,.0f}, {found['seconds']:.0f}"),
    ]


def _sdk(count: int, *, at_once: int) -> dict[str, float]:
    with processes.simulator(*SIMULATOR) as (url, _folder):
        answer = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.bench.sdk_loop",
                f"{url}/luma-agents/v1",
                str(count),
                str(at_once),
            ],
            cwd=processes.ROOT,
            capture_output=True,
            text=True,
            timeout=GIVE_UP_SECONDS[count],
        )
    if answer.returncode:
        raise RuntimeError(answer.stderr[-2000:])
    return json.loads(answer.stdout.splitlines()[-1])


def _files() -> float:
    """Return the CPU seconds of the lanes that carry files, and of the decoders that they start."""
    return sum(totals().get("transfer", (0.0, 0.0)))


def _each(seconds: float, count: int) -> str:
    return f"{1000 * seconds / count:.1f} ms"
