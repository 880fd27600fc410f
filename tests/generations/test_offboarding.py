"""People who leave: nothing of theirs is sent unless an admin says so, whatever way its row came to
wait.
"""

import threading
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection, connections, transaction
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.costs.models import Entry
from editorapp.generations.checks.books import differences
from editorapp.generations.engine import sweep
from editorapp.generations.engine.account_snapshot import Accounts
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.queue import offboarding, parking, pause, reorder
from editorapp.generations.queue.offboarding import HandOver, Offboarding
from editorapp.generations.reconcile import settle
from editorapp.generations.request.retry import retry
from editorapp.generations.states import State
from editorapp.teams import people
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.factories import make_generation, make_member, make_reserved
from tests.generations.drive import ask, run
from tests.patience import PATIENCE_SECONDS
from tests.racing import race

NOW = timezone.now()
PRICE = Decimal("1.08")


@pytest.fixture
def ada(db) -> Member:
    return make_member(role=Role.ADMIN, name="Ada")


@pytest.fixture
def zed(ada) -> Member:
    return make_member(team=ada.team, name="Zed")


@pytest.fixture
def bo(ada) -> Member:
    return make_member(team=ada.team, name="Bo")


def taken() -> list[int]:
    return [one.generation_id for one in Accounts("luma-agents").turns(now=timezone.now(), room=8)]


def gone(
    member: Member, ada: Member, choice: HandOver = HandOver.HOLD, to: Member | None = None
) -> int:
    return offboarding.disable(member, Offboarding(ada, choice, to), now=NOW)


def test_what_a_disabled_person_has_waiting_is_held_with_its_money_and_says_who_and_why(ada, zed):
    take, of_others = make_reserved(zed), make_reserved(ada)

    assert gone(zed, ada) == 1

    take.refresh_from_db()
    assert taken() == [of_others.pk]
    assert ledger.held_usd(take.pk) == PRICE and differences() == []
    assert take.why_held.startswith("Ada paused it when Zed was disabled. It waits until an admin")


def test_an_admin_lets_a_held_one_go_and_answers_for_it_from_then_on(quick, clock):
    ada = make_member(role=Role.ADMIN, name="Ada")
    zed = make_member(team=ada.team, name="Zed")
    take = ask(zed)
    gone(zed, ada)
    run(clock)
    assert quick.submits_received == 0

    pause.let_go(take, member=ada, now=clock())
    run(clock)

    assert (take.responsible, take.created_by) == (
        ada.user,
        zed.user,
    ) and quick.submits_received == 1
    assert "Ada: sent all the same, for Zed." in Entry.objects.values_list("note", flat=True)
    assert Generation.objects.get().state == State.SUCCEEDED and differences() == []


@pytest.mark.parametrize("state", [State.QUEUED, State.STAGING])
def test_canceled_ones_give_their_money_back(ada, zed, state):
    take = make_reserved(zed, state=state)

    assert gone(zed, ada, HandOver.CANCEL) == 1

    take.refresh_from_db()
    assert take.state == State.CANCELED and ledger.held_usd(take.pk) == 0 and differences() == []
    assert Entry.objects.get(kind="release").note == "Ada: canceled when Zed was disabled"


def test_handed_over_ones_stand_in_the_new_persons_line_and_are_theirs_to_cancel_and_settle(
    ada, zed, bo
):
    unknown = make_reserved(zed, state=State.UNKNOWN)
    own, take = make_reserved(bo), make_reserved(zed)

    gone(zed, ada, HandOver.HAND_OVER, bo)

    take.refresh_from_db()
    assert (take.created_by, take.assignee, take.attempts.get().person) == (
        zed.user,
        bo.user,
        bo.user,
    )
    reorder.up(take, member=bo, now=NOW)
    assert taken() == [take.pk, own.pk]
    assert "Ada: handed over from Zed to Bo." in Entry.objects.values_list("note", flat=True)
    settle.never_arrived(
        Generation.objects.get(pk=unknown.pk), member=bo, now=NOW, note="Not in the console"
    )
    assert differences() == []


def test_what_had_been_held_for_its_person_goes_on_once_it_is_handed_over(ada, zed, bo):
    take, own_pause = make_reserved(zed), make_reserved(zed)
    pause.hold(own_pause, member=zed, now=NOW)
    people.disable(zed, by=ada.user, now=NOW)
    assert taken() == []  # the engine holds it

    offboarding.decide(zed, Offboarding(ada, HandOver.HAND_OVER, bo), now=NOW)

    assert taken() == [take.pk]
    assert Generation.objects.get(pk=own_pause.pk).why_held == "Zed paused it."


def test_kept_ones_are_sent_as_they_stand_in_line_and_the_admin_answers_for_them(ada, zed):
    takes = [make_reserved(zed).pk for _ in range(2)]

    gone(zed, ada, HandOver.KEEP)

    assert taken() == takes
    assert set(Generation.objects.values_list("assignee", flat=True)) == {ada.user_id}
    assert set(Attempt.objects.values_list("person", flat=True)) == {zed.user_id}


def test_what_an_admin_kept_is_asked_about_anew_when_that_admin_leaves(ada, zed):
    take, second = make_reserved(zed), make_member(role=Role.ADMIN, team=ada.team, name="Cy")
    gone(zed, ada, HandOver.KEEP)

    assert offboarding.affairs(ada).waiting.count == 1
    gone(ada, second)

    assert taken() == []
    assert "Cy paused it when Ada was disabled." in Generation.objects.get(pk=take.pk).why_held


def test_who_becomes_a_reviewer_sends_nothing_that_waits_either(ada, zed):
    take = make_reserved(zed)
    assert offboarding.would_ask(zed, Role.REVIEWER) and not offboarding.would_ask(zed, Role.ADMIN)

    assert offboarding.change_role(zed, Role.REVIEWER, Offboarding(ada), now=NOW) == 1

    assert taken() == []
    take.refresh_from_db()
    assert "Ada paused it when Zed got a role that may not create." in take.why_held


def test_a_role_that_may_create_leaves_what_waits_alone(ada, zed):
    take = make_reserved(zed)

    assert offboarding.change_role(zed, Role.ADMIN, Offboarding(ada), now=NOW) == 0

    assert taken() == [take.pk]


def test_who_is_brought_back_finds_their_takes_paused_and_lets_them_go(ada, zed):
    take = make_reserved(zed)
    gone(zed, ada)

    people.bring_back(zed, Role.CREATOR)

    assert taken() == []
    pause.let_go(Generation.objects.get(), member=zed, now=NOW)
    assert taken() == [take.pk] and Generation.objects.get().responsible == zed.user


@pytest.mark.parametrize("how", ["disabled", "demoted", "removed by an older version"])
def test_the_engine_itself_sends_nothing_of_whoever_may_not_send_it(ada, zed, how):
    """Nobody was asked: the row changed by another way, or was queued in that very moment."""
    take, of_others = make_generation(zed), make_generation(ada)
    if how == "disabled":
        people.disable(zed, by=ada.user, now=NOW)
    elif how == "demoted":
        people.change_role(zed, Role.REVIEWER, now=NOW)
    else:
        Member.objects.filter(pk=zed.pk).delete()

    assert taken() == [of_others.pk]
    take.refresh_from_db()
    assert take.why_held.startswith("It is paused because Zed")
    parking.unpark(Generation.objects.all(), now=NOW)
    assert take.attempts.get().next_action_at is None


def test_what_a_provider_sent_back_to_the_queue_is_not_sent_again_for_a_disabled_person(
    quick, clock
):
    """Refused for a moment (429) while its person was disabled: it is due again, and waits for an
    admin.
    """
    ada = make_member(role=Role.ADMIN, name="Ada")
    zed = make_member(team=ada.team, name="Zed")
    quick.fail("submit", "429:1")
    ask(zed)
    sweep.work("luma-agents", seconds=0.3, clock=clock)
    assert Generation.objects.get().state == State.QUEUED
    refused = quick.submits_received

    people.disable(zed, by=ada.user, now=clock())
    clock.jump(seconds=120)
    sweep.work("luma-agents", seconds=0.3, clock=clock)

    assert quick.submits_received == refused
    assert Generation.objects.get().held_because == Generation.Hold.DISABLED


def test_a_disabled_person_whose_request_is_still_under_way_makes_nothing(quick, clock):
    ada = make_member(role=Role.ADMIN)
    zed = make_member(team=ada.team)
    failed = make_reserved(zed, state=State.CANCELED)
    stale = Member.objects.select_related("user", "team").get(pk=zed.pk)  # as the request read it
    people.disable(zed, by=ada.user, now=NOW)

    held = make_reserved(stale, held_at=NOW)
    makes = (
        lambda: ask(stale),
        lambda: retry(failed, member=stale, now=NOW),
        lambda: pause.let_go(held, member=stale, now=NOW),
    )
    for make in makes:
        with pytest.raises(PermissionDenied):
            make()

    assert Generation.objects.count() == 2 and Attempt.objects.count() == 2
    assert Generation.objects.get(pk=held.pk).held_at == NOW


def test_whoever_sends_anothers_take_again_answers_for_it_with_their_own_money(
    quick, clock, ada, zed, bo
):
    take = ask(zed)
    gone(zed, ada, HandOver.CANCEL)

    retry(Generation.objects.get(pk=take.pk), member=bo, now=clock())

    take.refresh_from_db()
    assert (take.created_by, take.responsible) == (zed.user, bo.user)
    assert Entry.objects.filter(kind="reserve").latest("pk").person_id == bo.user_id
    assert taken() == [take.pk] and differences() == []


def test_real_and_simulated_money_of_who_leaves_is_told_apart(zed):
    make_reserved(zed)
    make_reserved(zed, is_simulated=False)
    make_reserved(zed, state=State.UNKNOWN)
    make_reserved(zed, state=State.RUNNING)

    found = offboarding.affairs(zed)

    assert (found.waiting.count, found.waiting.real_usd, found.waiting.simulated_usd) == (
        2,
        PRICE,
        PRICE,
    )
    assert (found.unknown.count, found.at_provider.count) == (1, 1)


def test_only_an_admin_of_the_team_decides_and_only_for_somebody_who_can_answer(ada, zed, bo):
    make_reserved(zed)
    reviewer = make_member(role=Role.REVIEWER, team=ada.team)
    out = make_member(team=ada.team)
    people.disable(out, by=ada.user, now=NOW)

    for by in (bo, make_member(role=Role.ADMIN)):
        with pytest.raises(PermissionDenied):
            gone(zed, by)
    for to in (None, reviewer, out, zed, make_member()):
        with pytest.raises(offboarding.NotChosen):
            gone(zed, ada, HandOver.HAND_OVER, to)
    with pytest.raises(PermissionDenied):
        offboarding.decide(zed, Offboarding(ada), now=NOW)  # who answers for them
    make_member(role=Role.ADMIN, team=ada.team)
    with pytest.raises(offboarding.NotChosen):
        gone(ada, ada, HandOver.KEEP)

    assert Member.objects.get(pk=zed.pk).is_active and Member.objects.get(pk=ada.pk).is_active


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer")
@pytest.mark.parametrize("who", ["a request", "a sweep"])
def test_whoever_acts_for_a_person_waits_while_they_are_being_disabled(who):
    """The one lock that both take: without it, each would read that the person may still send."""
    ada = make_member(role=Role.ADMIN)
    zed = make_member(team=ada.team)
    take = make_generation(zed)
    acted: list[object] = []

    def act(do: Callable[[], object]) -> None:
        try:
            acted.append(do())
        except PermissionDenied as error:
            acted.append(error)
        finally:
            connections.close_all()

    stale = Member.objects.select_related("user", "team").get(pk=zed.pk)  # as the request read it
    do = taken if who == "a sweep" else (lambda: ask(stale))
    other = threading.Thread(target=act, args=[do])
    with transaction.atomic():
        people.disable(zed, by=ada.user, now=NOW)
        other.start()
        other.join(1.0)
        assert other.is_alive() and acted == []
    other.join(PATIENCE_SECONDS)

    assert acted == [[]] if who == "a sweep" else isinstance(acted[0], PermissionDenied)
    assert Generation.objects.get().pk == take.pk


@pytest.mark.django_db(transaction=True)
def test_nothing_is_taken_after_a_person_was_disabled_however_they_race():
    """Queueing, sweeping and disabling at one instant: afterwards nothing due is left of the
    person's.
    """
    for _ in range(4):
        ada = make_member(role=Role.ADMIN)
        zed = make_member(team=ada.team)
        for _ in range(3):
            make_reserved(zed)
        race([lambda zed=zed: ask(zed), lambda zed=zed, ada=ada: gone(zed, ada), taken])

        later = timezone.now() + timedelta(minutes=5)
        left = [
            one
            for one in Accounts("luma-agents").turns(now=later, room=9)
            if one.person_id == zed.user_id
        ]
        assert left == [] and differences() == []
