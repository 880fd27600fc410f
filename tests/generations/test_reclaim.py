"""What a dead process held is free at once, where everybody can see that it is dead; and nothing is
taken from a living one.
"""

import os
import subprocess
import sys
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from editorapp.generations.coordination import lease_holder, leases
from editorapp.generations.engine import reclaim
from editorapp.generations.models import Attempt, Lease
from editorapp.generations.states import State
from editorapp.generations.worker.ticker import Ticker
from tests.environment import ROOT
from tests.factories import make_generation, make_member

pytestmark = pytest.mark.django_db
PRINT = (
    "from editorapp.generations.coordination import lease_holder; "
    "print(lease_holder.holder().hex, flush=True); input()"
)
NOW = timezone.now()


@pytest.fixture
def neighbour():
    """Another process of this machine, and the holder that it made."""
    process = subprocess.Popen(
        [sys.executable, "-c", PRINT],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    process.holder = uuid.UUID(process.stdout.readline().strip())
    yield process
    process.kill()
    process.communicate()


def attempt_in(state: str, *, token: uuid.UUID, until=NOW + timedelta(seconds=80)) -> Attempt:
    attempt = make_generation(make_member(), state=state).attempts.get()
    Attempt.objects.filter(pk=attempt.pk).update(lease_token=token, next_action_at=until)
    return attempt


def test_the_lease_of_a_living_process_holds(neighbour):
    leases.take("work:x", neighbour.holder, now=NOW, seconds=30)

    assert not leases.take("work:x", lease_holder.holder(), now=NOW, seconds=30)
    assert leases.is_live("work:x", now=NOW)


def test_the_lease_of_a_killed_process_is_free_at_once_even_before_its_parent_has_looked(neighbour):
    leases.take("work:x", neighbour.holder, now=NOW, seconds=30)
    neighbour.kill()
    os.waitid(os.P_PID, neighbour.pid, os.WEXITED | os.WNOWAIT)  # dead, and still a zombie

    assert not leases.is_live("work:x", now=NOW)
    assert leases.take("work:x", lease_holder.holder(), now=NOW, seconds=30)


def test_a_process_number_that_was_given_to_another_process_does_not_keep_a_lease_alive(neighbour):
    began = neighbour.holder.bytes[8:12]
    earlier = uuid.UUID(
        bytes=neighbour.holder.bytes[:8] + bytes(255 - one for one in began) + b"1234"
    )

    assert lease_holder.is_gone(earlier)
    assert not lease_holder.is_gone(neighbour.holder)


def test_nobody_is_taken_for_dead_who_lives_on_another_machine(neighbour):
    elsewhere = uuid.UUID(bytes=bytes(5) + neighbour.holder.bytes[5:])
    leases.take("work:x", elsewhere, now=NOW, seconds=30)
    neighbour.kill()
    neighbour.wait()

    assert not leases.take("work:x", lease_holder.holder(), now=NOW, seconds=30)
    assert leases.take("work:x", lease_holder.holder(), now=NOW + timedelta(seconds=31), seconds=30)


def test_one_process_can_be_several_holders():
    leases.take("work:x", lease_holder.holder(), now=NOW, seconds=30)

    assert not leases.take("work:x", lease_holder.holder(), now=NOW, seconds=30)


def test_a_lease_that_reaches_further_than_any_can_was_written_before_the_clock_was_set_back():
    leases.take("work:x", lease_holder.holder(), now=NOW, seconds=30)
    days_ago = NOW - timedelta(days=2)

    assert leases.take("work:x", lease_holder.holder(), now=days_ago, seconds=30)
    assert Lease.objects.get(name="work:x").until == days_ago + timedelta(seconds=30)


def test_clocks_of_two_machines_that_differ_by_seconds_take_no_lease_from_each_other():
    leases.take("work:x", lease_holder.holder(), now=NOW + timedelta(seconds=20), seconds=30)

    assert not leases.take("work:x", lease_holder.holder(), now=NOW, seconds=30)


def test_a_lane_that_stores_a_long_result_keeps_its_lease_from_those_who_ask_for_a_short_one():
    leases.take("transfer:0", lease_holder.holder(), now=NOW, seconds=5000, longest_seconds=6000)

    assert not leases.take(
        "transfer:0", lease_holder.holder(), now=NOW, seconds=30, longest_seconds=6000
    )


@pytest.mark.parametrize("state", [State.STAGING, State.SUBMITTING, State.RUNNING, State.FETCHING])
def test_rows_that_a_killed_process_had_claimed_are_due_at_once(neighbour, state):
    attempt = attempt_in(state, token=neighbour.holder)
    assert reclaim.from_the_dead(now=NOW) == 0
    neighbour.kill()
    neighbour.wait()

    assert reclaim.from_the_dead(now=NOW) == 1
    attempt.refresh_from_db()
    assert (attempt.state, attempt.next_action_at) == (state, NOW)


def test_the_ticker_sees_the_dead_within_seconds_and_wakes_who_takes_their_rows_up(
    transactional_db, neighbour
):
    attempt = attempt_in(State.RUNNING, token=neighbour.holder)
    neighbour.kill()
    neighbour.wait()
    ticker = Ticker()

    for second in range(7):
        ticker.tick(NOW + timedelta(seconds=second))

    attempt.refresh_from_db()
    assert attempt.next_action_at <= NOW + timedelta(seconds=6)
    assert leases.is_live("wake:work:luma-agents", now=NOW + timedelta(seconds=6))
