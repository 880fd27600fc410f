"""An unknown outcome is closed by a person only, with the right money and a trace of who and why."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.costs.check import differences
from editorapp.costs.ledger import OverBudget
from editorapp.costs.models import Entry
from editorapp.generations import settle
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.teams.roles import Role
from tests.factories import make_member, make_reserved

NOW = timezone.now()
JOB = "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"


@pytest.fixture
def member(db):
    return make_member(name="Mira")


@pytest.fixture
def unknown(member) -> Generation:
    return make_reserved(member, state=State.UNKNOWN)


def lines() -> list[tuple[str, Decimal]]:
    return list(Entry.objects.order_by("pk").values_list("kind", "amount_usd"))


def test_a_job_that_was_found_is_followed_with_its_money_still_held(member, unknown):
    settle.adopt(unknown, f" {JOB} ", member=member, now=NOW)

    attempt = unknown.attempts.get()
    assert (unknown.state, attempt.provider_job_id) == (State.RUNNING, JOB)
    assert ledger.held_usd(unknown.pk) == Decimal("1.08")


def test_one_job_cannot_be_adopted_twice(member, unknown):
    other = make_reserved(member, state=State.UNKNOWN)
    settle.adopt(unknown, JOB, member=member, now=NOW)

    with pytest.raises(settle.JobIsTaken):
        settle.adopt(other, JOB, member=member, now=NOW)

    assert Generation.objects.get(pk=other.pk).state == State.UNKNOWN


def test_what_never_arrived_gives_its_money_back_and_may_be_tried_again(member, unknown):
    settle.never_arrived(unknown, member=member, now=NOW, note="Not in the console")

    assert (unknown.state, unknown.can_try_again) == (State.FAILED, True)
    assert lines() == [("reserve", Decimal("1.08")), ("release", Decimal("1.08"))]
    assert Entry.objects.last().note == "Mira: never arrived. Not in the console"


def test_what_is_sent_again_counts_the_first_as_spent(member, unknown):
    attempt = settle.send_again(unknown, member=member, now=NOW, note="The client waits")

    assert (attempt.number, unknown.state) == (2, State.QUEUED)
    assert [kind for kind, _amount in lines()] == ["reserve", "charge", "reserve"]
    assert ledger.spent_usd(unknown.pk) == Decimal("1.08")
    assert ledger.held_usd(unknown.pk) == Decimal("1.08")
    assert "Mira" in Entry.objects.get(kind="charge").note
    assert differences() == []


def test_sending_again_beyond_the_budget_leaves_all_as_it_was(member, unknown):
    member.team.monthly_limit_usd = Decimal("2.00")
    member.team.save()

    with pytest.raises(OverBudget):
        settle.send_again(unknown, member=member, now=NOW)

    assert Generation.objects.get().state == State.UNKNOWN
    assert lines() == [("reserve", Decimal("1.08"))]


def test_what_was_charged_without_a_result_is_counted_as_spent(member, unknown):
    settle.count_as_spent(unknown, member=member, now=NOW)

    assert (unknown.state, unknown.cost_usd, unknown.cost_is_estimated) == (State.FAILED, Decimal("1.08"), True)
    assert differences() == []


@pytest.mark.parametrize("state", sorted(set(State) - {State.UNKNOWN, State.LOST}))
def test_a_known_outcome_is_not_for_people_to_settle(member, state):
    generation = make_reserved(member, state=state)

    for act in (
        lambda: settle.adopt(generation, JOB, member=member, now=NOW),
        lambda: settle.never_arrived(generation, member=member, now=NOW),
        lambda: settle.count_as_spent(generation, member=member, now=NOW),
        lambda: settle.send_again(generation, member=member, now=NOW),
    ):
        with pytest.raises(settle.NothingToSettle):
            act()

    assert lines() == [("reserve", Decimal("1.08"))]


def test_a_reviewer_and_a_stranger_settle_nothing(unknown):
    for member in (make_member(team=unknown.team, role=Role.REVIEWER), make_member()):
        with pytest.raises(PermissionDenied):
            settle.never_arrived(unknown, member=member, now=NOW)

    assert Generation.objects.get().state == State.UNKNOWN


def test_an_admin_corrects_a_cost_by_an_adjustment(member, unknown):
    admin = make_member(team=member.team, role=Role.ADMIN)
    settle.count_as_spent(unknown, member=member, now=NOW)

    settle.correct_cost(unknown, Decimal("0.54"), member=admin, now=NOW, note="Invoice of November")

    assert lines()[-1] == ("adjust", Decimal("-0.54"))
    assert ledger.spent_usd(unknown.pk) == unknown.cost_usd == Decimal("0.54")
    assert differences() == []


def test_a_creator_corrects_no_cost(member, unknown):
    with pytest.raises(PermissionDenied):
        settle.correct_cost(unknown, Decimal("0"), member=member, now=NOW, note="")
