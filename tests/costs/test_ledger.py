"""Money: reserved = charged + released + held, at every instant, whatever is deleted or races."""

import threading
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.db.models import QuerySet

from editorapp.core.append_only import NeverChanged
from editorapp.costs import ledger, month_sums
from editorapp.costs.check import of_lines
from editorapp.costs.ledger import Charge, NothingHeld, OverBudget, Subject
from editorapp.costs.models import Entry, MonthBudget, MonthCost
from editorapp.teams.models import Member
from tests.factories import make_member
from tests.patience import PATIENCE_SECONDS

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NOVEMBER = date(2026, 11, 1)
_attempts = iter(range(1, 10**9))


def make_subject(member: Member, **changes) -> Subject:
    number = next(_attempts)
    sound = {
        "team_id": member.team_id,
        "person_id": member.user_id,
        "person_name": str(member.user),
        "generation_id": number,
        "attempt_id": number,
        "provider": "luma-agents",
        "model": "ray-3.2",
        "task": "edit",
        "is_simulated": True,
    }
    return Subject(**(sound | changes))


def totals(member: Member, *, is_simulated: bool = True):
    return ledger.month_totals(member.team, NOVEMBER, is_simulated=is_simulated)


@pytest.fixture
def member(db) -> Member:
    return make_member()


def with_limit(member: Member, limit: str) -> Member:
    member.team.monthly_limit_usd = Decimal(limit)
    member.team.save()
    return member


def test_a_reservation_holds_its_amount(member):
    subject = make_subject(member)

    ledger.reserve(subject, Decimal("1.08"), now=NOW)

    assert ledger.held_usd(subject.generation_id) == Decimal("1.08")
    assert (totals(member).reserved_usd, totals(member).spent_usd) == (Decimal("1.08"), 0)
    assert of_lines() == []


def test_a_charge_below_the_reservation_gives_the_rest_back(member):
    subject = make_subject(member)
    ledger.reserve(subject, Decimal("2.16"), now=NOW)

    ledger.charge([Charge(subject.attempt_id, Decimal("1.080001"), is_estimated=False)], now=NOW)

    kinds = list(Entry.objects.order_by("pk").values_list("kind", "amount_usd"))
    assert kinds == [
        ("reserve", Decimal("2.16")),
        ("charge", Decimal("1.080001")),
        ("release", Decimal("1.079999")),
    ]
    assert ledger.held_usd(subject.generation_id) == 0
    assert totals(member).spent_usd == Decimal("1.080001")
    assert of_lines() == []


def test_a_charge_above_the_reservation_shows_the_rest_as_an_adjustment(member):
    subject = make_subject(member)
    ledger.reserve(subject, Decimal("1"), now=NOW)

    ledger.charge([Charge(subject.attempt_id, Decimal("1.5"), is_estimated=False)], now=NOW)

    assert list(Entry.objects.order_by("pk").values_list("kind", "amount_usd")) == [
        ("reserve", 1),
        ("charge", 1),
        ("adjust", Decimal("0.5")),
    ]
    assert ledger.spent_usd(subject.generation_id) == Decimal("1.5")
    assert of_lines() == []


def test_a_release_gives_all_back(member):
    subject = make_subject(member)
    ledger.reserve(subject, Decimal("1.08"), now=NOW)

    ledger.release(subject.attempt_id, now=NOW, note="Canceled")

    assert (totals(member).reserved_usd, totals(member).spent_usd) == (0, 0)
    assert of_lines() == []


@pytest.mark.parametrize("first", ["charge", "release"])
@pytest.mark.parametrize("second", ["charge", "release"])
def test_an_attempt_is_settled_once(member, first, second):
    subject = make_subject(member)
    ledger.reserve(subject, Decimal("1.08"), now=NOW)
    settle = {
        "charge": lambda: ledger.charge(
            [Charge(subject.attempt_id, Decimal("1.08"), is_estimated=True)], now=NOW
        )[0],
        "release": lambda: ledger.release(subject.attempt_id, now=NOW),
    }
    settle[first]()

    with pytest.raises(NothingHeld):
        settle[second]()

    assert Entry.objects.count() == 2
    assert of_lines() == []


def test_an_attempt_reserves_once(member):
    subject = make_subject(member)
    ledger.reserve(subject, Decimal("1.08"), now=NOW)

    with pytest.raises(IntegrityError):
        ledger.reserve(subject, Decimal("1.08"), now=NOW)

    assert totals(member).reserved_usd == Decimal("1.08")


def test_what_was_never_reserved_cannot_be_settled(member):
    for settle in (
        lambda: ledger.charge([Charge(1, Decimal(1), is_estimated=False)], now=NOW)[0],
        lambda: ledger.release(1, now=NOW),
        lambda: ledger.adjust(1, Decimal(1), now=NOW, note="?"),
    ):
        with pytest.raises(NothingHeld):
            settle()


def test_an_adjustment_corrects_what_was_spent_and_may_be_negative(member):
    subject = make_subject(member)
    ledger.reserve(subject, Decimal("1.08"), now=NOW)
    ledger.charge([Charge(subject.attempt_id, Decimal("1.08"), is_estimated=True)], now=NOW)

    ledger.adjust(subject.attempt_id, Decimal("-1.08"), now=NOW, note="Refunded, says the console")

    assert totals(member).spent_usd == 0
    assert of_lines() == []


def test_a_reservation_beyond_the_budget_is_refused_whole(member):
    with_limit(member, "2.00")
    ledger.reserve(make_subject(member), Decimal("1.08"), now=NOW)

    with pytest.raises(OverBudget) as refused:
        ledger.reserve(make_subject(member), Decimal("1.08"), now=NOW)

    assert refused.value.available_usd == Decimal("0.92")
    assert "$1.08" in str(refused.value) and "$0.92" in str(refused.value)
    assert Entry.objects.count() == 1
    assert of_lines() == []


def test_a_raised_budget_counts_at_once(member):
    with_limit(member, "1.00")
    with pytest.raises(OverBudget):
        ledger.reserve(make_subject(member), Decimal("1.08"), now=NOW)
    with_limit(member, "2.00")

    ledger.reserve(make_subject(member), Decimal("1.08"), now=NOW)

    assert totals(member).available_usd == Decimal("0.92")


def test_the_last_cent_of_a_budget_can_be_reserved(member):
    with_limit(member, "1.08")

    ledger.reserve(make_subject(member), Decimal("1.08"), now=NOW)

    assert totals(member).available_usd == 0


def test_simulated_money_never_touches_real_money(member):
    with_limit(member, "1.08")
    ledger.reserve(make_subject(member, is_simulated=True), Decimal("1.08"), now=NOW)

    ledger.reserve(make_subject(member, is_simulated=False), Decimal("1.08"), now=NOW)

    assert totals(member, is_simulated=True).reserved_usd == Decimal("1.08")
    assert totals(member, is_simulated=False).reserved_usd == Decimal("1.08")


def test_a_charge_counts_in_the_month_of_its_reservation(member):
    subject = make_subject(member)
    ledger.reserve(subject, Decimal("1.08"), now=datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))

    ledger.charge(
        [Charge(subject.attempt_id, Decimal("1.08"), is_estimated=True)],
        now=datetime(2026, 12, 1, tzinfo=UTC),
    )[0]

    assert totals(member).spent_usd == Decimal("1.08")
    assert MonthBudget.objects.count() == 1
    assert of_lines() == []


def test_lines_are_never_changed_or_deleted(member):
    entry = ledger.reserve(make_subject(member), Decimal("1.08"), now=NOW)
    entry.amount_usd = Decimal(0)

    for change in (
        entry.save,
        entry.delete,
        Entry.objects.all().delete,
        lambda: Entry.objects.update(amount_usd=0),
        lambda: Entry.objects.bulk_update([entry], ["amount_usd"]),
    ):
        with pytest.raises(NeverChanged):
            change()

    assert Entry.objects.get().amount_usd == Decimal("1.08")


def test_a_failed_transaction_leaves_no_money_behind(member, monkeypatch):
    def break_down(*args, **kwargs):
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(month_sums, "_add_to_month", break_down)

    with pytest.raises(RuntimeError):
        ledger.reserve(make_subject(member), Decimal("1.08"), now=NOW)

    assert (Entry.objects.count(), totals(member).reserved_usd) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_of_twenty_racing_reservations_a_budget_for_ten_takes_ten():
    member = with_limit(make_member(), "10.80")
    subjects = [make_subject(member) for _ in range(20)]
    start, outcomes = threading.Barrier(20), []

    def one(subject: Subject) -> None:
        try:
            start.wait(PATIENCE_SECONDS)
            ledger.reserve(subject, Decimal("1.08"), now=NOW)
            outcomes.append("reserved")
        except OverBudget:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=[subject]) for subject in subjects]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)

    assert sorted(outcomes) == ["refused"] * 10 + ["reserved"] * 10
    assert totals(member).reserved_usd == Decimal("10.80")
    assert of_lines() == []


@pytest.mark.django_db(transaction=True)
def test_of_racing_settlements_one_wins():
    member = make_member()
    subject = make_subject(member)
    ledger.reserve(subject, Decimal("1.08"), now=NOW)
    start, outcomes = threading.Barrier(8), []

    def one(number: int) -> None:
        try:
            start.wait(PATIENCE_SECONDS)
            if number % 2:
                ledger.charge(
                    [Charge(subject.attempt_id, Decimal("1.08"), is_estimated=True)], now=NOW
                )[0]
            else:
                ledger.release(subject.attempt_id, now=NOW)
            outcomes.append("settled")
        except NothingHeld:
            outcomes.append("too late")
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=[number]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)

    assert sorted(outcomes) == ["settled"] + ["too late"] * 7
    assert of_lines() == []


def test_the_check_passes_on_sound_books(member, capsys):
    subject = make_subject(member)
    ledger.reserve(subject, Decimal("1.08"), now=NOW)
    ledger.charge([Charge(subject.attempt_id, Decimal("1.08"), is_estimated=True)], now=NOW)

    call_command("check_ledger")

    assert "balances: 2 lines" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("tamper", "says"),
    [
        (lambda: MonthBudget.objects.update(reserved_usd=Decimal("0.5")), "Budget"),
        (lambda: MonthCost.objects.update(spent_usd=Decimal("0.01")), "Month sum"),
        (lambda: MonthCost.objects.update(charges=7), "7 charges"),
        (lambda: MonthCost.objects.update(holds=7), "7 holds"),
        (lambda: MonthCost.objects.update(adjustments=7), "7 adjustments"),
        (lambda: MonthCost.objects.update(adjusted_usd=Decimal("0.01")), "0.01 adjusted"),
        (lambda: MonthCost.objects.update(releases=7), "7 releases"),
        (lambda: MonthCost.objects.update(released_usd=Decimal("0.01")), "0.01 released"),
        (lambda: MonthCost.objects.update(failed_usd=Decimal("0.01")), "0.01 failed"),
        (lambda: MonthCost.objects.update(failed_lines=7), "7 failed_lines"),
        (lambda: MonthBudget.objects.all().delete(), "Budget"),
        (
            lambda: QuerySet.update(Entry.objects.filter(kind="charge"), amount_usd=Decimal("1")),
            "Attempt",
        ),
    ],
    ids=[
        "held sum",
        "spent sum",
        "number of charges",
        "number of holds",
        "number of adjustments",
        "adjusted sum",
        "number of releases",
        "released sum",
        "failed sum",
        "number of failed lines",
        "row gone",
        "a line changed",
    ],
)
def test_the_check_finds_what_does_not_balance(member, tamper, says, capsys):
    subject = make_subject(member)
    ledger.reserve(subject, Decimal("1.08"), now=NOW)
    ledger.charge([Charge(subject.attempt_id, Decimal("1.08"), is_estimated=True)], now=NOW)
    tamper()

    with pytest.raises(CommandError):
        call_command("check_ledger")

    assert says in capsys.readouterr().err
