"""The clock is set: back by days, and the engine goes on at once; forward, and nothing is sent
twice.
"""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from editorapp.generations.coordination import heartbeat, lease_holder, leases, wake
from editorapp.generations.engine import reclaim, requeue, sweep, transfer
from editorapp.generations.models import Attempt, Generation, Heartbeat, Lease, Pause
from editorapp.generations.queue import slots
from editorapp.generations.states import State
from editorapp.generations.worker.ticker import Ticker
from editorapp.providers.models import ProviderAccount
from tests.factories import default_account, make_generation, make_member
from tests.generations.drive import Clock, ask, next_at
from tests.patience import PATIENCE_SECONDS

DAY = timedelta(days=1)


@pytest.fixture
def clock(transactional_db) -> Clock:
    return Clock()


def tick(clock: Clock, ticker: Ticker | None = None) -> Ticker:
    """Let a ticker look once; not at the look that asks for a sign of life, which closes the test's
    connection.
    """
    ticker = ticker or Ticker()
    ticker.ticks = 1
    ticker.tick(clock())
    return ticker


def to_its_end(clock: Clock, ticker: Ticker) -> None:
    """Run ticker and sweeps as time goes by, at most for minutes of it."""
    until = clock() + timedelta(minutes=5)
    while Attempt.objects.exclude(state__in=(State.SUCCEEDED, State.FAILED)).exists():
        assert clock() < until, "the engine stands still"
        tick(clock, ticker)
        sweep.work("luma-agents", seconds=0.15, clock=clock)
        transfer.transfer(0, clock=clock)
        clock.jump(seconds=1)


@pytest.mark.parametrize(
    "back", [timedelta(minutes=1), timedelta(days=400)], ids=["a minute", "a year"]
)
def test_a_job_under_way_is_followed_to_its_end_when_the_clock_is_set_back(clock, quick, back):
    ask()
    ticker = tick(clock)
    sweep.work("luma-agents", seconds=0.5, clock=clock)
    tick(clock, ticker)
    assert Attempt.objects.get().state == State.RUNNING
    assert next_at(clock) > clock()

    clock.ahead -= back
    to_its_end(clock, ticker)

    assert Generation.objects.get().state == State.SUCCEEDED
    assert quick.submits_received == 1


def test_the_clock_was_set_back_while_nothing_ran_and_the_old_ticker_never_gave_its_lease_back(
    clock, quick
):
    ask()
    tick(clock)
    Lease.objects.filter(name="ticker").update(
        holder="00000000-0000-4000-8000-000000000001"
    )  # of another machine
    leases.take(
        wake.lease_of("work", "luma-agents"), lease_holder.holder(), now=clock(), seconds=30
    )

    clock.ahead -= DAY
    to_its_end(clock, Ticker())

    assert quick.submits_received == 1


def test_everything_that_waits_is_brought_back_by_as_much_as_the_clock_was_set_back(clock):
    now = timezone.now()
    later = now + timedelta(seconds=40)
    attempt = make_generation(make_member(), state=State.RUNNING).attempts.get()
    Attempt.objects.filter(pk=attempt.pk).update(next_action_at=later, failing_since=now)
    requeue.pause_account(attempt.account_id, now=now, seconds=40, reason="Asked to wait")
    leases.take("work:x", lease_holder.holder(), now=now, seconds=40)
    heartbeat.beat("ticker", now=now)
    heartbeat.beat("cluster", now=now)

    assert reclaim.from_the_future(now=now - DAY) == DAY

    assert Attempt.objects.get().next_action_at == later - DAY
    assert Pause.objects.get().until == later - DAY
    assert Attempt.objects.get().failing_since == Pause.objects.get().since == now - DAY, (
        "or it would fail a day longer"
    )
    assert Lease.objects.get(name="work:x").until == later - DAY
    # Else a queue that hangs would count as alive until that day has come.
    assert set(Heartbeat.objects.values_list("at", flat=True)) == {now - DAY}


def test_what_nobody_needs_to_look_at_stays_so(clock):
    now = timezone.now()
    make_generation(make_member(), state=State.UNKNOWN)
    Attempt.objects.update(next_action_at=None)
    heartbeat.beat("ticker", now=now)

    reclaim.from_the_future(now=now - DAY)

    assert Attempt.objects.get().next_action_at is None


@pytest.mark.parametrize("seconds", [0, 3, -3600])
def test_small_corrections_and_steps_forward_move_nothing(clock, seconds):
    now = timezone.now()
    make_generation(make_member(), state=State.RUNNING)
    Attempt.objects.update(next_action_at=now + timedelta(seconds=40))
    heartbeat.beat("ticker", now=now)

    assert reclaim.from_the_future(now=now - timedelta(seconds=seconds)) == timedelta()

    assert Attempt.objects.get().next_action_at == now + timedelta(seconds=40)


def test_posts_of_a_future_that_was_do_not_count_against_the_limit_by_the_minute(clock):
    account = default_account("luma-agents")
    ProviderAccount.objects.filter(pk=account.pk).update(requests_per_minute=1, max_concurrent=10)
    account.refresh_from_db()
    make_generation(make_member(), state=State.SUCCEEDED)
    now = timezone.now()
    Attempt.objects.update(submit_started_at=now)
    assert slots.free_slots(account, now=now) == 0

    assert slots.free_slots(account, now=now - DAY) == 1


def test_the_clock_jumps_ahead_while_a_post_is_under_way_and_nothing_is_sent_twice(clock, quick):
    """Every lease has lapsed at once: a second sweep takes the post for lost, and then its answer
    comes after all.
    """
    ask()
    quick.fail("submit", "slow", seconds=2.5)
    done = threading.Event()

    def first() -> None:
        try:
            sweep.work("luma-agents", seconds=1, clock=clock)
        finally:
            done.set()
            connection.close()

    other = threading.Thread(target=first)
    other.start()
    while not Attempt.objects.filter(state=State.SUBMITTING).exists():
        done.wait(0.02)
    clock.jump(days=1)
    sweep.work("luma-agents", seconds=0.5, clock=clock)
    taken_for = Attempt.objects.get().state
    other.join(PATIENCE_SECONDS)

    assert taken_for == State.UNKNOWN
    attempt = Attempt.objects.get()
    assert attempt.state == State.RUNNING and attempt.provider_job_id
    assert quick.submits_received == 1
