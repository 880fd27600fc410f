"""Nothing waits without a reason that somebody can see: whoever pauses, resumes and enqueues at the
same instant.

Each race is one that PostgreSQL allows and SQLite does not; what must hold is the same on both.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from editorapp.generations.engine.account_snapshot import Accounts
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.queue import parking, slots
from editorapp.generations.queue import pause as pausing
from editorapp.generations.reconcile import settle
from editorapp.generations.request import enqueue, retry
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import enqueue_all
from editorapp.generations.states import State
from editorapp.generations.worker.ticker import LOOK_EVERY, Ticker
from editorapp.providers.contract import GenerationRequest, Task
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.factories import default_account, make_generation, make_member, make_reserved
from tests.generations.drive import ask
from tests.racing import at_once

Change = Callable[[], Any]
racing = pytest.mark.django_db(transaction=True)


def unexplained() -> list[int]:
    """What waits for ever: never due, and nothing that could be resumed holds it."""
    parked = Generation.objects.filter(attempts__state=State.QUEUED, attempts__next_action_at=None)
    return list(parked.exclude(parking.paused()).values_list("pk", flat=True))


def disobedient() -> list[int]:
    """What may be sent although it is paused."""
    due = Generation.objects.filter(
        attempts__state=State.QUEUED, attempts__next_action_at__isnull=False
    )
    return list(due.filter(parking.paused()).values_list("pk", flat=True))


def some_queue() -> tuple[Member, Generation]:
    """Return an admin, and a creator's take that waits in the admin's team."""
    admin = make_member(role=Role.OWNER)
    return admin, make_generation(make_member(team=admin.team))


def changes_of(admin: Member, take: Generation) -> dict[str, Change]:
    """Return all that pauses a take, and all that lets it go on."""
    how: dict[str, Any] = {"member": admin, "now": timezone.now()}
    return {
        "pause_queue": partial(pausing.pause_queue, **how),
        "pause_account": partial(pausing.pause_account, take.account, **how),
        "hold": partial(pausing.hold, take, **how),
        "resume_queue": partial(pausing.resume_queue, **how),
        "resume_account": partial(pausing.resume_account, take.account, **how),
        "let_go": partial(pausing.let_go, take, **how),
    }


def batch_of_60(creator: Member) -> Change:
    wanted = GenerationRequest(
        task=Task.GENERATE, prompt="A quiet harbor", resolution="360p", duration="5s"
    )
    return partial(
        enqueue_all, [Draft(wanted, default_account("luma-agents"))] * 60, member=creator
    )


def single(creator: Member) -> Change:
    return partial(ask, creator)


def replacement(creator: Member) -> Change:
    return partial(ask, creator, prompt="Another harbor", replaces=ask(creator))


def second_try(creator: Member) -> Change:
    return partial(
        retry.retry, over(ask(creator), State.FAILED), member=creator, now=timezone.now()
    )


def sent_again(creator: Member) -> Change:
    lost = over(ask(creator), State.UNKNOWN)
    agreed = {"agreed_usd": lost.estimate_high_usd, "note": "Not on its list."}
    return partial(settle.send_again, lost, member=creator, now=timezone.now(), **agreed)


def over(take: Generation, state: State) -> Generation:
    Attempt.objects.filter(generation=take).update(state=state, next_action_at=None)
    Generation.objects.filter(pk=take.pk).update(state=state, can_retry=True)
    take.refresh_from_db()
    return take


@racing
def test_a_batch_of_60_that_is_queued_while_its_queue_is_resumed_is_sent_whole():
    admin = make_member(role=Role.OWNER)
    creator = make_member(team=admin.team)
    pausing.pause_queue(admin, now=timezone.now())
    resume = partial(pausing.resume_queue, admin, now=timezone.now())

    with at_once(enqueue, "reached", resume, nth=30) as begun:  # with half of it written
        made = batch_of_60(creator)()

    assert begun[0].ended() is None and len(made) == 60
    assert Attempt.objects.filter(next_action_at__isnull=False).count() == 60


@racing
@pytest.mark.parametrize("way_in", [single, replacement, second_try, sent_again])
def test_what_is_queued_in_the_moment_of_a_pause_or_a_resume_obeys_it(way_in):
    for change in ("pause_queue", "pause_account", "resume_queue", "resume_account"):
        admin, take = some_queue()
        changes = changes_of(admin, take)
        send = way_in(take.team.members.get(user=take.created_by))
        if change.startswith("resume"):
            changes[change.replace("resume", "pause")]()

        with at_once(enqueue, "reached", changes[change]) as begun:
            send()

        assert begun[0].ended() is None
        assert (unexplained(), disobedient()) == ([], []), change
        changes["resume_account"]()  # it is the same account for all of them


@racing
def test_of_two_who_pause_and_resume_at_once_none_leaves_a_job_that_waits_for_nothing_or_obeys_nobody():
    pauses, resumes = (
        ("pause_queue", "pause_account", "hold"),
        ("resume_queue", "resume_account", "let_go"),
    )
    pairs = [
        (one, other) for one in (*pauses, *resumes) for other in (*pauses, *resumes) if one != other
    ]
    admin, take = some_queue()
    changes = changes_of(admin, take)
    # The second comes when the first has parked what it pauses; of one who resumes, when no job is
    # released yet, too.
    meetings = [(one, other, one in resumes) for one, other in pairs if {one, other} & set(resumes)]
    meetings += [(one, other, False) for one, other in pairs if {one, other} <= set(resumes)]
    for first, second, before in meetings:
        for undone in {first, second} & set(resumes):
            if (pause := pauses[resumes.index(undone)]) != first:
                changes[pause]()

        with at_once(
            pausing, "park" if first in pauses else "unpark", changes[second], before=before
        ) as begun:
            changes[first]()

        assert begun[0].ended() is None, (first, second)
        assert (unexplained(), disobedient()) == ([], []), (first, second, before)
        for resume in resumes:
            changes[resume]()


@racing
def test_what_comes_back_from_a_post_in_the_moment_of_a_pause_is_not_taken():
    """It was being sent when the pause looked, and waits again, because it was not accepted, before
    that is written.
    """
    admin, take = some_queue()
    Attempt.objects.update(state=State.SUBMITTING)
    taken: list[Attempt] = []

    def come_back_and_be_taken() -> None:
        Attempt.objects.update(state=State.QUEUED, lease_token=None)
        taken.extend(Accounts("luma-agents").turns(now=timezone.now(), room=8))

    for pause in ("pause_queue", "pause_account"):
        with at_once(pausing, "park", come_back_and_be_taken) as begun:
            changes_of(admin, take)[pause]()
        begun[0].ended()

        assert taken == [] and Attempt.objects.get().next_action_at is None, pause
        changes_of(admin, take)[pause.replace("pause", "resume")]()
        Attempt.objects.update(state=State.SUBMITTING, next_action_at=timezone.now())


@racing
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks the whole database")
def test_two_sweeps_that_count_the_slots_of_an_account_at_once_do_so_one_after_the_other():
    account = default_account("luma-agents")
    ProviderAccount.objects.update(max_concurrent=5, requests_per_minute=100)
    member = make_member()
    for _ in range(20):
        make_generation(member, account=account)
    taken: list[Attempt] = []

    def sweep() -> None:
        taken.extend(Accounts("luma-agents").turns(now=timezone.now(), room=8))

    with at_once(slots, "free_slots", sweep) as begun:  # it has counted, and taken nothing yet
        sweep()
    begun[0].ended()

    assert len(taken) == len({one.pk for one in taken}) == 5


@racing
def test_the_ticker_releases_what_nothing_pauses_and_says_so(caplog):
    admin, forgotten = some_queue()
    _other, held = some_queue()
    paused_admin, in_paused_queue = some_queue()
    second = ProviderAccount.objects.create(
        provider="luma-agents", name="Second", is_simulated=True
    )
    at_paused_account = make_generation(make_member(), account=second)
    pausing.hold(held, member=held.team.members.get(role=Role.OWNER), now=timezone.now())
    pausing.pause_queue(paused_admin, now=timezone.now())
    pausing.pause_account(second, member=admin, now=timezone.now())
    Attempt.objects.filter(generation=forgotten).update(next_action_at=None)
    ticker = Ticker()
    ticker.ticks = LOOK_EVERY

    with caplog.at_level(logging.WARNING):
        ticker.tick(timezone.now())

    due = Generation.objects.filter(attempts__next_action_at__isnull=False)
    assert list(due) == [forgotten]
    assert [one.message for one in caplog.records if "paused" in one.message] == [
        f"1 jobs waited although nothing paused them, and go on: takes {forgotten.pk}"
    ]
    assert {held, in_paused_queue, at_paused_account}.isdisjoint(due)


@pytest.mark.django_db
def test_what_its_person_may_not_send_any_more_is_held_for_an_admin_once_nothing_else_pauses_it():
    """As of an installation whose people left before anybody asked what becomes of what waits."""
    admin = make_member(role=Role.OWNER)
    take = make_reserved(make_member(team=admin.team))
    pausing.pause_queue(admin, now=timezone.now())
    Member.objects.filter(user=take.created_by).update(role=Role.REVIEWER)
    pausing.resume_queue(admin, now=timezone.now())

    released = pausing.release_forgotten(timezone.now())

    take.refresh_from_db()
    assert released == 0 and not parking.forgotten().exists()
    assert take.held_at is not None and "may not" in take.why_held
    pausing.let_go(take, member=admin, now=timezone.now())
    assert (unexplained(), disobedient()) == (
        [],
        [],
    ) and take.attempts.get().next_action_at is not None


@racing
def test_what_is_being_paused_while_the_ticker_looks_is_not_released():
    """A pause that is not committed yet has parked what the ticker finds."""
    admin, take = some_queue()
    Attempt.objects.update(next_action_at=None)
    look = partial(pausing.release_forgotten, timezone.now())

    with at_once(pausing, "park", look) as begun:
        pausing.pause_queue(admin, now=timezone.now())

    assert begun[0].ended() == 0
    assert (unexplained(), disobedient()) == ([], [])


@pytest.mark.django_db
def test_the_search_for_forgotten_jobs_is_served_by_an_index():
    """There is a queue to look through, and the database knows it: of an empty table, or one of which
    it knows what an earlier test had there, any index is as good.
    """
    take, now = make_generation(make_member()), timezone.now()
    Attempt.objects.bulk_create(
        Attempt(
            generation=take,
            number=number,
            account=take.account,
            person=take.created_by,
            created_at=now,
            next_action_at=now,
        )
        for number in range(2, 500)
    )
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE generations_attempt")
            cursor.execute("SET LOCAL enable_seqscan = off")
        plan = parking.forgotten().explain()

    assert "attempt_due" in plan, plan
