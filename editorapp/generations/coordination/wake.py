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
from editorapp.providers import registry

# More than a slow clip and its EXR frames take to download and store: killed on the way, it would
# begin again for ever. More too than a clip takes that is sent inside the paid call: killed on the
# way, nobody would know its outcome.
LONG_SECONDS = 3600
SEARCH_SECONDS = 900  # a long list is read page by page, for each account
# A wake-up not answered by then is sent again by the ticker.
LOST_AFTER_SECONDS = retry.policy("wake.unanswered").first_seconds


def work_lease(provider: str) -> str:
    return f"work:{provider}"


def search_lease(provider: str) -> str:
    return f"search:{provider}"


def transfer_lease(lane: int) -> str:
    return f"transfer:{lane}"


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
    return _wake(work_lease(provider), "work", provider, now=now, timeout=LONG_SECONDS)


def search(provider: str, *, now: datetime) -> bool:
    """Wake the search for what is unknown at a provider."""
    return _wake(
        search_lease(provider),
        "search",
        provider,
        now=now,
        timeout=SEARCH_SECONDS,
    )


def transfers(*, now: datetime) -> bool:
    """Wake the lanes that carry files."""
    woken = [
        _wake(transfer_lease(lane), "transfer", lane, now=now, timeout=LONG_SECONDS)
        for lane in lanes()
    ]
    return any(woken)


def beat(*, now: datetime) -> bool:
    """Ask the cluster for a sign of life."""
    return _wake("beat", "beat", now=now)


def tell(*, now: datetime) -> bool:
    """Let people be told what needs them."""
    return _wake("tell", "tell", now=now)


def books(*, now: datetime) -> bool:
    """Have the ledger checked."""
    return _wake("books", "check_books", now=now, timeout=LONG_SECONDS)


def asking_lease(asked_id: int) -> str:
    return f"ask:{asked_id}"


def ask_price(asked_id: int, *, now: datetime, seconds: int) -> bool:
    """Have a price asked for once more whose task was lost, unless somebody is at it."""
    return _wake(
        asking_lease(asked_id),
        "ask_price",
        asked_id,
        now=now,
        timeout=seconds,
    )


def verifying_lease(verification_id: int) -> str:
    return f"verify:{verification_id}"


def verify(verification_id: int, *, now: datetime, seconds: int) -> bool:
    """Have an account's free checks made, unless somebody is at it."""
    lease = verifying_lease(verification_id)
    return _wake(lease, "verify", verification_id, now=now, timeout=seconds)


def answered(lease: str, *, now: datetime) -> None:
    """Note that a wake-up has arrived, so that the next one may be sent."""
    leases.free(f"wake:{lease}", now=now)


def _wake(lease: str, task: str, *args: object, now: datetime, **options: object) -> bool:
    if leases.is_live(lease, now=now):
        return False
    if not leases.take(f"wake:{lease}", uuid.uuid4(), now=now, seconds=LOST_AFTER_SECONDS):
        return False  # one is waiting in the queue already
    reached("wake.leased")
    task_queue.send(f"editorapp.generations.tasks.{task}", *args, **options)
    reached("wake.enqueued")
    return True
