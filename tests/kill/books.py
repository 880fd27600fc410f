"""What must be true: while all runs (the ledger balances), and at the end (everything)."""

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet
from django_q.brokers import get_broker

from editorapp.costs import ledger
from editorapp.generations.checks.books import differences
from editorapp.generations.models import Attempt, Generation, Settlement
from editorapp.generations.states import FINAL, State
from editorapp.media import layout, store
from editorapp.media.models import Asset, Upload
from tests.kill.people import NOTE, Wish

TOO_MANY = (
    429  # the one answer that says for certain that nothing was taken: that post may be sent again
)


@dataclass(frozen=True)
class Received:
    """A paid call as the provider had it. `status` None: it was never answered."""

    idempotency_key: str
    prompt: str
    body: str
    status: int | None


def accepted_jobs(folder: Path) -> list[dict[str, Any]]:
    """Return what the simulated provider has taken, from the file in which it keeps its own books."""
    return [json.loads(body) for (body,) in _kept(folder, "SELECT body FROM job")]


def received_posts(folder: Path) -> list[Received]:
    """Return the paid calls that came to the simulated provider, also those that made no job and
    had no answer.
    """
    found = []
    for key, asked, status in _kept(
        folder, "SELECT idempotency_key, asked, status FROM post ORDER BY id"
    ):
        said = json.loads(asked)
        found.append(
            Received(key, said["prompt"], json.dumps(said["body"], sort_keys=True), status)
        )
    return found


def _kept(folder: Path, question: str) -> list[Any]:
    kept = sqlite3.connect(f"file:{folder}/simulator/state.sqlite3?mode=ro", uri=True, timeout=10)
    try:
        return kept.execute(question).fetchall()
    finally:
        kept.close()


def job_of(generation: Generation, folder: Path) -> str:
    """Return the id of the job that was taken for a generation and is on no row of ours; "" where
    there is none.
    """
    ours = set(
        Attempt.objects.exclude(provider_job_id=None).values_list("provider_job_id", flat=True)
    )
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
    rows = (
        Generation.objects.values_list("account__provider", "state")
        .annotate(count=Count("pk"))
        .order_by()
    )
    return Counter({f"{provider} {state}": count for provider, state, count in rows})


def faults(folder: Path, wanted: list[Wish], *, seen: int) -> list[str]:
    """Return one sentence for everything that is not as it must be at the end.

    `seen`: how many forms were answered.
    """
    return [
        *_asked_once(wanted, seen),
        *_sent_once(folder),
        *_posted_once(folder),
        *_ended_rightly(wanted),
        *differences(),
        *_settled_with_a_word(),
        *_nothing_held(),
        *_files(),
        *_leftovers(),
    ]


def _asked_once(wanted: list[Wish], seen: int) -> Iterator[str]:
    """A form that was sent again and again, because the web server died under it, makes its takes
    once.
    """
    made = Counter(Generation.objects.values_list("prompt", flat=True))
    for wish in wanted:
        if made[wish.prompt] != wish.takes:
            yield f"{wish.prompt}: {made[wish.prompt]} takes were made of one form that asks for {wish.takes}."
    if seen != len(wanted):
        yield f"{len(wanted)} forms were sent, and people saw the takes of {seen}."


def _sent_once(folder: Path) -> Iterator[str]:
    """What the provider took is what we know of, job by job, and no attempt was taken twice."""
    jobs = accepted_jobs(folder)
    ours = {
        attempt.provider_job_id: attempt for attempt in _attempts().exclude(provider_job_id=None)
    }
    for lost in {job["id"] for job in jobs} - ours.keys():
        yield f"The provider took the job {lost}, and no attempt of ours has it."
    for made_up in ours.keys() - {job["id"] for job in jobs}:
        yield f"{ours[made_up]} has the job {made_up}, which the provider never took."
    prompts = {job["id"]: job["request"].get("prompt") for job in jobs}
    for job_id, attempt in ours.items():
        if job_id in prompts and prompts[job_id] != attempt.generation.prompt:
            yield f"{attempt} has adopted the job of another: {prompts[job_id]}."
    taken, sent = (
        Counter(prompts.values()),
        Counter(attempt.generation.prompt for attempt in ours.values()),
    )
    for prompt, count in taken.items():
        if count != sent[str(prompt)]:
            yield f"{prompt}: taken {count} times by the provider, sent {sent[str(prompt)]} times by us."


def _posted_once(folder: Path) -> Iterator[str]:
    """Each attempt came to the provider once, whatever it answered; and what came is what we say
    that we have sent.
    """
    posts = [post for post in received_posts(folder) if post.status != TOO_MANY]
    ours = {str(attempt.idempotency_key): attempt for attempt in _attempts()}
    for key, count in Counter(post.idempotency_key for post in posts).items():
        attempt = ours.get(key)
        if attempt is None:
            yield f"The provider received a paid call of the key {key}, which is no attempt's."
        elif count > 1:
            yield f"{attempt} was posted {count} times: {attempt.generation.prompt}."
        elif not _says_sent(attempt):
            yield f"{attempt} came to the provider, and is {attempt.state} here as if it had never been sent."
    said = Counter(attempt.generation.prompt for attempt in ours.values() if _says_sent(attempt))
    for (prompt, _body), count in Counter((post.prompt, post.body) for post in posts).items():
        if count > said[prompt]:
            yield f"{prompt}: one body came {count} times to the provider, and we say that we sent {said[prompt]}."


def _attempts() -> "QuerySet[Attempt]":
    return Attempt.objects.select_related("generation")


def _says_sent(attempt: Attempt) -> bool:
    """Was it written down that this was about to leave?"""
    return attempt.request_body is not None and attempt.state not in (
        State.QUEUED,
        State.STAGING,
        State.CANCELED,
    )


def _ended_rightly(wanted: list[Wish]) -> Iterator[str]:
    for pk, state in unended():
        yield f"#{pk} has not ended: {state}."
    wishes = {wish.prompt: wish for wish in wanted}
    for generation in Generation.objects.filter(state__in=FINAL):
        wish = wishes.get(generation.prompt)
        if wish is None:
            continue
        spent, held = ledger.spent_usd(generation.pk), ledger.held_usd(generation.pk)
        sent = generation.attempts.exclude(provider_job_id=None).exists()
        allowed = {State.FAILED if wish.must_fail or not sent else State.SUCCEEDED}
        if wish.may_end_canceled and not sent:
            allowed.add(State.CANCELED)
        if generation.state not in allowed:
            yield f"{generation} ended as {generation.state}, not {allowed}: {generation.failure_message}"
        if generation.state == State.SUCCEEDED and (generation.result_id is None or not spent):
            yield f"{generation} is done, with result {generation.result_id} and {spent} charged."
        if not sent and spent:
            yield f"{generation} was never taken, and {spent} is charged for it."
        if held:
            yield f"{generation} has ended, and {held} is still held for it."


def _settled_with_a_word() -> Iterator[str]:
    """Whoever decided about money by hand has said how they knew."""
    for one in Settlement.objects.exclude(person=None).select_related("attempt"):
        if NOTE not in one.note:
            yield f"{one.attempt} was settled as {one.outcome} without the word of who did it: {one.note!r}."


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
        for what in (store.ORIGINAL, layout.POSTER):
            if not store.path(asset.sha256, what).exists():
                yield f"{asset.name} has no {what}."
        if asset.proxy == Asset.Proxy.READY and not store.path(asset.sha256, layout.PROXY).exists():
            yield f"{asset.name} has no playable copy, and its row says so."


def _leftovers() -> Iterator[str]:
    """Parts that killed processes left: the sweep takes all of them once they are a day old, and
    nothing else.
    """
    from datetime import timedelta

    from django.utils import timezone

    from editorapp.media import tasks

    kept = {
        path: path.stat().st_size
        for path in (Path(settings.MEDIA_ROOT) / "blobs").rglob("*")
        if path.is_file()
    }
    tasks.sweep(timezone.now() + timedelta(days=2))
    for left in store.incoming().iterdir():
        yield f"{left.name} was not swept."
    if Upload.objects.exists():
        yield f"{Upload.objects.count()} uploads were not swept."
    if {path: path.stat().st_size for path in kept if path.exists()} != kept:
        yield "The sweep took files that are kept."
