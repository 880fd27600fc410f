"""What is spent on attempts that brought nothing is kept apart, however an attempt's outcome and its
money come together.
"""

import uuid
from datetime import timedelta
from decimal import Decimal
from functools import partial

from django.utils import timezone

from editorapp.costs import fruitless, ledger, reports
from editorapp.costs.ledger import Charge
from editorapp.costs.models import Entry, Fruitless
from editorapp.generations.checks.books import differences
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.reconcile import settle
from editorapp.generations.states import State
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.factories import make_member, make_reserved
from tests.racing import race

NOW = timezone.now()
NOTHING = reports.LineSum(Decimal(0), 0)


def failures(member: Member) -> reports.LineSum:
    """What the kept sums say of failures; the lines behind that figure say the same."""
    said = reports.figures(reports.kept(member, is_simulated=True))["failures"]
    lines = [one.amount_usd for one in ledger.lines(member, is_simulated=True).for_failures()]
    assert said == reports.LineSum(sum(lines, Decimal(0)), len(lines))
    return said


def charged(member: Member, state: State, amount: str = "0.50") -> Attempt:
    """Make a take that was charged when its provider was done."""
    attempt = make_reserved(member, state=state).attempts.get()
    ledger.charge([Charge(attempt.pk, Decimal(amount), is_estimated=False)], now=NOW)
    Attempt.objects.filter(pk=attempt.pk).update(provider_done_at=NOW)
    return Attempt.objects.select_related("generation").get(pk=attempt.pk)


def show(attempt: Attempt, amount: str) -> None:
    Generation.objects.filter(pk=attempt.generation_id).update(cost_usd=Decimal(amount))


def test_a_result_that_is_fetched_after_all_was_not_paid_in_vain(db) -> None:
    member = make_member()
    attempt = charged(member, State.FETCHING)
    show(attempt, "0.50")
    assert failures(member) == NOTHING

    attempt.move(State.FETCH_FAILED, now=NOW)
    assert failures(member) == reports.LineSum(Decimal("0.50"), 1)
    assert differences() == []

    attempt.move(State.RUNNING, now=NOW)
    assert failures(member) == NOTHING and not Fruitless.objects.exists()
    assert differences() == []


def test_what_is_charged_and_corrected_after_it_failed_was_paid_in_vain(db) -> None:
    member = make_member(role=Role.ADMIN)
    take = make_reserved(member, state=State.UNKNOWN)

    settle.count_as_spent(take, member=member, now=NOW, note="The console charges it.")
    assert failures(member) == reports.LineSum(Decimal("1.08"), 1)

    settle.correct_cost(take, Decimal("0.54"), member=member, now=NOW, note="The invoice.")
    assert failures(member) == reports.LineSum(Decimal("0.54"), 2)
    assert differences() == []


def test_an_attempt_that_goes_from_one_end_to_another_is_counted_once(db) -> None:
    member = make_member(role=Role.ADMIN)
    attempt = charged(member, State.RUNNING)
    show(attempt, "0.50")
    attempt.move(State.LOST, now=NOW)

    settle.count_as_spent(attempt.generation, member=member, now=NOW, note="There is no result.")

    assert failures(member) == reports.LineSum(Decimal("0.50"), 1)
    assert differences() == []


def test_a_canceled_take_releases_and_was_not_paid_in_vain(db) -> None:
    member = make_member()
    attempt = make_reserved(member).attempts.select_related("generation").get()
    attempt.move(State.CANCELED, now=NOW)
    ledger.release(attempt.pk, now=NOW)

    found = reports.figures(reports.kept(member, is_simulated=True))

    assert failures(member) == NOTHING and found["held"] == NOTHING
    assert found["released"] == reports.LineSum(Decimal("1.08"), 1)
    assert differences() == []


def test_the_books_name_an_attempt_whose_outcome_the_ledger_has_wrong(db) -> None:
    member = make_member()
    failed, done = charged(member, State.FETCH_FAILED), charged(member, State.SUCCEEDED)
    for one in (failed, done):
        show(one, "0.50")
    assert differences() == []

    fruitless.remove([failed.pk])
    fruitless.add([done.pk])

    assert differences() == [
        f"Attempt {failed.pk} (#{failed.generation_id}) is fetch_failed and is not counted as fruitless.",
        f"Attempt {done.pk} (#{done.generation_id}) is succeeded and is counted as fruitless.",
    ]


def fail(pk: int) -> None:
    Attempt.objects.select_related("generation").get(pk=pk).move(State.FETCH_FAILED, now=NOW)


def correct(pk: int, cents: int) -> None:
    ledger.adjust(pk, Decimal(cents) / 100, now=NOW, note="The invoice")


def test_an_attempt_that_fails_while_its_cost_is_corrected_is_counted_whole(
    transactional_db,
) -> None:
    member = make_member()
    for _ in range(12):
        attempt = charged(member, State.FETCHING)
        corrections = [partial(correct, attempt.pk, cents) for cents in (1, 2, 4)]

        ended = race([corrections[0], partial(fail, attempt.pk), *corrections[1:]])

        assert ended == [None] * 4
        show(attempt, "0.57")
        assert differences() == []
    assert failures(member) == reports.LineSum(12 * Decimal("0.57"), 12 * 4)


def to_and_fro(pk: int) -> None:
    for _ in range(6):
        attempt = Attempt.objects.select_related("generation").get(pk=pk)
        attempt.move(State.RUNNING, now=NOW + timedelta(seconds=1), lease_token=uuid.uuid4())
        attempt.move(State.FETCH_FAILED, now=NOW)


def charge(pk: int) -> None:
    ledger.charge([Charge(pk, Decimal("0.25"), is_estimated=False)], now=NOW)


def test_the_sums_of_a_month_stay_right_while_attempts_fail_and_come_back_and_others_are_charged(
    transactional_db,
) -> None:
    member = make_member()
    failing = [charged(member, State.FETCHING) for _ in range(3)]
    for attempt in failing:
        show(attempt, "0.50")
        attempt.move(State.FETCH_FAILED, now=NOW)
    waiting = [make_reserved(member, state=State.FETCHING).attempts.get() for _ in range(6)]
    for attempt in waiting:
        show(attempt, "0.25")

    calls = [partial(to_and_fro, one.pk) for one in failing]
    ended = race([*calls, *(partial(charge, one.pk) for one in waiting)])

    assert ended == [None] * 9 and differences() == []
    assert failures(member) == reports.LineSum(Decimal("1.50"), 3)
    assert Entry.objects.filter(kind="charge").count() == 9
