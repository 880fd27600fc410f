"""Wake-ups: enqueue a task where none is waiting or at work.

A wake-up that is lost only costs a second.

What is done is decided by rows, never by these tasks: see engine/sweep.py and engine/transfer.py.
"""

import uuid
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from editorapp.core import retry, task_queue
from editorapp.core.fault_points import reached
from editorapp.generations.coordination import leases
from editorapp.generations.models import BranchRun, BranchStep
from editorapp.providers import registry

# More than a slow clip and its EXR frames take to download and store: killed on the way, it would
# begin again for ever. More too than a clip takes that is sent inside the paid call: killed on the
# way, nobody would know its outcome.
LONG_SECONDS = 3600
# How long a task may take; one that is not here as long as the queue lets any.
SECONDS = {
    "work": LONG_SECONDS,
    "transfer": LONG_SECONDS,
    "search": 900,  # a long list is read page by page, for each account
    "check_books": LONG_SECONDS,
    "empty_trash": LONG_SECONDS,
    "ask_price": 600,  # a long source is uploaded for it
    "verify": 600,
}
# A wake-up not answered by then is sent again by the ticker.
LOST_AFTER_SECONDS = retry.policy("wake.unanswered").first_seconds


def lanes() -> range:
    """Return the lanes for uploads and downloads: a worker is left for each sweep, and one for
    playable copies.
    """
    return range(max(1, int(str(settings.Q_CLUSTER["workers"])) - len(registry.slugs()) - 1))


def soon(provider: str) -> None:
    """Wake the provider's sweep once the present transaction is committed."""
    transaction.on_commit(lambda: work(provider, now=timezone.now()))


def work(provider: str, *, now: datetime) -> bool:
    """Wake a provider's sweep. Say whether a task was enqueued."""
    return wake("work", provider, now=now)


def transfers(*, now: datetime) -> bool:
    """Wake the lanes that carry files."""
    return any([wake("transfer", lane, now=now) for lane in lanes()])


def branches(generation_id: int) -> None:
    """Wake whoever sends the next step of a branch, once a take of one is committed; nobody for any
    other take.
    """
    steps = BranchStep.objects.filter(generation=generation_id)
    if steps.filter(run__state=BranchRun.State.OPEN).exists():
        transaction.on_commit(lambda: wake("run_branches", now=timezone.now()), robust=True)


def lease_of(task: str, *of: object) -> str:
    """Return the name of the lease that whoever does a task holds meanwhile."""
    return ":".join(map(str, (task, *of)))


def answered(lease: str, *, now: datetime) -> None:
    """Note that a wake-up has arrived, so that the next one may be sent."""
    leases.free(f"wake:{lease}", now=now)


def wake(task: str, *of: object, now: datetime) -> bool:
    """Enqueue a task of tasks.py, unless it waits or somebody is at it. Say whether it was."""
    lease = lease_of(task, *of)
    if leases.is_live(lease, now=now):
        return False
    if not leases.take(f"wake:{lease}", uuid.uuid4(), now=now, seconds=LOST_AFTER_SECONDS):
        return False  # one is waiting in the queue already
    reached("wake.leased")
    limit = {"timeout": SECONDS[task]} if task in SECONDS else {}
    task_queue.send(f"editorapp.generations.tasks.{task}", *of, **limit)
    reached("wake.enqueued")
    return True
