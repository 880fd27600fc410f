"""Pause and resume: nothing of it is sent meanwhile, whoever was about to, and what is sent is
followed on.
"""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.generations.engine import sweep
from editorapp.generations.engine.account_snapshot import Accounts
from editorapp.generations.engine.post_outcomes import posting
from editorapp.generations.models import Attempt, Generation, Overtaken
from editorapp.generations.queue import pause
from editorapp.generations.queue.cancel import TooLate, cancel
from editorapp.generations.request.retry import retry
from editorapp.generations.states import State
from editorapp.generations.worker.ticker import Ticker
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member, Team
from editorapp.teams.roles import Role
from tests.factories import default_account, make_generation, make_member, make_post
from tests.generations.drive import ask, run
from tests.queued import forget, queued


@pytest.fixture
def admin(db) -> Member:
    return make_member(role=Role.ADMIN)


@pytest.fixture
def creator(admin) -> Member:
    return make_member(team=admin.team)


def taken() -> list[Attempt]:
    return list(Accounts("luma-agents").turns(now=timezone.now(), room=8))


def test_a_paused_queue_sends_nothing_and_goes_on_when_it_is_resumed(quick, clock):
    admin = make_member(role=Role.ADMIN)
    ask(admin)
    pause.pause_queue(admin, now=clock())
    ask(admin)  # queued while it is paused

    sweep.work("luma-agents", seconds=0.3, clock=clock)

    assert quick.submits_received == 0
    pause.resume_queue(admin, now=clock())
    run(clock)
    assert quick.submits_received == 2
    assert set(Generation.objects.values_list("state", flat=True)) == {State.SUCCEEDED}


def test_what_is_at_the_provider_is_followed_on_while_the_queue_is_paused(quick, clock):
    admin = make_member(role=Role.ADMIN)
    sent = ask(admin)
    sweep.work("luma-agents", seconds=0.3, clock=clock)

    pause.pause_queue(admin, now=clock())
    run(clock)

    sent.refresh_from_db()
    assert sent.state == State.SUCCEEDED


def test_a_paused_queue_is_its_own_teams_affair(admin):
    other = make_generation(make_member())
    make_generation(admin)

    pause.pause_queue(admin, now=timezone.now())

    assert [one.generation for one in taken()] == [other]


def test_what_a_sweep_took_before_the_pause_can_no_longer_be_written_as_sent(admin):
    make_generation(admin)
    (attempt,) = taken()

    pause.pause_queue(admin, now=timezone.now())

    with pytest.raises(Overtaken):
        posting([make_post(attempt, {"prompt": "x"})], now=timezone.now())
    assert (
        Attempt.objects.get().state == State.QUEUED
        and Attempt.objects.get().submit_started_at is None
    )


def test_what_slipped_into_a_queue_in_the_moment_of_its_pause_is_not_taken(admin):
    """An enqueue whose transaction began before the pause and ends after it makes a row that is
    due.
    """
    make_generation(admin)
    Team.objects.update(queue_paused_at=timezone.now())

    assert taken() == []
    assert Attempt.objects.get().next_action_at is None


def test_what_is_paused_wakes_nobody(admin):
    make_generation(admin)
    pause.pause_queue(admin, now=timezone.now())
    forget()
    ticker = Ticker()
    ticker.ticks = 1  # not the tick of the beat
    ticker.tick(timezone.now() + timedelta(hours=2))

    assert queued() == []


def test_one_paused_job_lets_the_others_pass_and_keeps_its_place(creator):
    first, second = make_generation(creator), make_generation(creator)
    pause.hold(first, member=creator, now=timezone.now())

    assert [one.generation for one in taken()] == [second]
    pause.let_go(first, member=creator, now=timezone.now())
    third = make_generation(creator)
    assert [one.generation for one in taken()] == [first, third]


def test_an_upload_for_a_paused_job_stops_and_begins_where_it_was(creator):
    take = make_generation(creator, state=State.STAGING)

    pause.hold(take, member=creator, now=timezone.now())

    assert take.state == State.QUEUED and take.attempts.get().next_action_at is None


def test_a_job_paused_twice_over_waits_until_both_are_gone(admin):
    take, now = make_generation(admin), timezone.now()
    pause.hold(take, member=admin, now=now)
    pause.pause_queue(admin, now=now)
    pause.pause_account(take.account, member=admin, now=now)

    pause.resume_queue(admin, now=now)
    pause.resume_account(take.account, member=admin, now=now)
    assert taken() == []
    pause.let_go(take, member=admin, now=now)

    assert [one.generation for one in taken()] == [take]


def test_a_paused_account_stops_every_team_and_no_other_account(admin):
    account = default_account("luma-agents")
    other = ProviderAccount.objects.create(provider="luma-agents", name="Second", is_simulated=True)
    owner = make_member(role=Role.OWNER, team=admin.team)
    make_generation(make_member(), account=account)
    free = make_generation(admin, account=other)

    pause.pause_account(account, member=owner, now=timezone.now())
    make_generation(make_member(), account=account)  # whoever makes a row by another way

    assert [one.generation for one in taken()] == [free]


def test_a_paused_job_can_be_canceled_and_sent_again(quick, clock):
    member = make_member()
    take = ask(member)
    pause.hold(take, member=member, now=clock())

    cancel(take, now=clock())
    retry(take, member=member, now=clock())

    assert take.held_at is None and take.attempts.get(number=2).next_action_at is not None
    assert ledger.held_usd(take.pk) == take.estimate_high_usd


def test_who_paused_is_kept_and_a_second_pause_changes_nothing(admin):
    colleague, began = make_member(role=Role.ADMIN, team=admin.team), timezone.now()
    pause.pause_queue(admin, now=began)

    pause.pause_queue(colleague, now=began + timedelta(minutes=5))

    team = Team.objects.get(pk=admin.team_id)
    assert (team.queue_paused_by, team.queue_paused_at) == (admin.user, began)


def test_creators_pause_their_own_jobs_only(creator, admin):
    own, others = make_generation(creator), make_generation(admin)
    now = timezone.now()

    pause.hold(own, member=creator, now=now)
    pause.let_go(own, member=admin, now=now)

    for forbidden in (
        lambda: pause.hold(others, member=creator, now=now),
        lambda: pause.hold(own, member=make_member(role=Role.REVIEWER, team=admin.team), now=now),
        lambda: pause.hold(own, member=make_member(role=Role.ADMIN), now=now),
        lambda: pause.pause_queue(creator, now=now),
        lambda: pause.resume_queue(creator, now=now),
        lambda: pause.pause_account(own.account, member=creator, now=now),
    ):
        with pytest.raises(PermissionDenied):
            forbidden()


def test_what_is_sent_already_cannot_be_paused(creator):
    take = make_generation(creator, state=State.SUBMITTING)

    with pytest.raises(TooLate):
        pause.hold(take, member=creator, now=timezone.now())

    assert Generation.objects.get().held_at is None


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_never_take_more_than_the_account_allows():
    """As after a lease that lapsed while its holder stood still, or on two hosts."""
    account = default_account("luma-agents")
    ProviderAccount.objects.update(max_concurrent=5, requests_per_minute=100)
    member = make_member()
    for _ in range(20):
        make_generation(member, account=account)
    gate, found = threading.Barrier(4), []

    def sweep() -> None:
        accounts = Accounts("luma-agents")
        gate.wait()
        found.extend(accounts.turns(now=timezone.now(), room=3))
        connections.close_all()

    threads = [threading.Thread(target=sweep) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == len({one.pk for one in found}) == 5, connection.vendor


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks the whole database")
def test_what_is_paused_is_locked_in_one_order_so_that_two_who_pause_at_once_never_wait_for_each_other(
    admin,
):
    for _ in range(2):
        ask(admin)

    with CaptureQueriesContext(connection) as said:
        pause.pause_queue(admin, now=timezone.now())

    locks = [one["sql"] for one in said if "generations_attempt" in one["sql"]]
    assert (
        "ORDER BY" in locks[0] and "FOR NO KEY UPDATE" in locks[0] and locks[1].startswith("UPDATE")
    )
