"""The queue may deliver a task twice, at once, late, or out of turn: each of its tasks is tried
with all of these.
"""

import random
import re
import threading
import time
from collections.abc import Callable
from pydoc import locate

import pytest
from django.db import connection

from editorapp.costs.models import Entry
from editorapp.generations.checks.books import differences
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.states import ACTIVE, State
from editorapp.media import intake
from editorapp.media.models import Asset
from editorapp.providers.models import StagedFile
from tests.environment import ROOT
from tests.factories import make_member
from tests.generations.drive import ask
from tests.patience import PATIENCE_SECONDS
from tests.video import write_clip

PROVIDERS = ("luma-agents", "gmi-cloud", "scenario")
# Each task that anything enqueues, and what it may be called with here.
TASKS: dict[str, list[tuple]] = {
    "editorapp.generations.tasks.work": [(provider,) for provider in PROVIDERS],
    "editorapp.generations.tasks.transfer": [(0,), (1,)],
    "editorapp.generations.tasks.fetch_frames": [(1,), (10**6,)],
    "editorapp.generations.tasks.search": [(provider,) for provider in PROVIDERS],
    "editorapp.generations.tasks.ask_price": [(1,), (10**6,)],
    "editorapp.generations.tasks.verify": [(1,), (10**6,)],
    "editorapp.generations.tasks.beat": [()],
    "editorapp.generations.tasks.tell": [()],
    "editorapp.generations.tasks.check_books": [()],
    "editorapp.generations.tasks.notify": [()],
    "editorapp.generations.tasks.run_branches": [()],
    "editorapp.generations.tasks.empty_trash": [()],
    "editorapp.media.tasks.make_proxy": [(1,), (10**6,)],
    "editorapp.media.tasks.make_source_copies": [()],
    "editorapp.media.tasks.measure_changes": [()],
    "editorapp.media.tasks.make_watermarked": [()],
    "editorapp.providers.tasks.learn": [(1,), (10**6,)],
}
CALLS = [(name, arguments) for name, each in TASKS.items() for arguments in each]


def test_every_task_that_is_enqueued_anywhere_is_among_these():
    code = [file.read_text() for file in (ROOT / "editorapp").rglob("*.py")]
    named = {name for text in code for name in re.findall(r'"(editorapp\.\w+\.tasks\.\w+)"', text)}
    woken = {name for text in code for name in re.findall(r'\bwake\("(\w+)"', text)}

    assert woken and named | {f"editorapp.generations.tasks.{name}" for name in woken} == set(TASKS)


def deliver(name: str, arguments: tuple) -> None:
    """Run a task as a worker does: what it raises fails the task and nothing else."""
    task = locate(name)
    assert isinstance(task, Callable)
    task(*arguments)


@pytest.fixture
def team_at_work(transactional_db, quick, tmp_path, monkeypatch):
    """A clip that needs a playable copy, an edit of it and two generations from text."""
    monkeypatch.setattr("editorapp.generations.engine.sweep.LINGER_SECONDS", 0.5)
    member = make_member()
    file = write_clip(tmp_path / "odd.mp4", frames=24, codec="mpeg4")
    clip = intake.take_in(file, name="odd.mp4", team=member.team, user=member.user)
    assert clip.proxy == Asset.Proxy.PENDING
    return [ask(member, clip=clip), ask(member, prompt="One"), ask(member, prompt="Two")]


def books() -> tuple:
    """What must not change any more: every row of money, state and files."""
    return (
        sorted(
            Attempt.objects.values_list(
                "pk", "state", "provider_job_id", "submit_started_at", "recorded_at"
            )
        ),
        sorted(Generation.objects.values_list("pk", "state", "cost_usd", "result_id")),
        sorted(Entry.objects.values_list("pk", "kind", "amount_usd")),
        sorted(Asset.objects.values_list("pk", "sha256", "proxy")),
        sorted(StagedFile.objects.values_list("pk", "asset_id")),
    )


def test_a_queue_that_delivers_all_tasks_again_and_again_in_any_order_and_at_once_does_each_thing_once(
    team_at_work, quick
):
    until, failed = time.monotonic() + PATIENCE_SECONDS, []

    def worker(number: int) -> None:
        chance = random.Random(number)
        try:
            while Attempt.objects.filter(state__in=ACTIVE).exists() and time.monotonic() < until:
                deliver(*chance.choice(CALLS))
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=worker, args=(number,)) for number in range(4)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()

    assert not failed
    assert set(Generation.objects.values_list("state", flat=True)) == {State.SUCCEEDED}
    assert quick.submits_received == 3
    assert (
        Attempt.objects.exclude(provider_job_id=None).values("provider_job_id").distinct().count()
        == 3
    )
    assert Entry.objects.filter(kind="charge").count() == 3 and differences() == []
    assert StagedFile.objects.count() == 1

    deliver("editorapp.media.tasks.make_proxy", (Asset.objects.get(name="odd.mp4").pk,))
    ended = books()
    for name, arguments in CALLS:  # and once more, long after their rows have moved on
        deliver(name, arguments)
    assert books() == ended
    assert quick.submits_received == 3
