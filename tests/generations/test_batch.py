"""Several sent in one go: all or none; and what is not sent yet can be moved, or replaced by an
edited one.
"""

import threading
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connections
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.costs.models import Entry
from editorapp.generations.checks.books import differences
from editorapp.generations.engine import sweep
from editorapp.generations.engine.account_snapshot import Accounts
from editorapp.generations.models import Attempt, Generation, Priority
from editorapp.generations.queue import fair_order, pause, reorder
from editorapp.generations.queue.cancel import TooLate
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import (
    OverBudget,
    RequestRefused,
    enqueue,
    enqueue_all,
)
from editorapp.generations.states import State
from editorapp.providers.contract import GenerationRequest, Task
from editorapp.teams.models import Member, Team
from editorapp.teams.roles import Role
from tests.factories import default_account, make_generation, make_member


@pytest.fixture
def creator(db) -> Member:
    return make_member()


def draft(prompt: str = "A quiet harbor at dawn") -> Draft:
    wanted = GenerationRequest(task=Task.GENERATE, prompt=prompt, resolution="360p", duration="5s")
    return Draft(wanted, default_account("luma-agents"))


def send(member: Member, *drafts: Draft, **options) -> list[Generation]:
    return enqueue_all(drafts, member=member, **options)


def held(member: Member) -> Decimal:
    return ledger.month_totals(
        member.team, ledger.month_of(timezone.now()), is_simulated=True
    ).reserved_usd


def line() -> list[int]:
    """The takes in the order in which they would be sent."""
    pks = fair_order.next_in_line(default_account("luma-agents").pk, now=timezone.now(), most=20)
    return [Attempt.objects.get(pk=pk).generation_id for pk in pks]


def test_what_is_sent_in_one_go_is_one_batch_and_each_holds_its_own_price(creator):
    made = send(creator, *[draft()] * 3)

    assert len({one.batch for one in made}) == 1 and made[0].batch is not None
    assert held(creator) == 3 * made[0].estimate_high_usd
    assert set(Attempt.objects.values_list("priority", flat=True)) == {Priority.BATCH}
    assert line() == [one.pk for one in made]


def test_one_by_itself_is_no_batch(creator):
    (made,) = send(creator, draft())

    assert made.batch is None and made.attempts.get().priority == Priority.SINGLE


def test_a_batch_that_the_budget_has_no_room_for_reserves_nothing(creator):
    price = send(make_member(), draft())[0].estimate_high_usd
    Team.objects.filter(pk=creator.team_id).update(monthly_limit_usd=price * 2)

    with pytest.raises(OverBudget) as refused:
        send(creator, *[draft()] * 3)

    assert (refused.value.needed_usd, refused.value.available_usd) == (price * 3, price * 2)
    assert held(creator) == 0 and not Generation.objects.filter(team=creator.team).exists()


def test_one_wrong_draft_keeps_all_from_being_sent(creator):
    with pytest.raises(RequestRefused):
        send(creator, draft(), draft(""))

    assert not Generation.objects.exists()


def test_the_same_form_sent_twice_makes_the_batch_once(creator):
    drafts = [draft(), draft(), draft("Fog")]

    first, second = (send(creator, *drafts, form_token="one") for _ in range(2))

    assert first == second and Generation.objects.count() == 3
    assert len(send(creator, *drafts[:2], form_token="one")) == 2  # a changed form is another one
    assert Generation.objects.count() == 5


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_make_the_batch_once():
    creator = make_member()
    default_account("luma-agents")
    gate, found = threading.Barrier(2), []

    def click() -> None:
        gate.wait()
        found.append({one.pk for one in send(creator, *[draft()] * 4, form_token="one")})
        connections.close_all()

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 2 and found[0] == found[1] and Generation.objects.count() == 4
    assert differences() == []


def test_an_edited_one_takes_the_place_and_the_money_of_the_old(creator):
    old, behind = send(creator, draft())[0], send(creator, draft("Second"))[0]

    new = enqueue(draft("Fog"), member=creator, replaces=old)

    old.refresh_from_db()
    assert old.state == State.CANCELED and old.failure_message.startswith("Replaced")
    assert line() == [new.pk, behind.pk]
    assert held(creator) == new.estimate_high_usd + behind.estimate_high_usd
    assert ledger.held_usd(old.pk) == 0


def test_the_money_of_the_old_one_is_free_for_the_new(creator):
    old = send(creator, draft())[0]
    Team.objects.filter(pk=creator.team_id).update(monthly_limit_usd=old.estimate_high_usd)

    new = enqueue(draft("Fog"), member=creator, replaces=old)

    assert held(creator) == new.estimate_high_usd


def test_an_edited_one_that_is_too_dear_leaves_the_old_one_waiting(creator):
    old = send(creator, draft())[0]
    Team.objects.filter(pk=creator.team_id).update(monthly_limit_usd=old.estimate_high_usd)

    with pytest.raises(OverBudget):
        send(creator, draft("Fog"), draft("Rain"), replaces=old)

    old.refresh_from_db()
    assert old.state == State.QUEUED and held(creator) == old.estimate_high_usd
    assert Generation.objects.count() == 1


def test_what_the_engine_took_meanwhile_is_not_replaced_and_nothing_is_sent(quick, clock):
    creator = make_member()
    old = send(creator, draft())[0]
    sweep.work("luma-agents", seconds=0.3, clock=clock)

    with pytest.raises(TooLate):
        enqueue(draft("Fog"), member=creator, replaces=old)

    assert Generation.objects.count() == 1 and quick.submits_received == 1
    assert Entry.objects.filter(kind=Entry.Kind.RESERVE).count() == 1


def test_what_a_sweep_took_and_did_not_send_yet_is_replaced_and_never_sent(creator):
    old = send(creator, draft())[0]
    (taken,) = Accounts("luma-agents").turns(now=timezone.now(), room=1)

    new = enqueue(draft("Fog"), member=creator, replaces=old)

    assert Attempt.objects.get(pk=taken.pk).state == State.CANCELED and line() == [new.pk]


def test_an_edit_sent_twice_replaces_once(creator):
    old = send(creator, draft())[0]

    first, second = (send(creator, draft("Fog"), replaces=old, form_token="one") for _ in range(2))

    assert first == second and Generation.objects.count() == 2


def test_only_its_person_or_an_admin_replaces_it(creator):
    colleague = make_member(team=creator.team)
    old = send(creator, draft())[0]

    with pytest.raises(PermissionDenied):
        send(colleague, draft("Fog"), replaces=old)

    assert Generation.objects.count() == 1


def test_jobs_move_up_and_down_and_to_the_front_of_their_persons_line(creator):
    first, second, third = (make_generation(creator) for _ in range(3))
    now = timezone.now()

    reorder.up(third, member=creator, now=now)
    assert line() == [first.pk, third.pk, second.pk]
    reorder.down(first, member=creator, now=now)
    assert line() == [third.pk, first.pk, second.pk]
    reorder.to_the_front(second, member=creator, now=now)
    assert line() == [second.pk, third.pk, first.pk]
    reorder.up(second, member=creator, now=now)
    reorder.down(first, member=creator, now=now)
    assert line() == [second.pk, third.pk, first.pk]


def test_one_of_a_batch_moves_by_one_and_to_the_front_of_the_persons_single_ones(creator):
    batch, single = send(creator, *[draft()] * 4), send(creator, draft())[0]
    pks = [one.pk for one in batch]
    now = timezone.now()

    reorder.up(batch[2], member=creator, now=now)
    assert line() == [single.pk, pks[0], pks[2], pks[1], pks[3]]
    reorder.to_the_front(batch[3], member=creator, now=now)
    assert line() == [pks[3], single.pk, pks[0], pks[2], pks[1]]


def test_nobody_gets_before_a_colleague_by_moving_their_own(creator):
    others = [make_generation(make_member(team=creator.team)) for _ in range(2)]
    own = [make_generation(creator) for _ in range(2)]
    now = timezone.now()

    reorder.to_the_front(own[1], member=creator, now=now)

    assert line().index(own[1].pk) == 2 and line()[3] == own[0].pk
    with pytest.raises(PermissionDenied):
        reorder.up(others[1], member=creator, now=now)


def test_an_admin_puts_a_job_ahead_of_all(creator):
    admin = make_member(role=Role.ADMIN, team=creator.team)
    first, second, third = (
        make_generation(creator),
        make_generation(admin),
        make_generation(make_member()),
    )
    now = timezone.now()

    reorder.to_the_front(third, member=make_member(role=Role.ADMIN, team=third.team), now=now)
    reorder.to_the_front(second, member=admin, now=now)

    assert line() == [second.pk, third.pk, first.pk]


def test_what_is_sent_has_no_place_any_more(creator):
    take = make_generation(creator, state=State.SUBMITTING)

    with pytest.raises(TooLate):
        reorder.up(take, member=creator, now=timezone.now())


def test_what_is_queued_for_a_paused_queue_waits_and_holds_its_money(creator):
    admin = make_member(role=Role.ADMIN, team=creator.team)
    pause.pause_queue(admin, now=timezone.now())

    made = send(creator, *[draft()] * 2)

    assert line() == [] and held(creator) == sum(one.estimate_high_usd for one in made)
