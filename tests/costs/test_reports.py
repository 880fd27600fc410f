"""Reports: every figure equals the lines that it opens, and nobody reads what is not theirs."""

from decimal import Decimal

import pytest

from editorapp.core.paging import newest_first
from editorapp.costs import csv_export, ledger, reports
from editorapp.costs.check import of_lines
from editorapp.costs.ledger import Charge
from editorapp.costs.models import Entry
from editorapp.teams.roles import Role
from tests.costs.test_ledger import NOVEMBER, NOW, make_subject
from tests.factories import make_member


@pytest.fixture
def people(db):
    admin = make_member(role=Role.ADMIN, name="Ada")
    creator = make_member(team=admin.team, name="Ben")
    for member, amount, model in (
        (admin, "1.08", "ray-3.2"),
        (creator, "2.16", "ray-3.2"),
        (creator, "0.10", "ray-2"),
    ):
        subject = make_subject(member, model=model)
        ledger.reserve(subject, Decimal(amount), now=NOW)
        ledger.charge([Charge(subject.attempt_id, Decimal(amount), is_estimated=True)], now=NOW)
    held = make_subject(creator)
    ledger.reserve(held, Decimal("5"), now=NOW)
    ledger.reserve(make_subject(make_member()), Decimal("7"), now=NOW)  # another team
    return admin, creator


def november(member, **narrowed) -> reports.Sums:
    return reports.kept(member, is_simulated=True, month=NOVEMBER, **narrowed)


def opened(member, dimension: reports.Dimension, value) -> Decimal:
    """What the lines behind a figure add up to."""
    narrowed = {"month": NOVEMBER, dimension.column: value}
    lines = ledger.lines(member, is_simulated=True, **narrowed).spent()
    return sum((line.amount_usd for line in lines), Decimal(0))


@pytest.mark.parametrize("dimension", list(reports.Dimension))
def test_each_figure_equals_the_lines_it_opens(people, dimension):
    admin, _creator = people

    found = reports.by(dimension, november(admin))

    assert found
    assert sum(line.spent_usd for line in found) == Decimal("3.34")
    for line in found:
        assert opened(admin, dimension, line.value) == line.spent_usd


@pytest.mark.parametrize("dimension", list(reports.Dimension))
def test_lines_added_up_themselves_say_what_the_month_sums_say(people, dimension):
    admin, creator = people
    for member in (admin, creator):
        lines = reports.added_up(ledger.lines(member, is_simulated=True, month=NOVEMBER))

        assert reports.by(dimension, lines) == reports.by(dimension, november(member))
        assert reports.figures(lines) == reports.figures(november(member))


def test_nothing_adds_up_to_nothing(people):
    admin, _creator = people

    for sums in (november(admin, task="none"), reports.added_up(ledger.lines(admin, task="none"))):
        assert reports.by("task", sums) == []
        found = reports.figures(sums)
        assert found.keys() == reports.FIGURES.keys()
        assert set(found.values()) == {reports.LineSum(Decimal(0), 0)}


def test_people_are_listed_dearest_first(people):
    admin, _creator = people

    found = reports.by("person", november(admin))

    assert [(line.label, line.spent_usd, line.held_usd, line.charges) for line in found] == [
        ("Ben", Decimal("2.26"), Decimal("5"), 2),
        ("Ada", Decimal("1.08"), Decimal("0"), 1),
    ]


def test_the_tasks_of_one_model_are_told_apart_and_the_sums_kept_of_them_prove_right(people):
    admin, creator = people
    subject = make_subject(creator, task="reframe")
    ledger.reserve(subject, Decimal("1.20"), now=NOW)
    ledger.charge([Charge(subject.attempt_id, None, is_estimated=True)], now=NOW)

    found = reports.by("task", november(admin))

    assert [(line.label, line.spent_usd, line.charges) for line in found] == [
        ("edit", Decimal("3.34"), 3),
        ("reframe", Decimal("1.20"), 1),
    ]
    assert {entry.task for entry in ledger.lines(admin, task="reframe")} == {"reframe"}
    assert of_lines() == []


def test_a_creator_reads_only_their_own(people):
    _admin, creator = people

    found = reports.by("person", november(creator))

    assert [line.label for line in found] == ["Ben"]
    assert reports.figures(november(creator))["spent"].amount_usd == Decimal("2.26")
    assert {entry.person_id for entry in ledger.lines(creator)} == {creator.user_id}


def test_real_money_is_reported_by_itself(people):
    admin, _creator = people

    real = reports.kept(admin, is_simulated=False)

    assert reports.by("model", real) == []
    assert reports.figures(real)["spent"] == reports.LineSum(Decimal(0), 0)


def test_months_with_costs_are_listed(people):
    admin, _creator = people

    found = reports.by("month", reports.kept(admin, is_simulated=True))

    assert [(line.label, line.value) for line in found] == [("November 2026", NOVEMBER)]


def test_lines_are_paged_by_id(people):
    admin, _creator = people
    rows = ledger.lines(admin)

    first = newest_first(rows, before=None, size=4)
    second = newest_first(rows, before=first.after, size=4)

    assert [e.pk for e in [*first.rows, *second.rows]] == sorted((e.pk for e in rows), reverse=True)
    assert (len(first.rows), len(second.rows), second.after) == (4, 3, None)


def test_the_csv_has_each_line_once_with_exact_amounts(people):
    admin, _creator = people

    header, *rows = csv_export.csv_rows(ledger.lines(admin))

    assert header[:5] == ["entry", "at_utc", "month", "kind", "amount_usd"]
    assert len(rows) == Entry.objects.filter(team=admin.team).count()
    assert sum(Decimal(row[4]) for row in rows if row[3] == "charge") == Decimal("3.34")
