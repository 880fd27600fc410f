"""What must be true: while all runs (the ledger balances), and at the end (everything)."""

import hashlib
import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count
from django_q.brokers import get_broker

from editorapp.costs import ledger
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.states import FINAL, State
from editorapp.generations.watch.books import differences
from editorapp.media import store
from editorapp.media.models import Asset, Upload
from tests.kill.people import Wish

ENDED = (State.SUCCEEDED, State.FAILED)


def accepted_jobs(folder: Path) -> list[dict[str, Any]]:
    """Return what the simulated provider has taken, from the file in which it keeps its own books."""
    kept = sqlite3.connect(f"file:{folder}/simulator/state.sqlite3?mode=ro", uri=True, timeout=10)
    try:
        return [json.loads(body) for (body,) in kept.execute("SELECT body FROM job")]
    finally:
        kept.close()


def job_of(generation: Generation, folder: Path) -> str:
    """Return the id of the job that was taken for a generation and is on no row of ours; "" where there is none."""
    ours = set(Attempt.objects.exclude(provider_job_id=None).values_list("provider_job_id", flat=True))
    for job in accepted_jobs(folder):
        if job["request"].get("prompt") == generation.prompt and job["id"] not in ours:
            return str(job["id"])
    return ""


def unended() -> list[tuple[int, str]]:
    """Return the takes that are not over, with their states."""
    return list(Generation.objects.exclude(state__in=FINAL).values_list("pk", "state"))


def waiting_tasks() -> int:
    """Return how many tasks wait in the queue that nobody has taken."""
    return int(get_broker().queue_size())


def outcomes() -> Counter[str]:
    rows = Generation.objects.values_list("account__provider", "state").annotate(count=Count("pk")).order_by()
    return Counter({f"{provider} {state}": count for provider, state, count in rows})


def faults(folder: Path, takes: dict[int, Wish], wanted: list[Wish]) -> list[str]:
    """Return one sentence for everything that is not as it must be at the end."""
    return [
        *_asked_once(takes, wanted), *_sent_once(folder), *_ended_rightly(takes), *differences(),
        *_nothing_held(), *_files(), *_leftovers(),
    ]  # fmt: skip


def _asked_once(takes: dict[int, Wish], wanted: list[Wish]) -> Iterator[str]:
    """A form that was sent again and again, because the web server died under it, makes one take."""
    made = Counter(Generation.objects.values_list("prompt", flat=True))
    for wish in wanted:
        if made[wish.prompt] != 1:
            yield f"{wish.prompt}: {made[wish.prompt]} takes were made of one form."
    if len(takes) != len(wanted):
        yield f"{len(wanted)} generations were asked for, and people saw {len(takes)}."


def _sent_once(folder: Path) -> Iterator[str]:
    """What the provider took is what we know of, job by job, and no attempt was taken twice."""
    jobs = accepted_jobs(folder)
    ours = {attempt.provider_job_id: attempt for attempt in Attempt.objects.exclude(provider_job_id=None)}
    for lost in {job["id"] for job in jobs} - ours.keys():
        yield f"The provider took the job {lost}, and no attempt of ours has it."
    for made_up in ours.keys() - {job["id"] for job in jobs}:
        yield f"{ours[made_up]} has the job {made_up}, which the provider never took."
    taken = Counter(job["request"].get("prompt") for job in jobs)
    sent: defaultdict[str, int] = defaultdict(int)
    for attempt in Attempt.objects.exclude(provider_job_id=None).select_related("generation"):
        sent[attempt.generation.prompt] += 1
        job = next(one for one in jobs if one["id"] == attempt.provider_job_id)
        if job["request"].get("prompt") != attempt.generation.prompt:
            yield f"{attempt} has adopted the job of another: {job['request'].get('prompt')}."
    for prompt, count in taken.items():
        if count != 1 or sent[str(prompt)] != 1:
            yield f"{prompt}: taken {count} times by the provider, sent {sent[str(prompt)]} times by us."


def _ended_rightly(takes: dict[int, Wish]) -> Iterator[str]:
    for pk, state in unended():
        yield f"Take {pk} has not ended: {state}."
    for generation in Generation.objects.filter(state__in=FINAL):
        wish = takes.get(generation.pk)
        if wish is None:
            continue
        spent, held = ledger.spent_usd(generation.pk), ledger.held_usd(generation.pk)
        sent = generation.attempts.exclude(provider_job_id=None).exists()
        wanted = State.FAILED if wish.must_fail or not sent else State.SUCCEEDED
        if generation.state != wanted:
            yield f"{generation} ended as {generation.state}, not {wanted}: {generation.failure_message}"
        if generation.state == State.SUCCEEDED and (generation.result_id is None or not spent):
            yield f"{generation} is done, with result {generation.result_id} and {spent} charged."
        if not sent and spent:
            yield f"{generation} was never taken, and {spent} is charged for it."
        if held:
            yield f"{generation} has ended, and {held} is still held for it."


def _nothing_held() -> Iterator[str]:
    for attempt in Attempt.objects.exclude(next_action_at=None):
        yield f"{attempt} waits for somebody to look at it: {attempt.state}."


def _files() -> Iterator[str]:
    """Every kept file is what its name says, and every row has its file."""
    blobs = Path(settings.MEDIA_ROOT) / "blobs"
    for folder in blobs.glob("*/*"):
        original = folder / store.ORIGINAL
        if not original.exists():
            if Asset.objects.filter(sha256=folder.name).exists():
                yield f"The file of {folder.name[:12]} is gone."
            continue
        with original.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        if found != folder.name:
            yield f"The file {folder.name[:12]} is half-kept: its bytes hash to {found[:12]}."
    for asset in Asset.objects.all():
        for what in (store.ORIGINAL, store.POSTER):
            if not store.path(asset.sha256, what).exists():
                yield f"{asset.name} has no {what}."
        if asset.proxy == Asset.Proxy.READY and not store.path(asset.sha256, store.PROXY).exists():
            yield f"{asset.name} has no playable copy, and its row says so."


def _leftovers() -> Iterator[str]:
    """Parts that killed processes left: the sweep takes all of them once they are a day old, and nothing else."""
    from datetime import timedelta

    from django.utils import timezone

    from editorapp.media import tasks

    kept = {path: path.stat().st_size for path in (Path(settings.MEDIA_ROOT) / "blobs").rglob("*") if path.is_file()}
    tasks.sweep(timezone.now() + timedelta(days=2))
    for left in store.incoming().iterdir():
        yield f"{left.name} was not swept."
    if Upload.objects.exists():
        yield f"{Upload.objects.count()} uploads were not swept."
    if {path: path.stat().st_size for path in kept if path.exists()} != kept:
        yield "The sweep took files that are kept."
