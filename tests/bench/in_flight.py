"""500 generations in flight with two queue workers on SQLite, beside the official SDK's plain loop in the same run.

Ours: ticker and qcluster as they run in production, against the simulator: write ahead, post, poll, book, download,
verify by decoding, store with poster and filmstrip. The SDK's loop posts and polls in one process, and neither books
nor stores. So the promise compares post, follow and book with post and follow; the files, and what the web process
does before, are told beside it. Both poll at the same ages of a job; each has a fresh simulator with the same options.
CPU is read from /proc, once all processes are up.
"""

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from editorapp.costs.check import differences
from editorapp.generations import health
from editorapp.generations.enqueue import enqueue
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.schedule import interval_seconds
from editorapp.generations.states import ACTIVE, State
from editorapp.providers.contract import GenerationRequest, Task
from editorapp.providers.models import ProviderAccount, default_account
from editorapp.teams.models import Member
from tests.bench import Figure, load, processes, promised
from tests.bench.meter.apps import totals
from tests.factories import make_member

COUNT = 500
SIMULATOR = ("--no-render", "--rpm", "0", "--concurrent", "0", "--queue-seconds", "1")
GIVE_UP_SECONDS = 240


@dataclass
class Used:
    """CPU seconds of our processes, and what happened."""

    cpu: float  # qcluster, its workers and the ticker
    queueing: float  # what the web process would use
    seconds: float
    peak_megabytes: float


def run() -> list[Figure]:
    with processes.simulator(*SIMULATOR) as (url, folder):
        settings.SIMULATOR_URL = url
        used = _ours(url)
        done_at = _done_times(folder)
    with processes.simulator(*SIMULATOR) as (url, _folder):
        sdk = _sdk(url)
    return [*_kept_promises(done_at), *_cpu(used, sdk)]


def _ours(url: str) -> Used:
    call_command("migrate", verbosity=0)
    account, member = default_account("luma-agents"), make_member(role="admin")
    account.max_concurrent, account.requests_per_minute = 10 * COUNT, 1000 * COUNT
    account.save()
    with _engine(url) as pids:
        before, began = processes.cpu_seconds(pids()), time.monotonic()
        queueing = _queue_all(account, member)
        while time.monotonic() - began < GIVE_UP_SECONDS:
            time.sleep(1)
            if not Attempt.objects.filter(state__in=ACTIVE).exists():
                break
        seconds = time.monotonic() - began
        time.sleep(3)  # the last lane returns and is metered
        return Used(processes.cpu_seconds(pids()) - before, queueing, seconds, processes.peak_megabytes(pids()))


def _queue_all(account: ProviderAccount, member: Member) -> float:
    """Judge, reserve and queue all, as the web process would; return the CPU seconds that it took."""
    before = time.process_time()
    for number in range(COUNT):
        wanted = GenerationRequest(task=Task.GENERATE, prompt=load.prompt(number), resolution="360p", duration="5s")
        enqueue(wanted, account=account, member=member)
    return time.process_time() - before


@contextmanager
def _engine(url: str) -> Iterator:
    """Run ticker and queue until they give signs of life."""
    with (
        processes.command("qcluster", log=_log("qcluster"), RUSHES_SIMULATOR_URL=url) as cluster,
        processes.command("ticker", log=_log("ticker"), RUSHES_SIMULATOR_URL=url) as ticker,
    ):
        for _ in range(120):
            time.sleep(0.5)
            if health.signs(timezone.now()).is_well:
                break
        else:
            raise RuntimeError("The engine gave no sign of life: " + _log("qcluster").read_text()[-2000:])
        yield lambda: processes.tree(cluster.pid) + processes.tree(ticker.pid)


def _log(name: str) -> Path:
    return Path(settings.DATA_DIR) / f"{name}.log"


def _done_times(folder: Path) -> dict[str, float]:
    """Return when each job was done at the simulator, in unix seconds."""
    with sqlite3.connect(folder / "state.sqlite3") as kept:
        jobs = [json.loads(body) for (body,) in kept.execute("SELECT body FROM job")]
    return {job["id"]: job["created_at"] + job["queue_seconds"] + job["render_seconds"] for job in jobs}


def _sdk(url: str) -> dict[str, float]:
    answer = subprocess.run(
        [sys.executable, "-m", "tests.bench.sdk_loop", f"{url}/luma-agents/v1", str(COUNT)],
        cwd=processes.ROOT, capture_output=True, text=True, timeout=GIVE_UP_SECONDS,
    )  # fmt: skip
    if answer.returncode:
        raise RuntimeError(answer.stderr[-2000:])
    return json.loads(answer.stdout.splitlines()[-1])


def _kept_promises(done_at: dict[str, float]) -> list[Figure]:
    rows = list(Attempt.objects.filter(provider_done_at__isnull=False))
    lags = sorted(
        (row.provider_done_at.timestamp() - done_at[row.provider_job_id])
        / interval_seconds(done_at[row.provider_job_id] - row.submitted_at.timestamp())
        for row in rows
    )
    finished = Generation.objects.filter(state=State.SUCCEEDED, result__isnull=False).count()
    locked = sum(_log(name).read_text().count("database is locked") for name in ("qcluster", "ticker"))
    return [
        promised("generations lost or not finished", COUNT - finished, at_most=0),
        promised("paid posts beyond one for each generation", len(done_at) - COUNT, at_most=0),
        promised('"database is locked" in any log', locked, at_most=0),
        promised("differences in the ledger", len(differences()), at_most=0),
        promised(
            "provider done -> recorded, p95, in poll intervals", lags[int(len(lags) * 0.95)] if lags else 99.0,
            at_most=1.1, digits=2,
        ),
        Figure("polls by the engine", f"{sum(row.poll_count for row in rows):,}"),
    ]  # fmt: skip


def _cpu(used: Used, sdk: dict[str, float]) -> list[Figure]:
    def each(seconds: float) -> str:
        return f"{1000 * seconds / COUNT:.1f} ms"

    files = sum(totals().get("transfer", (0.0, 0.0)))
    engine = used.cpu - files
    return [
        Figure("the engine, until every result was kept", f"{used.seconds:.0f} s"),
        Figure("CPU a generation: qcluster and ticker, without the files", each(engine)),
        Figure("CPU a generation: download, verify, poster, filmstrip", each(files)),
        Figure("CPU a generation: judge, reserve, queue (web process)", each(used.queueing)),
        Figure("largest process", f"{used.peak_megabytes:.0f} MB"),
        Figure("the SDK's gather", f"{sdk['seconds']:.0f} s"),
        Figure("polls by the SDK", f"{sdk['polls']:,.0f}"),
        Figure("CPU a generation: the SDK's gather, create and poll", each(sdk["cpu"])),
        promised("CPU, ours: post, follow, book / SDK: post, follow", engine / sdk["cpu"], at_most=0.5, digits=2),
        Figure("the same with judging, reserving and queueing", f"{(engine + used.queueing) / sdk['cpu']:.2f}"),
        Figure(
            "the same with the files, which the SDK does not fetch", f"{(used.cpu + used.queueing) / sdk['cpu']:.2f}"
        ),
    ]
