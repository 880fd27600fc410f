"""Whose turn it is: people take turns, single ones before batches, a batch always goes on."""

import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from editorapp.generations.engine.account_snapshot import Accounts
from editorapp.generations.models import Attempt, Generation, Priority
from editorapp.generations.queue import fair_order, slots
from editorapp.generations.queue.fair_order import Posted, WaitingAttempt
from editorapp.generations.states import State
from editorapp.providers.models import ProviderAccount
from tests.factories import default_account, make_generation, make_member

ANNA, BEN, CARA = 1, 2, 3
SINGLE, BATCH, FIRST = Priority.SINGLE, Priority.BATCH, Priority.FIRST


def waiting(*rows: tuple[int, int]) -> list[WaitingAttempt]:
    """Rows of (person, priority), in the order in which they were queued."""
    return [
        WaitingAttempt(number, person, priority, 100 + number)
        for number, (person, priority) in enumerate(rows)
    ]


def people(
    rows: list[WaitingAttempt], *, recent: tuple[Posted, ...] = (), most: int = 8
) -> list[int]:
    return [one.person for one in fair_order.choose(rows, recent, most=most)]


def send_one_after_the_other(rows: list[WaitingAttempt]) -> list[WaitingAttempt]:
    """Send all of them as an account with one slot would, with nothing but the last posts to
    remember by.
    """
    sent: list[WaitingAttempt] = []
    while rows:
        posted = [
            Posted(one.person, one.is_batch, 10_000 + place) for place, one in enumerate(sent)
        ][::-1]
        chosen = fair_order.choose(rows, posted[: fair_order.RECENT], most=1)[0]
        rows = [one for one in rows if one != chosen]
        sent.append(chosen)
    return sent


def test_sixty_of_one_person_keep_a_colleague_waiting_for_one():
    rows = waiting(*[(ANNA, SINGLE)] * 60, (BEN, SINGLE))

    assert people(rows, most=3) == [ANNA, BEN, ANNA]
    assert [one.person for one in send_one_after_the_other(rows)].index(BEN) == 1


def test_three_people_take_turns():
    rows = waiting(*[(ANNA, SINGLE)] * 3, *[(BEN, SINGLE)] * 3, *[(CARA, SINGLE)] * 3)

    assert people(rows, most=9) == [ANNA, BEN, CARA] * 3
    assert [one.person for one in send_one_after_the_other(rows)] == [ANNA, BEN, CARA] * 3


def test_whoever_was_served_longest_ago_is_next():
    rows = waiting(*[(ANNA, SINGLE)] * 2, *[(BEN, SINGLE)] * 2, *[(CARA, SINGLE)] * 2)
    recent = (Posted(ANNA, False, 3), Posted(CARA, False, 2), Posted(BEN, False, 1))

    assert people(rows, recent=recent, most=3) == [BEN, CARA, ANNA]


def test_a_single_one_overtakes_a_batch_of_the_same_person():
    rows = waiting(*[(ANNA, BATCH)] * 60, (ANNA, SINGLE))

    assert fair_order.choose(rows, (), most=1)[0].priority == SINGLE


def test_a_batch_goes_on_under_a_steady_stream_of_single_ones():
    rows = waiting((ANNA, BATCH), (ANNA, BATCH), *[(BEN, SINGLE)] * 20)

    sent = [one.is_batch for one in send_one_after_the_other(rows)]

    assert [place for place, is_batch in enumerate(sent) if is_batch] == [3, 7]


def test_two_batches_take_turns():
    rows = waiting(*[(ANNA, BATCH)] * 3, *[(BEN, BATCH)] * 3)

    assert people(rows, most=6) == [ANNA, BEN] * 3


def test_what_an_admin_put_ahead_goes_before_all():
    rows = waiting((ANNA, SINGLE), (BEN, SINGLE), (BEN, FIRST))

    assert [one.pk for one in fair_order.choose(rows, (), most=3)] == [2, 0, 1]


def test_the_single_ones_of_a_person_keep_their_order():
    rows = waiting(*[(ANNA, SINGLE)] * 5)[::-1]

    assert [one.pk for one in fair_order.choose(rows, (), most=5)] == [0, 1, 2, 3, 4]


# With rows: the same through the database, as a sweep takes them.


@pytest.fixture
def account(db) -> ProviderAccount:
    return default_account("luma-agents")


def queue(member, account: ProviderAccount, count: int, *, batch: bool = False) -> list[Generation]:
    made = [
        make_generation(member, account=account, batch=uuid.uuid4() if batch else None)
        for _ in range(count)
    ]
    if batch:
        Attempt.objects.filter(generation__in=made).update(priority=Priority.BATCH)
    return made


def take(room: int, *, now=None) -> list[int]:
    """Take what a sweep would send now, and write it down as sent; return whose they are."""
    taken = list(Accounts("luma-agents").turns(now=now or timezone.now(), room=room))
    Attempt.objects.filter(pk__in=[one.pk for one in taken]).update(state=State.RUNNING)
    return [one.generation.created_by_id for one in taken]


def test_the_colleague_of_somebody_with_sixty_is_sent_at_once(account):
    anna = make_member()
    ben = make_member(team=anna.team)
    queue(anna, account, 60, batch=True)
    queue(ben, account, 1)

    assert ben.user_id in take(2)


def test_turns_go_on_from_one_sweep_to_the_next(account):
    anna = make_member()
    ben, cara = make_member(team=anna.team), make_member()
    for member in (anna, ben, cara):
        queue(member, account, 3)
    began = timezone.now()

    sent = [take(1, now=began + timedelta(seconds=n)) for n in range(9)]

    assert sent == [[anna.user_id], [ben.user_id], [cara.user_id]] * 3


def test_a_claim_that_lapsed_is_taken_again_and_a_live_one_is_not(account):
    queue(make_member(), account, 1)
    now = timezone.now()
    first = list(Accounts("luma-agents").turns(now=now, room=4))

    meanwhile = list(Accounts("luma-agents").turns(now=now + timedelta(seconds=5), room=4))
    later = list(
        Accounts("luma-agents").turns(now=now + slots.TAKEN + timedelta(seconds=1), room=4)
    )

    assert len(first) == 1 and meanwhile == [] and later == first
    assert later[0].lease_token != first[0].lease_token


def test_what_a_sweep_has_taken_counts_at_once_against_both_limits(account):
    ProviderAccount.objects.update(max_concurrent=3, requests_per_minute=5)
    queue(make_member(), account, 9)
    now = timezone.now()

    first, second = (list(Accounts("luma-agents").turns(now=now, room=2)) for _ in range(2))

    assert [len(first), len(second)] == [2, 1]
    Attempt.objects.filter(submit_started_at__isnull=False).update(
        state=State.SUCCEEDED, next_action_at=None
    )
    account.refresh_from_db()
    assert slots.free_slots(account, now=now) == 2  # five in a minute, three of them gone


def test_slots_of_another_account_are_not_counted(account):
    other = ProviderAccount.objects.create(provider="luma-agents", name="Second", is_simulated=True)
    for _ in range(3):
        make_generation(make_member(), account=other, state=State.RUNNING)

    assert slots.free_slots(account, now=timezone.now()) == account.max_concurrent
    assert slots.free_slots(other, now=timezone.now()) == other.max_concurrent - 3


def test_an_account_without_room_costs_no_write_for_each_row_that_waits(
    account, django_assert_max_num_queries
):
    ProviderAccount.objects.update(max_concurrent=0)
    queue(make_member(), account, 30)
    now = timezone.now()
    accounts = Accounts("luma-agents")
    list(accounts.turns(now=now, room=4))

    locks = 3 if connection.features.has_select_for_update else 0
    with django_assert_max_num_queries(12 + locks):
        list(accounts.turns(now=now + timedelta(seconds=2), room=4))

    soon = Attempt.objects.filter(next_action_at__lte=now + timedelta(seconds=4)).count()
    assert 0 < soon < 30


def test_once_there_is_room_it_is_taken_by_whose_turn_it_is_not_by_who_is_due(account):
    ProviderAccount.objects.update(max_concurrent=0)
    anna = make_member()
    queue(anna, account, 20)
    now = timezone.now()
    list(Accounts("luma-agents").turns(now=now, room=4))  # puts them off
    ben = make_member(team=anna.team)
    queue(ben, account, 1)
    ProviderAccount.objects.update(max_concurrent=20)

    sent = take(20, now=now + timedelta(seconds=2))

    assert len(sent) == 20 and sent[1] == ben.user_id
    remaining = Attempt.objects.get(state=State.QUEUED)
    assert remaining.next_action_at <= now + timedelta(
        seconds=4
    )  # the last one keeps the sweep awake


def test_posts_from_before_a_clock_was_set_back_do_not_stop_an_account(account):
    ProviderAccount.objects.update(requests_per_minute=2)
    for _ in range(2):
        sent = make_generation(make_member(), account=account, state=State.SUCCEEDED)
        sent.attempts.update(submit_started_at=timezone.now() + timedelta(hours=1))
    account.refresh_from_db()

    assert slots.free_slots(account, now=timezone.now()) == 2
