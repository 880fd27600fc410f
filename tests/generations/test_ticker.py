"""The ticker wakes who is needed, once; the queue forgets a task before it runs; health is read
from rows.
"""

import os
import signal
from datetime import datetime, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from django_q.brokers import get_broker

from editorapp.alerts.models import Alert, AlertKind
from editorapp.generations import tasks
from editorapp.generations.apps import acknowledge_first
from editorapp.generations.coordination import heartbeat, leases, wake
from editorapp.generations.files import download
from editorapp.generations.models import Lease
from editorapp.generations.reconcile import search
from editorapp.generations.states import State
from editorapp.generations.worker.ticker import Ticker
from editorapp.teams import audit_origin
from tests.factories import make_generation, make_member
from tests.queued import forget, queued, waiting

NOW = timezone.now()


@pytest.fixture
def ticker(transactional_db) -> Ticker:
    found = Ticker()
    found.ticks = 1  # not the tick that asks for a sign of life
    return found


def test_a_process_that_ticks_is_the_engine_until_it_is_asked_to_end(
    transactional_db, monkeypatch, own_signals
):
    who, tick = [], Ticker.tick

    def tick_once(self: Ticker, now: datetime) -> bool:
        who.append(audit_origin.current().address)
        os.kill(os.getpid(), signal.SIGTERM)
        return tick(self, now)

    monkeypatch.setattr(Ticker, "tick", tick_once)

    call_command("ticker")

    assert [*who, audit_origin.current().address] == ["engine", "command line"]
    assert not leases.is_live("ticker", now=timezone.now())


def test_nothing_due_wakes_nobody(ticker):
    assert ticker.tick(NOW)

    assert waiting() == []


@pytest.mark.parametrize("state", [State.QUEUED, State.SUBMITTING, State.RUNNING])
def test_a_due_row_wakes_its_providers_sweep_once(ticker, state):
    make_generation(make_member(), state=state)
    now = timezone.now()

    ticker.tick(now)
    ticker.tick(now + timedelta(seconds=1))

    assert waiting() == [("work", ("luma-agents",))]


@pytest.mark.parametrize("state", [State.STAGING, State.FETCHING])
def test_a_file_to_carry_wakes_the_lanes(ticker, state, settings):
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "workers": 6}
    make_generation(make_member(), state=state)

    ticker.tick(timezone.now())

    assert waiting() == [("transfer", (0,)), ("transfer", (1,))]


def test_a_lane_is_given_time_for_the_longest_downloads(ticker):
    make_generation(make_member(), state=State.FETCHING)

    ticker.tick(timezone.now())

    tasks = [task for task in queued() if task["func"].endswith("tasks.transfer")]
    assert tasks and all(task["timeout"] > 2 * download.TOTAL_SECONDS for task in tasks)


def test_what_is_unknown_is_looked_for_until_a_person_must_decide(ticker):
    make_generation(make_member(), state=State.UNKNOWN)

    ticker.tick(timezone.now())
    assert waiting() == [("search", ("luma-agents",))]
    search.search("luma-agents")
    forget()
    ticker.tick(timezone.now())

    assert waiting() == []


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED, State.CANCELED, State.LOST])
def test_what_is_over_or_waits_for_a_person_wakes_nobody(ticker, state):
    make_generation(make_member(), state=state)

    ticker.tick(timezone.now())

    assert waiting() == []


def test_a_sweep_at_work_is_not_woken(ticker):
    make_generation(make_member())
    now = timezone.now()
    leases.take(wake.lease_of("work", "luma-agents"), ticker.holder, now=now, seconds=30)

    ticker.tick(now)

    assert waiting() == []


def test_a_wake_up_that_was_lost_is_sent_again(ticker):
    make_generation(make_member())
    now = timezone.now()
    ticker.tick(now)
    forget()

    ticker.tick(now + timedelta(seconds=wake.LOST_AFTER_SECONDS + 1))

    assert len(waiting()) == 1


def test_of_two_tickers_one_is_in_charge(ticker):
    other = Ticker()

    assert ticker.tick(NOW)
    assert not other.tick(NOW)
    ticker.stop(NOW)
    assert other.tick(NOW)


def test_a_ticker_that_died_is_replaced_when_its_lease_ends(ticker):
    ticker.tick(NOW)

    assert Ticker().tick(NOW + timedelta(seconds=11))


def test_a_task_leaves_the_queue_before_it_runs(transactional_db):
    wake.wake("beat", now=NOW)
    broker = get_broker()
    ((ack_id, _packed),) = broker.dequeue()

    acknowledge_first(sender="django_q", func=None, task={"ack_id": ack_id})

    assert queued() == []
    assert not broker.lock_size()  # nor is it kept back, to be handed out once more


def test_health_says_who_is_silent_and_since_when(db):
    now = timezone.now()
    heartbeat.beat("ticker", now=now - timedelta(seconds=3))
    heartbeat.beat("cluster", now=now - timedelta(seconds=16))

    signs = heartbeat.signs(now)

    assert signs.ticker_is_alive and not signs.cluster_is_alive and not signs.is_well
    assert signs.silence == ""  # not for long enough to wake anybody
    assert "the queue for 66 s" in heartbeat.signs(now + timedelta(seconds=50)).silence


def test_a_cluster_that_runs_its_beat_is_alive(ticker):
    ticker.ticks = 0
    ticker.tick(timezone.now())
    assert ("beat", ()) in waiting()

    tasks.beat()

    assert heartbeat.signs(timezone.now()).is_well
    assert not Lease.objects.filter(name="wake:beat", until__gt=timezone.now()).exists()


def test_a_look_that_fails_keeps_nobody_else_from_their_turn(ticker, monkeypatch):
    make_generation(make_member())
    monkeypatch.setattr("editorapp.generations.checks.alert_checks.accounts", lambda now: 1 / 0)
    monkeypatch.setattr("editorapp.generations.checks.alert_checks.free_space", lambda: 0.01)
    ticker.ticks = 0

    assert ticker.tick(timezone.now()) and ticker.tick(timezone.now())

    assert ("work", ("luma-agents",)) in waiting()
    assert Alert.objects.get().kind == AlertKind.DISK_FULL
