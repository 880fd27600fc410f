"""Two machines on one PostgreSQL and one Redis: either may take any work, and nothing is sent
twice.
"""

import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.environment import POSTGRESQL, REDIS
from tests.machines import Machines, wait_until
from tests.sign_in_link import follow
from tests.simulator_process import SimulatorProcess

pytestmark = pytest.mark.skipif(
    not (POSTGRESQL and REDIS),
    reason="needs PostgreSQL and Redis: python -m tests.services -- python -m pytest ...",
)

UNDER_WAY = {"queued", "staging", "submitting", "running", "fetching"}
MANY = """
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import enqueue
from editorapp.providers.contract import GenerationRequest, Task
from tests.factories import default_account
from editorapp.teams.first_run import ensure_owner
member = ensure_owner()
for number in range(8):
    wanted = GenerationRequest(task=Task.GENERATE, prompt=f"Harbor {number}", resolution="360p", duration="5s")
    enqueue(Draft(wanted, default_account("luma-agents")), member=member)
"""


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    process = SimulatorProcess.start(tmp_path_factory.mktemp("provider"), "--no-render")
    yield process
    process.stop()


@pytest.fixture(scope="module")
def machines(
    provider: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Machines]:
    with Machines(tmp_path_factory.mktemp("machines") / "installation", provider, 2) as started:
        yield started


def states(machines: Machines) -> dict[str, int]:
    return dict(machines.rows("SELECT state, count(*) FROM generations_generation GROUP BY state"))


def test_two_machines_finish_every_take_and_send_none_twice(
    machines: Machines, provider: SimulatorProcess, small_clip: Path
) -> None:
    one, two = machines.machines
    before, sent_before = states(machines).get("succeeded", 0), provider.submits_received

    # Takes are made on both machines, from a script and from the code that the page calls.
    edited = machines.manage(
        "edit", str(small_clip), "--prompt", "Sepia", "--resolution", "360p", "--json", at=1
    )
    machines.ask(MANY, at=0)
    assert json.loads(edited)["state"] in ("queued", "staging")

    # Whoever signed in at one web server is signed in at the other: browsers send cookies to any
    # port of a host.
    link = machines.manage("link", "--port", str(one.port)).strip()
    with httpx.Client(follow_redirects=True) as person:
        follow(person, link)
        wait_until(
            lambda: states(machines) == {"succeeded": before + 9}, "all takes are done", machines
        )
        page = person.get(f"{two.url}/gallery/")
        assert page.status_code == 200 and "Harbor 7" in page.text
        # A result that one machine brought home is served by both.
        clips = sorted(set(re.findall(r'/media/[^" ]+', page.text)))
        assert clips
        assert {person.get(f"{at.url}{clips[0]}").status_code for at in (one, two)} == {200}

    assert provider.submits_received - sent_before == 9
    assert "The ledger balances" in machines.manage("check_ledger")


def test_the_other_machine_takes_over_what_a_dead_one_had_under_way(
    machines: Machines, provider: SimulatorProcess
) -> None:
    before, sent_before = states(machines).get("succeeded", 0), provider.submits_received
    machines.ask(MANY)
    wait_until(lambda: provider.submits_received > sent_before, "something was sent", machines)

    machines.machines[0].stop(signal.SIGKILL)
    wait_until(lambda: not set(states(machines)) & UNDER_WAY, "all of it has ended", machines)

    ended = states(machines)
    assert ended["succeeded"] - before + ended.get("unknown", 0) == 8, machines.said()
    assert set(ended) <= {"succeeded", "unknown"}
    assert provider.submits_received - sent_before <= 8
    assert "The ledger balances" in machines.manage("check_ledger", at=1)
    assert machines.machines[1].stop() == [0, 0], machines.said()
