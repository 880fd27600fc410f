"""An installation at work for a measurement: web server, ticker and two queue workers, beside a
simulator.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.costs.ledger import Charge
from editorapp.generations.coordination import heartbeat
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import enqueue
from editorapp.generations.states import ACTIVE, IN_FLIGHT, State
from editorapp.providers.contract import GenerationRequest, Task
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from tests.bench import processes
from tests.bench.load import Load
from tests.factories import default_account, make_member, make_reserved

PARTS = ("queue", "ticker", "web")
PAGES = ("/studio/", "/gallery/", "/queue/")
LOOK_SECONDS = 2.0
HISTORY = 25


@dataclass
class Used:
    """What the installation's processes used, and how the work went."""

    cpu: float  # seconds of the queue, its workers and the ticker
    queueing: float  # seconds of judging, reserving and queueing, which is the web process's work
    seconds: float
    most_in_flight: int
    largest: dict[str, float]  # the largest process of each part, in MB


def at_work(url: str, count: int, load: Load, *, give_up_seconds: float) -> Used:
    """Queue so many generations and wait until none is active."""
    settings.SIMULATOR_URL = url
    logging.disable(logging.INFO)  # of this process alone: a line for each that is queued
    call_command("migrate", verbosity=0)
    account, member = default_account("luma-agents"), make_member(role="admin")
    account.max_concurrent, account.requests_per_minute = 10 * count, 1000 * count
    account.save()
    if load.usual:
        _have_history(account, member, load)
    with _running(url) as pids:
        browser = _signed_in(member)
        before, began = processes.cpu_seconds(pids("queue", "ticker")), time.monotonic()
        queueing = _queue_all(account, member, count, load)
        most, rounds = 0, 0
        while time.monotonic() - began < give_up_seconds:
            time.sleep(LOOK_SECONDS)
            rounds += 1
            browser.get(PAGES[rounds % len(PAGES)])
            most = max(
                most,
                Attempt.objects.filter(state__in=IN_FLIGHT, next_action_at__isnull=False).count(),
            )
            if not Attempt.objects.filter(state__in=ACTIVE).exists():
                break
        seconds = time.monotonic() - began
        time.sleep(3)  # the last lane returns and is metered
        used = processes.cpu_seconds(pids("queue", "ticker")) - before
        return Used(
            used,
            queueing,
            seconds,
            most,
            {part: processes.peak_megabytes(pids(part)) for part in PARTS},
        )


def _have_history(account: ProviderAccount, member: Member, load: Load) -> None:
    """Let there be jobs that took the usual time, as in any installation in use: they set the first
    poll's age.
    """
    done = timezone.now() - timedelta(hours=1)
    for _ in range(HISTORY):
        made = make_reserved(
            member, state=State.SUCCEEDED, account=account, task="generate", parent=None
        )
        attempt, sent = made.attempts.get(), done - timedelta(seconds=load.usual)
        charged = ledger.charge([Charge(attempt.pk, None, is_estimated=True)], now=done)[0]
        Generation.objects.filter(pk=made.pk).update(cost_usd=charged.amount_usd)
        Attempt.objects.filter(pk=attempt.pk).update(submitted_at=sent, provider_done_at=done)


def _queue_all(account: ProviderAccount, member: Member, count: int, load: Load) -> float:
    """Judge, reserve and queue all, as the web process would; return the CPU seconds that it took."""
    before = time.process_time()
    for number in range(count):
        wanted = GenerationRequest(
            task=Task.GENERATE, prompt=load.prompt(number), resolution="360p", duration="5s"
        )
        enqueue(Draft(wanted, account), member=member)
    return time.process_time() - before


@contextmanager
def _running(url: str) -> Iterator[Callable[..., list[int]]]:
    """Run the parts until the engine gives signs of life; give what tells their processes, by part."""
    port = str(settings.PORT)
    with (
        processes.command("queue", log=log_of("queue"), RUSHES_SIMULATOR_URL=url) as queue,
        processes.command("ticker", log=log_of("ticker"), RUSHES_SIMULATOR_URL=url) as ticker,
        processes.command(
            "serve", "--port", port, log=log_of("web"), RUSHES_SIMULATOR_URL=url
        ) as web,
    ):
        for _ in range(240):
            time.sleep(0.5)
            if heartbeat.signs(timezone.now()).is_well and "Answering" in log_of("web").read_text():
                break
        else:
            raise RuntimeError(
                "No sign of life: " + "".join(log_of(part).read_text()[-2000:] for part in PARTS)
            )
        started = dict(zip(PARTS, (queue, ticker, web), strict=True))
        yield lambda *parts: [pid for part in parts for pid in processes.tree(started[part].pid)]


def _signed_in(member: Member) -> httpx.Client:
    """Return a browser of sorts, so that the web server is as large as one that is used."""
    session = Client()
    session.force_login(member.user)
    cookies = {settings.SESSION_COOKIE_NAME: session.cookies[settings.SESSION_COOKIE_NAME].value}
    return httpx.Client(
        base_url=f"http://127.0.0.1:{settings.PORT}", cookies=cookies, timeout=60, trust_env=False
    )


def log_of(part: str) -> Path:
    return Path(settings.DATA_DIR) / f"{part}.log"
