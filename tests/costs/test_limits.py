"""Limit history: a month that is over keeps the limit that held at its end; what nobody wrote down
is not known.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from editorapp.core.append_only import NeverChanged
from editorapp.costs import limits
from editorapp.teams import people
from editorapp.teams.models import LimitChange, Member
from editorapp.teams.roles import Role
from tests.factories import make_member

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
APRIL_BEGINS = datetime(2026, 4, 1, tzinfo=UTC)
MARCH, APRIL, NOVEMBER = (date(2026, month, 1) for month in (3, 4, 11))


@pytest.fixture
def admin(db) -> Member:
    return make_member(role=Role.ADMIN, name="Ada")


def change(admin: Member, limit: str | None, at: datetime) -> LimitChange:
    amount = None if limit is None else Decimal(limit)
    people.change_limit(admin.team, amount, by=admin, now=at, note="Agreed with the client")
    return LimitChange.objects.order_by("-pk")[0]


def of_month(admin: Member, month: date) -> limits.MonthLimit:
    return limits.of_month(admin.team, month, now=NOW)


def test_a_past_month_has_the_limit_that_held_at_its_end_whatever_came_after(admin):
    last_of_march = APRIL_BEGINS - timedelta(microseconds=1)
    for limit, at in (
        ("30", datetime(2026, 3, 2, tzinfo=UTC)),
        ("40", last_of_march),
        ("50", APRIL_BEGINS),
    ):
        change(admin, limit, at)
    change(admin, "99", NOW)

    assert [of_month(admin, month).limit_usd for month in (MARCH, APRIL, NOVEMBER)] == [40, 50, 99]
    assert [of_month(admin, month).is_over for month in (MARCH, APRIL, NOVEMBER)] == [
        True,
        True,
        False,
    ]


def test_a_month_before_the_first_record_has_no_known_limit_and_never_todays(admin):
    change(admin, "50", APRIL_BEGINS)

    assert (of_month(admin, MARCH).is_known, of_month(admin, MARCH).limit_usd) == (False, None)


def test_no_limit_is_a_limit_that_is_known(admin):
    change(admin, "50", datetime(2026, 3, 2, tzinfo=UTC))
    change(admin, None, APRIL_BEGINS)

    assert (of_month(admin, APRIL).is_known, of_month(admin, APRIL).limit_usd) == (True, None)


def test_the_last_month_of_a_year_ends_with_it(admin):
    change(admin, "50", datetime(2025, 12, 31, 23, 59, tzinfo=UTC))
    change(admin, "60", datetime(2026, 1, 1, tzinfo=UTC))

    assert of_month(admin, date(2025, 12, 1)).limit_usd == 50


def test_what_was_recorded_is_never_changed_or_deleted(admin):
    kept = change(admin, "50", APRIL_BEGINS)

    for attempt in (kept.save, kept.delete, LimitChange.objects.all().delete):
        with pytest.raises(NeverChanged):
            attempt()
    with pytest.raises(NeverChanged):
        LimitChange.objects.update(after_usd=1)
